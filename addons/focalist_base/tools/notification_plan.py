"""When a notification goes out: pure arithmetic on a client's clock."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo


class Plan(NamedTuple):
    """How often one client is told of one thing; hours as in 7.5 for half past seven.

    `weekday` is 0 for Monday. Equal ends of the quiet hours mean that there are none.
    """

    frequency: str = "once"
    weekday: int = 0
    hour: float = 8.0
    quiet_from: float = 0.0
    quiet_to: float = 0.0
    tz: str = "UTC"

    def due(self, at: datetime) -> datetime:
        """The moment at which what happens at a moment is told; both naive UTC."""
        local = at.replace(tzinfo=UTC).astimezone(ZoneInfo(self.tz))
        if self.frequency == "daily":
            local = self._next_at_hour(local)
        elif self.frequency == "weekly":
            local = self._next_at_hour(local)
            local += timedelta(days=(self.weekday - local.weekday()) % 7)
        else:
            if self.frequency == "hourly":
                full = local.replace(minute=0, second=0, microsecond=0)
                local = full + timedelta(hours=1)
            local = self._after_quiet(local)
        return local.astimezone(UTC).replace(tzinfo=None)

    def _next_at_hour(self, local):
        wanted = _at_hour(local, self.hour)
        return wanted if wanted > local else wanted + timedelta(days=1)

    def _after_quiet(self, local):
        start, end = self.quiet_from, self.quiet_to
        hour = local.hour + local.minute / 60 + local.second / 3600
        if start <= end:
            quiet = start <= hour < end
        else:  # over midnight
            quiet = hour >= start or hour < end
        if not quiet:
            return local
        ended = _at_hour(local, end)
        return ended if ended > local else ended + timedelta(days=1)


def _at_hour(local, hour):
    minutes = round(hour * 60)
    return local.replace(
        hour=minutes // 60 % 24, minute=minutes % 60, second=0, microsecond=0
    )
