"""The tables in a device report, supplies and alerts, checked row by row.

A section that was not read is None. A row of wrong types loses itself alone; but then
the section is not whole, and what is absent from it may be the row that was lost.
"""

from functools import lru_cache
from typing import NamedTuple

from .meters import MAX_METER
from .supply_names import split_description

MAX_SUPPLIES = 64
MAX_ALERTS = 256
MAX_TEXT = 255
MAX_INDEX = 64

SOME_REMAINING = -3
UNKNOWN = -2

SUPPLY_KINDS = (
    "toner",
    "ink",
    "drum",
    "developer",
    "fuser",
    "transfer",
    "maintenance_kit",
    "waste_toner",
    "staples",
    "other",
)
# PrtAlertSeverityLevelTC, PrtAlertTrainingLevelTC and PrtAlertGroupTC (RFC 3805).
ALERT_SEVERITIES = ("critical", "warning", "warning_binary_change", "other")
ALERT_TRAININGS = (
    "untrained",
    "trained",
    "field_service",
    "management",
    "no_intervention_required",
    "unknown",
    "other",
)
ALERT_GROUPS = (
    "host_storage",
    "host_device",
    "general_printer",
    "cover",
    "localization",
    "input",
    "output",
    "marker",
    "marker_supplies",
    "marker_colorant",
    "media_path",
    "channel",
    "interpreter",
    "console_display_buffer",
    "console_lights",
    "alert",
    "finisher_device",
    "finisher_supply",
    "finisher_supply_media_input",
    "finisher_attribute",
    "other",
)


class SupplyRow(NamedTuple):
    """A supply as a device tells it; what is unknown is None."""

    index: str
    name: str | None
    kind: str
    color: str | None
    part_number: str | None
    serial: str | None
    level: int | None
    capacity: int | None
    unit: str | None
    percent: float | None
    some_remaining: bool


class AlertRow(NamedTuple):
    """A row of the alert table."""

    index: str
    severity: str
    training: str
    group: str
    code: int | None
    description: str | None


class Section(NamedTuple):
    """A table that was read.

    :param bool whole: whether all of its rows could be taken, so that absence tells
    """

    rows: tuple
    whole: bool


class _RowError(ValueError):
    pass


def _text(row, key, size=MAX_TEXT):
    value = row.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise _RowError(key)
    return _trimmed(value, size)


def _trimmed(value, size=MAX_TEXT):
    return value.strip()[:size].strip() or None


def _number(row, key):
    """A whole number that the database can hold; None where it is larger."""
    value = row.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise _RowError(key)
    return value if abs(value) <= MAX_METER else None


def _index(row):
    index = row.get("index")
    if isinstance(index, int) and not isinstance(index, bool):
        return str(index)[:MAX_INDEX]
    index = _text(row, "index", MAX_INDEX)
    if not index:
        raise _RowError("index")
    return index


def _percent(row, level):
    value = row.get("percent")
    if isinstance(value, bool) or not isinstance(value, (int, float, type(None))):
        raise _RowError("percent")
    if value is None or level == UNKNOWN or not 0 <= value <= 100:
        return None
    return float(value)


# What a supply tells of its kind, not of itself: the same words in report after report.
_WORDS = ("description", "kind", "color", "part_number", "unit")


@lru_cache(maxsize=8192)
def _supply_words(*told):
    """The name, kind, colour, part number, unit and serial number in _WORDS."""
    for key, value in zip(_WORDS, told, strict=True):
        if not isinstance(value, (str, type(None))):
            raise _RowError(key)
    description, kind, color, part_number, unit = told
    name, part, serial = split_description(_trimmed(description or ""))
    kind, color = _trimmed(kind or ""), _trimmed(color or "", 32)
    return (
        name,
        kind if kind in SUPPLY_KINDS else "other",
        color and color.lower(),
        _trimmed(part_number or "") or part,
        _trimmed(unit or "", 32),
        serial,
    )


def _supply(row):
    level, capacity = _number(row, "level"), _number(row, "capacity")
    some = row.get("some_remaining")
    if not isinstance(some, (bool, type(None))):
        raise _RowError("some_remaining")
    try:
        name, kind, color, part, unit, serial = _supply_words(*map(row.get, _WORDS))
    except TypeError as error:
        # A list or a dict where words should be.
        raise _RowError("words") from error
    return SupplyRow(
        index=_index(row),
        name=name,
        kind=kind,
        color=color,
        part_number=part,
        serial=_text(row, "serial") or serial,
        level=None if level is None or level < 0 else level,
        capacity=None if capacity is None or capacity < 0 else capacity,
        unit=unit,
        percent=_percent(row, level),
        some_remaining=bool(some) or level == SOME_REMAINING,
    )


def _alert(row):
    severity, training = _text(row, "severity"), _text(row, "training")
    group = _text(row, "group")
    return AlertRow(
        index=_index(row),
        severity=severity if severity in ALERT_SEVERITIES else "other",
        training=training if training in ALERT_TRAININGS else "other",
        group=group if group in ALERT_GROUPS else "other",
        code=_number(row, "code"),
        description=_text(row, "description"),
    )


def _section(told, parse, limit):
    if not isinstance(told, list):
        return None
    rows, whole = {}, len(told) <= limit
    for row in told[:limit]:
        try:
            if not isinstance(row, dict):
                raise _RowError("row")
            parsed = parse(row)
        except _RowError:
            whole = False
        else:
            rows.setdefault(parsed.index, parsed)
    return Section(tuple(rows.values()), whole)


def supplies(told):
    """The section of supplies, or None where it was not read."""
    return _section(told, _supply, MAX_SUPPLIES)


def alerts(told):
    """The section of alerts, or None where it was not read."""
    return _section(told, _alert, MAX_ALERTS)
