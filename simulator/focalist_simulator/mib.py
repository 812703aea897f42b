"""The MIBs of a printer in a state, as sorted rows.

Objects are from SNMPv2-MIB (RFC 3418), IF-MIB (RFC 2863), IP-MIB (RFC 4293),
HOST-RESOURCES-MIB (RFC 2790), Printer-MIB (RFC 3805) and PRINTER-PORT-MONITOR-MIB
(PWG 5107.1); the maker's own rows come from its module in `models`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address
from math import ceil
from typing import TYPE_CHECKING

from . import alerts, supplies, words
from .catalogue import SUPPLY_TYPES, Row, oid

if TYPE_CHECKING:
    from .printer import Printer
    from .state import State, SupplyState, TrayState

INTEGER, OCTETS, OBJECT_ID, IP, COUNTER, GAUGE, TICKS = 2, 4, 6, 64, 65, 66, 67

SYSTEM = "1.3.6.1.2.1.1"
INTERFACES = "1.3.6.1.2.1.2"
ADDRESSES = "1.3.6.1.2.1.4.20.1"
HOST = "1.3.6.1.2.1.25"
PRINTER = "1.3.6.1.2.1.43"
PORT_MONITOR = "1.3.6.1.4.1.2699.1.2"

_NULL_OID = "0.0"
_ETHERNET, _LOOPBACK = 6, 24
_LETTERS = {"en": "GB", "fr": "FR"}
_CONSUMED, _FILLED = 3, 4
_PRINTER_STATUS = {"other": 1, "unknown": 2, "idle": 3, "printing": 4, "warmup": 5}
# Bits of hrPrinterDetectedErrorState, the first being the highest of the first byte.
_LOW_PAPER, _NO_PAPER, _LOW_TONER, _NO_TONER, _DOOR_OPEN, _JAMMED = range(6)


def rows(state: State) -> list[Row]:
    """All rows of a printer, in the order of their object identifiers."""
    printer = state.printer
    parts: tuple[Iterable[Row], ...] = (
        _system(state),
        _interfaces(state),
        _host(state),
        _general(state),
        _paper(state),
        _marker(state),
        _supplies(state),
        _console(state),
        _alerts(state),
        _port_monitor(printer),
        printer.maker.private(printer, state) if printer.spec.private else (),
    )
    return sorted((row for part in parts for row in part), key=lambda row: row.oid)


def sys_descr(printer: Printer) -> str:
    return _fill(printer.maker.sys_descr, printer)


def device_descr(printer: Printer) -> str:
    return _fill(printer.maker.device_descr, printer)


def device_id(printer: Printer) -> str:
    """The IEEE 1284 device id."""
    languages = "PCL,PS,PJL" if printer.spec.a3 else "PJL,PCL"
    return (
        f"MFG:{printer.manufacturer};CMD:{languages};MDL:{printer.model};CLS:PRINTER;"
        f"DES:{device_descr(printer)};SN:{printer.serial};"
    )


def supply_description(state: State, one: SupplyState) -> str:
    return state.printer.maker.describe(one, state.printer.traits.locale)


def tray_name(state: State, tray: TrayState) -> str:
    return words.TRAYS[state.printer.traits.locale].format(place=tray.place)


def percent(left: float) -> int:
    """A share as a whole percentage that is 0 only when nothing is left."""
    return ceil(100 * left)


def encode(printer: Printer, text: str) -> bytes:
    """A text as the printer sends it: in its maker's encoding, declared or not."""
    return text.encode(printer.maker.encoding, "replace")


def _fill(template: str, printer: Printer) -> str:
    return template.format(
        model=printer.model, firmware=printer.spec.firmware, serial=printer.serial
    )


def _group(base: str, index: str, *columns: tuple[int, int, int | str | bytes]):
    """The rows `base.column.index` of (column, type, value)."""
    for column, kind, value in columns:
        data = value.encode() if kind == OCTETS and isinstance(value, str) else value
        yield Row(oid(f"{base}.{column}.{index}"), kind, data)


