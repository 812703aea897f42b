"""Printers on this computer's own USB, through IPP: ipp-usb on loopback, or CUPS.

The same report as over SNMP. What stands in it are the printer's own attributes
(PWG 5100.9, 5100.13, 5100.22); CUPS knows supplies and identity, but no meters.
"""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from . import identity, ipp, supplies, text
from .report import MAX_INT, MAX_ROWS, Alert, Input, Report, Supply
from .snmp import oids

_log = logging.getLogger(__name__)

ADDRESS = "usb"
"""What stands for an address in reports of these printers."""

IPP_USB_PORTS = range(60000, 60032)
"""Where ipp-usb listens: a port for each printer that it has seen, from the first."""

CENTURIES = 1_000_000_000
"""Seconds: no uptime, but since 1970, as CUPS counts."""

CUPS = "ipp://localhost:631/"
WANTED = (
    "device-uri",
    "marker-colors",
    "marker-levels",
    "marker-names",
    "marker-types",
    "printer-device-id",
    "printer-firmware-string-version",
    "printer-impressions-completed",
    "printer-impressions-completed-col",
    "printer-input-tray",
    "printer-location",
    "printer-make-and-model",
    "printer-media-sheets-completed",
    "printer-serial-number",
    "printer-state",
    "printer-state-message",
    "printer-state-reasons",
    "printer-supply",
    "printer-supply-description",
    "printer-up-time",
)


def read_all(addresses: Iterable[str]) -> list[Report]:
    """The reports of all printers at these addresses, and of ipp-usb's and CUPS's.

    A printer that is found twice is told once, as its own attributes have it. Blocking.
    """
    found: dict[Any, Report] = {}
    for told in _ask_all(addresses):
        report = to_report(told)
        who = report.manufacturer, report.serial or report.model
        found.setdefault(who, report)
    return list(found.values())


def _ask_all(addresses: Iterable[str]) -> Iterator[ipp.Attributes]:
    # One port is one printer, however its address is written.
    asked = {urlsplit(uri).port or ipp.PORT: uri for uri in addresses}
    for port in IPP_USB_PORTS:
        if port not in asked and _listens(port):
            asked[port] = f"ipp://127.0.0.1:{port}/ipp/print"
    for uri in asked.values():
        try:
            yield from ipp.ask(uri, WANTED)[:1]
        except ipp.IppError as error:
            _log.warning("%s", error)
    if ipp.PORT not in asked and _listens(ipp.PORT):
        try:
            for told in ipp.ask(CUPS, WANTED, ipp.CUPS_GET_PRINTERS):
                if _device_uri(told).scheme == "usb":
                    yield told
        except ipp.IppError as error:
            _log.warning("%s", error)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def to_report(told: ipp.Attributes) -> Report:
    """One printer's attributes as a device report."""
    ids = identity.ieee1284(_text(told, "printer-device-id"))
    uri = _device_uri(told)
    if not ids and uri.scheme == "usb":
        # CUPS: usb://HP/LaserJet%20P1005?serial=X
        ids = {"MFG": unquote(uri.netloc), "MDL": unquote(uri.path.strip("/"))}
    sources = identity.Sources(
        device=_text(told, "printer-make-and-model"), ieee1284=(ids,) if ids else ()
    )
    known, profile = identity.recognise(sources)
    manufacturer = known or text.clean(ids.get("MFG", "")) or None
    serials = (
        _text(told, "printer-serial-number"),
        *(text.clean(ids.get(key, "")) for key in ("SN", "SERIALNUMBER")),
        *parse_qs(uri.query).get("serial", []),
    )
    model = identity.model(sources, manufacturer)
    if not known and manufacturer and model:
        # Makers that no profile knows: their name is the device id's.
        model = model.removeprefix(manufacturer).strip() or model
    meters, where, units = _meters(told)
    uptime = _count(_first(told, "printer-up-time"))
    return Report(
        address=ADDRESS,
        profile=profile.name if profile else None,
        profile_version=profile.version if profile else None,
        uptime=uptime if uptime is not None and uptime < CENTURIES else None,
        hostname=text.clean(socket.gethostname()) or None,
        location=_text(told, "printer-location") or None,
        manufacturer=manufacturer,
        model=model,
        serial=next((s for one in serials if (s := identity.clean_serial(one))), None),
        firmware=_text(told, "printer-firmware-string-version") or None,
        status=_STATES.get(_first(told, "printer-state")),
        console=_text(told, "printer-state-message") or None,
        meters=meters,
        meter_sources=where,
        meter_units=units,
        supplies=_bounded(_supplies(told)),
        inputs=_bounded(_inputs(told)),
        alerts=_bounded(_alerts(told)),
    )


