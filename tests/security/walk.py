"""Ask a database everything, as one user, for what is another's.

Everything of the other has a word in it that is nowhere else. The walk asks every model
by every way that RPC has, and every page that there is, and looks for that word.
"""

import base64
import json
import re
import threading
import zlib
from contextlib import suppress

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import HttpCase

from odoo.addons.focalist_agents.tests.common import ABOUT
from odoo.addons.focalist_billing.tests.common import BillingCommon

WORD = "Zylkowsky"
LIMIT = 200


class Walk(BillingCommon, HttpCase):
    """`records` of the user's own side (Alpha) and of the other's (`WORD`)."""

    @classmethod
    def _make_records(cls, name, **values):
        """A client with all that a month makes, its name in everything."""
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
        return {
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
        agent._enroll(ABOUT | {"hostname": f"{WORD}-server"}, "192.0.2.1")
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

    def leaks_of_models(self):
        """Where a model told the user of the other's: (what told it, models asked)."""
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
        return leaks, asked

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
