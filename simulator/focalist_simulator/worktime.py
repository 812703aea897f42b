"""When an office prints: weekdays, hours, seasons and French public holidays.

Days are dates, hours are local hours of metropolitan France, weights have no unit:
1.0 is an ordinary working day.
"""

from datetime import date, timedelta
from functools import lru_cache

# Monday to Sunday.
_WEEKDAYS = (1.05, 1.1, 0.95, 1.1, 0.8, 0.03, 0.01)
# January to December: spring and autumn are busy, August is empty.
_MONTHS = (1.05, 1.0, 1.1, 1.0, 0.9, 1.05, 0.8, 0.45, 1.1, 1.1, 1.05, 0.9)
_HOLIDAY = 0.02
_YEAR_END = 0.3
# Share of a day's pages in each local hour.
HOURS = (
    *(0.0,) * 6,
    *(0.05, 0.3, 1.0, 1.6, 1.6, 1.4, 0.6, 0.8, 1.4, 1.5, 1.3, 0.9, 0.4),
    *(0.12, 0.05, 0.02, 0.0, 0.0),
)


def easter(year: int) -> date:
    """Easter Sunday in the Gregorian calendar (Meeus, Jones, Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, day = divmod(h + k - 7 * m + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=64)
def holidays(year: int) -> frozenset[date]:
    """The eleven public holidays of metropolitan France (Code du travail L3133-1)."""
    sunday = easter(year)
    fixed = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
    moving = (1, 39, 50)  # Easter Monday, Ascension Day, Whit Monday
    return frozenset(
        [date(year, month, day) for month, day in fixed]
        + [sunday + timedelta(days=days) for days in moving]
    )


@lru_cache(maxsize=1024)
def activity(day: date) -> float:
    """How much is printed on a day, an ordinary working day being about 1."""
    if day in holidays(day.year):
        return _HOLIDAY
    weight = _WEEKDAYS[day.weekday()] * _MONTHS[day.month - 1]
    if (day.month, day.day) >= (12, 23) or (day.month, day.day) <= (1, 3):
        weight *= _YEAR_END
    return weight


def is_working_day(day: date) -> bool:
    """Whether somebody is there to put paper in and to change a cartridge."""
    return day.weekday() < 5 and day not in holidays(day.year)


@lru_cache(maxsize=1024)
def utc_offset(day: date) -> int:
    """Hours that France is ahead of UTC on a day (Directive 2000/84/EC).

    The change at one in the morning is taken at midnight: nobody prints then.
    """
    return 2 if _last_sunday(day.year, 3) <= day < _last_sunday(day.year, 10) else 1


def _last_sunday(year: int, month: int) -> date:
    last = date(year, month, 31)
    return last - timedelta(days=(last.weekday() + 1) % 7)
