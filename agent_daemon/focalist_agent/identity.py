"""Who a device is: manufacturer, model, serial number, MAC, out of what it says.

Sources disagree: sysObjectID often belongs to the maker of the network card, and a
printer's name may be what its owner typed. The order below is from what describes
the engine to what only hints at it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from . import text
from .profiles import Profile, by_enterprise, by_name, load_all
from .snmp import oids
from .snmp.session import Oid, Value


@dataclass(frozen=True)
class Sources:
    """The texts that name a device, decoded; "" where there is none."""

    device: str = ""
    """hrDeviceDescr of the printer"""
    ieee1284: tuple[dict[str, str], ...] = ()
    sys_descr: str = ""
    printer_name: str = ""
    """prtGeneralPrinterName: the model, or what the owner typed"""
    sys_name: str = ""
    sys_object_id: Oid = ()
    private_model: str = ""
    """what the maker's own MIB names as model"""
    serial: str = ""

    def named(self) -> Iterable[str]:
        """All that may name the maker, the surest first."""
        yield self.private_model
        yield self.device
        for ids in self.ieee1284:
            yield ids.get("MFG", "")
            yield ids.get("MDL", "")
        yield self.sys_descr
        yield self.printer_name


_KEYS = {"MANUFACTURER": "MFG", "MANUFACTURE": "MFG", "MODEL": "MDL", "SERN": "SN"}


def ieee1284(value: str) -> dict[str, str]:
    """Read an IEEE 1284 device id: ``MFG:HP;MDL:LaserJet 4;`` with short keys.

    >>> ieee1284("MANUFACTURER:HP;MODEL:LaserJet 4;")
    {'MFG': 'HP', 'MDL': 'LaserJet 4'}
    """
    found = {}
    for part in value.split(";"):
        key, _, content = part.partition(":")
        key = key.strip().upper()
        if content.strip():
            found.setdefault(_KEYS.get(key, key), content.strip())
    return found


def recognise(sources: Sources) -> tuple[str | None, Profile | None]:
    """The manufacturer's name as people write it, and its profile.

    Some brands (Olivetti, Sindoh) are sold with engines of several makers: for a brand
    that is not its profile's own, or whose profile counts nothing, the number in
    sysObjectID tells the engine.
    """
    engine = by_enterprise(sources.sys_object_id)
    for said in sources.named():
        found = by_name(said)
        if found:
            manufacturer, profile = found
            is_brand = manufacturer != profile.manufacturer or not profile.counts
            return manufacturer, engine if is_brand and engine else profile
    return (engine.manufacturer, engine) if engine else (None, None)


def is_printer(sys_object_id: Oid) -> bool:
    """Whether sysObjectID alone tells a printer: some have no Printer MIB."""
    return any(
        sys_object_id[: len(start)] == start
        for profile in load_all()
        for start in profile.printers
    )


_GENERIC = re.compile(
    r"generic\b|printer$|network printer|laser ?printer|multi-?function|unknown$"
    r"|default|print ?server|built-in",
    re.IGNORECASE,
)


def model(sources: Sources, manufacturer: str | None) -> str | None:
    """The model without the maker's name and without noise.

    sysDescr comes after the name in the Printer MIB only where that is not just
    the host's name.
    """
    candidates = [sources.private_model, sources.device]
    candidates += [ids.get("MDL", "") for ids in sources.ieee1284]
    if sources.printer_name != sources.sys_name:
        candidates.append(sources.printer_name)
    candidates.append(_head(sources.sys_descr))
    for candidate in candidates:
        cleaned = clean_model(candidate, manufacturer, sources.serial)
        if cleaned and not _GENERIC.match(cleaned):
            return cleaned
    return None


def _head(sys_descr: str) -> str:
    """What of sysDescr may be a model: before versions, lists and rights."""
    attached = re.search(r"Attached to (\S+)", sys_descr)
    if attached:
        return attached[1]
    described = re.search(r"PID:([^,;]+)", sys_descr)
    if described:
        return described[1]
    head = re.split(r"[;,]| /| version |\bRev\.| \d+\.\d+", sys_descr)[0]
    return head.strip()


_NOISE = re.compile(
    r"(\s+series|\s+printer|\s+\(?[0-9a-f]{2}(:[0-9a-f]{2}){5}\)?|\s+\[[^\]]*\]"
    r"|\s+/[A-Z]|\s+(v\d+ )?multi-?function (system|printer|device))$",
    re.IGNORECASE,
)


def clean_model(said: str, manufacturer: str | None, serial: str = "") -> str | None:
    """Take the maker's name, the serial number and "series" out of a model."""
    named = " ".join(said.replace("_", " ").split(";")[0].split())
    # Lexmark's engines say "Lexmark MX711 SERIAL FIRMWARE".
    if serial:
        named = re.split(rf"\s{re.escape(serial.split('-')[0])}\b", named)[0]
    named = _without_maker(named, manufacturer)
    while (shorter := _NOISE.sub("", named)) != named:
        named = shorter
    return named.strip(" -,") or None


def _without_maker(named: str, manufacturer: str | None) -> str:
    """Cut the maker's name off the front, also where it stands there twice."""
    while (found := by_name(named)) and found[0] == manufacturer:
        for alias in found[1].names[found[0]]:
            shorter = re.sub(rf"^{re.escape(alias)}\b[\s,]*", "", named, flags=re.I)
            if shorter != named:
                break
        else:
            break
        named = shorter
    return named


_PLACEHOLDER = re.compile(r"(.)\1*|[xX?*.\-_ 0]+|n/?a|none|null|unknown|not ?set", re.I)


def clean_serial(said: str) -> str | None:
    """A serial number as the device has it; None for a placeholder.

    The suffix of Lexmark's and Dell's ("-130-0") stays: it is what the device says
    and what its labels carry; whoever compares serial numbers may cut it.
    """
    serial = said.strip()
    if len(serial) < 3 or _PLACEHOLDER.fullmatch(serial):
        return None
    return serial


def mac(
    addresses: dict[Oid, Value], types: dict[Oid, Value], states: dict[Oid, Value]
) -> str | None:
    """The device's MAC: of an interface that is up before one that is down.

    Loopback, zeros and locally administered addresses (Wi-Fi Direct) are skipped.
    """
    found = []
    for index, value in sorted(addresses.items()):
        address = text.mac(value)
        if not address or types.get(index) == oids.IF_TYPE_LOOPBACK:
            continue
        down = states.get(index, oids.IF_UP) != oids.IF_UP
        local = bool(value[0] & 2) if isinstance(value, bytes) else False
        found.append((local, down, address))
    return min(found, key=lambda one: one[:2])[2] if found else None


def bare_serial(serial: str) -> str:
    """A serial number without the suffix of Lexmark and Dell.

    >>> bare_serial("7XQ1R92-132-13")
    '7XQ1R92'
    """
    return re.sub(r"-\d{3}-\d{1,2}$", "", serial.strip())
