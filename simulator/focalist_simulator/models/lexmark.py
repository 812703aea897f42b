"""Lexmark: 1.3.6.1.4.1.641.

The life count is in sheets, impressions are only in the private counters. Texts are
in the panel's language and in code page 850, whatever the printer declares.
"""

from collections.abc import Iterator
from random import Random

from ..catalogue import (
    Maker,
    Model,
    Row,
    Tray,
    counter,
    drums,
    functions,
    octets,
    part,
    toners,
    waste,
)
from ..printer import Printer
from ..state import State, SupplyState

_ROOT = "1.3.6.1.4.1.641"
_COUNTERS = f"{_ROOT}.6.4.2.1.1.4.1"
_METERS = {"total": 1, "mono": 5, "color": 6}

_NAMES = {
    "en": {
        "toner": "{Color} Cartridge",
        "drum": "{Color} Imaging Unit",
        "waste_toner": "Waste Toner Bottle",
        "fuser": "Fuser",
        "maintenance_kit": "Maintenance Kit",
    },
    "fr": {
        "toner": "Cartouche {color}",
        "drum": "Unité d'imagerie {color}",
        "waste_toner": "Récupérateur toner usagé",
        "fuser": "Unité de fusion",
        "maintenance_kit": "Kit d'entretien périodique",
    },
}
_FRENCH = {"black": "noire", "cyan": "cyan", "magenta": "magenta", "yellow": "jaune"}


def _counters(spec: Model) -> dict[str, tuple[str, ...]]:
    return {
        meter: (f"{_COUNTERS}.{number}",)
        for meter, number in _METERS.items()
        if spec.color or meter != "color"
    }


def _private(printer: Printer, state: State) -> Iterator[Row]:
    yield octets(f"{_ROOT}.2.1.2.1.2.1", f"Lexmark {printer.model}")
    yield octets(f"{_ROOT}.2.1.2.1.4.1", printer.spec.firmware)
    yield octets(f"{_ROOT}.2.1.2.1.6.1", printer.serial)
    yield octets(f"{_ROOT}.6.2.3.1.4.1", printer.model)
    yield octets(f"{_ROOT}.6.2.3.1.5.1", printer.serial)
    yield octets(f"{_ROOT}.6.3.3.1.7.1.1", printer.spec.firmware)
    for meter, (identifier,) in _counters(printer.spec).items():
        yield counter(identifier, state.meter(meter))


def _describe(one: SupplyState, locale: str) -> str:
    color = one.supply.color or ""
    return _NAMES[locale][one.supply.kind].format(
        Color=color.capitalize(), color=_FRENCH.get(color, "")
    )


def _serial(rng: Random) -> str:
    return f"{rng.randrange(7000, 7600)}{rng.randrange(10**6):06}{rng.choice('FKLMP')}"


MAKER = Maker(
    key="lexmark",
    name="Lexmark",
    share=2,
    oui="00:21:b7",
    models=(
        Model(
            name="MX711",
            color=False,
            a3=False,
            pages=5200,
            speed=3960,
            functions=functions("print copy scan fax"),
            supplies=(
                *toners("62D2H00", 25_000, tells="pages"),
                *drums("52D0Z00", 100_000, tells="pages"),
                part("maintenance_kit", "40X8434", 200_000, tells="pages"),
            ),
            trays=(Tray(550), Tray(550), Tray(100)),
            firmware="LW80.TU.P210",
            object_id=f"{_ROOT}.2.71107114",
        ),
        Model(
            name="CX725",
            color=True,
            a3=False,
            pages=3100,
            speed=2820,
            functions=functions("print copy scan fax"),
            supplies=(
                *toners("84C2H{}0", 25_000, 16_000, tells="pages"),
                *drums("74C0Z{}0", 150_000, 4, tells="pages"),
                waste("74C0W00", 90_000),
                part("fuser", "40X9678", 150_000, tells="pages"),
            ),
            trays=(Tray(550), Tray(550), Tray(100)),
            firmware="CXTZJ.081.233",
            object_id=f"{_ROOT}.2.71107123",
        ),
        Model(
            name="MS521dn",
            color=False,
            a3=False,
            pages=2300,
            speed=2640,
            functions=functions("print"),
            supplies=(
                *toners("56F2H00", 15_000, tells="pages"),
                *drums("56F0Z00", 60_000, tells="pages"),
            ),
            trays=(Tray(250), Tray(100)),
            firmware="MSNGM.081.215",
            object_id=f"{_ROOT}.2.71107131",
        ),
    ),
    serial=_serial,
    sys_descr="Lexmark {model} version {firmware} kernel 4.17.19 All-N-1",
    device_descr="Lexmark {model} {serial} {firmware}",
    describe=_describe,
    counters=_counters,
    private=_private,
    encoding="cp850",
    charset=106,  # declared as UTF-8, which it is not
    sheets=True,
    mac_index=2,
)
