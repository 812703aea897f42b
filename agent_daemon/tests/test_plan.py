"""When an action is due: intervals within days and hours of a time zone."""

from datetime import datetime, timezone

import pytest

from focalist_agent.plan import ALERTS, Schedule, zone_of

PARIS = zone_of("Europe/Paris")
OFFICE = Schedule(ALERTS, True, 900, frozenset(range(5)), 8 * 60, 18 * 60)


def at(said: str) -> float:
    """A moment of Paris."""
    return datetime.fromisoformat(said).replace(tzinfo=PARIS).timestamp()


def due(schedule: Schedule, last: str | None, now: str) -> str | None:
    moment = schedule.next_run(last and at(last), at(now), PARIS)
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, PARIS).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("last", "now", "wanted"),
    [
        # 2026-11-25 is a Wednesday.
        (None, "2026-11-25 10:00:00", "2026-11-25 10:00:00"),
        ("2026-11-25 09:50:00", "2026-11-25 10:00:00", "2026-11-25 10:05:00"),
        ("2026-11-25 08:00:00", "2026-11-25 10:00:00", "2026-11-25 10:00:00"),
        (None, "2026-11-25 06:00:00", "2026-11-25 08:00:00"),
        ("2026-11-25 17:50:00", "2026-11-25 17:55:00", "2026-11-26 08:00:00"),
        # Over the weekend.
        ("2026-11-27 17:59:00", "2026-11-27 18:00:00", "2026-11-30 08:00:00"),
        # A clock that was set back: the last run lies in the future.
        ("2030-01-01 00:00:00", "2026-11-25 10:00:00", "2026-11-25 10:00:00"),
    ],
)
def test_a7_days_and_hours(last, now, wanted):
    assert due(OFFICE, last, now) == wanted


def test_a7_hours_across_midnight_belong_to_the_day_they_begin_on():
    nights = Schedule(ALERTS, True, 3600, frozenset({4}), 22 * 60, 6 * 60)
    assert due(nights, None, "2026-11-28 05:59:00") == "2026-11-28 05:59:00"
    assert due(nights, None, "2026-11-28 06:00:00") == "2026-12-04 22:00:00"


def test_a7_hours_are_the_sites_in_summer_and_winter():
    for day, hour in (("2026-10-23", 6), ("2026-10-26", 7)):
        moment = OFFICE.next_run(None, at(f"{day} 00:00:00"), PARIS)
        assert datetime.fromtimestamp(moment, timezone.utc).hour == hour


def test_a7_off_is_never():
    assert due(Schedule(ALERTS, False, 900), None, "2026-11-25 10:00:00") is None
    nothing = Schedule(ALERTS, True, 900, frozenset())
    assert due(nothing, None, "2026-11-25 10:00:00") is None


def test_a7_intervals_are_bounded():
    assert Schedule(ALERTS, True, 0).next_run(100, 100, PARIS) == 110
    assert Schedule(ALERTS, True, 10**9).next_run(100, 100, PARIS) == 100 + 7 * 86400


def test_a7_an_unknown_zone_is_utc(caplog):
    assert zone_of("Mars/Base") is timezone.utc
    assert zone_of("../etc/passwd") is timezone.utc
    assert "Mars/Base" in caplog.text
