"""The device report (schema 1): what one reading of one printer said.

It is the daemon's only product. What was not read is ``None`` here and left out of
:meth:`Report.to_dict`: never 0, never a guess. An empty list means "read, and there
is nothing".
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field, fields
from datetime import datetime, timezone
from typing import Any

SCHEMA = 1

_BY_COLOR = ("", "_mono", "_color")
METERS = (
    "life",
    "total",
    "mono",
    "color",
    *(f"{what}{c}" for what in ("print", "copy", "fax", "scan") for c in _BY_COLOR),
    *(f"{size}{c}" for size in ("a4", "a3") for c in _BY_COLOR),
    "duplex",
)
"""The closed list of meters. ``a3`` is what the maker calls "large"."""

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

MAX_TEXT = 255
MAX_ROWS = 256
MAX_INT = 2**63 - 1


@dataclass(frozen=True)
class Supply:
    """One row of prtMarkerSuppliesTable.

    ``percent`` (0..100) is what is left; of a receptacle, how full it is. It is
    ``None`` when the device does not tell. ``level`` and ``capacity`` are in
    ``unit`` as the device counts them, ``None`` where it gave -1, -2 or -3.
    """

    index: str
    description: str
    kind: str
    color: str | None = None
    level: int | None = None
    capacity: int | None = None
    unit: str | None = None
    percent: float | None = None
    some_remaining: bool = False
    part_number: str | None = None
    serial: str | None = None


@dataclass(frozen=True)
class Input:
    """One row of prtInputTable. ``level`` and ``capacity`` are sheets."""

    index: str
    name: str | None = None
    level: int | None = None
    capacity: int | None = None
    media: str | None = None


@dataclass(frozen=True)
class Alert:
    """One row of prtAlertTable."""

    index: str
    severity: str
    training: str
    group: str
    code: int | None = None
    description: str | None = None


@dataclass(frozen=True)
class Report:
    """One reading. ``uptime`` is in seconds, ``read_at`` is UTC."""

    address: str
    read_at: str = field(default_factory=lambda: utc_now())
    uid: str = field(default_factory=lambda: str(uuid.uuid4()))
    device_read_at: str | None = None
    """what this machine's clock said, where ``read_at`` is corrected"""
    profile: str | None = None
    profile_version: int | None = None
    uptime: int | None = None
    hostname: str | None = None
    mac: str | None = None
    location: str | None = None
    sys_object_id: str | None = None
    sys_descr: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    serial: str | None = None
    firmware: str | None = None
    status: str | None = None
    console: str | None = None
    meters: dict[str, int] | None = None
    meter_sources: dict[str, str] | None = None
    meter_units: dict[str, str] | None = None
    supplies: tuple[Supply, ...] | None = None
    inputs: tuple[Input, ...] | None = None
    alerts: tuple[Alert, ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON knows it, without what was not read."""
        result: dict[str, Any] = {"schema": SCHEMA, "uid": self.uid}
        for name in (f.name for f in fields(self) if f.name != "uid"):
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, tuple):
                value = [dict(vars(row)) for row in value]
            result[name] = dict(value) if isinstance(value, dict) else value
        return result


def utc_now() -> str:
    """This moment as the protocol writes it: ``YYYY-MM-DDTHH:MM:SSZ``."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_ROWS = {"supplies": Supply, "inputs": Input, "alerts": Alert}
_NUMBERS = {"profile_version", "uptime", "level", "capacity", "code"}


def problems(report: dict[str, Any]) -> list[str]:
    """Say in words what is wrong with a report; an empty list when it is valid."""
    found = [
        *(
            f"{name}: unknown field"
            for name in report.keys() - {f.name for f in fields(Report)} - {"schema"}
        ),
        *(
            f"{name}: missing"
            for name in ("uid", "read_at", "address")
            if name not in report
        ),
    ]
    if report.get("schema") != SCHEMA:
        found.append(f"schema: {report.get('schema')!r} is not {SCHEMA}")
    for name, value in report.items():
        if name in _ROWS:
            found += _row_problems(name, value)
        elif name == "meters":
            found += _meter_problems(value)
        elif name in ("meter_sources", "meter_units"):
            found += _map_problems(name, value, report.get("meters") or {})
        elif name != "schema":
            found += _field_problems(name, value)
    if not _UID.fullmatch(str(report.get("uid", ""))):
        found.append("uid: not a UUID")
    for name in ("read_at", "device_read_at"):
        told = name in report or name == "read_at"
        if told and not _MOMENT.fullmatch(str(report.get(name, ""))):
            found.append(f"{name}: not YYYY-MM-DDTHH:MM:SSZ")
    return found


def _field_problems(name: str, value: Any) -> list[str]:
    if name in _NUMBERS:
        return [] if _is_count(value) else [f"{name}: {value!r} is not 0..2^63-1"]
    if not isinstance(value, str):
        return [f"{name}: not a text"]
    if len(value) > MAX_TEXT:
        return [f"{name}: longer than {MAX_TEXT}"]
    return [] if value.isprintable() else [f"{name}: has control characters"]


def _meter_problems(meters: Any) -> list[str]:
    if not isinstance(meters, dict):
        return ["meters: not a map"]
    return [
        *(f"meters: {name!r} is not a meter" for name in meters.keys() - set(METERS)),
        *(
            f"meters: {name} {value!r} is not 0..2^63-1"
            for name, value in meters.items()
            if not _is_count(value)
        ),
    ]


def _map_problems(name: str, value: Any, meters: dict) -> list[str]:
    if not isinstance(value, dict):
        return [f"{name}: not a map"]
    return [
        *(f"{name}: {meter!r} has no meter" for meter in value.keys() - meters.keys()),
        *(p for text in value.values() for p in _field_problems(name, text)),
    ]


def _row_problems(name: str, rows: Any) -> list[str]:
    if not isinstance(rows, list):
        return [f"{name}: not a list"]
    if len(rows) > MAX_ROWS:
        return [f"{name}: more than {MAX_ROWS} rows"]
    found = []
    wanted = {f.name for f in fields(_ROWS[name])}
    for position, row in enumerate(rows):
        where = f"{name}[{position}]"
        if not isinstance(row, dict) or row.keys() != wanted:
            found.append(f"{where}: wrong fields")
            continue
        for key, value in row.items():
            found += [f"{where}.{p}" for p in _cell_problems(key, value)]
    return found


def _cell_problems(key: str, value: Any) -> list[str]:
    if key == "some_remaining":
        return [] if isinstance(value, bool) else [f"{key}: not a truth value"]
    if key == "kind":
        return [] if value in SUPPLY_KINDS else [f"{key}: {value!r} is unknown"]
    if value is None:
        required = ("index", "severity", "training", "group")
        return [f"{key}: missing"] if key in required else []
    if key == "percent":
        fine = isinstance(value, (int, float)) and 0 <= value <= 100
        return [] if fine else [f"{key}: {value!r} is not 0..100"]
    return _field_problems(key, value)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MAX_INT
