"""Ricoh: RICOH-MIB, 1.3.6.1.4.1.367.

Its counters are rows of a table that say what they count by a type code; the row of a
code differs from model to model. Toner is -3 in the Printer MIB of the small models
while the private table has the percent (-100 when empty).
"""

from collections.abc import Iterator
from random import Random

from .. import words
from ..catalogue import (
    Maker,
    Model,
    Row,
    Tray,
    drums,
    functions,
    integer,
    octets,
    part,
    toners,
    waste,
)
from ..mib import percent
from ..printer import Printer
from ..state import State, SupplyState

_ROOT = "1.3.6.1.4.1.367.3.2.1"
_COUNTERS = f"{_ROOT}.2.19.5.1"  # ricohEngCounter
_TONERS = f"{_ROOT}.2.24.1.1"  # ricohEngToner
_EMPTY = -100

# Type code -> the meters that the row is the sum of, and its name.
_PRINT = (
    (10, "total", "Counter:Machine Total"),
    (400, "print", "Counter:Print:Total"),
    (401, "print_mono", "Counter:Print:Black & White"),
    (403, "print_color", "Counter:Print:Full Color"),
)
_COPY = (
    (200, "copy", "Counter:Copy:Total"),
    (201, "copy_mono", "Counter:Copy:Black & White"),
    (203, "copy_color", "Counter:Copy:Full Color"),
)
_FAX = ((300, "fax", "Counter:FAX:Total"),)
_SCAN = (
    (870, "scan_color", "Scanner:Send:Color"),
    (871, "scan_mono", "Scanner:Send:Black & White"),
)


def _rows(spec: Model) -> list[tuple[int, str, str]]:
    """The counters of a model, in the order of their rows."""
    chosen = list(_PRINT)
    if "copy" in spec.functions:
        # A3 machines put copies first: no row number means the same everywhere.
        chosen = [*_COPY, *_PRINT] if spec.a3 else [*_PRINT, *_COPY]
    if "fax" in spec.functions:
        chosen += _FAX
    if "scan" in spec.functions:
        chosen += _SCAN
    # A scanner sees colours on a mono machine too.
    return [
        row
        for row in chosen
        if spec.color or row in _SCAN or not row[1].endswith("color")
    ]


def _counters(spec: Model) -> dict[str, tuple[str, ...]]:
    told = {
        meter: (f"{_COUNTERS}.9.{row}",)
        for row, (_code, meter, _name) in enumerate(_rows(spec), start=1)
    }
    for color in ("mono", "color"):
        names = (f"print_{color}", f"copy_{color}", "fax" if color == "mono" else "")
        parts = [told[name][0] for name in names if name in told]
        if parts:
            told[color] = tuple(parts)
    if "scan_mono" in told:
        scans = ("scan_color", "scan_mono")
        told["scan"] = tuple(told[name][0] for name in scans if name in told)
    return told


def _private(printer: Printer, state: State) -> Iterator[Row]:
    yield octets(f"{_ROOT}.1.1.1.0", printer.model)
    yield octets(f"{_ROOT}.1.1.2.0", printer.spec.firmware)
    yield octets(f"{_ROOT}.2.1.4.0", printer.serial)
    yield octets(f"{_ROOT}.6.1.1.7.1", printer.hostname)
    for row, (code, meter, name) in enumerate(_rows(printer.spec), start=1):
        yield integer(f"{_COUNTERS}.2.{row}", code)
        yield octets(f"{_COUNTERS}.3.{row}", name)
        yield integer(f"{_COUNTERS}.9.{row}", state.meter(meter))
    for row, one in enumerate(
        (one for one in state.supplies if one.supply.kind == "toner"), start=1
    ):
        name = words.supply("toner", one.supply.color, "en")
        yield octets(f"{_TONERS}.2.{row}", name)
        yield octets(f"{_TONERS}.3.{row}", name)
        yield integer(f"{_TONERS}.5.{row}", percent(one.left) or _EMPTY)


def _describe(one: SupplyState, locale: str) -> str:
    return words.supply(one.supply.kind, one.supply.color, locale)


def _serial(rng: Random) -> str:
    return f"{rng.choice('CEGW')}{rng.randrange(1000):03}R{rng.randrange(10**6):06}"


_OBJECT_ID = "1.3.6.1.4.1.367.1.1"
_TRAYS = (Tray(550), Tray(550, "A3"), Tray(100))

MAKER = Maker(
    key="ricoh",
    name="Ricoh",
    share=4,
    oui="00:26:73",
    models=(
        Model(
            name="IM C3000",
            color=True,
            a3=True,
            pages=5200,
            speed=1800,
            functions=functions("print copy scan fax"),
            supplies=(
                *toners("IM C3500 {}", 31_000, 19_000),
                waste("D2426401", 90_000, tells="percent"),
                *drums("D2392280{}", 240_000, 1),
            ),
            trays=_TRAYS,
            firmware="1.24",
            object_id=_OBJECT_ID,
        ),
        Model(
            name="MP 3055",
            color=False,
            a3=True,
            pages=4600,
            speed=1800,
            functions=functions("print copy scan"),
            supplies=(
                *toners("MP 3554", 24_000),
                *drums("D1972250", 160_000),
                waste("D2096400", 100_000, tells="percent"),
            ),
            trays=_TRAYS,
            firmware="1.16.1",
            object_id=_OBJECT_ID,
        ),
        Model(
            name="P C600",
            color=True,
            a3=False,
            pages=1900,
            speed=2400,
            functions=functions("print"),
            supplies=(
                *toners("P C600 {}", 18_000, 12_000, tells="some"),
                waste("418425", 75_000),
                part("fuser", "M0FM1710", 250_000),
            ),
            trays=(Tray(550), Tray(100)),
            firmware="1.09",
            object_id=_OBJECT_ID,
        ),
        Model(
            name="IM 350",
            color=False,
            a3=False,
            pages=1500,
            speed=2100,
            functions=functions("print copy scan fax"),
            supplies=(
                *toners("IM 350", 14_000, tells="some"),
                part("maintenance_kit", "MK-IM350", 120_000),
            ),
            trays=(Tray(500), Tray(100)),
            firmware="1.11",
            object_id=_OBJECT_ID,
        ),
    ),
    serial=_serial,
    sys_descr="RICOH {model} {firmware} / RICOH Network Printer C model / "
    "RICOH Network Scanner C model",
    device_descr="RICOH {model}",
    describe=_describe,
    counters=_counters,
    private=_private,
    life_excess=12,
    private_levels=True,
)
