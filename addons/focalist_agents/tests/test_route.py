from unittest.mock import patch
from xmlrpc import client as xmlrpc_client

import psycopg2

from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..controllers import focalist_agent as controller
from ..tools import wire
from .common import ABOUT, ENROLL, RPC, RouteMixin, pack, report


class SerializationFailure(psycopg2.errors.SerializationFailure):
    pgcode = "40001"


@tagged("post_install", "-at_install")
class TestRoute(RouteMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector, cls.key = cls.install()

    def fault(self, method, *arguments):
        with self.assertRaises(xmlrpc_client.Fault) as caught:
            self.call(RPC, self.key, method, *arguments)
        self.assertEqual(caught.exception.faultCode, 400)
        self.assertTrue(caught.exception.faultString.endswith("."))

    def test_configuration(self):
        self.make_device(1)
        answer = self.call(RPC, self.key, "configuration", {**ABOUT, "version": "2.0"})
        self.assertLessEqual(
            {"devices", "poll_interval", "renew", "server_time"}, set(answer)
        )
        self.assertEqual(
            answer["devices"], [{"address": "10.1.0.1", "port": 161, "network": 0}]
        )
        self.assertEqual(answer["poll_interval"], 3600)
        self.assertRegex(answer["server_time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.collector.invalidate_recordset()
        self.assertRecordValues(
            self.collector, [{"version": "2.0", "address": "127.0.0.1"}]
        )

    def test_installation_tells_of_its_spool_and_clock(self):
        about = {**ABOUT, "spooled": 3, "dropped": 2, "rejected": 1}
        self.call(RPC, self.key, "configuration", {**about, "clock_ahead": -90})
        told = {"spooled": 3, "dropped": 2, "rejected": 1, "clock_ahead": -90}
        self.collector.invalidate_recordset()
        self.assertRecordValues(self.collector, [told])
        # An older one, or a liar, changes nothing.
        for odd in ({}, {"dropped": True}, {"dropped": "9"}, {"dropped": [1]}):
            self.call(RPC, self.key, "configuration", {**ABOUT, **odd})
        self.collector.invalidate_recordset()
        self.assertRecordValues(self.collector, [told])

    def test_size_comes_before_key_and_key_before_content(self):
        with patch.object(wire, "read_call") as read_call:
            large = b"x" * (wire.MAX_BODY + 1)
            for url in (ENROLL, RPC):
                self.assertEqual(self.post(url, large, self.key).status_code, 413)
                self.assertEqual(self.post(url, large, "wrong").status_code, 413)
                self.assertEqual(self.post(url, b"rubbish", "wrong").status_code, 401)
        read_call.assert_not_called()

    def test_size_must_be_told(self):
        answer = self.post(RPC, iter([b"<methodCall/>"]), self.key)
        self.assertEqual(answer.status_code, 411)

    def test_form_is_bounded_too(self):
        """Odoo reads forms before the route is asked: within the route's limit."""
        answer = self.post(
            RPC,
            b"a=" + b"x" * (wire.MAX_BODY + 1),
            "wrong",
            **{"Content-Type": "application/x-www-form-urlencoded"},
        )
        self.assertEqual(answer.status_code, 413)

    def test_key_is_bearer_and_this_scopes(self):
        body = xmlrpc_client.dumps((ABOUT,), "configuration").encode()
        enrolment_key = self.make_agent(name="Other")._new_enrolment_key()
        system_key = self.env["res.users.apikeys"]._generate("rpc", "rpc", None)
        for said in (
            "",
            self.key,
            f"Basic {self.key}",
            f"Bearer {self.key}x",
            "Bearer ",
            f"Bearer {enrolment_key}",
            f"Bearer {system_key}",
        ):
            with self.subTest(said=said[:10]):
                answer = self.post(RPC, body, Authorization=said)
                self.assertEqual(answer.status_code, 401)
        answer = self.post(RPC, body, Authorization=f"bearer {self.key}")
        self.assertEqual(answer.status_code, 200)

    def test_no_session_is_made(self):
        body = xmlrpc_client.dumps((ABOUT,), "configuration").encode()
        self.assertNotIn("Set-Cookie", self.post(RPC, body, self.key).headers)

    def test_other_ways_are_closed(self):
        self.assertEqual(self.url_open(RPC).status_code, 405)

    def test_doctype(self):
        body = (
            b'<?xml version="1.0"?><!DOCTYPE m [<!ENTITY a "configuration">]>'
            b"<methodCall><methodName>&a;</methodName></methodCall>"
        )
        self.assertEqual(self.post(RPC, body, self.key).status_code, 400)

    def test_malformed(self):
        for body in (b"", b"rubbish", b"<methodCall>", b"<a/>", b"\xff\xfe\x00"):
            answer = self.post(RPC, body, self.key)
            self.assertEqual(answer.status_code, 200)
            with self.assertRaises(xmlrpc_client.Fault):
                xmlrpc_client.loads(answer.content)

    def test_methods_are_a_closed_list(self):
        for method in ("enroll", "system.listMethods", "_receive", "write", "__init__"):
            self.fault(method, ABOUT)
        self.fault("configuration")
        self.fault("send", pack([]), "more")

    def test_malformed_batches(self):
        for batch in (
            7,
            {"a": 1},
            "rubbish",
            pack(b"{}"),
            pack(b"[" + b" " * wire.MAX_INFLATED + b"]"),
            pack(b"[" * 50_000),
            pack([0] * 1001),
        ):
            self.fault("send", batch)

    def test_failure_inside_is_told_to_the_log_alone(self):
        body = xmlrpc_client.dumps((pack([report(1)]),), "send").encode()
        ingest = type(self.env["focalist.device"])
        for error in (RuntimeError("secret"), UserError("secret")):
            with (
                patch.object(ingest, "_ingest", side_effect=error),
                self.assertLogs(controller._logger, "ERROR"),
                mute_logger("odoo.http"),
            ):
                answer = self.post(RPC, body, self.key)
            self.assertEqual(answer.status_code, 500)
            self.assertNotIn("secret", answer.text)

    def test_call_that_met_another_is_repeated(self):
        """What another call made at the same moment is found the second time."""
        model = type(self.env["focalist.device"])
        ingest = model._ingest
        for error in (psycopg2.errors.UniqueViolation(), SerializationFailure()):
            ends = iter([error, None])

            def meets_another(device, reports, origin, ends=ends):
                if end := next(ends):
                    raise end
                return ingest(device, reports, origin)

            with (
                patch.object(model, "_ingest", meets_another),
                patch("odoo.service.model.time.sleep"),
                mute_logger("odoo.service.model"),
            ):
                results = self.send(self.key, [report(1), report(2)])
            self.assertEqual(len(results), 2)
            self.assertFalse(list(ends))

    def test_key_is_of_no_use_elsewhere(self):
        login = self.collector.user_id.login
        database = self.env.cr.dbname
        with mute_logger("odoo.addons.rpc.controllers.xmlrpc", "odoo.http"):
            common = self.call(
                "/xmlrpc/2/common", "", "authenticate", database, login, self.key, {}
            )
            self.assertFalse(common)
            with self.assertRaises(xmlrpc_client.Fault):
                self.call(
                    "/xmlrpc/2/object",
                    "",
                    "execute_kw",
                    database,
                    self.collector.user_id.id,
                    self.key,
                    "res.partner",
                    "search",
                    [[]],
                )
        answer = self.url_open(
            "/json/2/res.partner/search",
            json={"domain": []},
            headers={
                "Authorization": f"Bearer {self.key}",
                "X-Odoo-Database": database,
            },
        )
        self.assertEqual(answer.status_code, 401)
        self.assertFalse(self.opener.cookies.get("session_id"))