_STATES = {3: "idle", 4: "printing", 5: "down"}
"""printer-state (RFC 8011, 5.4.11), in hrPrinterStatus' and hrDeviceStatus' words"""


def _meters(told: ipp.Attributes) -> tuple[dict, dict, dict]:
    """Meters, where from, and their units. Nothing that the printer does not say."""
    for unit in ("impressions", "media-sheets"):
        name = f"printer-{unit}-completed"
        total = _count(_first(told, name))
        if total is not None:
            meters = {"total": total} | _by_color(_first(told, f"{name}-col"), total)
            units = dict.fromkeys(meters, unit.removeprefix("media-"))
            return meters, dict.fromkeys(meters, f"ipp:{name}"), units
    return {}, {}, {}


def _by_color(told: Any, total: int) -> dict[str, int]:
    """Mono and colour, where they are all of the total: else nobody knows what they
    leave out."""
    counts = {"mono": 0, "color": 0}
    for name, values in told.items() if isinstance(told, dict) else ():
        base = name.removesuffix("-two-sided")
        meter = {"monochrome": "mono", "full-color": "color"}.get(base)
        if meter:
            counts[meter] += _count(values[0] if values else None) or 0
    return counts if total and sum(counts.values()) == total else {}


def _supplies(told: ipp.Attributes) -> Iterator[Supply] | None:
    if "printer-supply" in told:
        return _pwg_supplies(told)
    return _marker_supplies(told) if "marker-names" in told else None


def _pwg_supplies(told: ipp.Attributes) -> Iterator[Supply]:
    """printer-supply: the columns of prtMarkerSuppliesTable, by their names."""
    names = _texts(told, "printer-supply-description")
    for number, row in enumerate(_rows(told, "printer-supply")):
        said = names[number] if number < len(names) else ""
        description, part, serial = supplies.split_description(said)
        unit = re.sub(r"(?=[A-Z])", "_", row.get("unit", "")).lower()
        level, capacity = _integer(row.get("level")), _integer(row.get("maxcapacity"))
        filled = row.get("class") == "receptacleThatIsFilled"
        percent = oids.PERCENT if unit == "percent" else None
        kind = _KINDS.get(_plain(row.get("type"))) or supplies.kind_by_words(said)
        yield Supply(
            index=row.get("index", "")[:64] or str(number + 1),
            description=description,
            kind=kind,
            color=_color(kind, row.get("colorantname", ""), said),
            level=_count(level),
            capacity=_count(capacity),
            unit=unit or None,
            percent=supplies.percent_of(level, capacity, percent, filled),
            some_remaining=level == supplies.SOME_REMAINING,
            part_number=part,
            serial=serial,
        )


def _marker_supplies(told: ipp.Attributes) -> Iterator[Supply]:
    """CUPS' marker attributes: percents, of waste how full it is."""
    names = _texts(told, "marker-names")
    columns = (told.get(f"marker-{one}", []) for one in ("levels", "types", "colors"))
    levels, types, colors = (
        [*column, *[None] * (len(names) - len(column))] for column in columns
    )
    for number, said in enumerate(names):
        description, part, serial = supplies.split_description(said)
        kind = _KINDS.get(_plain(types[number])) or supplies.kind_by_words(said)
        level = levels[number] if isinstance(levels[number], int) else None
        known = level is not None and 0 <= level <= 100
        color = _COLORS.get(str(colors[number]).upper(), "")
        yield Supply(
            index=str(number + 1),
            description=description,
            kind=kind,
            color=_color(kind, color, said),
            level=level if known else None,
            capacity=100 if known else None,
            unit="percent" if known else None,
            percent=float(level) if known else None,
            some_remaining=level == supplies.SOME_REMAINING,
            part_number=part,
            serial=serial,
        )


_KINDS = {
    "toner": "toner",
    "tonercartridge": "toner",
    "ink": "ink",
    "inkcartridge": "ink",
    "inkribbon": "ink",
    "solidwax": "ink",
    "wastetoner": "waste_toner",
    "wasteink": "waste_toner",
    "wastewax": "waste_toner",
    "opc": "drum",
    "developer": "developer",
    "fuser": "fuser",
    "transferunit": "transfer",
    "staples": "staples",
    "stitchingwire": "staples",
}
"""PrtMarkerSuppliesTypeTC by name (PWG 5100.13) and as CUPS' keyword"""

