"""HP: JetDirect and PML objects under 1.3.6.1.4.1.11.2.3.9.

Model, serial and firmware begin with two bytes that name their symbol set. Texts of
the panel are in HP's Roman-8.
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
from ..mib import device_id
from ..printer import Printer
from ..state import State, SupplyState

_ROOT = "1.3.6.1.4.1.11.2.3.9"
_DEVICE = f"{_ROOT}.4.2.1.1.3"
_COUNTERS = f"{_ROOT}.4.2.1.4.1.2"
_SCANS = f"{_ROOT}.4.2.1.2.2.1.74.0"
_SYMBOL_SET = b"\x01\x15"

_NAMES = {
    "en": {
        "toner": "{Color} Cartridge HP {part}",
        "drum": "{Color} Image Drum HP {part}",
        "waste_toner": "Toner Collection Unit HP {part}",
        "fuser": "Fuser Kit HP {part}",
        "transfer": "Image Transfer Kit HP {part}",
    },
    "fr": {
        "toner": "Cartouche {color} HP {part}",
        "drum": "Tambour d'imagerie {color} HP {part}",
        "waste_toner": "Unité de récupération de toner HP {part}",
        "fuser": "Kit de fusion HP {part}",
        "transfer": "Kit de transfert d'images HP {part}",
    },
}
_FRENCH = {"black": "noire", "cyan": "cyan", "magenta": "magenta", "yellow": "jaune"}


def _counters(spec: Model) -> dict[str, tuple[str, ...]]:
    told = {"total": (f"{_COUNTERS}.5.0",), "mono": (f"{_COUNTERS}.6.0",)}
    if spec.color:
        told["color"] = (f"{_COUNTERS}.7.0",)
    if "scan" in spec.functions:
        told["scan"] = (_SCANS,)
    return {**told, "duplex": (f"{_COUNTERS}.22.0",)}


def _private(printer: Printer, state: State) -> Iterator[Row]:
    yield octets(f"{_ROOT}.1.1.7.0", device_id(printer))
    for column, text in (
        (2, f"HP {printer.model}"),
        (3, printer.serial),
        (5, "20240611"),
        (6, printer.spec.firmware),
    ):
        yield octets(f"{_DEVICE}.{column}.0", _SYMBOL_SET + text.encode())
    for meter, (identifier,) in _counters(printer.spec).items():
        yield integer(identifier, state.meter(meter))
    yield integer(f"{_COUNTERS}.34.0", state.meter("total") // 4000)  # jams


def _describe(one: SupplyState, locale: str) -> str:
    color = one.supply.color or ""
    return _NAMES[locale][one.supply.kind].format(
        Color=color.capitalize(), color=_FRENCH.get(color, ""), part=one.supply.part
    )


def _serial(rng: Random) -> str:
    letters = "".join(rng.choices("BCDFGHJKLMNPQRSTVWXZ", k=3))
    return f"{rng.choice(('CNB', 'PHB', 'VNB'))}{letters}{rng.randrange(10**4):04}"


_E87650_TONERS = ("W9190MC", "W9191MC", "W9193MC", "W9192MC")
_E87650_DRUMS = ("W9194MC", "W9195MC", "W9195MC", "W9195MC")
_M454_TONERS = ("W2030X", "W2031X", "W2033X", "W2032X")
_OBJECT_ID = "1.3.6.1.4.1.11.2.3.9.1"

MAKER = Maker(
    key="hp",
    name="HP",
    share=4,
    oui="48:9e:bd",
    models=(
        Model(
            name="LaserJet Pro MFP M428fdw",
            color=False,
            a3=False,
            pages=1400,
            speed=2400,
            functions=functions("print copy scan fax"),
            supplies=toners("CF259X", 10_000),
            trays=(Tray(250), Tray(100)),
            firmware="002_2310A",
            object_id=_OBJECT_ID,
        ),
        Model(
            name="Color LaserJet MFP E87650",
            color=True,
            a3=True,
            pages=6200,
            speed=3000,
            functions=functions("print copy scan"),
            supplies=(
                *toners(_E87650_TONERS, 54_500, 32_000),
                *drums(_E87650_DRUMS, 200_000, 4),
                waste("W9221MC", 120_000, tells="percent"),
                part("fuser", "Z9M04A", 300_000),
                part("transfer", "Z7Y88A", 600_000),
            ),
            trays=(Tray(520), Tray(520, "A3"), Tray(100)),
            firmware="2411262_057231",
            object_id=_OBJECT_ID,
        ),
        Model(
            name="LaserJet M507",
            color=False,
            a3=False,
            pages=2900,
            speed=2700,
            functions=functions("print"),
            supplies=(
                *toners("CF289X", 10_000),
                part("fuser", "RM2-1256", 150_000),
            ),
            trays=(Tray(550), Tray(100)),
            firmware="2411207_057212",
            object_id=_OBJECT_ID,
        ),
        Model(
            name="Color LaserJet Pro M454dw",
            color=True,
            a3=False,
            pages=1100,
            speed=1680,
            functions=functions("print"),
            supplies=toners(_M454_TONERS, 7_500, 6_000),
            trays=(Tray(250), Tray(50)),
            firmware="002_2316A",
            object_id=_OBJECT_ID,
        ),
    ),
    serial=_serial,
    sys_descr="HP ETHERNET MULTI-ENVIRONMENT,ROM none,JETDIRECT,JD153,EEPROM "
    "JSI24100019,CIDATE 06/11/2024,SN:{serial},FN:{firmware}",
    device_descr="HP {model}",
    describe=_describe,
    counters=_counters,
    private=_private,
    encoding="hp-roman8",
    charset=2004,  # hp-roman8
    mac_index=2,
)
