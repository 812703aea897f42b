"""Canon: 1.3.6.1.4.1.1602.

Two ways of counting: the imageRUNNERs by Canon's counter numbers (101 is the total),
LBP and MF models by rows whose name says what they count.
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

_ROOT = "1.3.6.1.4.1.1602.1"
_NUMBERED = f"{_ROOT}.11.1.3.1.4"
_NAMED = f"{_ROOT}.11.2.1.1"

_NUMBERS = {
    "total": 101,
    "color": 105,
    "mono": 108,
    "a3_mono": 112,
    "a4_mono": 113,
    "a3_color": 122,
    "a4_color": 123,
    "print": 301,
    "scan": 501,
}
_ROWS = {
    "total": "Total 1",
    "mono": "Total (Black 1)",
    "color": "Total (Full Color 1)",
    "print": "Print (Total 1)",
    "copy": "Copy (Total 1)",
    "scan": "Scan (Total 1)",
}


def _has(spec: Model, meter: str) -> bool:
    if meter in ("copy", "scan"):
        return meter in spec.functions
    return spec.color or not meter.endswith("color")


def _rows(spec: Model) -> list[tuple[str, str]]:
    return [item for item in _ROWS.items() if _has(spec, item[0])]


def _counters(spec: Model) -> dict[str, tuple[str, ...]]:
    if spec.private == "numbered":
        return {
            meter: (f"{_NUMBERED}.{number}",)
            for meter, number in _NUMBERS.items()
            if _has(spec, meter)
        }
    return {
        meter: (f"{_NAMED}.3.{row}",)
        for row, (meter, _name) in enumerate(_rows(spec), start=1)
    }


def _private(printer: Printer, state: State) -> Iterator[Row]:
    spec = printer.spec
    yield octets(f"{_ROOT}.1.1.1.0", printer.model)
    yield octets(f"{_ROOT}.1.1.4.0", spec.firmware)
    yield octets(f"{_ROOT}.2.1.4.0", printer.serial)
    yield octets(f"{_ROOT}.2.1.8.1.3.1.1", printer.serial)
    if spec.private == "numbered":
        for meter, number in _NUMBERS.items():
            if _has(spec, meter):
                yield integer(f"{_NUMBERED}.{number}", state.meter(meter))
        return
    for row, (meter, name) in enumerate(_rows(spec), start=1):
        yield octets(f"{_NAMED}.2.{row}", name)
        yield integer(f"{_NAMED}.3.{row}", state.meter(meter))


def _describe(one: SupplyState, locale: str) -> str:
    supply = one.supply
    color = (supply.color or "").capitalize()
    if supply.kind == "toner":
        return f"Canon {supply.part} {color} Toner"
    if supply.kind == "drum":
        return f"Canon {supply.part} {color} Drum Unit"
    if supply.kind == "waste_toner":
        return "Récupérateur de toner" if locale == "fr" else "Waste Toner"
    return "Kit d'entretien" if locale == "fr" else "Maintenance Kit"


def _serial(rng: Random) -> str:
    return "".join(rng.choices("ABKMQTX", k=3)) + f"{rng.randrange(10**5):05}"


_OBJECT_ID = "1.3.6.1.4.1.1602.4"
_TRAYS = (Tray(550), Tray(550, "A3"), Tray(100))

MAKER = Maker(
    key="canon",
    name="Canon",
    share=3,
    oui="88:87:17",
    models=(
        Model(
            name="iR-ADV C3530",
            color=True,
            a3=True,
            pages=5000,
            speed=1800,
            functions=functions("print copy scan fax"),
            supplies=(
                *toners("C-EXV 49 {}", 36_000, 19_000),
                *drums("C-EXV 49 {}", 73_000, 4),
                waste("FM1-A606", 100_000),
            ),
            trays=_TRAYS,
            firmware="63.07",
            object_id=f"{_OBJECT_ID}.7",
            private="numbered",
        ),
        Model(
            name="iR-ADV 4545",
            color=False,
            a3=True,
            pages=6800,
            speed=2700,
            functions=functions("print copy scan"),
            supplies=(
                *toners("C-EXV 53", 42_000),
                *drums("C-EXV 53", 280_000),
                waste("FM1-A606", 200_000),
            ),
            trays=_TRAYS,
            firmware="20.05",
            object_id=f"{_OBJECT_ID}.7",
            private="numbered",
        ),
        Model(
            name="MF645C",
            color=True,
            a3=False,
            pages=700,
            speed=1260,
            functions=functions("print copy scan fax"),
            supplies=toners("Cartridge 054 {}", 3_100, 2_300),
            trays=(Tray(250), Tray(1)),
            firmware="08.02",
            object_id=f"{_OBJECT_ID}.2",
            private="named",
        ),
        Model(
            name="LBP352",
            color=False,
            a3=False,
            pages=2600,
            speed=3720,
            functions=functions("print"),
            supplies=(
                *toners("Cartridge 039", 11_000),
                part("maintenance_kit", "0095C001", 225_000),
            ),
            trays=(Tray(500), Tray(100)),
            firmware="03.01",
            object_id=f"{_OBJECT_ID}.2",
            private="named",
        ),
    ),
    serial=_serial,
    sys_descr="Canon {model} /P",
    device_descr="Canon {model}",
    describe=_describe,
    counters=_counters,
    private=_private,
    encoding="latin-1",
    charset=4,  # ISO 8859-1
)
