"""What is known of a maker and of a model before any printer of it exists.

Everything here is immutable data; the modules in `models` fill it, one a maker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .printer import Printer
    from .state import State, SupplyState

COLORS = ("black", "cyan", "magenta", "yellow")

# PrtMarkerSuppliesTypeTC (RFC 3805) of each kind in the terms of the device report.
SUPPLY_TYPES = {
    "toner": 3,
    "waste_toner": 4,
    "drum": 9,
    "fuser": 15,
    "transfer": 20,
    "maintenance_kit": 1,
}

Oid = tuple[int, ...]


@dataclass(frozen=True)
class Supply:
    """A place for one consumable in a model.

    :param kind: one of `SUPPLY_TYPES`
    :param color: one of `COLORS`, or None when it serves all colours
    :param part: the maker's part number
    :param lasts: A4 impressions at 5 % coverage until it is used up (or full)
    :param wear: what uses it up: "black", a colour, "color" (pages in colour) or
        "all"
    :param tells: how the Printer MIB gives the level: "percent", "pages" (of the
        capacity) or "some" (-3 as long as something remains)
    """

    kind: str
    color: str | None
    part: str
    lasts: int
    wear: str
    tells: str

    @property
    def is_waste(self) -> bool:
        return self.kind == "waste_toner"

    @property
    def is_toner(self) -> bool:
        return self.kind in ("toner", "waste_toner")


@dataclass(frozen=True)
class Tray:
    """A paper tray: its capacity in sheets and the medium in it."""

    capacity: int
    media: str = "A4"


@dataclass(frozen=True)
class Model:
    """One model of a maker.

    :param pages: impressions of an average month of work
    :param functions: of "print", "copy", "scan", "fax"
    :param private: which private counters it has, in words of its maker's module;
        empty when it answers the standard MIBs alone
    :param life_extra: impressions that only the life count has counted
    """

    name: str
    color: bool
    a3: bool
    pages: int
    speed: int
    functions: frozenset[str]
    supplies: tuple[Supply, ...]
    trays: tuple[Tray, ...]
    firmware: str
    object_id: str
    private: str = "office"
    life_extra: int = 0

    @property
    def colors(self) -> tuple[str, ...]:
        return COLORS if self.color else COLORS[:1]


@dataclass(frozen=True)
class Row:
    """One value of a MIB: `kind` is the tag of snmprec, `value` an int, octets or,
    for an object identifier, its text."""

    oid: Oid
    kind: int
    value: int | bytes | str


@dataclass(frozen=True)
class Maker:
    """A maker: who it is, how it writes, where its own counters are.

    :param name: as in the device report
    :param share: its weight in a fleet
    :param oui: the first three bytes of its MAC addresses
    :param serial: draws a serial number
    :param sys_descr: sysDescr, with {model}, {firmware} and {serial}
    :param device_descr: hrDeviceDescr, likewise
    :param describe: the words for a supply in a language
    :param counters: where a model's meters are: meter name -> the objects whose
        values add up to it
    :param private: the rows of the maker's own MIB for a state
    :param encoding: of localised texts, which need not be what the printer declares
    :param charset: what it declares (prtLocalizationCharacterSet, IANA MIBenum)
    :param sheets: whether prtMarkerLifeCount counts sheets
    :param life_excess: impressions in 10,000 that only the life count counts
    :param tells_serials: whether the supplies' part and serial numbers can be read
    :param private_levels: whether the maker's own MIB has the percent of a toner
        whose level in the Printer MIB is -3
    :param alert_texts: whether prtAlertDescription is filled
    :param tells_sleep: whether saving power is an alert
    :param names_host: whether sysName is filled
    :param mac_index: ifIndex of the network interface
    """

    key: str
    name: str
    share: int
    oui: str
    models: tuple[Model, ...]
    serial: Callable[[Random], str]
    sys_descr: str
    device_descr: str
    describe: Callable[[SupplyState, str], str]
    counters: Callable[[Model], Mapping[str, tuple[str, ...]]]
    private: Callable[[Printer, State], Iterator[Row]]
    encoding: str = "utf-8"
    charset: int = 106
    sheets: bool = False
    life_excess: int = 0
    tells_serials: bool = False
    private_levels: bool = False
    alert_texts: bool = True
    tells_sleep: bool = False
    names_host: bool = True
    mac_index: int = 1


def oid(text: str) -> Oid:
    """The numbers of an object identifier written with dots."""
    return tuple(map(int, text.split(".")))


def integer(identifier: str, value: int) -> Row:
    return Row(oid(identifier), 2, value)


def counter(identifier: str, value: int) -> Row:
    return Row(oid(identifier), 65, value)


def octets(identifier: str, value: str | bytes) -> Row:
    data = value if isinstance(value, bytes) else value.encode()
    return Row(oid(identifier), 4, data)


def toners(
    parts: str | Sequence[str], black: int, color: int = 0, tells: str = "percent"
) -> tuple[Supply, ...]:
    """A toner for each colour, black alone when no yield is given for colours.

    :param parts: a part number a colour, or one with {} for the letter K, C, M or Y
    """
    colors = COLORS if color else COLORS[:1]
    return tuple(
        Supply(
            "toner",
            name,
            _numbered(parts, index),
            color if index else black,
            name,
            tells,
        )
        for index, name in enumerate(colors)
    )


def drums(
    parts: str | Sequence[str], lasts: int, colors: int = 1, tells: str = "percent"
) -> tuple[Supply, ...]:
    """A photoconductor for each of the first `colors` colours."""
    return tuple(
        Supply(
            "drum",
            name,
            _numbered(parts, index),
            lasts,
            "color" if index else "all",
            tells,
        )
        for index, name in enumerate(COLORS[:colors])
    )


def _numbered(parts: str | Sequence[str], index: int) -> str:
    return parts.format("KCMY"[index]) if isinstance(parts, str) else parts[index]


def waste(part: str, lasts: int, tells: str = "some") -> Supply:
    return Supply("waste_toner", None, part, lasts, "all", tells)


def part(kind: str, number: str, lasts: int, tells: str = "percent") -> Supply:
    """A fuser, a transfer unit or a maintenance kit."""
    return Supply(kind, None, number, lasts, "all", tells)


def functions(words: str) -> frozenset[str]:
    return frozenset(words.split())
