"""Reading one printer: session and vendor profile in, device report out.

The standard part is RFC 1213, 2790 and 3805. Tables are read in three groups, each
side by side: a group that fails is absent from the report, and the others stand.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from . import identity, private, supplies, text
from .profiles import Profile
from .report import MAX_INT, MAX_ROWS, Alert, Input, Report
from .snmp import oids
from .snmp.session import Oid, Session, SnmpError, Value, dotted

_log = logging.getLogger(__name__)

_WHO = (
    oids.HR_DEVICE_TYPE,
    oids.HR_DEVICE_DESCR,
    oids.HR_DEVICE_STATUS,
    oids.HR_PRINTER_STATUS,
    oids.GENERAL_LOCALIZATION,
    oids.GENERAL_PRINTER_NAME,
    oids.GENERAL_SERIAL,
    oids.CONSOLE_LOCALIZATION,
    oids.IF_TYPE,
    oids.IF_PHYS_ADDRESS,
    oids.IF_OPER_STATUS,
)
_MARKERS = (
    oids.MARKER_UNIT,
    oids.MARKER_LIFE,
    oids.SUPPLY_COLORANT,
    oids.SUPPLY_CLASS,
    oids.SUPPLY_TYPE,
    oids.SUPPLY_DESCRIPTION,
    oids.SUPPLY_UNIT,
    oids.SUPPLY_MAX,
    oids.SUPPLY_LEVEL,
    oids.COLORANT_VALUE,
)
_ALERTS = (
    oids.ALERT_SEVERITY,
    oids.ALERT_TRAINING,
    oids.ALERT_GROUP,
    oids.ALERT_CODE,
    oids.ALERT_DESCRIPTION,
)
_STATE = (
    oids.INPUT_MAX,
    oids.INPUT_LEVEL,
    oids.INPUT_MEDIA,
    oids.INPUT_NAME,
    oids.INPUT_DESCRIPTION,
    oids.CONSOLE_TEXT,
    *_ALERTS,
)

Columns = dict[Oid, dict[Oid, Value]]


@dataclass(frozen=True)
class _Who:
    """What a device said of itself, before it is understood."""

    system: dict[Oid, Value]
    tables: Columns
    private: dict[Oid, Value] = field(default_factory=dict)
    charset: str | None = None


async def read(session: Session, address: str) -> Report:
    """Read one device; raises SnmpError when it does not tell who it is to the end.

    Half an identity would be another device's. Whatever it answers, however wrong,
    ends in a valid report.
    """
    who, profile = await _ask(session)
    report = _identify(who, profile, Report(address=text.clean(address)))
    markers = await _group(session, "markers and supplies", _MARKERS)
    state = await _group(session, "inputs and alerts", _STATE)
    found = await _private(session, profile, report.model)
    if markers is not None and found is not None:
        report = replace(report, **_markers(markers, who.charset, profile, found))
    if state is not None:
        report = replace(report, **_state(state, who.charset))
    return report


async def read_alerts(session: Session, address: str) -> Report:
    """Who a device is and its alerts; raises SnmpError as :func:`read` does.

    All else is absent from the report: that is no news of it.
    """
    who, profile = await _ask(session)
    report = _identify(who, profile, Report(address=text.clean(address)))
    columns = await session.columns(_ALERTS)
    return replace(report, alerts=_alerts(columns, who.charset))


async def identify(session: Session, address: str) -> Report:
    """Who a device is and no more: the start of what :func:`read` says."""
    who, profile = await _ask(session)
    return _identify(who, profile, Report(address=text.clean(address)))


async def _ask(session: Session) -> tuple[_Who, Profile | None]:
    """All that tells who a device is, and the profile of its maker.

    The character set is of the localisation in use, where the device names one:
    prtGeneralCurrentLocalization points at a row of prtLocalizationTable.
    """
    system = await session.get(oids.HELLO)
    who = _Who(system, await session.columns(_WHO))
    profile = identity.recognise(_sources(who))[1]
    charset = _charset_oid(who.tables)
    private = profile.identity.values() if profile else ()
    told = await session.get(
        [*([charset] if charset else []), *(o for several in private for o in several)]
    )
    code = told.get(charset) if charset else None
    known = oids.CHARSETS.get(code) if isinstance(code, int) else None
    return replace(who, private=told, charset=known), profile


def _charset_oid(who: Columns) -> Oid | None:
    for h, row in who[oids.GENERAL_LOCALIZATION].items():
        if isinstance(row, int) and 0 <= row < 2**32:
            return (*oids.LOCALIZATION_CHARSET, *h, row)
        return None  # no row that an OID could name
    return None


async def _group(
    session: Session, name: str, columns: tuple[Oid, ...]
) -> Columns | None:
    """A group of tables; None when it could not be read to its end."""
    try:
        return await session.columns(columns)
    except SnmpError as error:
        _log.debug("%s not read: %s", name, error)
        return None


async def _private(
    session: Session, profile: Profile | None, model: str | None
) -> private.Found | None:
    """The maker's own meters and supplies; None when they could not be read.

    Then the report has no meters at all: the life count in the place of the maker's
    total would be a jump, and supplies without the private ones a removal.
    """
    if profile is None:
        return private.Found()
    try:
        return await private.read(session, profile, model or "")
    except SnmpError as error:
        _log.debug("private MIB not read: %s", error)
        return None


def _printer(who: Columns) -> Oid:
    """hrDeviceIndex of the printer: it is 1 nearly always, and never assumed.

    Without types (some devices leave them out) the first device is the printer.
    """
    kinds = who[oids.HR_DEVICE_TYPE].items()
    printers = [index for index, kind in kinds if kind == oids.HR_DEVICE_PRINTER]
    return min(printers or who[oids.HR_DEVICE_DESCR], default=())


def _sources(who: _Who, profile: Profile | None = None) -> identity.Sources:
    def said(value: object) -> str:
        return text.decode(value, who.charset)

    system, tables = who.system, who.tables
    object_id = system.get(oids.SYS_OBJECT_ID)
    ids = [said(system.get(o)) for o in oids.IEEE_1284_IDS]
    ids.append(_told(who, profile, "ieee1284"))
    return identity.Sources(
        device=said(tables[oids.HR_DEVICE_DESCR].get(_printer(tables))),
        ieee1284=tuple(identity.ieee1284(one) for one in ids if one),
        sys_descr=said(system.get(oids.SYS_DESCR)),
        printer_name=said(_first(tables[oids.GENERAL_PRINTER_NAME])),
        sys_name=said(system.get(oids.SYS_NAME)),
        sys_object_id=object_id if isinstance(object_id, tuple) else (),
        private_model=_told(who, profile, "model"),
        serial=said(_first(tables[oids.GENERAL_SERIAL])),
    )


def _told(who: _Who, profile: Profile | None, name: str) -> str:
    """The first of a profile's OIDs for one part of the identity that says a thing."""
    several = profile.oids(name) if profile else ()
    texts = (text.decode(who.private.get(o), who.charset) for o in several)
    return next((one for one in texts if one), "")


