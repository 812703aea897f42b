"""The device report as it arrives: checked, bounded, and cleaned for the database.

The report's shape is the daemon's (schema 1). What comes from a network is never
trusted: a wrong section loses itself, a wrong report loses itself, nothing else.
"""

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import lru_cache

from . import report_rows
from .identity import mac_key, manufacturer_key, model_key, serial_key
from .meters import MAX_METER, METERS

SCHEMA = 1
# What only a colour printer is filled with.
COLORS = ("cyan", "magenta", "yellow")
MAX_TEXT = 255
MAX_UID = 64
# What a report may hold at most: levels of nesting, and values all in all. The largest
# reports seen (four trays, a finisher, a full alert table) have some 500 values.
MAX_DEPTH = 16
MAX_VALUES = 5000
MAX_VALUE_TEXT = 10_000
# A collector's clock may be ahead of the server's by this much.
MAX_AHEAD = timedelta(hours=1)


class ReportError(ValueError):
    """A report that cannot be taken, with the reason for people.

    The reason is a code of `focalist.device._report_error_message`, which holds the
    sentences to translate.
    """


@dataclass(slots=True)
class DeviceReport:
    """One device report, cleaned. Moments are naive UTC, as Odoo stores them."""

    uid: str
    read_at: datetime
    device_read_at: datetime
    manufacturer: str
    model: str
    serial: str | None
    serial_key: str | None
    mac: str | None
    address: str | None
    hostname: str | None
    location: str | None
    firmware: str | None
    status: str | None
    console: str | None
    meters: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    # None where the section was not read: that is no news of what is in it.
    supplies: report_rows.Section | None = None
    tells_color: bool = False
    alerts: report_rows.Section | None = None
    raw: dict = field(default_factory=dict)


def _clean_text(text, size):
    """The text as UTF-8 and PostgreSQL can hold it: no NUL, no half of a surrogate."""
    if len(text) > size:
        text = text[:size]
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


@lru_cache(maxsize=4096, typed=True)
def _clean_key(key):
    """A section's or a value's name: the same few in every report."""
    return _clean_text(str(key), MAX_TEXT)


def _text(report, key):
    """A trimmed, bounded text, or None."""
    value = report.get(key)
    if not isinstance(value, str):
        return None
    return value.strip()[:MAX_TEXT].strip() or None


def _moment(value):
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        if moment.tzinfo:
            moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
    except (AttributeError, OverflowError, TypeError, ValueError) as error:
        raise ReportError("moment") from error
    return moment.replace(microsecond=0)


def _meters(told):
    """Split the meters into those that can be stored and those refused, with why."""
    if not isinstance(told, dict):
        return {}, {}
    meters, refused = {}, {}
    for name in METERS:
        value = told.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            refused[name] = "not_a_count"
        elif value > MAX_METER:
            refused[name] = "too_large"
        else:
            meters[name] = value
    return meters, refused


def _clean(report):
    """The same report as PostgreSQL's jsonb can hold it.

    :raise ReportError: where it is nested too deeply, or too large
    """
    left = MAX_VALUES - 1

    def clean(value, depth):
        # The commonest first: this is asked of each value of each report.
        kind = type(value)
        if kind is str:
            return _clean_text(value, MAX_VALUE_TEXT)
        if value is None or kind is bool:
            return value
        if kind is int:
            # Meters are checked apart; a number of thousands of digits is no value.
            return value if value.bit_length() <= 256 else None
        if kind is float:
            return value if math.isfinite(value) else None
        if kind is dict:
            return clean_dict(value, depth)
        if kind is list or kind is tuple:
            return clean_list(value, depth)
        raise ReportError("shape")

    def count(items, depth):
        nonlocal left
        left -= len(items)
        if left < 0 or (items and depth >= MAX_DEPTH):
            raise ReportError("size")

    def clean_list(items, depth):
        count(items, depth)
        return [clean(item, depth + 1) for item in items]

    def clean_dict(items, depth):
        count(items, depth)
        cleaned = {}
        for key, item in items.items():
            cleaned[_clean_key(key)] = clean(item, depth + 1)
        return cleaned

    return clean_dict(report, 0)


def _tells_color(meters, supplies):
    """Whether a device has printed in colour, or has colours to print with."""
    counted = any(
        value for meter, value in meters.items() if meter.split("_")[-1] == "color"
    )
    rows = supplies.rows if supplies else ()
    return counted or any(row.color in COLORS for row in rows)


def parse(report, now, skew=timedelta()):
    """Check one report and clean it.

    :param report: what arrived, of any type
    :param datetime now: the server's moment, naive UTC
    :param timedelta skew: how far the collector's clock is behind the server's
    :return: DeviceReport
    :raise ReportError: with a code, where the report cannot be taken
    """
    if not isinstance(report, dict):
        raise ReportError("shape")
    if report.get("schema") != SCHEMA:
        raise ReportError("schema")
    told_meters = report.get("meters")
    report = _clean(report)
    uid = _text(report, "uid")
    if not uid or len(uid) > MAX_UID:
        raise ReportError("uid")
    moment = _moment(report.get("read_at"))
    try:
        read_at = moment + skew
    except OverflowError as error:
        raise ReportError("moment") from error
    if read_at > now + MAX_AHEAD:
        raise ReportError("future")
    try:
        # A collector that corrected its clock tells what that said, too.
        device_read_at = _moment(report.get("device_read_at"))
    except ReportError:
        device_read_at = moment
    manufacturer, model = _text(report, "manufacturer"), _text(report, "model")
    if not manufacturer_key(manufacturer) or not model_key(model, manufacturer):
        raise ReportError("model")
    serial, mac = _text(report, "serial"), mac_key(_text(report, "mac"))
    cleaned_serial = serial_key(serial)
    if not cleaned_serial and not mac:
        raise ReportError("identity")
    meters, refused = _meters(told_meters)
    supplies = report_rows.supplies(report.get("supplies"))
    return DeviceReport(
        uid=uid,
        read_at=read_at,
        device_read_at=device_read_at,
        manufacturer=manufacturer,
        model=model,
        serial=serial,
        serial_key=cleaned_serial,
        mac=mac,
        address=_text(report, "address"),
        hostname=_text(report, "hostname"),
        location=_text(report, "location"),
        firmware=_text(report, "firmware"),
        status=_text(report, "status"),
        console=_text(report, "console"),
        meters=meters,
        refused=refused,
        supplies=supplies,
        tells_color=_tells_color(meters, supplies),
        alerts=report_rows.alerts(report.get("alerts")),
        raw=report,
    )
