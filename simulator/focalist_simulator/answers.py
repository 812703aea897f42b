"""What the printers answer to SNMP at the present moment."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pysnmp.proto import rfc1902

from . import mib
from .catalogue import Oid, Row
from .fleet import Fleet

_TYPES = {
    mib.INTEGER: rfc1902.Integer32,
    mib.OCTETS: rfc1902.OctetString,
    mib.OBJECT_ID: rfc1902.ObjectIdentifier,
    mib.IP: rfc1902.IpAddress,
    mib.COUNTER: rfc1902.Counter32,
    mib.GAUGE: rfc1902.Gauge32,
    mib.TICKS: rfc1902.TimeTicks,
}

Found = tuple[Any, Any]


class Tree:
    """The rows of one printer at one moment, for GET and GETNEXT."""

    def __init__(self, rows: list[Row]):
        self._rows = rows
        self._keys = [row.oid for row in rows]

    def exactly(self, oid: Oid) -> Found | None:
        """The object of this identifier and its value."""
        place = bisect_left(self._keys, oid)
        known = place < len(self._keys) and self._keys[place] == oid
        return self._at(place) if known else None

    def after(self, oid: Oid) -> Found | None:
        """The object that follows this identifier and its value."""
        place = bisect_right(self._keys, oid)
        return self._at(place) if place < len(self._keys) else None

    def _at(self, place: int) -> Found:
        row = self._rows[place]
        return rfc1902.ObjectName(row.oid), _TYPES[row.kind](row.value)


class Answers:
    """The trees of a fleet, made when they are asked for.

    :param refresh: seconds for which a tree stays as it is: answers are those of the
        last multiple of it on the clock
    :param clock: the present in seconds since 1970
    """

    def __init__(
        self, fleet: Fleet, refresh: int, clock: Callable[[], float] = time.time
    ):
        self._fleet = fleet
        self._refresh = refresh
        self._clock = clock
        self._trees: dict[int, tuple[datetime, Tree | None]] = {}

    @staticmethod
    def options(fleet: Fleet, refresh: int) -> str:
        """All that makes these answers, as one string without blanks."""
        return urlencode(
            {
                "devices": len(fleet.printers),
                "sites": fleet.sites,
                "seed": fleet.seed,
                "epoch": f"{fleet.epoch:%Y-%m-%d}",
                "refresh": refresh,
            }
        )

    @classmethod
    def from_options(cls, options: str) -> Answers:
        """The answers that a string of `options` describes."""
        told = dict(parse_qsl(options))
        epoch = datetime.fromisoformat(told["epoch"]).replace(tzinfo=timezone.utc)
        numbers = {name: int(told[name]) for name in ("devices", "sites", "seed")}
        return cls(Fleet(**numbers, epoch=epoch), int(told["refresh"]))

    def moment(self) -> datetime:
        """The moment whose answers are given now."""
        now = datetime.fromtimestamp(0, timezone.utc)
        return now + timedelta(seconds=self._clock() // self._refresh * self._refresh)

    def tree(self, place: int) -> Tree | None:
        """What the printer at a place in the fleet answers, None when it is silent."""
        moment = self.moment()
        kept = self._trees.get(place)
        if kept is None or kept[0] != moment:
            state = self._fleet.printers[place].at(moment)
            kept = moment, None if state.silent else Tree(mib.rows(state))
            self._trees[place] = kept
        return kept[1]
