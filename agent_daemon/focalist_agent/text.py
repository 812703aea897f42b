"""From octets to text: printers rarely say which character set they use.

Sources: RFC 3805 (prtLocalizationCharacterSet), HP's PML (names come behind two
octets of symbol set), and what devices were seen to send.
"""

from __future__ import annotations

import re

from .report import MAX_TEXT

_SYMBOL_SETS = {b"\x01\x15": "hp-roman8", b"\xfd\xe8": "utf-8", b"\x00\x0e": "latin-1"}
"""HP symbol sets: 8U (277) Roman-8, 65000 Unicode, 0N (14) Latin-1."""

_HEX = re.compile(r"0[xX]((?:[0-9A-Fa-f]{2}){4,})")
_SPACES = re.compile(r"\s+")


def decode(value: object, charset: str | None = None) -> str:
    """Readable text of at most 255 characters; "" when there is none.

    UTF-8 where it is valid UTF-8; else the set that the device names; else Latin-1,
    unless that would give control characters, which code page 850 has letters for.
    Never raises.
    """
    if not isinstance(value, bytes):
        return clean(value) if isinstance(value, str) else ""
    wide = _wide(value)
    if wide:
        return clean(value.decode(wide, "replace"))
    if value[:2] in _SYMBOL_SETS and len(value) > 2:
        return clean(_decode(value[2:].rstrip(b"\0"), _SYMBOL_SETS[value[:2]]))
    text = clean(_decode(value.rstrip(b"\0"), charset))
    written = _HEX.fullmatch(text)
    if written:
        # A number in hex stays a number: only what reads as text was text.
        try:
            inner = bytes.fromhex(written[1]).rstrip(b"\0").decode("utf-8")
        except UnicodeDecodeError:
            return text
        return clean(inner) if inner.isprintable() and inner else text
    return text


def _wide(value: bytes) -> str | None:
    """The encoding of text in two octets a letter, which some firmware sends."""
    if len(value) < 6 or len(value) % 2:
        return None
    if value[:2] in (b"\xfe\xff", b"\xff\xfe"):
        return "utf-16"
    high, low = value[::2].rstrip(b"\0"), value[1::2].rstrip(b"\0")
    if bool(high) == bool(low):
        return None
    return "utf-16-le" if high else "utf-16-be"


def clean(text: str) -> str:
    """One line without control characters, of at most 255 characters."""
    text = _SPACES.sub(" ", text.replace("\0", " "))
    if not text.isprintable():
        text = "".join(c for c in text if c.isprintable())
    return text.strip()[:MAX_TEXT].strip()


def _decode(value: bytes, charset: str | None) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if charset and charset not in ("utf-8", "ascii"):
        try:
            return value.decode(charset)
        except UnicodeDecodeError:
            pass
    has_controls = any(0x80 <= octet < 0xA0 for octet in value)
    return value.decode("cp850" if has_controls else "latin-1")


def mac(value: object) -> str | None:
    """Six octets as ``00:26:73:aa:bb:cc``; None for anything else and for zeros."""
    if not isinstance(value, bytes) or len(value) != 6 or not any(value):
        return None
    return ":".join(f"{octet:02x}" for octet in value)
