"""What the reader asks of SNMP, whichever library answers.

An OID is a tuple of integers. A value is an ``int``, ``bytes`` (text is decoded by
the reader, who knows what the octets mean) or an OID. What a device does not have
(noSuchObject, noSuchInstance, NULL) is absent from every answer.
"""

from __future__ import annotations

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


def dotted(value: Iterable[int]) -> str:
    """An OID or an index as text: ``1.3.6.1``."""
    return ".".join(map(str, value))
