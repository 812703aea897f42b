from datetime import date

import pytest

from focalist_simulator import worktime


@pytest.mark.parametrize(
    ("year", "day"),
    [
        (2024, date(2024, 3, 31)),
        (2025, date(2025, 4, 20)),
        (2026, date(2026, 4, 5)),
        (2038, date(2038, 4, 25)),
    ],
)
def test_easter(year, day):
    assert worktime.easter(year) == day


def test_holidays_of_a_year():
    days = worktime.holidays(2026)
    assert len(days) == 11
    assert {date(2026, 4, 6), date(2026, 5, 14), date(2026, 5, 25)} <= days


def test_summer_time_begins_and_ends_on_the_last_sunday():
    offsets = {
        date(2026, 3, 28): 1,
        date(2026, 3, 29): 2,
        date(2026, 10, 24): 2,
        date(2026, 10, 25): 1,
    }
    assert {day: worktime.utc_offset(day) for day in offsets} == offsets


def test_august_and_the_year_end_are_calm():
    ordinary = worktime.activity(date(2026, 3, 12))
    assert worktime.activity(date(2026, 8, 13)) < ordinary / 2
    assert worktime.activity(date(2025, 12, 26)) < ordinary / 2
    assert worktime.activity(date(2026, 7, 14)) < ordinary / 20
