"""Vendor profiles: what only a maker's own MIB tells, as data (README.md here)."""

from __future__ import annotations

import functools
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..report import METERS, SUPPLY_KINDS
from ..snmp.oids import ENTERPRISES
from ..snmp.session import Oid, oid

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

IDENTITY = ("ieee1284", "model", "serial", "firmware", "hostname")


class ProfileError(ValueError):
    """A profile is not as its schema says; the text names file and key."""


@dataclass(frozen=True)
class Counters:
    """Two parallel columns: a counter's name (text) or code (number), and its value.

    ``meters`` maps a meter to the names (lower case) or codes that it is the sum of.
    """

    keys: Oid
    values: Oid
    meters: dict[str, tuple[str | int, ...]]


@dataclass(frozen=True)
class Levels:
    """Parallel columns of the maker's own: what a supply is called, and its percent
    left, where the standard table says only that some remains.

    ``empty``: values that mean 0. ``adds``: whether a supply that the standard table
    does not list is one.
    """

    names: tuple[Oid, ...]
    values: Oid
    empty: tuple[int, ...] = ()
    adds: bool = False


@dataclass(frozen=True)
class RecordSupply:
    """A supply in a record: ``value / scale`` is its percent left."""

    kind: str
    color: str | None
    scale: int


@dataclass(frozen=True)
class Records:
    """An octet string of records: id, 01, length, value; ff ends it (Brother).

    ``models``: what a model must match for these meanings to hold; None for all.
    """

    oid: Oid
    models: re.Pattern[str] | None = None
    meters: dict[int, str] = field(default_factory=dict)
    supplies: dict[int, RecordSupply] = field(default_factory=dict)


@dataclass(frozen=True)
class Profile:
    """One maker: how it is recognised, and where its private values are."""

    name: str
    version: int
    manufacturer: str
    names: dict[str, tuple[str, ...]]
    enterprises: tuple[int, ...] = ()
    printers: tuple[Oid, ...] = ()
    """what sysObjectID begins with on this maker's printers and on nothing else"""
    identity: dict[str, tuple[Oid, ...]] = field(default_factory=dict)
    meters: dict[str, tuple[Oid, ...]] = field(default_factory=dict)
    fallback: dict[str, tuple[Oid, ...]] = field(default_factory=dict)
    """the same for models that tell nothing where ``meters`` points"""
    named: tuple[Counters, ...] = ()
    coded: tuple[Counters, ...] = ()
    records: tuple[Records, ...] = ()
    levels: tuple[Levels, ...] = ()
    mute_waste: bool = False

    def oids(self, name: str) -> tuple[Oid, ...]:
        """Where one part of the identity stands."""
        return self.identity.get(name, ())

    @property
    def counts(self) -> bool:
        """Whether it knows any counter of the maker's own."""
        return bool(self.meters or self.named or self.coded or self.records)

    def asks(self) -> list[Oid]:
        """All single OIDs that are asked for: identity, meters and records."""
        parts = (self.identity, self.meters, self.fallback)
        found = [o for part in parts for several in part.values() for o in several]
        return [*found, *(table.oid for table in self.records)]


@functools.cache
def load_all() -> tuple[Profile, ...]:
    """All profiles that come with the package, by name."""
    files = Path(__file__).parent.glob("*.toml")
    return tuple(parse(f.stem, f.read_text("utf-8")) for f in sorted(files))


@functools.lru_cache(maxsize=1024)
def by_name(said: str) -> tuple[str, Profile] | None:
    """The manufacturer that a text names, and its profile.

    The name nearest to the start of the text wins, of two there the longer.
    """
    best: tuple[tuple[int, int], str, Profile] | None = None
    for pattern, manufacturer, profile in _patterns():
        match = pattern.search(said)
        if match:
            rank = (match.start(), -len(match[0]))
            if best is None or rank < best[0]:
                best = rank, manufacturer, profile
    return best[1:] if best else None


def by_enterprise(object_id: Oid) -> Profile | None:
    """The profile of sysObjectID's private enterprise number."""
    if object_id[:6] != ENTERPRISES or len(object_id) < 7:
        return None
    found = (p for p in load_all() if object_id[6] in p.enterprises)
    return next(found, None)


