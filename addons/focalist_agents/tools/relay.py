"""Where a browser's request for a printer's page meets the collector that fetches it.

It lives in memory, in the one process that both reach: Odoo's evented one, or the only
one there is. Who waits here waits on `threading`, which is green there, and holds no
HTTP worker and no database cursor. All of it is bounded: what is too much is refused.
"""

import secrets
import threading
import time
from collections import deque

import odoo
from odoo.tools import config

# Bytes of a body, either way. In base64, and in a message, within wire.MAX_BODY.
MAX_BODY = 4 * 1024 * 1024
# What all requests together that wait have in their bodies.
MAX_BYTES = 64 * 1024 * 1024
MAX_WAITING = 500
MAX_OF_SESSION = 32
# Seconds that a browser waits for a page, and a collector for a request.
PATIENCE = 30
MAX_POLL = 20


class RelayError(Exception):
    """No answer; `code` says why: `busy`, `silent`."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class _Exchange:
    """A request that waits for its answer."""

    def __init__(self, agent, session, request):
        self.agent, self.session, self.request = agent, session, request
        self.size = len(request["body"])
        self.answer = None
        self.answered = threading.Event()


class Relay:
    """The requests that wait, by agent; an agent is any key that names it."""

    def __init__(self, patience=PATIENCE):
        self._patience = patience
        self._news = threading.Condition()
        self._exchanges = {}
        self._queues = {}
        self._polls = {}

    def ask(self, agent, session, request):
        """Have a request fetched by the agent's collector, and wait for the answer.

        :param session: whose it is: each has a share of its own
        :param dict request: what the collector is told, with its body (bytes)
        :return: what the collector said, a dict
        :raise RelayError: where too many wait, or nobody answers
        """
        exchange = _Exchange(agent, session, request)
        uid = self._enter(exchange)
        try:
            if not exchange.answered.wait(self._patience):
                raise RelayError("silent")
            return exchange.answer
        finally:
            with self._news:
                del self._exchanges[uid]
                queue = self._queues.get(agent, ())
                if uid in queue:
                    queue.remove(uid)
                if not queue:
                    self._queues.pop(agent, None)

    def _enter(self, exchange):
        uid = secrets.token_hex(16)
        with self._news:
            waiting = self._exchanges.values()
            own = sum(one.session == exchange.session for one in waiting)
            size = sum(one.size for one in waiting) + exchange.size
            if len(waiting) >= MAX_WAITING or own >= MAX_OF_SESSION or size > MAX_BYTES:
                raise RelayError("busy")
            self._exchanges[uid] = exchange
            self._queues.setdefault(exchange.agent, deque()).append(uid)
            self._news.notify_all()
        return uid

    def take(self, agent, seconds):
        """The requests for an agent's collector, as soon as there are any.

        A collector waits once: its older call ends when it calls anew.

        :return: list of the requests, each with its `id`; empty after so many seconds
        """
        until = time.monotonic() + min(seconds, MAX_POLL)
        mine = object()
        with self._news:
            self._polls[agent] = mine
            self._news.notify_all()
            while not self._queues.get(agent) and self._polls.get(agent) is mine:
                left = until - time.monotonic()
                if left <= 0 or not self._news.wait(left):
                    break
            if self._polls.get(agent) is not mine:
                return []
            del self._polls[agent]
            return self._take(self._queues.get(agent, ()))

    def _take(self, queue):
        """As many as one message holds, the oldest first."""
        taken, size = [], 0
        while queue:
            exchange = self._exchanges[queue[0]]
            size += exchange.size
            if taken and size > MAX_BODY:
                break
            taken.append({"id": queue.popleft(), **exchange.request})
        return taken

    def answer(self, agent, uid, answer):
        """Bring an answer; it reaches nobody but who asked that agent.

        :return: the session that had asked, None where nobody waits for it
        """
        with self._news:
            exchange = self._exchanges.get(uid)
            if not exchange or exchange.agent != agent or exchange.answered.is_set():
                return None
            exchange.answer = answer
            exchange.answered.set()
            return exchange.session

    def waiting(self):
        """How many requests wait."""
        return len(self._exchanges)


RELAY = Relay()


def is_here():
    """Whether all requests for panels reach this process; an HTTP worker is one of
    several, and what waits in it is found by nobody."""
    return odoo.evented or not config["workers"]
