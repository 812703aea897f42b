"""How names and serial numbers that devices tell are compared."""

import re

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
_NOT_A_SERIAL = re.compile(r"^(.)\1*$|^(UNKNOWN|NONE|NA|NULL|TBD|DEFAULT)$")


def _letters(text):
    return re.sub(r"[^a-z0-9]", "", text)


def manufacturer_key(name):
    """Key of a maker: `Hewlett-Packard Inc.` and `HP` are one.

    :return: lower-case letters and digits; None where the name has none
    """
    text = (name or "").lower()
    key = _letters(_COMPANY_FORMS.sub(" ", text)) or _letters(text)
    return _SAME_MAKER.get(key, key) or None


def model_key(name, manufacturer=""):
    """Key of a model within its maker: `RICOH MP C4503 Series` is `mpc4503`.

    :return: lower-case letters and digits; None where the name has none
    """
    text = _MODEL_NOISE.sub(" ", (name or "").lower())
    maker = (manufacturer or "").lower()
    if maker and text.strip().startswith(maker):
        text = text.strip()[len(maker) :]
    return _letters(text) or _letters((name or "").lower()) or None


def serial_key(serial):
    """Cleaned serial number, or None where it is a placeholder.

    Makers fill the field with XXXX, 0000 or `unknown` where there is no serial: those
    must not make one device of many.
    """
    key = re.sub(r"[^A-Z0-9]", "", (serial or "").upper())
    return None if len(key) < 4 or _NOT_A_SERIAL.match(key) else key
