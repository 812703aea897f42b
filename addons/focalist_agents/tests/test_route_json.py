import gzip
import json
from unittest.mock import patch
from xmlrpc import client as xmlrpc_client

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..tools import wire
from .common import ABOUT, ENROLL, JSON, RPC, RouteMixin, pack, report


@tagged("post_install", "-at_install")
class TestRouteJson(RouteMixin, HttpCase):
    """The same line in JSON, and bodies compressed with gzip."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector, cls.key = cls.install()

    def ask(self, method, *arguments, key=None, **headers):
        body = json.dumps(arguments).encode()
        return self.post_json(method, body, key, **headers)

    def post_json(self, method, body, key=None, **headers):
        headers = {"Content-Type": "application/json", **headers}
        return self.post(
            JSON + method, body, self.key if key is None else key, **headers
        )

    def test_all_calls(self):
        self.make_device(1)
        other = self.make_agent(name="Other")
        told = self.ask("enroll", ABOUT, key=other._new_enrolment_key()).json()
        self.assertLessEqual(
            {"collector", "key", "certificate", "agent", "server_time"}, set(told)
        )
        answer = self.ask("configuration", ABOUT).json()
        self.assertEqual(
            answer["devices"], [{"address": "10.1.0.1", "port": 161, "network": 0}]
        )
        answer = self.ask("send", pack([report(1)]))
        self.assertEqual(answer.json()["results"][0]["status"], "accepted")
        self.assertNotIn("Set-Cookie", answer.headers)

    def test_size_comes_before_key_and_key_before_content(self):
        with (
            patch.object(wire, "read_arguments") as read,
            patch.object(wire, "inflate_body") as inflate,
        ):
            large = b"x" * (wire.MAX_BODY + 1)
            for method in ("enroll", "send"):
                for encoding in ("identity", "gzip"):
                    said = {"Content-Encoding": encoding}
                    answer = self.post_json(method, large, **said)
                    self.assertEqual(answer.status_code, 413)
                    answer = self.post_json(method, b"[]", "wrong", **said)
                    self.assertEqual(answer.status_code, 401)
        read.assert_not_called()
        inflate.assert_not_called()

    def test_keys_are_each_for_their_own(self):
        enrolment_key = self.make_agent(name="Other")._new_enrolment_key()
        answer = self.ask("configuration", ABOUT, key=enrolment_key)
        self.assertEqual(answer.status_code, 401)
        self.assertEqual(self.ask("enroll", ABOUT).status_code, 401)
        with mute_logger("odoo.addons.focalist_agents.models.focalist_collector"):
            self.collector.action_revoke()
        self.assertEqual(self.ask("configuration", ABOUT).status_code, 401)

    def test_methods_are_a_closed_list_and_faults_say_why(self):
        for method in ("write", "_receive", "search_read", "__init__"):
            self.assertEqual(self.ask(method, ABOUT).status_code, 400)
        for arguments in ((), ("batch", "more"), (7,), ("rubbish",), (pack(b"{}"),)):
            answer = self.ask("send", *arguments)
            self.assertEqual(answer.status_code, 400)
            self.assertTrue(answer.json()["message"].endswith("."))

    def test_rubbish_is_malformed(self):
        for body in (
            b"",
            b"{}",
            b"7",
            b"[",
            b"\xff\xfe",
            b"[" * 100_000,
            b"[" + b"[]," * 1000 + b"1]",
            b"[" + b"9" * 100_000 + b"]",
        ):
            with self.subTest(body=body[:10]):
                answer = self.post_json("configuration", body)
                # A number of any length is one argument, and no description.
                wanted = 200 if body[1:2] == b"9" else 400
                self.assertEqual(answer.status_code, wanted)

    def test_many_parts_are_refused_before_they_are_parsed(self):
        with patch.object(wire.json, "loads") as loads:
            for body in (b"[" * 501, b"{" * 501, b"," * 501):
                with self.assertRaises(wire.MalformedError):
                    wire.read_arguments(body)
        loads.assert_not_called()

    def test_gzip_is_offered_and_read(self):
        said = {"Content-Encoding": "gzip"}
        self.make_device(1)
        body = xmlrpc_client.dumps((pack([report(1)]),), "send").encode()
        answer = self.post(RPC, gzip.compress(body), self.key, **said)
        self.assertEqual(answer.headers["Accept-Encoding"], "gzip")
        (result,), _method = xmlrpc_client.loads(answer.content)
        self.assertEqual(result["results"][0]["status"], "accepted")
        body = gzip.compress(json.dumps([pack([report(1)])]).encode())
        answer = self.post_json("send", body, **said)
        self.assertEqual(answer.json()["results"][0]["status"], "duplicate")
        key = self.make_agent(name="Other")._new_enrolment_key()
        body = gzip.compress(xmlrpc_client.dumps((ABOUT,), "enroll").encode())
        self.assertEqual(self.post(ENROLL, body, key, **said).status_code, 200)

    def test_bomb_is_not_inflated(self):
        """A gigabyte in a megabyte: 413, and no more than a plain body in memory."""
        layer = gzip.compress(b" " * (64 * 1024 * 1024), 9)
        # Members that follow each other are one file to gzip: 16 of them are 1 GiB.
        bomb = layer * 16
        self.assertLess(len(bomb), wire.MAX_BODY)
        with patch.object(wire, "read_call") as read:
            for body in (layer, bomb):
                answer = self.post(RPC, body, self.key, **{"Content-Encoding": "gzip"})
                self.assertEqual(answer.status_code, 413)
        read.assert_not_called()
        largest = b" " * wire.MAX_BODY
        self.assertEqual(wire.inflate_body(gzip.compress(largest)), largest)
        with self.assertRaises(wire.TooLargeError):
            wire.inflate_body(gzip.compress(largest + b" "))

    def test_what_is_no_gzip(self):
        whole = gzip.compress(b"<methodCall/>")
        for body in (b"", b"rubbish", whole[:-3], whole + b"more", whole + whole):
            with self.assertRaises(wire.MalformedError):
                wire.inflate_body(body)
        for encoding in ("br", "deflate", "gzip, gzip"):
            answer = self.post(RPC, whole, self.key, **{"Content-Encoding": encoding})
            self.assertEqual(answer.status_code, 415)
