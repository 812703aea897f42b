"""Kyocera: 1.3.6.1.4.1.1347.

The engine's life count is higher than the total that the status page shows. Supplies
are described by their part numbers, alerts by no text at all, sysName is empty.
"""

from collections.abc import Iterator
from random import Random

from ..catalogue import (
    Maker,
    Model,
    Row,
    Tray,
    counter,
    functions,
    octets,
    toners,
    waste,
)
from ..printer import Printer
from ..state import State, SupplyState

_ROOT = "1.3.6.1.4.1.1347"
_TOTAL = f"{_ROOT}.43.10.1.1.12.1.1"
_FUNCTION = f"{_ROOT}.42.3.1.1.1.1"
_BY_COLOR = f"{_ROOT}.42.3.1.2.1.1"
_SCANNED = f"{_ROOT}.42.3.1.4.1.1.1"
_ALL_SCANNED = f"{_ROOT}.46.10.1.1.5.3"
_BY_SIZE = f"{_ROOT}.42.2.1.1.1"
_SIDES = f"{_ROOT}.42.2.5.1.1"
_MONO_PRINTED = f"{_ROOT}.42.2.2.1.1.3.1.1"

_FUNCTIONS = {"print": 1, "copy": 2, "fax": 4}
_MONO, _FULL_COLOR = 1, 3


def _sizes(spec: Model) -> dict[str, int]:
    """The rows of the sizes: the first is the largest that the model takes."""
    return {"a3": 1, "a4": 2} if spec.a3 else {"a4": 1}


def _used(spec: Model) -> dict[str, int]:
    return {name: f for name, f in _FUNCTIONS.items() if name in spec.functions}


def _colors(spec: Model, function: str) -> dict[str, int]:
    if spec.color and function != "fax":
        return {"mono": _MONO, "color": _FULL_COLOR}
    return {"mono": _MONO}


def _is_mfp(spec: Model) -> bool:
    return "copy" in spec.functions


def _counters(spec: Model) -> dict[str, tuple[str, ...]]:
    told: dict[str, tuple[str, ...]] = {"total": (_TOTAL,)}
    for size, row in _sizes(spec).items():
        told[size] = (f"{_BY_SIZE}.6.1.{row}",)
        if spec.color:
            told[f"{size}_mono"] = (f"{_BY_SIZE}.7.1.{row}",)
            told[f"{size}_color"] = (f"{_BY_SIZE}.8.1.{row}",)
    if spec.color and not _is_mfp(spec):
        told["mono"] = (_MONO_PRINTED,)
        told["color"] = told["a4_color"]
    if not _is_mfp(spec):
        return told
    by_color: dict[str, list[str]] = {}
    for function, f in _used(spec).items():
        told[function] = (f"{_FUNCTION}.{f}",)
        for color, c in _colors(spec, function).items():
            identifier = f"{_BY_COLOR}.{f}.{c}"
            told[f"{function}_{color}"] = (identifier,)
            by_color.setdefault(color, []).append(identifier)
    told.update({color: tuple(parts) for color, parts in by_color.items()})
    return {**told, "scan": (_SCANNED,)}


def _private(printer: Printer, state: State) -> Iterator[Row]:
    spec = printer.spec
    yield octets(f"{_ROOT}.40.10.1.1.5.1", printer.hostname)
    yield octets(f"{_ROOT}.43.5.1.1.1.1", printer.model)
    yield octets(f"{_ROOT}.43.5.1.1.28.1", printer.serial)
    yield octets(f"{_ROOT}.43.5.1.1.36.1", printer.model)
    yield octets(f"{_ROOT}.43.5.4.1.5.1.1", spec.firmware)
    yield counter(_TOTAL, state.meter("total"))
    simplex = state.meter("simplex")
    yield counter(f"{_SIDES}.1.1", simplex)
    yield counter(f"{_SIDES}.2.1", state.meter("total") - simplex)
    for size, row in _sizes(spec).items():
        yield octets(f"{_BY_SIZE}.2.1.{row}", size.upper())
        yield counter(f"{_BY_SIZE}.6.1.{row}", state.meter(size))
        if spec.color:
            yield counter(f"{_BY_SIZE}.7.1.{row}", state.meter(f"{size}_mono"))
            yield counter(f"{_BY_SIZE}.8.1.{row}", state.meter(f"{size}_color"))
    if spec.color and not _is_mfp(spec):
        yield counter(_MONO_PRINTED, state.meter("mono"))
    if _is_mfp(spec):
        yield from _functions(spec, state)


