"""What people type into a spreadsheet, as values. No database in here."""

import re
import unicodedata
from datetime import date, datetime

import pytz

from .meters import MAX_METER

_SPACES = re.compile(r"\s+")
# 12345, 12 345, 12,345, 12.345 and 12'345; nothing but zeros after a decimal sign.
_COUNT = re.compile(r"^(\d+|\d{1,3}(?:([.,'’ ])\d{3})(?:\2\d{3})*)(?:[.,]0{1,2})?$")
_MOMENTS = {
    "dmy": ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d/%m/%y"),
    "mdy": ("%m/%d/%Y", "%m.%d.%Y", "%m-%d-%Y", "%m/%d/%y"),
}
_TIMES = ("", " %H:%M", " %H:%M:%S")


def header_key(text):
    """A column's header as it is compared: without case, accents and punctuation."""
    plain = unicodedata.normalize("NFKD", str(text or "")).casefold()
    return re.sub(r"[^a-z0-9]", "", plain)


def cell_text(value):
    """A cell as text, its spaces made plain ones."""
    return _SPACES.sub(" ", "" if value is None else str(value)).strip()


def parse_count(value):
    """A number of pages: `12 345`, `12,345`, `12.345`, `12345.0`.

    :return: int, or None where the cell is empty
    :raise ValueError: where it is no number of pages
    """
    text = cell_text(value)
    if not text:
        return None
    match = _COUNT.match(text)
    if not match:
        raise ValueError(text)
    count = int(re.sub(r"\D", "", match.group(1)))
    if count > MAX_METER:
        raise ValueError(text)
    return count


def parse_moment(value, order, tz):
    """A date, with or without a time, by the clock of a site.

    :param value: date, datetime or text
    :param str order: `dmy` or `mdy`; ISO dates are read either way
    :param str tz: name of the time zone
    :return: naive UTC, or None where the cell is empty; a date is its midnight
    :raise ValueError: where it is no date
    """
    if isinstance(value, datetime):
        local = value
    elif isinstance(value, date):
        local = datetime(value.year, value.month, value.day)
    else:
        text = cell_text(value).replace("T", " ")
        if not text:
            return None
        local = _parse_local(text, order)
    if not 1990 <= local.year <= 2200:
        raise ValueError(value)
    local = local.replace(microsecond=0, tzinfo=None)
    return pytz.timezone(tz).localize(local).astimezone(pytz.utc).replace(tzinfo=None)


def _parse_local(text, order):
    for day in ("%Y-%m-%d", "%Y/%m/%d", *_MOMENTS[order]):
        for time in _TIMES:
            try:
                return datetime.strptime(text, day + time)
            except ValueError:
                continue
    raise ValueError(text)
