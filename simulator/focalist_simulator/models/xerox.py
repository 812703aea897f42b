"""Xerox: 1.3.6.1.4.1.253.8, and 1.3.6.1.4.1.641 in the models that Lexmark builds.

Part and serial numbers are in the supplies' descriptions.
"""

from collections.abc import Iterator
from random import Random

from .. import words
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

_ROOT = "1.3.6.1.4.1.253.8.53"
_COUNTERS = f"{_ROOT}.13.2.1.6"  # xcmHrGeneralCounters: group.20.counter

_IMPRESSIONS = {
    "total": "1.20.1",
    "color": "1.20.33",
    "mono": "1.20.34",
}
_LARGE = {"a3_color": "1.20.43", "a3_mono": "1.20.44"}
_COPIES = {"copy_color": "11.20.25", "copy_mono": "11.20.3"}
_EMAILED, _FILED = "10.20.11", "10.20.12"


def _single(spec: Model) -> dict[str, str]:
    """The meters that one object tells."""
    chosen = dict(_IMPRESSIONS)
    if spec.a3:
        chosen.update(_LARGE)
    if "copy" in spec.functions:
        chosen.update(_COPIES)
    return {
        meter: place
        for meter, place in chosen.items()
        if spec.color or not meter.endswith("color")
    }


def _counters(spec: Model) -> dict[str, tuple[str, ...]]:
    told = {meter: (f"{_COUNTERS}.{place}",) for meter, place in _single(spec).items()}
    for whole in ("copy", "a3"):
        names = [f"{whole}_{color}" for color in ("mono", "color")]
        parts = tuple(told[name][0] for name in names if name in told)
        if parts:
            told[whole] = parts
    if "scan" in spec.functions:
        told["scan"] = (f"{_COUNTERS}.{_EMAILED}", f"{_COUNTERS}.{_FILED}")
    return told


def _private(printer: Printer, state: State) -> Iterator[Row]:
    yield octets(f"{_ROOT}.3.2.1.3.1", printer.serial)
    for meter, place in _single(printer.spec).items():
        yield counter(f"{_COUNTERS}.{place}", state.meter(meter))
    if "scan" in printer.spec.functions:
        emailed = state.meter("scan_color")
        yield counter(f"{_COUNTERS}.{_EMAILED}", emailed)
        yield counter(f"{_COUNTERS}.{_FILED}", state.meter("scan") - emailed)


def _describe(one: SupplyState, locale: str) -> str:
    name = words.supply(one.supply.kind, one.supply.color, locale)
    return f"{name}, PN {one.supply.part};SN{one.serial}"


def _serial(rng: Random) -> str:
    return f"{rng.randrange(3000, 4000)}{rng.randrange(10**6):06}"


_C7025_TONERS = ("106R03737", "106R03740", "106R03739", "106R03738")
_C315_TONERS = ("006R04368", "006R04365", "006R04366", "006R04367")
_OBJECT_ID = "1.3.6.1.4.1.253.8.62.1"

MAKER = Maker(
    key="xerox",
    name="Xerox",
    share=2,
    oui="9c:93:4e",
    models=(
        Model(
            name="VersaLink C7025",
            color=True,
            a3=True,
            pages=4400,
            speed=1500,
            functions=functions("print copy scan fax"),
            supplies=(
                *toners(_C7025_TONERS, 23_600, 16_500),
                *drums("113R00780", 109_000, 4),
                waste("115R00128", 30_000, tells="percent"),
            ),
            trays=(Tray(520), Tray(520, "A3"), Tray(100)),
            firmware="57.53.71",
            object_id=f"{_OBJECT_ID}.37.4.3.1.1",
        ),
        Model(
            name="AltaLink B8055",
            color=False,
            a3=True,
            pages=9000,
            speed=3300,
            functions=functions("print copy scan"),
            supplies=(
                *toners("006R01683", 100_000),
                *drums("013R00675", 200_000),
                waste("008R13215", 120_000, tells="percent"),
            ),
            trays=(Tray(520), Tray(520, "A3"), Tray(1600), Tray(100)),
            firmware="103.008.018",
            object_id=f"{_OBJECT_ID}.35.2.5.1.1",
        ),
        Model(
            name="VersaLink B400",
            color=False,
            a3=False,
            pages=2400,
            speed=2820,
            functions=functions("print"),
            supplies=(
                *toners("106R03584", 24_600),
                *drums("101R00554", 65_000),
                part("maintenance_kit", "115R00119", 200_000),
            ),
            trays=(Tray(550), Tray(150)),
            firmware="37.53.71",
            object_id=f"{_OBJECT_ID}.37.3.1.1.1",
        ),
        Model(
            name="C315",
            color=True,
            a3=False,
            pages=1200,
            speed=2100,
            functions=functions("print copy scan fax"),
            supplies=(
                *toners(_C315_TONERS, 8_000, 5_500),
                waste("008R13325", 30_000),
            ),
            trays=(Tray(250), Tray(1)),
            firmware="CXLBL.081.215",
            object_id=f"{_OBJECT_ID}.48.3.1.1.1",
            # Built by another maker: its life count is four ahead of the total.
            life_extra=4,
        ),
    ),
    serial=_serial,
    sys_descr="Xerox {model}; System {firmware}, Controller 1.55.48, IOT 5.10.0",
    device_descr="Xerox {model}",
    describe=_describe,
    counters=_counters,
    private=_private,
    tells_serials=True,
)
