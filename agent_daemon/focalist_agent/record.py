"""Anonymised recordings for new profiles: what a device answers, but not whose it is.

Numbers stay, for counters and levels are the point. Of texts only those stay that are
known to describe the kind of device, or have none but technical words in them; within
them whatever names this one device is replaced. Nothing is trusted for where it stands
alone: job logs, accounts and address books are in private MIBs as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from . import text
from .identity import bare_serial
from .profiles import load_all
from .snmp import oids
from .snmp.session import Oid, Session, SnmpError, Value, dotted, oid

_SUBTREES = (
    oid("1.3.6.1.2.1.1"),
    oid("1.3.6.1.2.1.25.3.2"),
    oid("1.3.6.1.2.1.25.3.5"),
    oid("1.3.6.1.2.1.43"),
    oid("1.3.6.1.4.1"),
)
_INTERFACES = (oids.IF_TYPE, oids.IF_PHYS_ADDRESS, oids.IF_OPER_STATUS)

_SECRET = (
    oid("1347.47.6"),  # Kyocera: the log of jobs, with titles and users
    oid("1347.40.26"),  # Kyocera: communities
)
"""Never even asked for, or kept; the rest of their parents is."""

_DESCRIBES = (
    oids.SYS_DESCR,
    oids.HR_DEVICE_DESCR,
    oid("1.3.6.1.2.1.43.6.1.1.2"),  # covers
    oid("1.3.6.1.2.1.43.7.1.1"),  # localization
    oid("1.3.6.1.2.1.43.8.2.1.12"),  # media names
    oid("1.3.6.1.2.1.43.8.2.1.13"),
    oid("1.3.6.1.2.1.43.8.2.1.14"),
    oid("1.3.6.1.2.1.43.8.2.1.15"),
    oid("1.3.6.1.2.1.43.8.2.1.18"),
    oids.SUPPLY_DESCRIPTION,
    oids.COLORANT_VALUE,
    oids.ALERT_DESCRIPTION,
    *oids.IEEE_1284_IDS,
)
"""Texts that the maker wrote; beside them the models and versions of the profiles."""

_KINDS = (oids.SYS_DESCR, oids.HR_DEVICE_DESCR)

_WORDS = frozenset(
    """a3 a4 a5 a6 b4 b5 letter legal ledger folio statement executive
    total count counter page pages sheet sheets impression impressions large small size
    black white and bw b&w mono monochrome color colour full single two colors
    colours cyan magenta yellow k c m y print prints printed printer copy copies copied
    copier scan scans scanned scanner fax faxes sent received transmission reception
    send receive duplex simplex two-sided one-sided sided list report reports other
    all device unit main toner ink drum developer fuser belt waste box maintenance kit
    cartridge tray trays bypass cassette feeder document adf rear front upper lower left
    right remaining remain life used usage level capacity empty near end low ok normal
    ready staple staples punch hdd usb email e-mail ftp smb network folder engine
    controller firmware version boot memory standard option english french german
    noir blanc couleur copie copies impression impressions numerisation telecopie
    schwarz weiss farbe kopie kopien druck drucke gesamt in of for to per the on off
    none unknown not installed 1 2 3 4 5 6 7 8 9 0 ( ) / - :""".split()
)

_TOKENS = re.compile(
    r"[\w.+-]+@[\w-]+\.[\w.-]+"  # mail addresses
    r"|\b(?:\d{1,3}\.){3}\d{1,3}\b"  # addresses of IPv4
    r"|\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b|\b[0-9A-Fa-f]{12}\b"  # and of cards
    r"|\b(?:[0-9A-Fa-f]{1,4}:){3,7}[0-9A-Fa-f]{1,4}\b"
    r"|(?<=SN:)[\w-]+|(?<=S/N:)[\w-]+|(?<=S/N )[\w-]+|(?<=SERN:)[\w-]+|(?<=;SN)\w{6,}"
    r"|https?://\S+|\\\\\S+"
)

_MAC = bytes.fromhex("00005e005300")
"""Of the block for documentation (RFC 7042)."""


async def walk(session: Session) -> dict[Oid, Value]:
    """All that a device has, of what a profile can be made of."""
    found: dict[Oid, Value] = {}
    for subtree in (*_INTERFACES, *_SUBTREES):
        try:
            rows = (await session.columns([subtree]))[subtree]
        except SnmpError as error:
            if subtree[:6] == oids.ENTERPRISES:
                raise SnmpError(f"The private part cannot be read: {error}") from error
            continue
        found |= {subtree + index: value for index, value in rows.items()}
    # Devices that hide it from a walk answer when they are asked for it.
    known = [o for p in load_all() for o in p.asks()]
    found |= await session.get([*oids.HELLO, *known])
    return found


def anonymous(values: dict[Oid, Value]) -> dict[Oid, Value]:
    """The same without what tells the one device, its owner and its users."""
    secrets = _secrets(values)
    kept = _kept_texts(values, secrets)
    found = {}
    for name, value in sorted(values.items()):
        if _has_text(name) or _below(name, _SECRET):
            continue
        found[name] = (
            _octets(name, value, secrets, kept) if isinstance(value, bytes) else value
        )
    return found


def snmprec(values: dict[Oid, Value]) -> str:
    """Values in the format of snmpsim, a line each, in the order of their OIDs."""
    lines = []
    for name, value in sorted(values.items()):
        if isinstance(value, bytes):
            lines.append(f"{dotted(name)}|4x|{value.hex()}")
        elif isinstance(value, tuple):
            lines.append(f"{dotted(name)}|6|{dotted(value)}")
        else:
            lines.append(f"{dotted(name)}|{_number(value)}|{value}")
    return "\n".join(lines) + "\n"


def _number(value: int) -> int:
    """The tag of a type that holds a number: Integer32, Gauge32 or Counter64."""
    if -(2**31) <= value < 2**31:
        return 2
    return 66 if value < 2**32 else 70


def _secrets(values: dict[Oid, Value]) -> list[str]:
    """Texts that name this device, the longest first.

    The words of its name and place as well, but for those that name its kind.
    """
    serials = [o for p in load_all() for o in p.oids("serial")]
    hosts = [o for p in load_all() for o in p.oids("hostname")]
    found = set()
    for name, value in values.items():
        if not isinstance(value, bytes):
            continue
        said = text.decode(value)
        found |= {match[0] for match in _TOKENS.finditer(said)}
        if _below(name, (oids.GENERAL_SERIAL, *serials)):
            found.add(bare_serial(said))
        if _below(name, (oids.SYS_NAME, oids.SYS_LOCATION, oids.SYS_CONTACT, *hosts)):
            found |= {said, *re.split(r"[\s.,;-]+", said)} - _kind(values)
        if _below(name, (oids.IF_PHYS_ADDRESS,)) and (mac := text.mac(value)):
            plain = mac.replace(":", "")
            found |= {mac, plain, plain[6:], mac.replace(":", "-")}
    found = {s for s in found if len(s) > 3 and s.lower() not in _WORDS}
    return sorted(found, key=len, reverse=True)


def _kind(values: dict[Oid, Value]) -> set[str]:
    """The words of what a device says it is."""
    said = (text.decode(v) for n, v in values.items() if _below(n, _KINDS))
    return {word for one in said for word in (one, *re.split(r"[\s.,;-]+", one))}


def _below(name: Oid, starts: Iterable[Oid]) -> bool:
    return any(name[: len(start)] == start for start in starts)


def _kept_texts(values: dict[Oid, Value], secrets: list[str]) -> set[str]:
    """Texts that describe the kind of device, which may stand elsewhere too."""
    starts = list(_DESCRIBES)
    for profile in load_all():
        for key in ("model", "firmware", "ieee1284"):
            starts += profile.oids(key)
        starts += [table.keys for table in (*profile.named, *profile.coded)]
    said = {
        text.decode(value)
        for name, value in values.items()
        if isinstance(value, bytes) and _below(name, starts)
    }
    return said - set(secrets)


def _octets(name: Oid, value: bytes, secrets: Iterable[str], kept: set[str]) -> bytes:
    """An octet string without what must not leave the house."""
    if _below(name, (oids.IF_PHYS_ADDRESS,)):
        return _MAC[:5] + bytes([name[-1] & 0xFF]) if text.mac(value) else value
    if len(value) <= 2 or any(name == r.oid for p in load_all() for r in p.records):
        return value
    said = text.decode(value)
    if said in kept or bare_serial(said) in secrets:
        return _hidden(value, secrets)
    words = re.findall(r"[()/:-]|[^\s()/:]+", said.lower())
    if words and all(word.strip(".,") in _WORDS for word in words):
        return value
    return _blank(value)


def _hidden(value: bytes, secrets: Iterable[str]) -> bytes:
    """A text with others of the same length in the place of secrets."""
    for secret in secrets:
        for encoded in {secret.encode(), secret.encode("latin-1", "replace")}:
            value = re.sub(
                re.escape(encoded),
                lambda match: _fake(len(match[0])),
                value,
                flags=re.IGNORECASE,
            )
    return value


def _blank(value: bytes) -> bytes:
    """Another text of the same length, or zeros in the place of what is no text."""
    printable = all(0x20 <= octet < 0x7F for octet in value.rstrip(b"\0"))
    return _fake(len(value)) if printable else bytes(len(value))


def _fake(length: int) -> bytes:
    """A text that is no placeholder: a serial number stays one."""
    return (b"ANON" + b"1234567890" * (length // 10 + 1))[:length]


def _has_text(name: Oid) -> bool:
    """Whether an index spells a text: names of users and jobs stand there too."""
    spelled = 0
    for number in name[7:]:
        spelled = spelled + 1 if 0x41 <= number <= 0x7A else 0
        if spelled > 4:
            return True
    return False