def _identify(who: _Who, profile: Profile | None, report: Report) -> Report:
    sources = _sources(who, profile)
    # A maker's own MIB may name another brand of the same engine.
    manufacturer, _ = identity.recognise(sources)
    serials = [sources.serial, _told(who, profile, "serial")]
    serials += [
        _in_descr(sources, "S/?N"),
        *(i.get("SN", "") for i in sources.ieee1284),
    ]
    system, tables = who.system, who.tables
    uptime = system.get(oids.SYS_UP_TIME)
    location = text.decode(system.get(oids.SYS_LOCATION), who.charset)
    return replace(
        report,
        profile=profile.name if profile else None,
        profile_version=profile.version if profile else None,
        uptime=uptime // 100 if isinstance(uptime, int) and uptime >= 0 else None,
        hostname=sources.sys_name or _told(who, profile, "hostname") or None,
        mac=identity.mac(
            tables[oids.IF_PHYS_ADDRESS],
            tables[oids.IF_TYPE],
            tables[oids.IF_OPER_STATUS],
        ),
        location=location or None,
        sys_object_id=text.clean(dotted(sources.sys_object_id)) or None,
        sys_descr=sources.sys_descr or None,
        manufacturer=manufacturer,
        model=identity.model(sources, manufacturer),
        serial=next((s for one in serials if (s := identity.clean_serial(one))), None),
        firmware=_told(who, profile, "firmware") or _in_descr(sources, "FN") or None,
        status=_status(tables, _printer(tables)),
    )


def _in_descr(sources: identity.Sources, key: str) -> str:
    """A part of sysDescr, where makers put it there.

    HP: ``HP ETHERNET MULTI-ENVIRONMENT,SN:...,FN:...,PID:...``; Samsung:
    ``Samsung M4080FX; V3.00;Engine 1.0;NIC V6.01;S/N ...``
    """
    match = re.search(rf"[,;]\s*{key}[: ]\s*([^,;\s]+)", sources.sys_descr)
    return match[1] if match else ""


def _status(who: Columns, printer: Oid) -> str | None:
    """hrPrinterStatus; where that is other(1), hrDeviceStatus says more."""
    status = who[oids.HR_PRINTER_STATUS].get(printer)
    device = who[oids.HR_DEVICE_STATUS].get(printer)
    if status in (1, None) and isinstance(device, int):
        found = oids.DEVICE_STATUSES.get(device)
        if device == 5 or status == 1 and found:
            return found
    return oids.PRINTER_STATUSES.get(status) if isinstance(status, int) else None


