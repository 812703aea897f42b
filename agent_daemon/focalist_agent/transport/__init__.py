"""How reports reach the server: a small interface, whatever the protocol.

A transport is blocking; the scheduler calls it in a thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..settings import Settings

FINAL = ("accepted", "duplicate", "pending", "ignored", "rejected")
"""Statuses after which a report leaves the spool."""


class TransportError(Exception):
    """The server did not take it; the text is for people and holds no secret."""


class Unreachable(TransportError):
    """No connection, no usable answer, or the server asks to come back later."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """seconds that the server asked for"""


class KeyRefused(TransportError):
    """The server does not know the key (any more)."""


class TooLarge(TransportError):
    """The request is larger than the server takes."""


class Misunderstood(TransportError):
    """The server answered that it cannot understand the request."""


@dataclass(frozen=True)
class Issued:
    """A key and the certificate that it is tied to; they end together."""

    key: str
    certificate: str
    private_key: str


@dataclass(frozen=True)
class Enrolment:
    """What an enrolment key is exchanged for."""

    collector: str
    agent: str
    issued: Issued


@dataclass(frozen=True)
class Result:
    """What became of one report."""

    uid: str
    status: str
    message: str


@dataclass(frozen=True)
class Task:
    """What somebody asked to be done now; ``action`` is one of plan.ACTIONS."""

    uid: str
    action: str


@dataclass(frozen=True)
class Asked:
    """What there is to do; ``revision`` is that of the settings, ``wait`` seconds until
    the server wants to be asked again."""

    tasks: tuple[Task, ...]
    revision: str
    wait: float
    panel: bool = False
    """somebody has a remote panel open: there may be pages to fetch"""


@dataclass(frozen=True)
class Count:
    """How far an action is: addresses or devices asked, of how many, and what was
    found or read."""

    done: int = 0
    total: int = 0
    found: int = 0


@dataclass(frozen=True)
class Run:
    """An action that was done by its plan; ``at`` in UTC."""

    action: str
    at: str
    count: Count


@dataclass(frozen=True)
class PageRequest:
    """A page of a printer that somebody looks at; headers as "Name: value"."""

    id: str
    address: str
    scheme: str
    port: int
    method: str
    path: str
    headers: tuple[str, ...] = ()
    body: bytes = b""


@dataclass(frozen=True)
class Page:
    """What came of a request; ``error`` where nothing did, a code of the server's."""

    id: str
    status: int = 0
    headers: tuple[str, ...] = ()
    body: bytes = b""
    error: str = ""


@dataclass(frozen=True)
class ToFetch:
    """Pages to fetch; ``open`` is False where no panel is open any more."""

    open: bool
    requests: tuple[PageRequest, ...] = ()


class Transport(Protocol):
    """The calls of an enrolled collector. All raise :class:`TransportError`."""

    @property
    def skew(self) -> float | None:
        """Seconds that our clock is ahead of the server's, by its last answer."""

    def configuration(self) -> Settings:
        """What is to be polled, when, and how."""

    def tasks(self, held: Sequence[str], runs: Sequence[Run]) -> Asked:
        """Ask for tasks; ``held`` are the uids of those that are being done."""

    def progress(self, uid: str, count: Count) -> bool:
        """Tell how far a task is; False where it is not to be done any more."""

    def result(self, uid: str, count: Count, failure: str = "") -> None:
        """Tell that a task is over."""

    def panel(self, pages: Sequence[Page], wait: int) -> ToFetch:
        """Bring pages, and wait up to so many seconds for more to fetch; without a
        wait there are none."""

    def renew(self) -> Issued:
        """Another key and certificate, for when the present ones end."""

    def send(self, reports: Sequence[bytes]) -> list[Result]:
        """Hand over reports, each as JSON; one missing from the results was not
        taken and stays spooled."""
