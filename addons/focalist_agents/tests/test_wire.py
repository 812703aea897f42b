import base64
import json
import random
import zlib
from xmlrpc import client as xmlrpc_client

from odoo.tests import BaseCase, tagged

from ..tools import wire
from .common import pack


@tagged("post_install", "-at_install")
class TestWire(BaseCase):
    def test_call(self):
        body = xmlrpc_client.dumps(({"a": "é", "n": 1},), "enroll", "utf-8").encode()
        self.assertEqual(wire.read_call(body), ("enroll", ({"a": "é", "n": 1},)))

    def test_no_doctype_in_any_encoding(self):
        text = (
            '<?xml version="1.0" encoding="ENCODING"?><!DOCTYPE m [<!ENTITY a "b">]>'
            "<methodCall><methodName>&a;</methodName></methodCall>"
        )
        for encoding in ("utf-8", "utf-16", "iso-8859-1"):
            with self.subTest(encoding), self.assertRaises(wire.DoctypeError):
                wire.read_call(text.replace("ENCODING", encoding).encode(encoding))
        with self.assertRaises(wire.DoctypeError):
            wire.read_call(b"<!DOCTYPE methodCall><methodCall/>")

    def test_bounds_of_a_call(self):
        def call(inside):
            name = "<methodName>x</methodName>"
            text = f"<methodCall>{name}<params>{inside}</params></methodCall>"
            return wire.read_call(text.encode())

        def deep(times):
            start, end = "<value><array><data>", "</data></array></value>"
            return f"<param>{start * times}{end * times}</param>"

        def long(times):
            return "<param><value>x</value></param>" * times

        self.assertEqual(call(deep(3)), ("x", ([[[]]],)))
        self.assertEqual(call(long(100)), ("x", ("x",) * 100))
        for inside in (deep(50), long(1000)):
            with self.assertRaisesRegex(wire.MalformedError, "too"):
                call(inside)

    def test_any_rubbish_is_malformed(self):
        """Nothing but the two errors comes out, whatever goes in."""
        call = xmlrpc_client.dumps(
            ({"a": "é", "n": 1, "l": [1.5, True]},), "x"
        ).encode()
        chance = random.Random(4)
        for _number in range(3000):
            body = bytearray(call)
            for _change in range(chance.randint(1, 6)):
                position = chance.randrange(len(body))
                if chance.random() < 0.5:
                    body[position] = chance.randrange(256)
                else:
                    del body[position : position + chance.randint(1, 30)]
            try:
                wire.read_call(bytes(body))
            except (wire.MalformedError, wire.DoctypeError):
                continue

    def test_batch(self):
        self.assertEqual(wire.read_batch(pack([{"a": 1.5}, 2])), [{"a": 1.5}, 2])

    def test_bomb_is_not_inflated(self):
        bomb = zlib.compress(b"[" + b" " * (wire.MAX_INFLATED * 20) + b"]", 9)
        self.assertLess(len(bomb), 512 * 1024)
        with self.assertRaisesRegex(wire.MalformedError, "at most"):
            wire.read_batch(base64.b64encode(bomb).decode())
        full = b"[" + b" " * (wire.MAX_INFLATED - 2) + b"]"
        self.assertEqual(wire.read_batch(pack(full)), [])

    def test_malformed_batches(self):
        whole = base64.b64decode(pack([]))
        for batch in (
            None,
            7,
            "",
            "é",
            "not base64!",
            base64.b64encode(b"not zlib").decode(),
            base64.b64encode(whole[:-2]).decode(),
            base64.b64encode(whole + b"more").decode(),
            pack(b"\xff\xfe"),
            pack(b"{}"),
            pack(b"[1"),
            pack(b"[" * 100_000),
            pack([0] * (wire.MAX_REPORTS + 1)),
        ):
            with self.subTest(batch=str(batch)[:20]):
                with self.assertRaises(wire.MalformedError):
                    wire.read_batch(batch)
        self.assertEqual(len(wire.read_batch(pack([0] * wire.MAX_REPORTS))), 1000)

    def test_odd_numbers_lose_themselves_alone(self):
        text = b'[1, %s, 1e999, NaN, -Infinity, "x"]' % (b"9" * 5000)
        self.assertEqual(wire.read_batch(pack(text)), [1, None, None, None, None, "x"])

    def test_depth(self):
        value = 1
        for _level in range(wire.MAX_REPORT_DEPTH):
            value = [value]
        self.assertFalse(wire.is_too_deep(value))
        self.assertTrue(wire.is_too_deep([value]))
        self.assertTrue(wire.is_too_deep(json.loads("[" * 500 + "]" * 500)))

    def test_answer_is_speakable(self):
        answer = {"a": ["x\x00\x1b\ud800y\ufffe\n", {"b": "é\U0001f600"}], "n": 2}
        (result,), _method = xmlrpc_client.loads(wire.write_answer(answer))
        self.assertEqual(result, {"a": ["xy\n", {"b": "é\U0001f600"}], "n": 2})
        with self.assertRaisesRegex(xmlrpc_client.Fault, "no<"):
            xmlrpc_client.loads(wire.write_answer(xmlrpc_client.Fault(400, "n\x00o<")))