def _functions(spec: Model, state: State) -> Iterator[Row]:
    for function, f in _used(spec).items():
        yield counter(f"{_FUNCTION}.{f}", state.meter(function))
        for color, c in _colors(spec, function).items():
            yield counter(f"{_BY_COLOR}.{f}.{c}", state.meter(f"{function}_{color}"))
    scanned, copied = state.meter("scan"), state.meter("copy")
    yield counter(f"{_ROOT}.42.3.1.3.1.1.2", copied)
    yield counter(_SCANNED, scanned)
    yield counter(_ALL_SCANNED, scanned + copied)


def _describe(one: SupplyState, locale: str) -> str:
    if one.supply.is_waste:
        return "Bac récup. toner usagé" if locale == "fr" else "Waste Toner Box"
    return one.supply.part


def _serial(rng: Random) -> str:
    letters = "".join(rng.choices("LNRVW", k=2))
    return f"{letters}{rng.choice('CDF')}{rng.randrange(10**7):07}"


_OBJECT_ID = "1.3.6.1.4.1.1347.41"

MAKER = Maker(
    key="kyocera",
    name="Kyocera",
    share=3,
    oui="00:17:c8",
    models=(
        Model(
            name="TASKalfa 3253ci",
            color=True,
            a3=True,
            pages=5000,
            speed=1920,
            functions=functions("print copy scan fax"),
            supplies=(
                *toners("TK-8335{}", 25_000, 15_000, tells="pages"),
                waste("WT-8500", 40_000),
            ),
            trays=(Tray(500), Tray(500, "A3"), Tray(150)),
            firmware="2VF_2000.005.301",
            object_id=_OBJECT_ID,
        ),
        Model(
            name="ECOSYS M5526cdw",
            color=True,
            a3=False,
            pages=1200,
            speed=1560,
            functions=functions("print copy scan fax"),
            supplies=(
                *toners("TK-5240{}", 4_000, 3_000, tells="pages"),
                waste("WT-5240", 15_000),
            ),
            trays=(Tray(250), Tray(50)),
            firmware="2R7_2000.004.604",
            object_id=_OBJECT_ID,
        ),
        Model(
            name="ECOSYS M3645idn",
            color=False,
            a3=False,
            pages=3000,
            speed=2700,
            functions=functions("print copy scan"),
            supplies=toners("TK-3060", 14_500, tells="pages"),
            trays=(Tray(500), Tray(100)),
            firmware="2V3_S000.002.201",
            object_id=_OBJECT_ID,
        ),
        Model(
            name="ECOSYS P2040dw",
            color=False,
            a3=False,
            pages=1300,
            speed=2400,
            functions=functions("print"),
            supplies=(
                *toners("TK-1160", 7_200, tells="pages"),
                waste("WT-1160", 60_000),
            ),
            trays=(Tray(250), Tray(100)),
            firmware="2RX_3000.002.503",
            object_id=_OBJECT_ID,
        ),
        Model(
            name="ECOSYS P6235cdn",
            color=True,
            a3=False,
            pages=1800,
            speed=2100,
            functions=functions("print"),
            supplies=(
                *toners("TK-5280{}", 13_000, 11_000, tells="pages"),
                waste("WT-5190", 44_000),
            ),
            trays=(Tray(500), Tray(100)),
            firmware="2TW_2000.003.001",
            object_id=_OBJECT_ID,
        ),
    ),
    serial=_serial,
    sys_descr="KYOCERA Document Solutions Printing System",
    device_descr="{model}",
    describe=_describe,
    counters=_counters,
    private=_private,
    life_excess=120,
    alert_texts=False,
    tells_sleep=True,
    names_host=False,
)
