"""Brother: 1.3.6.1.4.1.2435.

Toner is -3 in the Printer MIB. The private objects hold tables of seven-byte records:
an id, 01, 04 and a value of four bytes, big-endian; ff ends them. The life count is in
sheets.
"""

from collections.abc import Iterator
from random import Random

from .. import words
from ..catalogue import (
    Maker,
    Model,
    Row,
    Supply,
    Tray,
    drums,
    functions,
    integer,
    octets,
    part,
    toners,
    waste,
)
from ..mib import device_id, encode, percent
from ..printer import Printer
from ..state import State, SupplyState

_ROOT = "1.3.6.1.4.1.2435.2.3.9"
_INFO = f"{_ROOT}.4.2.1.5.5"
_COUNTERS, _MAINTENANCE, _NEXT_CARE = f"{_INFO}.10.0", f"{_INFO}.8.0", f"{_INFO}.11.0"
_SCANS = f"{_INFO}.54.2.2.1.3.3"

_METERS = {"total": 0x00, "mono": 0x01, "color": 0x02, "duplex": 0x06}
# Ids of the remaining toner (hundredths of a percent) and of its status, by colour.
_REMAINING = {"black": 0x6F, "cyan": 0x70, "magenta": 0x71, "yellow": 0x72}
_STATUS = {"black": 0x31, "cyan": 0x32, "magenta": 0x33, "yellow": 0x34}
_DRUM_LIFE, _DRUM_PAGES, _BELT, _FUSER = 0x41, 0x11, 0x69, 0x6A
_ORDINARY, _LOW, _GONE = 1, 2, 3


def _record(identifier: int, value: int) -> bytes:
    return bytes((identifier, 1, 4)) + value.to_bytes(4, "big")


def _table(records: dict[int, int]) -> bytes:
    return b"".join(_record(*item) for item in sorted(records.items())) + b"\xff"


def _meters(spec: Model) -> dict[str, int]:
    return {m: i for m, i in _METERS.items() if spec.color or m != "color"}


def _counters(spec: Model) -> dict[str, tuple[str, ...]]:
    """A counter is named by its object and, after a #, the id of its record."""
    told = {m: (f"{_COUNTERS}#{i:02x}",) for m, i in _meters(spec).items()}
    if "scan" in spec.functions:
        told["scan"] = (_SCANS,)
    return told


def _maintenance(state: State) -> Iterator[tuple[int, int]]:
    for one in state.supplies:
        remaining = percent(one.left) * 100
        color = one.supply.color
        if one.supply.kind == "toner":
            yield _REMAINING[color], remaining
            low = _LOW if one.left < 0.12 else _ORDINARY
            yield _STATUS[color], low if one.left else _GONE
        elif one.supply.kind == "drum":
            yield _DRUM_LIFE, remaining
            yield _DRUM_PAGES, int((1 - one.left) * one.supply.lasts)
        elif one.supply.kind == "transfer":
            yield _BELT, remaining
        elif one.supply.kind == "fuser":
            yield _FUSER, remaining


def _private(printer: Printer, state: State) -> Iterator[Row]:
    spec = printer.spec
    yield octets(f"{_ROOT}.1.1.7.0", device_id(printer))
    console = encode(printer, state.console).ljust(16)
    yield octets(f"{_ROOT}.4.2.1.5.4.5.2.0", console)
    yield octets(f"{_INFO}.1.0", printer.serial)
    yield octets(f"{_INFO}.17.0", spec.firmware)
    counts = {record: state.meter(meter) for meter, record in _meters(spec).items()}
    yield octets(_COUNTERS, _table(counts))
    yield octets(_MAINTENANCE, _table(dict(_maintenance(state))))
    cares = [one for one in state.supplies if not one.supply.is_toner]
    left = {0x82 + n: int(one.left * one.supply.lasts) for n, one in enumerate(cares)}
    yield octets(_NEXT_CARE, _table(left))
    if "scan" in spec.functions:
        yield integer(_SCANS, state.meter("scan"))


def _describe(one: SupplyState, locale: str) -> str:
    name = words.supply(one.supply.kind, one.supply.color, locale)
    if locale == "en" and one.supply.kind == "toner":
        return f"{name} Cartridge"
    return name


def _serial(rng: Random) -> str:
    return f"E7{rng.randrange(10, 99)}{rng.choice('HJN')}{rng.randrange(10**9):09}"


def _toners(parts: str, black: int, color: int = 0) -> tuple[Supply, ...]:
    return toners(parts, black, color, tells="some")


_OBJECT_ID = "1.3.6.1.4.1.2435.2.3.9.1"

MAKER = Maker(
    key="brother",
    name="Brother",
    share=2,
    oui="30:05:5c",
    models=(
        Model(
            name="HL-L6400DW",
            color=False,
            a3=False,
            pages=2200,
            speed=3000,
            functions=functions("print"),
            supplies=(
                *_toners("TN-3480", 8_000),
                *drums("DR-3400", 50_000, tells="pages"),
            ),
            trays=(Tray(520), Tray(50)),
            firmware="1.53",
            object_id=_OBJECT_ID,
        ),
        Model(
            name="MFC-L8900CDW",
            color=True,
            a3=False,
            pages=1300,
            speed=1860,
            functions=functions("print copy scan fax"),
            supplies=(
                *_toners("TN-423{}", 6_500, 4_000),
                part("drum", "DR-421CL", 50_000, tells="pages"),
                part("transfer", "BU-330CL", 130_000, tells="pages"),
                waste("WT-320CL", 50_000),
            ),
            trays=(Tray(250), Tray(50)),
            firmware="Q2306091423",
            object_id=_OBJECT_ID,
        ),
        Model(
            name="DCP-L5500DN",
            color=False,
            a3=False,
            pages=1100,
            speed=2400,
            functions=functions("print copy scan"),
            supplies=(
                *_toners("TN-3430", 3_000),
                *drums("DR-3400", 50_000, tells="pages"),
            ),
            trays=(Tray(250), Tray(50)),
            firmware="T2211041130",
            object_id="1.3.6.1.4.1.11.2.3.9.1",
        ),
        Model(
            name="HL-L8360CDW",
            color=True,
            a3=False,
            pages=1000,
            speed=1860,
            functions=functions("print"),
            supplies=(
                *_toners("TN-423{}", 6_500, 4_000),
                part("drum", "DR-421CL", 50_000, tells="pages"),
                part("fuser", "D008AE001", 100_000, tells="pages"),
            ),
            trays=(Tray(250), Tray(50)),
            firmware="1.47",
            object_id=_OBJECT_ID,
        ),
    ),
    serial=_serial,
    sys_descr="Brother NC-8800h, Firmware Ver.{firmware}",
    device_descr="Brother {model} series",
    describe=_describe,
    counters=_counters,
    private=_private,
    encoding="utf-8",
    sheets=True,
)
