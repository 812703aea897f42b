"""Konica Minolta: 1.3.6.1.4.1.18334.1.1.1.

The functions' counters are a table of colour by function; the small models are
another platform and answer the standard MIBs alone.
"""

from collections.abc import Iterator
from random import Random

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
from ..printer import Printer
from ..state import State, SupplyState

_ROOT = "1.3.6.1.4.1.18334.1.1.1"
_COUNTERS = f"{_ROOT}.5.7.2"
_COPY, _PRINT = 1, 2
_MONO, _COLOR, _SINGLE_COLOR = 1, 2, 3

_NAMES = {
    "toner": "Toner ({Color})",
    "drum": "Drum Cartridge ({Color})",
    "waste_toner": "Waste Toner Box",
    "fuser": "Fusing Unit",
    "transfer": "Image Transfer Belt Unit",
}


def _by_color(column: int, function: int, color: int) -> str:
    return f"{_COUNTERS}.2.1.{column}.{color}.{function}"


def _counters(spec: Model) -> dict[str, tuple[str, ...]]:
    used = {"print": _PRINT}
    if "copy" in spec.functions:
        used["copy"] = _COPY
    colors = {"mono": _MONO, "color": _COLOR} if spec.color else {"mono": _MONO}
    told: dict[str, tuple[str, ...]] = {"total": (f"{_COUNTERS}.1.1.0",)}
    for color, c in colors.items():
        told[color] = tuple(_by_color(5, f, c) for f in used.values())
        for function, f in used.items():
            told[f"{function}_{color}"] = (_by_color(5, f, c),)
        if spec.a3:
            told[f"a3_{color}"] = tuple(_by_color(7, f, c) for f in used.values())
    for function, f in used.items():
        told[function] = tuple(_by_color(5, f, c) for c in colors.values())
    if spec.a3:
        told["a3"] = (f"{_COUNTERS}.1.2.0",)
    if "scan" in spec.functions:
        told["scan"] = (f"{_COUNTERS}.1.5.0",)
    return {**told, "duplex": (f"{_COUNTERS}.1.3.0",)}


def _private(printer: Printer, state: State) -> Iterator[Row]:
    spec = printer.spec
    yield octets(f"{_ROOT}.1.6.2.1.0", printer.model)
    yield octets(f"{_ROOT}.1.6.1.0", spec.firmware)
    for row, (name, version) in enumerate(
        (("MFP Controller", spec.firmware), ("Boot", "-"), ("Scanner", "Registered")),
        start=1,
    ):
        yield octets(f"{_ROOT}.5.5.1.1.2.{row}", name)
        yield octets(f"{_ROOT}.5.5.1.1.3.{row}", version)
    yield integer(f"{_COUNTERS}.1.1.0", state.meter("total"))
    yield integer(f"{_COUNTERS}.1.2.0", state.meter("a3"))
    yield integer(f"{_COUNTERS}.1.3.0", state.meter("duplex"))
    if "scan" in spec.functions:
        yield integer(f"{_COUNTERS}.1.5.0", state.meter("scan"))
    used = {"print": _PRINT}
    if "copy" in spec.functions:
        used["copy"] = _COPY
    colors = {"mono": _MONO, "color": _COLOR} if spec.color else {"mono": _MONO}
    for function, f in used.items():
        for color, c in colors.items():
            pages = state.meter(f"{function}_{color}")
            large = state.meter(f"{function}_{color}_a3")
            yield integer(_by_color(5, f, c), pages)
            yield integer(_by_color(7, f, c), large)
        yield integer(_by_color(5, f, _SINGLE_COLOR), 0)
        yield integer(_by_color(7, f, _SINGLE_COLOR), 0)


def _describe(one: SupplyState, _locale: str) -> str:
    color = (one.supply.color or "").capitalize()
    return _NAMES[one.supply.kind].format(Color=color)


def _serial(rng: Random) -> str:
    return f"A{rng.choice('79')}{rng.choice('PRV')}{rng.randrange(10**9):09}"


_OBJECT_ID = "1.3.6.1.4.1.18334.1.1.1.2.1"
_TRAYS = (Tray(500), Tray(500, "A3"), Tray(150))

MAKER = Maker(
    key="konica",
    name="Konica Minolta",
    share=3,
    oui="00:20:6b",
    models=(
        Model(
            name="bizhub C308",
            color=True,
            a3=True,
            pages=5400,
            speed=1800,
            functions=functions("print copy scan"),
            supplies=(
                *toners("TN-324{}", 28_000, 26_000),
                *drums("DR-512{}", 120_000, 4),
                waste("WX-105", 40_000),
                part("transfer", "A161R71300", 300_000),
            ),
            trays=_TRAYS,
            firmware="A7PY0Y0-F000-G00-K4",
            object_id=f"{_OBJECT_ID}.143.1.1",
        ),
        Model(
            name="bizhub 308e",
            color=False,
            a3=True,
            pages=4800,
            speed=1800,
            functions=functions("print copy scan"),
            supplies=(
                *toners("TN-326", 24_000),
                *drums("DR-312", 150_000),
                waste("WX-105", 60_000),
            ),
            trays=_TRAYS,
            firmware="AA2M0Y0-F000-G00-R2",
            object_id=f"{_OBJECT_ID}.152.1.1",
        ),
        Model(
            name="bizhub C3350",
            color=True,
            a3=False,
            pages=2100,
            speed=2000,
            functions=functions("print copy scan"),
            supplies=(
                *toners("TNP-48{}", 10_000, 10_000),
                *drums("IUP-24{}", 60_000, 4),
                waste("WB-P05", 36_000),
            ),
            trays=(Tray(550), Tray(100)),
            firmware="A4Y50Y0-F000-G40-50",
            object_id=f"{_OBJECT_ID}.10009.1.1",
            private="",
        ),
    ),
    serial=_serial,
    sys_descr="KONICA MINOLTA {model}",
    device_descr="KONICA MINOLTA {model}",
    describe=_describe,
    counters=_counters,
    private=_private,
)
