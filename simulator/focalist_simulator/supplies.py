"""The consumables of one printer: how they are used up, changed and told."""

from collections.abc import Sequence
from math import ceil
from random import Random
from typing import NamedTuple

from .catalogue import Model, Supply
from .counters import CELLS, Counts

# prtMarkerSuppliesLevel and prtMarkerSuppliesMaxCapacity (RFC 3805).
UNKNOWN = -2
SOME_REMAINING = -3
# PrtMarkerSuppliesSupplyUnitTC.
UNITS = {"impressions": 7, "percent": 19}

_COLORED_WEAR = 0.8  # black toner in a page in colour, against a page in black
_A3 = 2  # A4 pages on an A3 page


class Slot(NamedTuple):
    """A place for a consumable at the start of a day.

    :param item: which one since the printer's first day, from 0
    :param used: A4 pages at 5 % taken from it
    :param lasts: how many it has in all
    :param change_at: share used at which somebody orders the next
    :param wait: days between that and the change
    :param due: the day from which it will be changed
    """

    item: int
    serial: str
    used: float
    lasts: float
    change_at: float
    wait: int
    due: int | None = None

    @property
    def left(self) -> float:
        """From 1, new, to 0, used up; of a waste box, the room in it."""
        return max(0.0, 1.0 - self.used / self.lasts)

    def worn(self, use: float, day: int) -> "Slot":
        """The slot after a day's use."""
        used = min(self.lasts, self.used + use)
        due = self.due
        if due is None and used >= self.lasts * self.change_at:
            due = day + self.wait
        return Slot(*self[:2], used, *self[3:6], due)


def fill(rng: Random, supply: Supply, item: int) -> Slot:
    """A new consumable. Most are changed as they end, a few days late at times."""
    late = rng.random()
    if late < 0.7:
        wait = rng.randint(0, 1)
    elif late < 0.94:
        wait = rng.randint(2, 3)
    else:
        wait = rng.randint(4, 9)
    return Slot(
        item=item,
        serial=f"{rng.getrandbits(40):010X}{item:04X}",
        used=0.0,
        lasts=supply.lasts * rng.uniform(0.9, 1.12),
        change_at=1 - rng.uniform(0, 0.04),
        wait=wait,
    )


def begun(rng: Random, supply: Supply) -> Slot:
    """The consumable found in a printer on its first day, partly used."""
    slot = fill(rng, supply, 0)
    return slot._replace(used=slot.lasts * rng.uniform(0.02, 0.9))


def wear(model: Model, coverage: dict[str, float], counts: Counts) -> list[float]:
    """What pages take from each consumable of a model, in A4 pages at 5 %."""
    pages = {"mono": 0, "color": 0}
    for cell, count in zip(CELLS[:9], counts, strict=False):
        pages[cell.color] += count * (_A3 if cell.size == "a3" else 1)
    colored = pages["color"]
    uses: dict[str, float] = {
        "all": pages["mono"] + colored,
        "color": colored,
        "black": (pages["mono"] + _COLORED_WEAR * colored) * coverage["black"],
    }
    for color in model.colors[1:]:
        uses[color] = colored * coverage[color]
    return [uses[supply.wear] for supply in model.supplies]


class Told(NamedTuple):
    """A level as the Printer MIB gives it: RFC 3805 numbers, `unit` a key of UNITS."""

    level: int
    capacity: int
    unit: str


def tell(supply: Supply, left: float, vague: bool) -> Told:
    """How a printer gives the share that is left, or nothing but -3 when vague."""
    if supply.tells == "some":
        return Told(SOME_REMAINING if left > 0 else 0, UNKNOWN, "impressions")
    pages = supply.tells == "pages"
    capacity = supply.lasts if pages else 100
    level = SOME_REMAINING if vague and left > 0 else ceil(left * capacity)
    return Told(level, capacity, "impressions" if pages else "percent")


def out_of(supplies: Sequence[Supply], slots: Sequence[Slot], wear: str) -> bool:
    """Whether the toner of a colour is used up."""
    return any(
        supply.kind == "toner" and supply.wear == wear and not slot.left
        for supply, slot in zip(supplies, slots, strict=True)
    )
