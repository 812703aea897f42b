"""How the names, part numbers and serial numbers of supplies are cleaned."""

import re
from functools import lru_cache

# Some makers put both numbers into the description: "Black Toner, PN 106R03737;SN0A12".
_SERIAL = re.compile(
    r"[\s,;(]*\b(?:S/?N|serial(?: number| no\.?)?)[\s:#.]*"
    r"(?=[A-Z0-9-]*\d)([A-Z0-9-]{4,})\)?",
    re.I,
)
_PART = re.compile(
    r"[\s,;(]*\b(?:P/?N|part(?: number| no\.?)?)[\s:#.]*"
    r"(?=[A-Z0-9/-]*\d)([A-Z0-9/-]{4,})\)?",
    re.I,
)
# Others describe a supply by its part number and nothing else: "TK-8345K".
_BARE_PART = re.compile(r"(?=[^\d]*\d)(?=[\W\d]*[A-Z])[A-Z0-9][A-Z0-9/-]{3,}")
_PLACEHOLDER = re.compile(
    r"^(.)\1*$|^(UNKNOWN|NONE|NULL|DEFAULT|NA|NOTSET|NOTAVAILABLE|GENUINE)$"
)


@lru_cache(maxsize=8192)
def split_description(text):
    """Tell the name of a supply from the numbers in its description.

    A serial number that stayed in the name would make a new entry of the catalogue of
    each cartridge.

    :return: (name, part number, serial number), None for what is not there
    """
    if not text:
        return None, None, None
    serial, part = _SERIAL.search(text), _PART.search(text)
    name = _PART.sub(" ", _SERIAL.sub(" ", text))
    name = " ".join(name.split()).strip(" ,;:-") or None
    number = part[1] if part else None
    if not number and name and _BARE_PART.fullmatch(name):
        number = name
    return name, number, serial and serial[1]


def part_key(part_number):
    """The part number without case and punctuation; None where it is a placeholder."""
    key = re.sub(r"[^A-Z0-9]", "", (part_number or "").upper())
    return None if len(key) < 3 or _PLACEHOLDER.match(key) else key


def description_key(name, kind, color):
    """What stands for a supply whose part number is not told."""
    words = re.sub(r"[\W_]+", "", (name or "").lower())
    return f"{words}|{kind}|{color or ''}"


@lru_cache(maxsize=8192)
def cartridge_key(serial):
    """The serial number as two cartridges are told apart; None for a placeholder."""
    key = re.sub(r"[^A-Z0-9]", "", (serial or "").upper())
    return None if len(key) < 4 or _PLACEHOLDER.match(key) else key
