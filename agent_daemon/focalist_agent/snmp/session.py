"""What the reader asks of SNMP, whichever library answers.

An OID is a tuple of integers. A value is an ``int``, ``bytes`` (text is decoded by
the reader, who knows what the octets mean) or an OID. What a device does not have
(noSuchObject, noSuchInstance, NULL) is absent from every answer.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

Oid = tuple[int, ...]
Value = int | bytes | Oid


class SnmpError(Exception):
    """The device could not be read; the text is for people."""


class NoAnswer(SnmpError):
    """Nothing came back in time."""


class LimitReached(SnmpError):
    """A device used up the time or the number of values that one may have."""


class Refused(SnmpError):
    """The device answered that it does not take the credential (SNMPv3 alone says)."""


@dataclass(frozen=True)
class Limits:
    """Bounds for one device.

    ``timeout`` (seconds) and ``retries`` are for one request; ``total`` (seconds),
    ``values`` and ``rows`` (of one table) for the whole reading.
    """

    timeout: float = 2.0
    retries: int = 1
    total: float = 60.0
    values: int = 20_000
    rows: int = 512


class Budget:
    """What one device has left of its limits; also when a second backend goes on."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.requests = 0
        """How many were sent, each try counted once"""
        self._values = limits.values
        self._deadline = asyncio.get_running_loop().time() + limits.total

    def ask(self) -> float:
        """Count a request; the seconds that are left. Raises LimitReached."""
        self.requests += 1
        left = self.left()
        if left <= 0:
            raise self.late()
        if self._values <= 0:
            raise LimitReached(f"More than {self.limits.values} values.")
        return left

    def left(self) -> float:
        """The seconds that are left."""
        return self._deadline - asyncio.get_running_loop().time()

    def got(self, values: int) -> None:
        """Count the values of an answer."""
        self._values -= values

    def late(self) -> LimitReached:
        """The error of a device that took too long."""
        return LimitReached(f"Not read within {self.limits.total:g} s.")


class Session(Protocol):
    """A conversation with one device."""

    async def get(self, oids: Iterable[Oid]) -> dict[Oid, Value]:
        """The values of those of ``oids`` that the device has."""

    async def columns(self, columns: Iterable[Oid]) -> dict[Oid, dict[Oid, Value]]:
        """Whole columns: column -> index (what follows the column) -> value.

        Raises :class:`SnmpError` rather than give a part of a table: a row that
        is missing from an answer must be missing on the device.
        """


def oid(text: str) -> Oid:
    """Read a dotted OID; one that does not start with 1. lies below enterprises.

    >>> oid("1347.41")[:7]
    (1, 3, 6, 1, 4, 1, 1347)
    """
    parts = tuple(int(part) for part in text.split("."))
    return parts if parts[:2] == (1, 3) else (1, 3, 6, 1, 4, 1, *parts)


@functools.lru_cache(maxsize=4096)
def dotted(value: tuple[int, ...]) -> str:
    """An OID or an index as text: ``1.3.6.1``."""
    return ".".join(map(str, value))
