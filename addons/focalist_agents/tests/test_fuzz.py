import base64
import json
import os
import random
import zlib
from xmlrpc import client as xmlrpc_client

from odoo.tests import HttpCase, tagged

from odoo.addons.focalist_base.tests.fuzz import Fuzzer

from ..tools import wire
from .common import RPC, RouteMixin, pack, report

FULL = os.environ.get("FOCALIST_FULL") == "1"
BATCHES = 40 if FULL else 6
MUTANTS, GOOD = 20, 4


@tagged("post_install", "-at_install")
class TestFuzz(RouteMixin, HttpCase):
    """What a collector sends on its route, mutated: over real HTTP, compressed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector, cls.key = cls.install()
        cls.devices = cls.env["focalist.device"].union(
            *(cls.make_device(number) for number in range(1, GOOD + 1))
        )

    def counted(self):
        self.env.invalidate_all()
        return [sorted(d.reading_ids.mapped("meter_total")) for d in self.devices]

    def test_mutants_on_the_route(self):
        rng = random.Random(7)
        fuzzer = Fuzzer(rng, python=False)
        expected = [[] for _device in self.devices]
        for number in range(BATCHES):
            total = 1000 + number
            good = [report(n + 1, total, hours=1) for n in range(GOOD)]
            mutants = [
                fuzzer.mutant(report(900 + n, total, mac="00:26:73:aa:bb:cc"))
                for n in range(MUTANTS)
            ]
            batch = [(True, one) for one in good] + [(False, one) for one in mutants]
            rng.shuffle(batch)
            with self.subTest(batch=number), self.assertNoLogs("odoo", level="ERROR"):
                results = self.send(self.key, [one for _good, one in batch])
                self.assertEqual(len(results), len(batch))
                for (is_good, _one), result in zip(batch, results, strict=True):
                    self.assertIsInstance(result["uid"], str)
                    if is_good:
                        self.assertEqual(result["status"], "accepted")
                    self.assertNotIn("log says why", result["message"])
            for values in expected:
                values.append(total)
            self.assertEqual(self.counted(), expected)

    def test_mutants_of_the_envelope(self):
        """What is no batch is a fault with a sentence, and no error."""
        rng = random.Random(7)
        whole = pack([report(1)])
        text = json.dumps([report(1)]).encode()
        packed = zlib.compress(text)
        batches = [
            *(whole[: rng.randrange(len(whole))] for _n in range(10)),
            *(self.flipped(rng, whole) for _n in range(30 if not FULL else 300)),
            base64.b64encode(packed + b"trailing").decode(),
            base64.b64encode(packed[:-4]).decode(),
            base64.b64encode(text).decode(),
            base64.b64encode(zlib.compress(packed)).decode(),
            *map(pack, (b"", b"[", b"null", b"[1,]", b"\xff\xfe", b'"text"', b"{}")),
            *map(pack, (b"[NaN, Infinity]", b"[" + b"1" * 9000 + b"]", b"[[]]")),
            pack(b"[" * 100_000 + b"]" * 100_000),
            pack(b"[" + b'"' + b"\\ud800" * 999 + b'"]'),
            pack(b" " * (wire.MAX_INFLATED + 1)),
            *("", "=", "\u00e9", "AAAA", None, True, 1.5, [whole], {"a": whole}, -1),
        ]
        for number, batch in enumerate(batches):
            with self.subTest(number=number), self.assertNoLogs("odoo", level="ERROR"):
                body = xmlrpc_client.dumps((batch,), "send", allow_none=True)
                answer = self.post(RPC, body.encode("utf-8", "replace"), self.key)
                self.assertIn(answer.status_code, (200, 400, 413))
                if answer.status_code == 200:
                    try:
                        xmlrpc_client.loads(answer.content)
                    except xmlrpc_client.Fault as fault:
                        self.assertTrue(fault.faultString.endswith("."))
        # The next one is taken as ever.
        self.assertEqual(self.send(self.key, [report(2)])[0]["status"], "accepted")

    def flipped(self, rng, text):
        place = rng.randrange(len(text))
        return text[:place] + chr(rng.randrange(32, 126)) + text[place + 1 :]
