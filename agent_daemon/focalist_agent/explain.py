"""Where each value of a report came from: OIDs, what stood there, and which rule."""

from __future__ import annotations

from collections.abc import Iterable

from . import private, reader, text
from .identity import clean_serial
from .profiles import Profile, load_all
from .report import Report
from .snmp import oids
from .snmp.memory import KeepingSession, MemorySession
from .snmp.session import Oid, Session, Value, dotted

_NAMES = {
    oids.SYS_DESCR: "sysDescr",
    oids.SYS_OBJECT_ID: "sysObjectID",
    oids.SYS_UP_TIME: "sysUpTime",
    oids.SYS_NAME: "sysName",
    oids.SYS_LOCATION: "sysLocation",
    oids.IF_PHYS_ADDRESS: "ifPhysAddress",
    oids.HR_DEVICE_DESCR: "hrDeviceDescr",
    oids.HR_DEVICE_STATUS: "hrDeviceStatus",
    oids.HR_PRINTER_STATUS: "hrPrinterStatus",
    oids.GENERAL_PRINTER_NAME: "prtGeneralPrinterName",
    oids.GENERAL_SERIAL: "prtGeneralSerialNumber",
    oids.IEEE_1284_IDS[0]: "ppmPrinterIEEE1284DeviceId",
    oids.IEEE_1284_IDS[1]: "IEEE 1284 device id",
    oids.MARKER_UNIT: "prtMarkerCounterUnit",
    oids.MARKER_LIFE: "prtMarkerLifeCount",
    oids.SUPPLY_COLORANT: "prtMarkerSuppliesColorantIndex",
    oids.SUPPLY_CLASS: "prtMarkerSuppliesClass",
    oids.SUPPLY_TYPE: "prtMarkerSuppliesType",
    oids.SUPPLY_DESCRIPTION: "prtMarkerSuppliesDescription",
    oids.SUPPLY_UNIT: "prtMarkerSuppliesSupplyUnit",
    oids.SUPPLY_MAX: "prtMarkerSuppliesMaxCapacity",
    oids.SUPPLY_LEVEL: "prtMarkerSuppliesLevel",
    oids.CONSOLE_TEXT: "prtConsoleDisplayBufferText",
}
_SUPPLY = [o for o in _NAMES if o[:10] == oids.SUPPLY_LEVEL[:10]]

# In the order in which the reader looks at them; a word is a place that the profile
# names.
_IDENTITY: dict[str, tuple[Oid | str, ...]] = {
    "model": (
        "model",
        oids.HR_DEVICE_DESCR,
        *oids.IEEE_1284_IDS,
        "ieee1284",
        oids.GENERAL_PRINTER_NAME,
        oids.SYS_DESCR,
        oids.SYS_OBJECT_ID,
    ),
    "serial": (oids.GENERAL_SERIAL, "serial", oids.SYS_DESCR, *oids.IEEE_1284_IDS),
    "firmware": ("firmware", oids.SYS_DESCR),
    "hostname": (oids.SYS_NAME, "hostname"),
    "mac": (oids.IF_PHYS_ADDRESS,),
    "location": (oids.SYS_LOCATION,),
    "uptime": (oids.SYS_UP_TIME,),
    "status": (oids.HR_PRINTER_STATUS, oids.HR_DEVICE_STATUS),
    "console": (oids.CONSOLE_TEXT,),
}


async def explain(session: Session, address: str) -> str:
    """Read a device and tell, value by value, where it came from."""
    keeping = KeepingSession(session)
    report = await reader.read(keeping, address)
    profile = next((p for p in load_all() if p.name == report.profile), None)
    found = private.Found()
    if profile:
        found = await private.read(
            MemorySession(keeping.values), profile, report.model or ""
        )
    lines = [_title(report, profile)]
    for name, candidates in _IDENTITY.items():
        lines += _identity(name, candidates, report, profile, keeping.values)
    for name, value in (report.meters or {}).items():
        lines += _meter(name, value, report, found, keeping.values)
    lines += [
        f"{name}: not told: it counts something else here (the parts of the maker's "
        "total are more than the whole)"
        for name in found.dropped
    ]
    lines += _supplies(report, keeping.values)
    for section in ("meters", "supplies", "inputs", "alerts"):
        if getattr(report, section) is None:
            lines.append(f"{section}: not read: the device did not answer to the end")
    return "\n".join(lines)


