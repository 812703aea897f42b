"""How names and serial numbers that devices tell are compared."""

import re
from functools import lru_cache

_COMPANY_FORMS = re.compile(
    r"\b(inc|incorporated|corp|corporation|co|ltd|limited|gmbh|sas|company|"
    r"international|industries)\b"
)
_SAME_MAKER = {
    "hewlettpackard": "hp",
    "konicaminoltabusinesstechnologies": "konicaminolta",
    "kyoceramita": "kyocera",
    "kyoceradocumentsolutions": "kyocera",
    "lexmarkinternational": "lexmark",
    "seikoepson": "epson",
    "okidata": "oki",
    "okielectric": "oki",
    "fujifilmbusinessinnovation": "fujifilm",
}
_MODEL_NOISE = re.compile(r"\b(series|printer)\b")
_VARIANT = re.compile(r"(?<=\d)[a-z]{1,4}$")
_NOT_A_SERIAL = re.compile(
    r"^(.)\1*$|^(UNKNOWN|NONE|NULL|DEFAULT|UNDEFINED|INVALID|NOTSET|NOTAVAILABLE|"
    r"SERIALNUMBER)$"
)


def _letters(text):
    return re.sub(r"[^a-z0-9]", "", text)


@lru_cache(maxsize=4096)
def manufacturer_key(name):
    """Key of a maker: `Hewlett-Packard Inc.` and `HP` are one.

    :return: lower-case letters and digits; None where the name has none
    """
    text = (name or "").lower()
    key = _letters(_COMPANY_FORMS.sub(" ", text)) or _letters(text)
    return _SAME_MAKER.get(key, key) or None


@lru_cache(maxsize=4096)
def model_key(name, manufacturer=""):
    """Key of a model within its maker: `RICOH MP C4503 Series` is `mpc4503`.

    The maker's name goes from the front whatever the spelling there, so that every
    spelling of the maker gives the same key.

    :return: lower-case letters and digits; None where the name has none
    """
    text = _MODEL_NOISE.sub(" ", (name or "").lower())
    words = re.findall(r"[a-z0-9]+", text)
    maker = manufacturer_key(manufacturer)
    for count in range(len(words) - 1, 0, -1):
        if maker and manufacturer_key(" ".join(words[:count])) == maker:
            words = words[count:]
            break
    return "".join(words) or _letters((name or "").lower()) or None


def model_stem(key):
    """A model's key without the letters that its variants end with.

    `mpc4503sp` and `mpc4503` are one stem, `c308` and `c3080` are two.
    """
    return _VARIANT.sub("", key or "")


def without_maker(name, manufacturer):
    """A model's name without its maker's in front: `RICOH MP C4503` is `MP C4503`."""
    words = (name or "").split()
    maker = manufacturer_key(manufacturer)
    for count in range(len(words) - 1, 0, -1):
        if maker and manufacturer_key(" ".join(words[:count])) == maker:
            return " ".join(words[count:])
    return name


def serial_key(serial):
    """Cleaned serial number, or None where it is a placeholder.

    Makers fill the field with XXXX, 0000 or `unknown` where there is no serial: those
    must not make one device of many.
    """
    key = re.sub(r"[^A-Z0-9]", "", (serial or "").upper())
    return None if len(key) < 4 or _NOT_A_SERIAL.match(key) else key


def mac_key(mac):
    """Cleaned MAC address (`00:26:73:aa:bb:cc`), or None where it is none.

    All zeros and all ones stand for "no address" and are what no single card has.
    """
    digits = re.sub(r"[^0-9a-f]", "", (mac or "").lower())
    if len(digits) != 12 or digits in ("0" * 12, "f" * 12):
        return None
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))
