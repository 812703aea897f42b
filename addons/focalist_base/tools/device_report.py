"""The device report as it arrives: checked, bounded, and cleaned for the database.

The report's shape is the daemon's (schema 1). What comes from a network is never
trusted: a wrong section loses itself, a wrong report loses itself, nothing else.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from .identity import manufacturer_key, model_key, serial_key
from .meters import MAX_METER, METERS

SCHEMA = 1
MAX_TEXT = 255
# A collector's clock may be ahead of the server's by this much.
MAX_AHEAD = timedelta(hours=1)


class ReportError(ValueError):
    """A report that cannot be taken, with the reason for people.

    The reason is a code of `focalist.device._report_error_message`, which holds the
    sentences to translate.
    """


@dataclass(frozen=True)
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
    raw: dict = field(default_factory=dict)


def _text(report, key):
    """A trimmed, bounded text without NULs (PostgreSQL takes none), or None."""
    value = report.get(key)
    if not isinstance(value, str):
        return None
    return value.replace("\x00", "").strip()[:MAX_TEXT] or None


def _moment(value):
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except (AttributeError, ValueError) as error:
        raise ReportError("moment") from error
    if moment.tzinfo:
        moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
    return moment.replace(microsecond=0)


def _meters(report):
    """Split the meters into those that can be stored and those refused, with why."""
    told = report.get("meters")
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


def _without_nul(value):
    """The same JSON without NUL characters: PostgreSQL's jsonb takes none."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    return value


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
    uid = _text(report, "uid")
    if not uid or len(uid) > 64:
        raise ReportError("uid")
    device_read_at = _moment(report.get("read_at"))
    read_at = device_read_at + skew
    if read_at > now + MAX_AHEAD:
        raise ReportError("future")
    manufacturer, model = _text(report, "manufacturer"), _text(report, "model")
    if not manufacturer_key(manufacturer) or not model_key(model, manufacturer):
        raise ReportError("model")
    serial, mac = _text(report, "serial"), _text(report, "mac")
    if not serial_key(serial) and not mac:
        raise ReportError("identity")
    meters, refused = _meters(report)
    return DeviceReport(
        uid=uid,
        read_at=read_at,
        device_read_at=device_read_at,
        manufacturer=manufacturer,
        model=model,
        serial=serial,
        serial_key=serial_key(serial),
        mac=mac.lower() if mac else None,
        address=_text(report, "address"),
        hostname=_text(report, "hostname"),
        location=_text(report, "location"),
        firmware=_text(report, "firmware"),
        status=_text(report, "status"),
        console=_text(report, "console"),
        meters=meters,
        refused=refused,
        raw=_without_nul(report),
    )