def _title(report: Report, profile: Profile | None) -> str:
    names = " ".join(filter(None, (report.manufacturer, report.model)))
    rules = f"{profile.name} {profile.version}" if profile else "none"
    return f"{names or 'Unknown device'}, profile {rules}"


def _identity(
    name: str,
    candidates: Iterable[Oid | str],
    report: Report,
    profile: Profile | None,
    values: dict[Oid, Value],
) -> list[str]:
    """The value, and each place that it could have come from; the first that has it
    is marked."""
    value = getattr(report, name)
    lines, chosen = [f"{name}: {'-' if value is None else value}"], False
    for candidate in candidates:
        for source in _sources(candidate, profile, values):
            said = _said(values[source])
            if not said:
                continue
            takes = not chosen and value is not None and _gives(name, said, value)
            chosen = chosen or takes
            rule = (
                f"profile, identity.{candidate}" if isinstance(candidate, str) else ""
            )
            lines.append(_line(source, said, rule, "<-" if takes else "  "))
    return lines


def _sources(
    candidate: Oid | str, profile: Profile | None, values: dict[Oid, Value]
) -> list[Oid]:
    if isinstance(candidate, str):
        known = profile.oids(candidate) if profile else ()
        return [one for one in known if one in values]
    return sorted(one for one in values if one[: len(candidate)] == candidate)


def _gives(name: str, said: str, value: object) -> bool:
    """Whether a text is where a value came from."""
    if name == "serial":
        return clean_serial(said) == value or str(value) in said.split("130-0")[0]
    if name in ("uptime", "status"):
        return True
    return str(value).lower() in said.lower() or said.lower() in str(value).lower()


def _meter(
    name: str,
    value: int,
    report: Report,
    found: private.Found,
    values: dict[Oid, Value],
) -> list[str]:
    unit = (report.meter_units or {}).get(name, "")
    lines = [f"{name}: {value} {unit}".rstrip()]
    rule, parts = found.rules.get(name, ("standard MIB", ()))
    if not parts:
        parts = sorted(
            o for o in values if o[: len(oids.MARKER_LIFE)] == oids.MARKER_LIFE
        )
    for part in parts:
        lines.append(_line(part, _said(values.get(part)), rule, "<-"))
    return lines


def _supplies(report: Report, values: dict[Oid, Value]) -> list[str]:
    lines = []
    for one in report.supplies or ():
        level = "?" if one.percent is None else f"{one.percent:g} %"
        level = "some" if one.some_remaining and one.percent is None else level
        what = " ".join(filter(None, (one.color, one.kind)))
        lines.append(f"supply {one.index}: {what}, {level}, {one.description!r}")
        if one.index.startswith("private."):
            lines.append("   <- profile, records")
            continue
        index = tuple(map(int, one.index.split(".")))
        for column in _SUPPLY:
            if column + index in values:
                lines.append(_line(column + index, _said(values[column + index]), ""))
    return lines


def _line(source: Oid, said: str, rule: str, mark: str = "  ") -> str:
    name = next((n for o, n in _NAMES.items() if source[: len(o)] == o), "")
    about = ", ".join(filter(None, (name, rule)))
    return f"  {mark} {dotted(source)} = {said}{f'  ({about})' if about else ''}"


def _said(value: Value | None) -> str:
    if isinstance(value, tuple):
        return dotted(value)
    if isinstance(value, bytes):
        return text.mac(value) or text.decode(value) or value.hex()[:80]
    return "" if value is None else str(value)