def _system(state: State) -> Iterator[Row]:
    printer = state.printer
    name = printer.hostname if printer.maker.names_host else ""
    yield from _group(
        SYSTEM,
        "0",
        (1, OCTETS, sys_descr(printer)),
        (2, OBJECT_ID, printer.spec.object_id),
        (3, TICKS, _ticks(state.uptime)),
        (4, OCTETS, ""),  # sysContact
        (5, OCTETS, name),
        (6, OCTETS, encode(printer, printer.location)),
        (7, INTEGER, 72),  # sysServices
    )


def _interfaces(state: State) -> Iterator[Row]:
    """ifTable: the network and the loopback, whose order is the maker's habit."""
    printer = state.printer
    network = printer.maker.mac_index
    traffic = state.uptime * 37 + state.meter("total") * 52_000
    mac = bytes.fromhex(printer.mac.replace(":", ""))
    yield Row(oid(f"{INTERFACES}.1.0"), INTEGER, 2)
    for index, name, kind, speed, address, received in (
        (network, "eth0", _ETHERNET, 1_000_000_000, mac, traffic),
        (3 - network, "lo", _LOOPBACK, 0, b"", state.uptime * 3),
    ):
        yield from _group(
            f"{INTERFACES}.2.1",
            str(index),
            (1, INTEGER, index),
            (2, OCTETS, name),
            (3, INTEGER, kind),
            (4, INTEGER, 1500),  # ifMtu
            (5, GAUGE, speed),
            (6, OCTETS, address),
            (7, INTEGER, 1),  # ifAdminStatus up
            (8, INTEGER, 1),  # ifOperStatus up
            (9, TICKS, 0),  # ifLastChange
            (10, COUNTER, received % 2**32),
            (16, COUNTER, received // 9 % 2**32),
        )
    yield from _group(
        ADDRESSES,
        str(IPv4Address(printer.address)),
        (1, IP, printer.address),
        (2, INTEGER, network),
        (3, IP, "255.255.255.0"),
    )


def _host(state: State) -> Iterator[Row]:
    printer = state.printer
    local = state.moment.replace(tzinfo=None)
    date = local.year.to_bytes(2, "big") + bytes(
        (local.month, local.day, local.hour, local.minute, local.second, 0)
    )
    critical = any(alert.severity == "critical" for alert in state.alerts)
    # hrDeviceStatus: down, warning or running.
    device_status = 5 if critical else 3 if state.alerts else 2
    yield Row(oid(f"{HOST}.1.1.0"), TICKS, _ticks(state.uptime))
    # hrSystemDate in UTC, as its direction from UTC says.
    yield Row(oid(f"{HOST}.1.2.0"), OCTETS, date + b"+\0\0")
    yield Row(oid(f"{HOST}.2.2.0"), INTEGER, 1024 * 1024)  # hrMemorySize, KBytes
    yield from _group(
        f"{HOST}.2.3.1",
        "1",
        (1, INTEGER, 1),
        (2, OBJECT_ID, f"{HOST}.2.1.2"),  # hrStorageRam
        (3, OCTETS, "RAM"),
        (4, INTEGER, 1024),
        (5, INTEGER, 1024 * 1024),
        (6, INTEGER, 300_000 + state.meter("total") % 1000),
    )
    yield from _group(
        f"{HOST}.3.2.1",
        "1",
        (1, INTEGER, 1),
        (2, OBJECT_ID, f"{HOST}.3.1.5"),  # hrDevicePrinter
        (3, OCTETS, device_descr(printer)),
        (4, OBJECT_ID, printer.spec.object_id),
        (5, INTEGER, device_status),
        (6, COUNTER, 0),
    )
    yield from _group(
        f"{HOST}.3.5.1",
        "1",
        (1, INTEGER, _PRINTER_STATUS[state.status]),
        (2, OCTETS, _error_state(state)),
    )


def _error_state(state: State) -> bytes:
    toners = [one for one in state.supplies if one.supply.kind == "toner"]
    flags = {
        _LOW_PAPER: any(tray.low for tray in state.trays),
        _NO_PAPER: state.has("paper"),
        _LOW_TONER: any(alert.code == 1104 for alert in state.alerts),
        _NO_TONER: any(one.left <= 0 for one in toners),
        _DOOR_OPEN: state.has("cover"),
        _JAMMED: state.has("jam"),
    }
    return bytes([sum(0x80 >> bit for bit, is_set in flags.items() if is_set), 0])


def _general(state: State) -> Iterator[Row]:
    """prtGeneralTable, prtCoverTable and prtLocalizationTable."""
    printer = state.printer
    locale = printer.traits.locale
    critical = sum(alert.severity == "critical" for alert in state.alerts)
    yield from _group(
        f"{PRINTER}.5.1.1",
        "1",
        (1, COUNTER, 3),  # prtGeneralConfigChanges
        (2, INTEGER, 1),  # prtGeneralCurrentLocalization
        (3, INTEGER, 3),  # prtGeneralReset: notResetting
        (6, INTEGER, 1),
        (7, INTEGER, 1),
        (8, INTEGER, 1),
        (9, INTEGER, 1),
        (10, INTEGER, 1),  # prtConsoleLocalization
        (11, INTEGER, 1),  # prtConsoleNumberOfDisplayLines
        (12, INTEGER, 40),
        (13, INTEGER, 3),  # prtConsoleDisable: enabled
        (16, OCTETS, printer.model),
        (17, OCTETS, printer.serial),
        (18, COUNTER, critical),  # prtAlertCriticalEvents
        (19, COUNTER, len(state.alerts)),
    )
    yield from _group(
        f"{PRINTER}.6.1.1",
        "1.1",
        (2, OCTETS, "Front cover"),
        (3, INTEGER, 3 if state.has("cover") else 4),  # coverOpen, coverClosed
    )
    yield from _group(
        f"{PRINTER}.7.1.1",
        "1.1",
        (2, OCTETS, locale),
        (3, OCTETS, _LETTERS[locale]),
        (4, INTEGER, printer.maker.charset),
    )


def _paper(state: State) -> Iterator[Row]:
    """prtInputTable and prtOutputTable."""
    for tray in state.trays:
        width, length = (2970, 4200) if tray.media == "A3" else (2100, 2970)
        name = encode(state.printer, tray_name(state, tray))
        yield from _group(
            f"{PRINTER}.8.2.1",
            f"1.{tray.place}",
            (2, INTEGER, 3),  # sheetFeedAutoRemovableTray
            (3, INTEGER, 4),  # micrometers
            (4, INTEGER, length * 100),
            (5, INTEGER, width * 100),
            (6, INTEGER, length * 100),
            (7, INTEGER, width * 100),
            (8, INTEGER, 8),  # sheets
            (9, INTEGER, tray.capacity),
            (10, INTEGER, tray.level),
            (11, INTEGER, 0 if tray.level else 8),  # 8: a non-critical alert
            (12, OCTETS, tray.media),
            (13, OCTETS, name),
            (18, OCTETS, name),
        )
    yield from _group(
        f"{PRINTER}.9.2.1",
        "1.1",
        (2, INTEGER, 3),  # removableBin
        (3, INTEGER, 8),
        (4, INTEGER, 250),
        (5, INTEGER, -3),
        (6, INTEGER, 0),
        (7, OCTETS, "Output 1"),
    )


def _marker(state: State) -> Iterator[Row]:
    """prtMarkerTable, prtMarkerColorantTable and prtMediaPathTable."""
    spec = state.printer.spec
    life = state.meter("life")
    yield from _group(
        f"{PRINTER}.10.2.1",
        "1.1",
        (2, INTEGER, 4),  # electrophotographicLaser
        (3, INTEGER, 8 if state.printer.maker.sheets else 7),  # sheets, impressions
        (4, COUNTER, life),
        (5, COUNTER, min(life, state.uptime // 600)),  # prtMarkerPowerOnCount
        (6, INTEGER, len(spec.colors)),
        (7, INTEGER, 0),
        (8, INTEGER, 3),  # tenThousandthsOfInches
        (9, INTEGER, 1200),
        (10, INTEGER, 1200),
        (15, INTEGER, 0),
    )
    for place, color in enumerate(spec.colors, start=1):
        yield from _group(
            f"{PRINTER}.12.1.1",
            f"1.{place}",
            (2, INTEGER, 1),
            (3, INTEGER, 3),  # prtMarkerColorantRole: process
            (4, OCTETS, color),
            (5, INTEGER, 256 if spec.color else 2),
        )
    yield from _group(
        f"{PRINTER}.13.4.1",
        "1.1",
        (2, INTEGER, 8),
        (3, INTEGER, 4),
        (4, INTEGER, spec.speed),  # prtMediaPathMaxSpeed, sheets per hour
        (9, INTEGER, 5 if state.has("jam") else 0),
    )


def _supplies(state: State) -> Iterator[Row]:
    """prtMarkerSuppliesTable."""
    colors = state.printer.spec.colors
    for one in state.supplies:
        color = one.supply.color
        description = encode(state.printer, supply_description(state, one))
        yield from _group(
            f"{PRINTER}.11.1.1",
            f"1.{one.place}",
            (2, INTEGER, 1),
            (3, INTEGER, colors.index(color) + 1 if color else 0),
            (4, INTEGER, _FILLED if one.supply.is_waste else _CONSUMED),
            (5, INTEGER, SUPPLY_TYPES[one.supply.kind]),
            (6, OCTETS, description),
            (7, INTEGER, supplies.UNITS[one.told.unit]),
            (8, INTEGER, one.told.capacity),
            (9, INTEGER, one.told.level),
        )


def _console(state: State) -> Iterator[Row]:
    """prtConsoleDisplayBufferTable and prtConsoleLightTable."""
    text = encode(state.printer, state.console)
    yield Row(oid(f"{PRINTER}.16.5.1.2.1.1"), OCTETS, text)
    yield from _group(
        f"{PRINTER}.17.6.1",
        "1.1",
        (2, INTEGER, 1 if state.alerts else 0),  # prtConsoleOnTime
        (3, INTEGER, 0 if state.alerts else 1),
        (4, INTEGER, 4),  # prtConsoleColor: yellow
        (5, OCTETS, "Attention"),
    )


def _alerts(state: State) -> Iterator[Row]:
    """prtAlertTable."""
    printer = state.printer
    boot = state.second - state.uptime
    for alert in state.alerts:
        raised = 0 if alert.raised is None else max(0, int(alert.raised - boot))
        text = alert.text if printer.maker.alert_texts else ""
        yield from _group(
            f"{PRINTER}.18.1.1",
            f"1.{alert.index}",
            (1, INTEGER, alert.index),
            (2, INTEGER, alerts.SEVERITIES[alert.severity]),
            (3, INTEGER, alerts.TRAININGS[alert.training]),
            (4, INTEGER, alerts.GROUPS[alert.group]),
            (5, INTEGER, alert.group_index),
            (6, INTEGER, -2),  # prtAlertLocation: unknown
            (7, INTEGER, alert.code),
            (8, OCTETS, encode(printer, text)),
            (9, TICKS, _ticks(raised)),
        )


def _port_monitor(printer: Printer) -> Iterator[Row]:
    """ppmPrinterTable, with the IEEE 1284 id."""
    yield Row(oid(f"{PORT_MONITOR}.1.1.2.0"), GAUGE, 1)  # ppmGeneralNumberOfPrinters
    yield from _group(
        f"{PORT_MONITOR}.1.2.1.1",
        "1",
        (2, OCTETS, printer.model),
        (3, OCTETS, device_id(printer)),
    )


def _ticks(seconds: int) -> int:
    """TimeTicks: hundredths of a second, which start again after 497 days."""
    return seconds * 100 % 2**32
