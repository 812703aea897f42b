"""How reports reach the server: a small interface, whatever the protocol.

A transport is blocking; the scheduler calls it in a thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..config import Device

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
class Configuration:
    """What the server wants polled; ``poll_interval`` in seconds."""

    devices: tuple[Device, ...]
    poll_interval: int
    renew: bool = False
    """it is time for another key and certificate"""


@dataclass(frozen=True)
class Result:
    """What became of one report."""

    uid: str
    status: str
    message: str


class Transport(Protocol):
    """The calls of an enrolled collector. All raise :class:`TransportError`."""

    @property
    def skew(self) -> float | None:
        """Seconds that our clock is ahead of the server's, by its last answer."""

    def configuration(self) -> Configuration:
        """What is to be polled."""

    def renew(self) -> Issued:
        """Another key and certificate, for when the present ones end."""

    def send(self, reports: Sequence[bytes]) -> list[Result]:
        """Hand over reports, each as JSON; one missing from the results was not
        taken and stays spooled."""
