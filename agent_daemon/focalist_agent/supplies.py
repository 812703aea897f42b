"""prtMarkerSuppliesTable (RFC 3805) as supplies: kind, colour, percent.

The percent is what is left of a thing that is used up, and how full a receptacle
is. A level is -1 (other), -2 (unknown) or -3 (some remaining): no percent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from . import text
from .report import Supply
from .snmp import oids
from .snmp.session import Oid, Value, dotted

SOME_REMAINING = -3

# What the descriptions of supplies say, in the languages that panels are set to.
# The first that fits wins: "waste toner box" is waste before it is toner.
_KIND_WORDS = (
    (
        "waste_toner",
        r"waste|recovery|residual toner|collection (box|unit|kit)|maintenance box"
        r"|r[ée]sidu|r[ée]cup|usag[ée]|resttoner|abfall|residuo|desperd|usado|esaust",
    ),
    (
        "maintenance_kit",
        r"maint|mainten|manuten|entretien|mantenim|wartung|manutenzione"
        r"|\badf\b|roller kit|kit do rolo|kit de rodillo|kit rouleau|service kit",
    ),
    (
        "fuser",
        r"fus(er|ing|or)|fixing|fix(ier|age)|\bfour\b|fusor|fusore|unit[ée] de f",
    ),
    ("transfer", r"transfer|\bbelt\b|\bitb\b|courroie|correia|cinta de|bias .*roll"),
    ("developer", r"develop|d[ée]velop|entwickler|revelad|sviluppo"),
    (
        "drum",
        r"drum|photo ?conduct|imag(ing|e|em|en) unit|unid\. imagem|unidade de imagem"
        r"|\bopc\b|tambour|trommel|tambor|tamburo|cilindro|unit[ée] (d'image|photo)",
    ),
    ("staples", r"staple|agraf|heftkl|grapa|grampo|punti metallici"),
    ("toner", r"toner"),
    ("ink", r"\bink|\bencre|tinte|\btinta|inchiostro"),
    ("transfer", r"roll(er)?\b"),
)
_KINDS = tuple((kind, re.compile(words, re.I)) for kind, words in _KIND_WORDS)

# Colours by name: the longer ("light cyan") before the shorter.
_COLOR_WORDS = (
    ("photo_black", r"photo ?black"),
    ("matte_black", r"matte ?black"),
    ("light_cyan", r"light ?cyan|photo ?cyan"),
    ("light_magenta", r"light ?magenta|photo ?magenta"),
    ("light_gray", r"light gr[ae]y"),
    ("black", r"black|noire?|schwarz|preto|negro|nero|\bbk\b"),
    ("cyan", r"cyan|ciano|cian\b"),
    ("magenta", r"magenta"),
    ("yellow", r"yellow|jaune|gelb|amarel|amarill|giallo"),
    ("gray", r"gr[ae]y|gris|grau"),
    ("red", r"\bred\b|rouge|\brot\b"),
    ("green", r"green|vert\b|gr[üu]n"),
    ("blue", r"blue|bleu\b|blau"),
    ("orange", r"orange"),
    ("white", r"white|blanc\b|wei(ß|ss)"),
    ("clear", r"clear|transparent"),
    ("tri_color", r"tri-?colou?r|three ?colou?r"),
)
_COLORS = tuple((name, re.compile(words, re.I)) for name, words in _COLOR_WORDS)

UNCOLORED = ("waste_toner", "fuser", "transfer", "maintenance_kit", "staples")

# Xerox writes "Black Toner, PN 006R01509;SN48178080E0000481", HP "... HP CF410A",
# Samsung "... S/N:CRUM-123".
_PART = re.compile(r"[,;]?\s*\bP/?N[:\s]*(?P<part>[\w-]+)", re.I)
_SERIAL = re.compile(r"[,;]?\s*(?<!\w)S/?N[:\s]*(?P<serial>[\w-]+)", re.I)
_HP_PART = re.compile(r"\bHP (?P<part>[A-Z]{1,2}\d{3,4}[A-Z]{1,3})\b")
_KYOCERA_PART = re.compile(r"(?P<part>[A-Z]{2,3}-\d{2,5}[A-Z]*)")


@dataclass(frozen=True)
class Columns:
    """The columns of the supplies' and colorants' tables, by index."""

    colorant: dict[Oid, Value]
    klass: dict[Oid, Value]
    type: dict[Oid, Value]
    description: dict[Oid, Value]
    unit: dict[Oid, Value]
    maximum: dict[Oid, Value]
    level: dict[Oid, Value]
    colors: dict[Oid, Value]


def read(columns: Columns, charset: str | None, mute_waste: bool) -> tuple[Supply, ...]:
    """All rows of the table, by index.

    ``mute_waste``: the maker's receptacles tell no true level (its profile says so).
    """
    indexes = sorted(
        set(columns.description)
        | set(columns.level)
        | set(columns.maximum)
        | set(columns.type)
    )
    return tuple(_supply(columns, index, charset, mute_waste) for index in indexes)


def _supply(columns: Columns, index: Oid, charset: str | None, mute: bool) -> Supply:
    said = text.decode(columns.description.get(index), charset)
    description, part, serial = split_description(said)
    code = _number(columns.type.get(index))
    kind = kind_of(code, description)
    level = _number(columns.level.get(index))
    capacity = _number(columns.maximum.get(index))
    unit = _number(columns.unit.get(index))
    klass = _number(columns.klass.get(index))
    filled = klass == oids.CLASS_FILLED or (klass is None and code in oids.WASTE_TYPES)
    percent = percent_of(level, capacity, unit, filled)
    return Supply(
        index=dotted(index),
        description=description,
        kind=kind,
        color=_color(columns, index, kind, description, charset),
        level=_known(level),
        capacity=_known(capacity),
        unit=oids.SUPPLY_UNITS.get(unit) if unit is not None else None,
        percent=None if mute and kind == "waste_toner" else percent,
        some_remaining=level == SOME_REMAINING,
        part_number=part,
        serial=serial,
    )


def percent_of(
    level: int | None, capacity: int | None, unit: int | None, filled: bool
) -> float | None:
    """Percent left, or of a receptacle (``filled``) how full; None when not told.

    RFC 3805, prtMarkerSuppliesLevel: of a receptacle the level is the space that
    remains. A maximum of -2 with the unit percent means that the level is it.
    """
    if level is None or level < 0:
        return None
    if capacity is None or capacity <= 0:
        if unit != oids.PERCENT or level > 100:
            return None
        capacity = 100
    left = min(100.0, 100.0 * level / capacity)
    return round(100.0 - left if filled else left, 1)


def kind_of(code: int | None, description: str) -> str:
    """A kind of the closed list, by type; other(1) and unknown(2) by the words."""
    kind = oids.SUPPLY_KINDS.get(code) if code is not None else None
    return kind or kind_by_words(description)


def kind_by_words(description: str) -> str:
    """What a description names; "other" when no word is known."""
    for kind, words in _KINDS:
        if words.search(description):
            return kind
    return "other"


def color_by_words(said: str) -> str | None:
    """The one colour that a text names; None for none or several."""
    found = []
    for name, words in _COLORS:
        said, hits = words.subn(" ", said)
        if hits:
            found.append(name)
    return found[0] if len(found) == 1 else None


def split_description(said: str) -> tuple[str, str | None, str | None]:
    """Description, part number and serial number out of one text.

    >>> split_description("Black Toner, PN 006R01509;SN48178080E")
    ('Black Toner', '006R01509', '48178080E')
    """
    part = _PART.search(said)
    serial = _SERIAL.search(said)
    description = said
    for match in (serial, part):
        if match:
            description = description.replace(match[0], "")
    known = part or _HP_PART.search(said) or _KYOCERA_PART.fullmatch(said.strip())
    return (
        description.strip(" ,;") or said,
        _real(known["part"] if known else None),
        _real(serial["serial"] if serial else None),
    )


def add_private(
    supplies: tuple[Supply, ...], private: list[Supply], levels: Sequence[Supply] = ()
) -> tuple[Supply, ...]:
    """Lay what a private MIB tells over the standard table.

    A row of the same kind and colour that has no percent gets it; a supply of
    ``private`` that the standard table does not list is added, one of ``levels`` not.
    """
    result = list(supplies)
    for one in (*private, *levels):
        same = [
            n
            for n, s in enumerate(result)
            if s.kind == one.kind and s.color in (one.color, None)
        ]
        if not same and one not in levels:
            result.append(one)
        elif len(same) == 1 and result[same[0]].percent is None:
            result[same[0]] = replace(result[same[0]], percent=one.percent)
    return tuple(result)


def _color(
    columns: Columns, index: Oid, kind: str, description: str, charset: str | None
) -> str | None:
    """The colorant's name where the row has one, else what the description says.

    prtMarkerColorantTable has the hrDeviceIndex of the supply's row and the
    colorant's own; colorant 0 is none.
    """
    if kind in UNCOLORED:
        return None
    colorant = _number(columns.colorant.get(index))
    if colorant:
        value = columns.colors.get((*index[:-1], colorant))
        name = text.decode(value, charset)
        known = color_by_words(name)
        if known:
            return known
        if re.fullmatch(r"[A-Za-z][\w -]{2,30}", name) and kind in ("toner", "ink"):
            return color_by_words(description) or name.lower()
    return color_by_words(description)


def _number(value: Value | None) -> int | None:
    """A number that a report can hold; None for anything else."""
    return value if isinstance(value, int) and abs(value) < 2**63 else None


def _known(value: int | None) -> int | None:
    return value if value is not None and value >= 0 else None


def _real(value: str | None) -> str | None:
    if value is None or value.lower() in ("unknown", "none", "na"):
        return None
    return value