_COLORS = {
    "#000000": "black",
    "#00FFFF": "cyan",
    "#FF00FF": "magenta",
    "#FFFF00": "yellow",
    "#00FFFF#FF00FF#FFFF00": "tri_color",
}


def _plain(said: Any) -> str:
    return re.sub(r"[^a-z]", "", said.lower()) if isinstance(said, str) else ""


def _color(kind: str, told: str, description: str) -> str | None:
    if kind in supplies.UNCOLORED:
        return None
    if told in _COLORS.values():
        return told
    return supplies.color_by_words(told) or supplies.color_by_words(description)


def _inputs(told: ipp.Attributes) -> Iterator[Input] | None:
    """printer-input-tray: the columns of prtInputTable, by their names."""
    if "printer-input-tray" not in told:
        return None
    return (
        Input(
            index=str(number),
            name=row.get("name") or None,
            level=_count(_integer(row.get("level"))),
            capacity=_count(_integer(row.get("maxcapacity"))),
        )
        for number, row in enumerate(_rows(told, "printer-input-tray"), 1)
    )


_SEVERITIES = {"error": "critical", "warning": "warning", "report": "other"}
_REASONS = {
    "media-jam": ("media_path", 8),
    "media-low": ("input", 807),
    "media-empty": ("input", 808),
    "media-needed": ("input", None),
    "input-tray-missing": ("input", 801),
    "output-tray-missing": ("output", 901),
    "output-area-almost-full": ("output", 902),
    "output-area-full": ("output", 903),
    "cover-open": ("cover", 3),
    "door-open": ("cover", 3),
    "fuser-under-temp": ("marker", 1001),
    "fuser-over-temp": ("marker", 1002),
    "toner-empty": ("marker_supplies", 1101),
    "toner-low": ("marker_supplies", 1104),
    "marker-supply-empty": ("marker_supplies", None),
    "marker-supply-low": ("marker_supplies", None),
    "marker-waste-almost-full": ("marker_supplies", 1107),
    "marker-waste-full": ("marker_supplies", 1109),
    "opc-near-eol": ("marker_supplies", 1111),
    "opc-life-over": ("marker_supplies", 1112),
    "developer-low": ("marker_supplies", 1113),
    "developer-empty": ("marker_supplies", 1114),
}
"""printer-state-reasons as prtAlertGroup and prtAlertCode (PWG 5100.9, 6)"""


def _alerts(told: ipp.Attributes) -> Iterator[Alert] | None:
    """printer-state-reasons: a keyword, and behind it how bad it is."""
    if "printer-state-reasons" not in told:
        return None
    reasons = dict.fromkeys(_texts(told, "printer-state-reasons"))
    return (
        _alert(one) for one in reasons if one != "none" and not one.startswith("cups-")
    )


def _alert(said: str) -> Alert:
    reason, _, end = said.rpartition("-")
    if not reason or end not in _SEVERITIES:
        # "error" is meant where nothing is said (RFC 8011, 5.4.12).
        reason, end = said, "error"
    group, code = _REASONS.get(reason, ("other", None))
    return Alert(
        index=reason[:64],
        severity=_SEVERITIES[end],
        training="unknown",
        group=group,
        code=code,
        description=reason.replace("-", " ").capitalize(),
    )


def _rows(told: ipp.Attributes, name: str) -> Iterator[dict[str, str]]:
    """``key=value;key=value`` in octets."""
    for value in told[name]:
        if isinstance(value, bytes):
            parts = value.decode("utf-8", "replace").split(";")
            pairs = (part.partition("=") for part in parts)
            yield {key.strip().lower(): text.clean(said) for key, _, said in pairs}


def _device_uri(told: ipp.Attributes) -> Any:
    try:
        return urlsplit(_text(told, "device-uri"))
    except ValueError:
        return urlsplit("")


def _first(told: ipp.Attributes, name: str) -> Any:
    return next(iter(told.get(name, ())), None)


def _texts(told: ipp.Attributes, name: str) -> list[str]:
    return [text.clean(v) if isinstance(v, str) else "" for v in told.get(name, ())]


def _text(told: ipp.Attributes, name: str) -> str:
    return next(iter(_texts(told, name)), "")


def _integer(said: str | None) -> int | None:
    return int(said) if said and re.fullmatch(r"-?\d{1,18}", said) else None


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value <= MAX_INT else None


def _bounded(rows: Iterable[Any] | None) -> tuple[Any, ...] | None:
    """A section; None where it was not told or has more rows than a report carries."""
    if rows is None:
        return None
    section = tuple(rows)
    return section if len(section) <= MAX_ROWS else None
