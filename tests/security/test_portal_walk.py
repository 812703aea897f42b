"""A portal user of client A gets nothing of client B, whatever it asks for.

Everything of client B has a word in it that is nowhere else. The walk asks every model
by every way that RPC has, and every page that there is, and looks for that word.
"""

import base64
import json
import re
import threading
import zlib
from contextlib import suppress
from datetime import datetime

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.focalist_billing.tests.common import BillingCommon

WORD = "Zylkowsky"
LIMIT = 200


@tagged("post_install", "-at_install")
class TestPortalWalk(BillingCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The dealer's own names and texts are shown to all of its clients.
        cls.records = {}
        for name in ("Alpha", WORD):
            client, site = cls._make_client(
                name,
                email=f"{name}@example.com".lower(),
                focalist_prefix=name[:10].upper(),
                street=f"{name} street",
            )
            site.name = f"{name} site"
            contract = cls._make_contract(client)
            device = cls._read(
                site,
                f"{name}1".upper(),
                ("2026-02-28 08:00", {"mono": 1234567, "total": 1234567}),
                ("2026-03-31 08:00", {"mono": 1236801, "total": 1236801}),
            )
            device.write({"hostname": f"{name}-printer", "location": f"{name} room"})
            device.message_post(body=f"{name} note", message_type="comment")
            statement = cls._bill(contract=contract)
            statement.sudo().name = f"{name} statement"
            move = statement._create_invoices()
            move.name = f"{name}/2026/1"
            move.ref = f"{name} reference"
            move.action_post()
            attachment = cls.env["ir.attachment"].create(
                {
                    "name": f"{name}.txt",
                    "raw": f"{name} text".encode(),
                    "res_model": "account.move",
                    "res_id": move.id,
                }
            )
            cls.records[name] = {
                "partner": client,
                "site": site,
                "device": device,
                "contract": contract,
                "statement": statement,
                "line": statement.line_ids,
                "reading": device.reading_ids,
                "placement": device.placement_ids,
                "invoice": move,
                "attachment": attachment,
            } | cls._make_agent(client, name)
        cls.records[WORD] |= cls._make_collector(cls.records[WORD]["agent"])
        cls._move_a_device()
        cls.user = new_test_user(cls.env, login="walker", groups="base.group_portal")
        cls.user.partner_id.parent_id = cls.records["Alpha"]["partner"]

    @classmethod
    def _make_agent(cls, client, name):
        agent = cls.env["focalist.agent"].create(
            {
                "name": f"{name} agent",
                "partner_id": client.id,
                "network_ids": [Command.create({"name": f"{name} network"})],
            }
        )
        return {"agent": agent, "network": agent.network_ids}

    @classmethod
    def _make_collector(cls, agent):
        """It finds a printer of a model that nobody had yet."""
        agent._enroll({"hostname": f"{WORD}-server"}, "192.0.2.1")
        collector = agent._live_collectors()
        report = {
            "schema": 1,
            "uid": "found",
            "read_at": "2026-04-01T08:00:00Z",
            "manufacturer": "Riso",
            "model": "ComColor 9150",
            "serial": "FOUND100",
            "hostname": f"{WORD}-found",
        }
        batch = base64.b64encode(zlib.compress(json.dumps([report]).encode())).decode()
        bringer = collector.with_user(collector.user_id).sudo()
        results = bringer._receive(batch, "192.0.2.1")["results"]
        assert results[0]["status"] == "pending", results
        return {"collector": collector}

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

    def foreign(self, answer):
        return WORD.lower() in str(answer).lower()

    def ask(self, method, *arguments, **options):
        """What a call answers; nothing where it is refused or makes no sense."""
        with suppress(UserError, ValueError):
            with self.env.cr.savepoint():
                return method(*arguments, **options)
        return None

    def read_all(self, records):
        """All fields at once, or where that is refused, one by one."""
        fields = list(self.ask(records.fields_get) or ())
        found = self.ask(records.read, fields)
        if found is None:
            found = [self.ask(records.read, [field]) for field in fields]
        return found

    def test_the_walk_finds_what_is_shown(self):
        """Its own client's word is found: the walk does look."""
        env = self.env(user=self.user)
        for model in ("focalist.device", "focalist.statement.line", "account.move"):
            found = str(self.read_all(env[model].search([])))
            self.assertIn("alpha", found.lower(), model)
        self.assertIn(self.moved, env["focalist.device"].search([]))

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.models", "odoo.sql_db")
    def test_portal_walk_of_all_models(self):
        env = self.env(user=self.user)
        foreign_ids = {}
        for records in self.records[WORD].values():
            foreign_ids.setdefault(records._name, []).extend(records.ids)
        leaks, asked = [], 0
        for name in sorted(env.registry):
            model = env[name]
            if model._abstract or not model.has_access("read"):
                continue
            asked += 1
            seen = self.ask(model.search, [], limit=LIMIT) or model
            known = model.browse(foreign_ids.get(name, ()))
            shown = {"display_name": {}}
            answers = {
                "read of all": self.read_all(seen),
                "read": known and self.read_all(known),
                "web_read": known and self.ask(known.web_read, shown),
                "web_search_read": self.ask(model.web_search_read, [], shown),
                "name_search": self.ask(model.name_search, WORD[:5]),
                "export": known and self.ask(known.export_data, ["display_name"]),
                "export of all": self.ask(seen.export_data, ["display_name"]),
            }
            for field in self.ask(model.fields_get) or ():
                answers[f"group by {field}"] = self.ask(
                    model.formatted_read_group, [], [field], ["__count"], limit=LIMIT
                )
            leaks += [
                f"{name}.{way}"
                for way, answer in answers.items()
                if self.foreign(answer)
            ]
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

    def _urls(self):
        """The pages that can be got, with the other client's records in them."""
        foreign = self.records[WORD]
        threading.current_thread().dbname = self.env.cr.dbname
        for rule in self.env["ir.http"].routing_map().iter_rules():
            path = rule.rule
            if (
                "GET" not in (rule.methods or {"GET"})
                or rule.endpoint.routing["type"] != "http"
                or re.search(r"logout|/web/database|/web/tests|/websocket|switch", path)
            ):
                continue
            for record in foreign.values():
                number = str(record[:1].id)
                filled = re.sub(r"<[^>]*model>", record._name, path)
                filled = re.sub(r"<(int|model\([^)]*\)):[^>]*>", number, filled)
                filled = re.sub(r"<[^>]*field[^>]*>", "display_name", filled)
                if "<" not in filled:
                    yield filled
        for record in foreign.values():
            name, number = record._name, record[:1].id
            yield f"/mail/thread/messages?thread_model={name}&thread_id={number}"
            for field in ("display_name", "name", "raw", "datas"):
                yield f"/web/content/{name}/{number}/{field}"

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