def _markers(
    columns: Columns,
    charset: str | None,
    profile: Profile | None,
    found: private.Found,
) -> dict[str, Any]:
    """Meters and supplies. Several markers (RFC 3805: the engines of one device)
    add up only where all count in the same unit."""
    meters, sources, units = dict(found.meters), dict(found.sources), {}
    life = {
        index: value
        for index, value in columns[oids.MARKER_LIFE].items()
        if isinstance(value, int) and value >= 0
    }
    codes = {columns[oids.MARKER_UNIT].get(index) for index in life}
    if life and len(codes) == 1:
        source = dotted((*oids.MARKER_LIFE, *min(life)))
        unit = oids.MARKER_UNITS.get(codes.pop())
        for meter in ("life", "total"):
            if meter not in meters:
                meters[meter], sources[meter] = sum(life.values()), source
                units |= {meter: unit} if unit else {}
    meters = {name: value for name, value in meters.items() if value <= MAX_INT}
    rows = supplies.read(
        supplies.Columns(
            colorant=columns[oids.SUPPLY_COLORANT],
            klass=columns[oids.SUPPLY_CLASS],
            type=columns[oids.SUPPLY_TYPE],
            description=columns[oids.SUPPLY_DESCRIPTION],
            unit=columns[oids.SUPPLY_UNIT],
            maximum=columns[oids.SUPPLY_MAX],
            level=columns[oids.SUPPLY_LEVEL],
            colors=columns[oids.COLORANT_VALUE],
        ),
        charset,
        profile.mute_waste if profile else False,
    )
    return {
        "meters": meters,
        "meter_sources": {name: sources[name] for name in meters},
        "meter_units": {name: unit for name, unit in units.items() if name in meters},
        "supplies": _bounded(supplies.add_private(rows, found.supplies, found.levels)),
    }


def _state(columns: Columns, charset: str | None) -> dict[str, Any]:
    lines = (
        text.decode(value, charset)
        for _, value in sorted(columns[oids.CONSOLE_TEXT].items())
    )
    return {
        "console": text.clean(" ".join(line for line in lines if line)) or None,
        "inputs": _bounded(
            _input(columns, index, charset)
            for index in sorted(columns[oids.INPUT_MAX] | columns[oids.INPUT_LEVEL])
        ),
        "alerts": _alerts(columns, charset),
    }


def _alerts(columns: Columns, charset: str | None) -> tuple[Alert, ...] | None:
    return _bounded(
        alert
        for index in sorted(columns[oids.ALERT_SEVERITY])
        if (alert := _alert(columns, index, charset))
    )


def _bounded(rows: Iterable[Any]) -> tuple[Any, ...] | None:
    """A section; None where it has more rows than a report carries."""
    section = tuple(rows)
    return section if len(section) <= MAX_ROWS else None


def _input(columns: Columns, index: Oid, charset: str | None) -> Input:
    def said(column: Oid) -> str | None:
        return text.decode(columns[column].get(index), charset) or None

    return Input(
        index=dotted(index),
        name=said(oids.INPUT_NAME) or said(oids.INPUT_DESCRIPTION),
        level=_count(columns[oids.INPUT_LEVEL].get(index)),
        capacity=_count(columns[oids.INPUT_MAX].get(index)),
        media=said(oids.INPUT_MEDIA),
    )


def _alert(columns: Columns, index: Oid, charset: str | None) -> Alert | None:
    """One alert; None for a row that devices leave empty instead of removing it."""

    def code(column: Oid, names: dict[int, str]) -> str:
        value = columns[column].get(index)
        return names.get(value, "other") if isinstance(value, int) else "other"

    description = text.decode(columns[oids.ALERT_DESCRIPTION].get(index), charset)
    number = columns[oids.ALERT_CODE].get(index)
    severity = columns[oids.ALERT_SEVERITY].get(index)
    if severity not in oids.ALERT_SEVERITIES and not number and not description:
        return None
    return Alert(
        index=dotted(index),
        severity=code(oids.ALERT_SEVERITY, oids.ALERT_SEVERITIES),
        training=code(oids.ALERT_TRAINING, oids.ALERT_TRAININGS),
        group=code(oids.ALERT_GROUP, oids.ALERT_GROUPS),
        code=_count(number),
        description=description or None,
    )


def _first(column: dict[Oid, Value]) -> Value | None:
    return column[min(column)] if column else None


def _count(value: Value | None) -> int | None:
    fits = isinstance(value, int) and 0 <= value <= MAX_INT
    return value if fits else None
