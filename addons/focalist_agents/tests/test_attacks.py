import base64
import gzip
import json
import logging
import zlib
from contextlib import contextmanager
from xmlrpc import client as xmlrpc_client

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..tools import wire
from .common import ABOUT, ENROLL, JSON, RPC, RouteMixin, make_request, pack, report

LOGGER = "odoo.addons.focalist_agents"
# Whoever reads a log in a terminal must not be led astray.
HOSTILE = "a\r\nWARNING all is well\x9b2J\u2028\u202e<img src=x onerror=alert(1)>"


@tagged("post_install", "-at_install")
class TestAttacks(RouteMixin, HttpCase):
    """What a thief of a key, or a stranger, tries: refused, and told to the log.

    `tests/security/test_attacks.py` lists all attacks and the tests of each.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector, cls.key = cls.install()
        cls.other_client = cls.make_client(name="Victim")
        cls.other_site = cls.env["focalist.site"].create(
            {"name": "There", "partner_id": cls.other_client.id}
        )
        cls.other_agent = cls.make_agent(
            name="Victim's agent", partner_id=cls.other_client.id
        )
        cls.other_collector, cls.other_key = cls.install(cls.other_agent)

    @contextmanager
    def logged(self, *parts, secret=None):
        """One line of the log tells who was refused, from where or why, and no key."""
        # A number: Odoo calls another level INFO.
        with self.assertLogs(LOGGER, logging.INFO) as logs:
            yield logs
        self.assertTrue(
            any(all(part in line for part in parts) for line in logs.output),
            f"{parts} in {logs.output}",
        )
        for line in logs.output:
            for key in filter(None, (self.key, self.other_key, secret)):
                self.assertNotIn(key, line)

    def body(self, method, *arguments):
        return xmlrpc_client.dumps(arguments, method, encoding="utf-8").encode()

    def status(self, body, url=RPC, key=None, **headers):
        return self.post(url, body, self.key if key is None else key, **headers)

    def fault(self, *arguments, key=None, url=RPC):
        """The sentence with which a call is refused."""
        with self.assertRaises(xmlrpc_client.Fault) as caught:
            self.call(url, key or self.key, *arguments)
        return caught.exception.faultString

    def who(self):
        return f"collector {self.collector.id}, prn-server, of agent {self.agent.id}"

    # -- who asks ---------------------------------------------------------------------

    def test_a6_revoked_collector(self):
        self.collector.with_user(self.technician).action_revoke()
        for url in (RPC, JSON + "send"):
            with self.logged("127.0.0.1", "unknown, revoked"):
                self.assertEqual(self.status(b"[]", url).status_code, 401)

    def test_a5_used_installation_key(self):
        key = self.make_agent(name="New")._new_enrolment_key()
        self.call(ENROLL, key, "enroll", ABOUT)
        with self.logged("127.0.0.1", "unknown, used", secret=key):
            answer = self.status(self.body("enroll", ABOUT), ENROLL, key)
        self.assertEqual(answer.status_code, 401)

    def test_a3_second_installation_of_an_agent(self):
        """Also with a right key: whoever made it is told what to do."""
        key = self.agent._new_enrolment_key()
        agent = f"agent {self.agent.id}, {self.agent.name}"
        with self.logged("127.0.0.1", agent, "revoke", secret=key):
            self.assertIn("revoke", self.fault("enroll", ABOUT, key=key, url=ENROLL))
        self.assertEqual(self.agent.collector_ids, self.collector)

    def test_replayed_renewal(self):
        """A pair that was shown ends the one before it, whoever kept its call."""
        renewal = self.body("renew", ABOUT | {"request": make_request()})
        with self.assertLogs(LOGGER, logging.INFO) as logs:
            answer = self.status(renewal)
        self.assertIn(f"{self.who()}, {self.agent.name} was given", str(logs.output))
        (new,), _method = xmlrpc_client.loads(answer.content)
        self.assertNotIn(new["key"], str(logs.output))
        self.call(RPC, new["key"], "configuration", ABOUT)
        with self.logged("unknown, revoked"):
            self.assertEqual(self.status(renewal).status_code, 401)

    # -- what is said -----------------------------------------------------------------

    def test_replayed_batch(self):
        device = self.make_device(1)
        body = self.body("send", pack([report(1)]))
        self.status(body)
        with self.logged(self.who(), "Of 1 reports", "here already"):
            self.assertIn("duplicate", self.status(body).text)
        self.assertEqual(len(device.reading_ids), 1)

    def test_altered_batch(self):
        """Another value under the same name changes nothing, nor does half a batch."""
        device = self.make_device(1)
        told = report(1)
        self.send(self.key, [told])
        with self.logged("here already"):
            self.send(self.key, [told | {"meters": {"total": 9_999_999}}])
        self.assertEqual(device.reading_ids.mapped("meter_total"), [1000])
        packed = pack([report(1, 1100, hours=0)])
        for altered in (packed[:-8], packed[:40] + "AAAA" + packed[44:]):
            with self.logged(self.who(), "atch is"):
                self.fault("send", altered)
        self.assertEqual(len(device.reading_ids), 1)

    def test_replayed_and_foreign_tasks(self):
        self.other_agent.network_ids.create(
            {"name": "N", "agent_id": self.other_agent.id, "ranges": "10.9.9.1"}
        )
        task = self.env["focalist.agent.task"]._ask(self.other_agent, "scan")
        self.call(RPC, self.other_key, "tasks", {"schema": 1, "held": [], "runs": []})
        told = {"schema": 1, "uid": task.uid, "done": 5, "total": 5, "found": 5}
        result = told | {"state": "done", "message": HOSTILE}
        for method, said in (("progress", told), ("result", result)):
            with self.logged(self.who(), "task that is not its own", task.uid):
                self.assertFalse(self.call(RPC, self.key, method, said)["go_on"])
        task.invalidate_recordset()
        self.assertRecordValues(task, [{"state": "taken", "done_count": 0}])
        self.call(RPC, self.other_key, "result", told | {"state": "done"})
        with self.logged("is over"):
            self.call(RPC, self.other_key, "result", result | {"state": "failed"})
        task.invalidate_recordset()
        self.assertRecordValues(task, [{"state": "done", "message": False}])

    def test_another_clients_device(self):
        device = self.make_device(1, self.other_site)
        before = device.read(["ip_address", "agent_id", "console", "last_report_at"])
        with self.logged(self.who(), "Of 2 reports", "not this agent's"):
            results = self.send(
                self.key,
                [
                    report(1, console=HOSTILE),
                    report(9, serial=None, mac="00:26:73:aa:bb:09"),
                ],
            )
        self.assertEqual(
            [result["status"] for result in results], ["rejected", "pending"]
        )
        device.invalidate_recordset()
        self.assertEqual(
            device.read(["ip_address", "agent_id", "console", "last_report_at"]), before
        )
        self.assertFalse(device.reading_ids)

    def test_another_clients_configuration(self):
        """Nothing in a call says whose it is, but its key."""
        self.make_device(1, self.other_site)
        lie = {"agent": self.other_agent.id, "collector": self.other_collector.id}
        answer = self.call(RPC, self.key, "configuration", ABOUT | lie)
        self.assertFalse(answer["devices"])
        self.assertFalse(answer["networks"])

    def test_calls_to_other_models(self):
        """Odoo's own interfaces: no key of a collector opens them."""
        database, user = self.env.cr.dbname, self.collector.user_id
        stolen = ("key of the", self.who(), "Revoke it")
        with mute_logger("odoo.addons.rpc.controllers.xmlrpc", "odoo.http"):
            for service in ("/xmlrpc/2/object", "/xmlrpc/object"):
                with self.logged(*stolen):
                    with self.assertRaises(xmlrpc_client.Fault):
                        self.call(
                            service,
                            "",
                            "execute_kw",
                            *(database, user.id, self.key, "res.partner", "search"),
                            [[]],
                        )
            with self.logged(*stolen):
                login = (database, user.login, self.key, {})
                common = self.call("/xmlrpc/2/common", "", "authenticate", *login)
                self.assertFalse(common)
            with self.logged(*stolen):
                arguments = [database, user.id, self.key, "res.partner", "read", [1]]
                answer = self.url_open(
                    "/jsonrpc",
                    json={
                        "jsonrpc": "2.0",
                        "method": "call",
                        "params": {
                            "service": "object",
                            "method": "execute",
                            "args": arguments,
                        },
                    },
                )
                self.assertIn("AccessDenied", answer.text)
        for model, method in (("res.partner", "search"), ("focalist.device", "read")):
            with self.logged(*stolen):
                answer = self.post(
                    f"/json/2/{model}/{method}",
                    b"{}",
                    self.key,
                    **{"Content-Type": "application/json"},
                )
                self.assertEqual(answer.status_code, 401)
        with self.logged(self.who(), "no such method"):
            self.fault("execute_kw", "res.partner")

    # -- how much ---------------------------------------------------------------------

    def test_oversized(self):
        large = b"x" * (wire.MAX_BODY + 1)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        for url in (ENROLL, RPC, JSON + "send"):
            for headers in ({}, form):
                with self.logged("127.0.0.1", f"{wire.MAX_BODY + 1} bytes"):
                    answer = self.status(large, url, **headers)
                self.assertEqual(answer.status_code, 413)
                with self.logged("does not say how large"):
                    answer = self.status(iter([b"a=", b"b"]), url, **headers)
                self.assertEqual(answer.status_code, 411)

    def test_entity_bombs(self):
        laughs = b"".join(
            b'<!ENTITY l%d "%s">' % (level, b"&l%d;" % (level - 1) * 10)
            for level in range(1, 10)
        )
        blow_up = b'<!ENTITY l0 "%s">' % (b"a" * 50_000)
        for entities, said in (
            (b'<!ENTITY l0 "lol">' + laughs, b"&l9;"),
            (blow_up, b"&l0;" * 10_000),
            (b'<!ENTITY l0 SYSTEM "file:///etc/passwd">', b"&l0;"),
            (b'<!ENTITY % l0 SYSTEM "http://127.0.0.1:1/x"> %l0;', b"x"),
        ):
            body = (
                b'<?xml version="1.0"?><!DOCTYPE m [%b]><methodCall><methodName>%b'
                b"</methodName></methodCall>" % (entities, said)
            )
            with self.logged(self.who(), "no DTD"):
                self.assertEqual(self.status(body).status_code, 400)

    def test_deeply_nested(self):
        start, end = b"<value><array><data>", b"</data></array></value>"
        call = b"<methodCall><methodName>send</methodName><params><param>%b%b"
        for body in (call % (start * 30_000, end * 30_000), call % (start * 99, b"")):
            with self.logged(self.who(), "too deeply"):
                self.assertEqual(self.status(body).status_code, 200)
        with self.logged(self.who(), "too deeply"):
            answer = self.status(b"[" * 100_000 + b"]" * 100_000, JSON + "send")
        self.assertEqual(answer.status_code, 400)
        with self.logged(self.who(), "too deeply"):
            self.fault("send", pack(b"[" * 100_000 + b"]" * 100_000))
        deep = report(1, inputs=[json.loads("[" * 900 + "]" * 900)])
        with self.logged(self.who(), "Of 1 reports", "too deeply"):
            self.assertEqual(self.send(self.key, [deep])[0]["status"], "rejected")

    def test_bombs_of_compression(self):
        bomb = zlib.compress(b"[" + b" " * (wire.MAX_INFLATED * 4) + b"]", 9)
        with self.logged(self.who(), "bytes at most"):
            self.fault("send", base64.b64encode(bomb).decode())
        layer = gzip.compress(b" " * (wire.MAX_BODY + 1), 9)
        with self.logged(self.who(), "too large when it is inflated"):
            answer = self.status(layer, **{"Content-Encoding": "gzip"})
        self.assertEqual(answer.status_code, 413)
        with self.logged(self.who(), "not with gzip"):
            answer = self.status(b"x", **{"Content-Encoding": "br"})
        self.assertEqual(answer.status_code, 415)

    def test_many_small_parts(self):
        """A few bytes each that would take fifty times as much once they are read."""
        for part in (b"[],", b"{},", b"0,", b'{"":0},'):
            text = b"[" + part * (wire.MAX_PARTS // part.count(b",")) + b"0]"
            self.assertLess(len(text), wire.MAX_INFLATED)
            with self.logged(self.who(), "too many parts"):
                answer = self.status(self.body("send", pack(text)))
            self.assertEqual(answer.status_code, 413)
        many = b" ".join(b"a%d=''" % number for number in range(100_000))
        with self.logged(self.who(), "too long"):
            self.status(b"<methodCall %b/>" % many)

    def test_absurd_numbers(self):
        self.make_device(1)
        call = (
            b"<methodCall><methodName>progress</methodName><params><param><value>"
            b"<struct><member><name>done</name><value>%b</value></member></struct>"
            b"</value></param></params></methodCall>"
        )
        for value in (
            b"<int>%b</int>" % (b"9" * 1_000_000),
            b"<double>1%b</double>" % (b"0" * 1_000_000),
            b"<bigdecimal>1E+999999999</bigdecimal>",
            b"<double>NaN</double>",
        ):
            with self.logged(self.who()):
                self.assertIn(b"faultString", self.status(call % value).content)
        text = b'[{"schema":1,"uid":"u","read_at":"2026-01-01T00:00:00Z",%b}]'
        for told in (
            b'"meters":{"total":%b}' % (b"9" * 1_000_000),
            b'"meters":{"total":NaN}',
            b'"uptime":1e999,"meters":{"total":-Infinity}',
            b'"read_at":"9999-12-31T23:59:59-23:59"',
            b'"read_at":"0001-01-01T00:00:00+23:59"',
        ):
            with self.logged(self.who(), "Of 1 reports"):
                result = self.call(RPC, self.key, "send", pack(text % told))
            self.assertEqual(result["results"][0]["status"], "rejected")

    # -- who reads it -----------------------------------------------------------------

    def test_texts_lead_nobody_astray(self):
        """Neither a log nor a page shows what a stranger's text pretends to be."""
        self.call(RPC, self.key, "configuration", ABOUT | {"hostname": HOSTILE})
        with self.logged("all is well") as logs:
            self.call(
                RPC, self.key, "progress", {"schema": 1, "uid": HOSTILE, "done": 1}
            )
            self.fault("exec" + HOSTILE, 1)
            self.status(b"[7]", JSON + "exec%0d%0aWARNING%20all%20is%20well")
        for line in logs.output:
            self.assertTrue(line.isprintable(), line)
        agent = self.make_agent(name="New")
        key = agent._new_enrolment_key()
        about = {"hostname": HOSTILE, "platform": HOSTILE, "version": HOSTILE}
        self.call(ENROLL, key, "enroll", ABOUT | about)
        bodies = "".join(agent.message_ids.mapped("body"))
        self.assertIn("&lt;img", bodies)
        self.assertNotIn("<img", bodies)
