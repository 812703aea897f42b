"""When the three actions are done by themselves: intervals within days and hours of a
time zone, as people set them on the server."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_log = logging.getLogger(__name__)

SUPPLIES, ALERTS, SCAN = "supplies", "alerts", "scan"
ACTIONS = (SUPPLIES, ALERTS, SCAN)

MIN_INTERVAL, MAX_INTERVAL = 10, 7 * 86_400
MINUTES = 24 * 60
WEEK = frozenset(range(7))


@dataclass(frozen=True)
class Schedule:
    """One action's plan: seconds from one run to the next, on ``days`` (0: Monday)
    from ``start`` to ``end`` (minutes of the day; an end before its start is on the
    next day)."""

    action: str
    on: bool
    interval: int
    days: frozenset[int] = WEEK
    start: int = 0
    end: int = MINUTES

    def next_run(self, last: float | None, now: float, zone: tzinfo) -> float | None:
        """The moment of the next run, as seconds since 1970; None where it is off.

        ``last``: when the last one began; None, or in the future, where nobody knows.
        """
        if not self.on or not self.days:
            return None
        interval = min(max(self.interval, MIN_INTERVAL), MAX_INTERVAL)
        known = last is not None and last <= now
        return self._within(max(now, last + interval) if known else now, zone)

    def _within(self, moment: float, zone: tzinfo) -> float:
        """The first moment from ``moment`` on that the days and hours allow."""
        if self.days == WEEK and self.start == 0 and self.end == MINUTES:
            return moment
        today = datetime.fromtimestamp(moment, zone).date()
        for offset in range(-1, 8):
            day = today + timedelta(days=offset)
            if day.weekday() not in self.days:
                continue
            midnight = datetime(day.year, day.month, day.day)
            length = (self.end - self.start) % MINUTES or MINUTES
            begins = midnight + timedelta(minutes=self.start)
            ends = begins + timedelta(minutes=length)
            if moment < ends.replace(tzinfo=zone).timestamp():
                return max(moment, begins.replace(tzinfo=zone).timestamp())
        raise AssertionError("a week has every day")


@lru_cache(maxsize=8)
def zone_of(name: str) -> tzinfo:
    """A time zone by its name; UTC, with a warning, where this system has none such."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        _log.warning("The time zone %r is unknown here (package tzdata?): UTC.", name)
        return timezone.utc
