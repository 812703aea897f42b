"""A portal user of client A gets nothing of client B, whatever it asks for."""

import json
from datetime import datetime

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from tests.security.walk import WORD, Walk


@tagged("post_install", "-at_install")
class TestPortalWalk(Walk):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The dealer's own names and texts are shown to all of its clients.
        cls.records = {name: cls._make_records(name) for name in ("Alpha", WORD)}
        cls.records[WORD] |= cls._make_collector(cls.records[WORD]["agent"])
        cls._move_a_device()
        cls.user = new_test_user(cls.env, login="walker", groups="base.group_portal")
        cls.user.partner_id.parent_id = cls.records["Alpha"]["partner"]

    @classmethod
    def _move_a_device(cls):
        """One that stood at the other client stands at ours now."""
        former, ours = cls.records[WORD], cls.records["Alpha"]
        device = cls._read(
            former["site"],
            "MOVED100",
            ("2026-02-28 08:00", {"mono": 7654321, "total": 7654321}),
        )
        device.sudo().write(
            {
                "agent_id": former["agent"].id,
                "ip_address": f"{WORD}.example.com",
                "hostname": f"{WORD}-moved",
                "location": f"{WORD} hall",
                "console": f"Call {WORD}",
                "status": f"{WORD} status",
            }
        )
        device._move(ours["site"], datetime(2026, 4, 1))
        cls.moved = device

    def test_the_walk_finds_what_is_shown(self):
        """Its own client's word is found: the walk does look."""
        env = self.env(user=self.user)
        for model in ("focalist.device", "focalist.statement.line", "account.move"):
            found = str(self.read_all(env[model].search([])))
            self.assertIn("alpha", found.lower(), model)
        self.assertIn(self.moved, env["focalist.device"].search([]))

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.models", "odoo.sql_db")
    def test_portal_walk_of_all_models(self):
        leaks, asked = self.leaks_of_models()
        self.assertGreater(asked, 30)
        self.assertFalse(leaks)

    def test_portal_walk_writes_nothing(self):
        """It changes and deletes nothing of another client's, nor of its own bill."""
        env = self.env(user=self.user)
        for client, records in self.records.items():
            for kind, record in records.items():
                if kind == "partner" and client == "Alpha":
                    continue  # its own address, which Odoo lets it change
                own = record.with_env(env)
                with self.assertRaises(UserError, msg=f"{client} {kind} write"):
                    own.write({"display_name": "x"})
                with self.assertRaises(UserError, msg=f"{client} {kind} unlink"):
                    own.unlink()
                with self.assertRaises(UserError, msg=f"{client} {kind} create"):
                    env[record._name].create({})

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_model", "odoo.models")
    def test_portal_walk_of_all_pages(self):
        self.authenticate("walker", "walker")
        urls = sorted(set(self._urls()))
        self.assertGreater(len(urls), 100)
        leaks = []
        for url in urls:
            page = self.url_open(url, timeout=30)
            if self.foreign(page.text):
                leaks.append(f"{url}: {page.status_code}")
        self.assertFalse(leaks)
        own = self.records["Alpha"]["invoice"]
        self.assertIn("ALPHA1", self.url_open(f"/my/invoices/{own.id}").text)

    @mute_logger("odoo.http", "odoo.addons.rpc.controllers.jsonrpc")
    def test_portal_walk_by_json_rpc(self):
        """The same by the route that the browser uses."""
        self.authenticate("walker", "walker")
        for kind, record in self.records[WORD].items():
            for method, arguments in (
                ("search_read", [[]]),
                ("web_search_read", [[], {"display_name": {}}]),
                ("read", [record.ids]),
                ("name_search", [WORD]),
                ("message_get_suggested_recipients", [record.ids]),
            ):
                answer = self.url_open(
                    f"/web/dataset/call_kw/{record._name}/{method}",
                    data=json.dumps(
                        {
                            "params": {
                                "model": record._name,
                                "method": method,
                                "args": arguments,
                                "kwargs": {},
                            }
                        }
                    ),
                    headers={"Content-Type": "application/json"},
                )
                result = answer.json().get("result")
                self.assertFalse(self.foreign(result), f"{kind} {method}")
