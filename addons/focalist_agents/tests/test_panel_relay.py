import threading
import time

from odoo.tests import BaseCase, tagged

from ..tools import relay
from ..tools.relay import Relay, RelayError


@tagged("post_install", "-at_install")
class TestRelay(BaseCase):
    """With real threads, as browsers and collectors meet there."""

    def setUp(self):
        super().setUp()
        self.relay = Relay(patience=5)
        self.threads = []
        self.addCleanup(lambda: [thread.join(6) for thread in self.threads])

    def ask(self, agent="a", session=1, body=b"", got=None):
        def run():
            try:
                said = self.relay.ask(agent, session, {"body": body})
            except RelayError as error:
                said = error.code
            if got is not None:
                got.append(said)

        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()

    def until(self, ready):
        end = time.monotonic() + 5
        while not ready() and time.monotonic() < end:
            time.sleep(0.005)
        self.assertTrue(ready())

    def finish(self, agent="a"):
        while self.relay.waiting():
            for request in self.relay.take(agent, 0.05):
                self.relay.answer(agent, request["id"], {})

    def test_a4_who_waits_gets_its_own_answer(self):
        got = {n: [] for n in range(20)}
        for number in got:
            self.ask(body=str(number).encode(), got=got[number])
        taken = []
        while len(taken) < len(got):
            taken += self.relay.take("a", 5)
        for request in reversed(taken):
            self.relay.answer("a", request["id"], request["body"])
        for thread in self.threads:
            thread.join(5)
        self.assertEqual(got, {n: [str(n).encode()] for n in got})
        self.assertEqual(self.relay.waiting(), 0)

    def test_a4_a_poll_waits_and_the_newer_one_takes_over(self):
        got = []
        older = threading.Thread(target=lambda: got.append(self.relay.take("a", 5)))
        older.start()
        self.until(lambda: self.relay._polls)
        started = time.monotonic()
        self.assertEqual(self.relay.take("a", 0.2), [])
        older.join(1)
        self.assertEqual(got, [[]])
        self.assertGreater(time.monotonic() - started, 0.15)

    def test_a4_answers_of_others_and_second_ones_are_nobodys(self):
        got = []
        self.ask(session=7, got=got)
        (request,) = self.relay.take("a", 5)
        uid = request["id"]
        self.assertIsNone(self.relay.answer("b", uid, "forged"))
        self.assertIsNone(self.relay.answer("a", "0" * 32, "forged"))
        self.assertEqual(self.relay.answer("a", uid, "right"), 7)
        self.assertIsNone(self.relay.answer("a", uid, "late"))
        self.threads[0].join(5)
        self.assertEqual(got, ["right"])

    def test_a4_requests_of_a_session_are_bounded(self):
        for _ in range(relay.MAX_OF_SESSION):
            self.ask()
        self.until(lambda: self.relay.waiting() == relay.MAX_OF_SESSION)
        with self.assertRaisesRegex(RelayError, "busy"):
            self.relay.ask("a", 1, {"body": b""})
        got = []
        self.ask(session=2, got=got)
        self.until(lambda: self.relay.waiting() == relay.MAX_OF_SESSION + 1)
        self.finish()

    def test_a4_bytes_that_wait_are_bounded(self):
        body = b"x" * relay.MAX_BODY
        fits = relay.MAX_BYTES // relay.MAX_BODY
        for number in range(fits):
            self.ask(session=number, body=body)
        self.until(lambda: self.relay.waiting() == fits)
        with self.assertRaisesRegex(RelayError, "busy"):
            self.relay.ask("a", "more", {"body": b"x"})
        # One message holds one such body.
        self.assertEqual(len(self.relay.take("a", 1)), 1)
        self.finish()

    def test_a4_nobody_waits_for_ever(self):
        quick = Relay(patience=0.1)
        with self.assertRaises(RelayError) as caught:
            quick.ask("a", 1, {"body": b""})
        self.assertEqual(caught.exception.code, "silent")
        self.assertEqual((quick.waiting(), quick._queues), (0, {}))
        self.assertEqual(quick.take("a", 0.05), [])