@functools.cache
def _patterns() -> tuple[tuple[re.Pattern[str], str, Profile], ...]:
    return tuple(
        (
            re.compile(rf"(?<![\w]){re.escape(alias)}(?![a-z])", re.IGNORECASE),
            manufacturer,
            profile,
        )
        for profile in load_all()
        for manufacturer, aliases in profile.names.items()
        for alias in aliases
    )


def parse(name: str, source: str) -> Profile:
    """Read one profile and check it; raises ProfileError."""
    try:
        data = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{name}.toml: {error}") from error
    try:
        return _profile(name, data)
    except (KeyError, TypeError, ValueError, AttributeError, re.error) as error:
        raise ProfileError(f"{name}.toml: {error}") from error


_KEYS = {
    "schema",
    "version",
    "manufacturer",
    "names",
    "enterprises",
    "printers",
    "identity",
    "meters",
    "fallback_meters",
    "levels",
    "named_counters",
    "coded_counters",
    "records",
    "mute_waste",
}


def _profile(name: str, data: dict[str, Any]) -> Profile:
    if data["schema"] != 1:
        raise ValueError("schema is not 1")
    _only(data, _KEYS, "the file")
    _only(data.get("identity", {}), IDENTITY, "identity")
    return Profile(
        name=name,
        version=int(data["version"]),
        manufacturer=data["manufacturer"],
        # The longest first: "kyocera mita" is cut off before "kyocera" is.
        names={
            manufacturer: tuple(sorted(aliases, key=len, reverse=True))
            for manufacturer, aliases in data["names"].items()
        },
        enterprises=tuple(data.get("enterprises", ())),
        printers=_oids(data.get("printers", [])),
        identity={k: _oids(v) for k, v in data.get("identity", {}).items()},
        meters={k: _oids(v) for k, v in _meters(data.get("meters", {})).items()},
        fallback={
            k: _oids(v) for k, v in _meters(data.get("fallback_meters", {})).items()
        },
        levels=tuple(_levels(one) for one in data.get("levels", ())),
        named=tuple(_counters(o, "names") for o in data.get("named_counters", ())),
        coded=tuple(_counters(o, "codes") for o in data.get("coded_counters", ())),
        records=tuple(_records(one) for one in data.get("records", ())),
        mute_waste=bool(data.get("mute_waste", False)),
    )


def _counters(data: dict[str, Any], keys: str) -> Counters:
    _only(data, {keys, "values", "meters"}, f"a table of {keys}")
    meters = {meter: tuple(of) for meter, of in _meters(data["meters"]).items()}
    return Counters(oid(data[keys]), oid(data["values"]), meters)


def _levels(data: dict[str, Any]) -> Levels:
    _only(data, {"names", "values", "empty", "adds"}, "levels")
    return Levels(
        _oids(data["names"]),
        oid(data["values"]),
        tuple(int(one) for one in data.get("empty", ())),
        bool(data.get("adds", False)),
    )


def _records(data: dict[str, Any]) -> Records:
    _only(data, {"oid", "models", "meters", "supplies"}, "records")
    meters = {int(k, 16): v for k, v in data.get("meters", {}).items()}
    _meters({meter: None for meter in meters.values()})
    supplies = {}
    for key, one in data.get("supplies", {}).items():
        _only({one["kind"]: None}, SUPPLY_KINDS, f"records.supplies.{key}")
        supplies[int(key, 16)] = RecordSupply(
            one["kind"], one.get("color"), int(one["scale"])
        )
    models = re.compile(data["models"]) if "models" in data else None
    return Records(oid(data["oid"]), models, meters, supplies)


def _meters(data: dict[str, Any]) -> dict[str, Any]:
    _only(data, METERS, "meters")
    return data


def _oids(value: str | list[str]) -> tuple[Oid, ...]:
    return tuple(oid(one) for one in ([value] if isinstance(value, str) else value))


def _only(data: dict[str, Any], known: Any, where: str) -> None:
    unknown = sorted(set(data) - set(known))
    if unknown:
        raise ValueError(f"unknown key {unknown[0]!r} in {where}")
