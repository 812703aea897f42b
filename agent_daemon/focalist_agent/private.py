"""Reading what a vendor profile points at: meters, supplies, identity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from . import text
from .profiles import Counters, Levels, Profile, Records, RecordSupply
from .report import Supply
from .snmp.session import Oid, Session, Value, dotted
from .supplies import UNCOLORED, color_by_words, kind_by_words


@dataclass
class Found:
    """What a profile yielded. ``sources`` maps a meter to the OID it came from,
    ``rules`` to the profile's rule and all OIDs that were added up."""

    meters: dict[str, int] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    rules: dict[str, tuple[str, tuple[Oid, ...]]] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    supplies: list[Supply] = field(default_factory=list)
    levels: list[Supply] = field(default_factory=list)
    """supplies that are told for their percent alone"""

    def add(
        self, meter: str, value: int, source: Oid, rule: str, parts: Iterable[Oid] = ()
    ) -> None:
        """Take a meter that no surer source gave before."""
        if meter not in self.meters:
            self.meters[meter] = value
            self.sources[meter] = dotted(source)
            self.rules[meter] = f"profile, {rule}", tuple(parts) or (source,)

    def check(self) -> None:
        """Drop mono and colour where they are more than the maker's own total: then
        they count something else on this model."""
        parts = [self.meters[m] for m in ("mono", "color") if m in self.meters]
        if sum(parts) > self.meters.get("total", sum(parts)):
            for meter in ("mono", "color"):
                if self.meters.pop(meter, None) is not None:
                    self.dropped.append(meter)


async def read(session: Session, profile: Profile, model: str) -> Found:
    """All meters and supplies of a profile that this device has.

    Raises SnmpError when a part of the private MIB cannot be read to its end.
    """
    found = Found()
    tables = tuple(r for r in profile.records if not r.models or r.models.search(model))
    profile = replace(profile, records=tables)
    meters = (profile.meters, profile.fallback)
    single = [o for part in meters for several in part.values() for o in several]
    values = await session.get([*single, *(table.oid for table in tables)])
    _single(values, profile.meters, found, "meters")
    await _tables(session, profile, found)
    _recorded(values, profile, found)
    _single(values, profile.fallback, found, "fallback_meters")
    found.check()
    return found


def _single(
    values: dict[Oid, Value],
    meters: dict[str, tuple[Oid, ...]],
    found: Found,
    rule: str,
) -> None:
    """Meters with an OID each; of several OIDs the meter is the sum of those told.

    A negative value is none: makers put -1 where a model does not count.
    """
    for meter, several in meters.items():
        told = {o: v for o in several if _is_count(v := values.get(o))}
        if told:
            found.add(meter, sum(told.values()), several[0], rule, told)


def _is_count(value: Value | None) -> bool:
    return isinstance(value, int) and value >= 0


async def _tables(session: Session, profile: Profile, found: Found) -> None:
    """Counters in parallel columns, found by their names or their codes."""
    tables = (*profile.named, *profile.coded)
    wanted = [c for t in tables for c in (t.keys, t.values)]
    wanted += [c for t in profile.levels for c in (*t.names, t.values)]
    columns = await session.columns(wanted)
    for table in profile.levels:
        _told_levels(columns, table, found)
    for table in tables:
        rows: dict[str | int, Oid] = {}
        for index, key in columns[table.keys].items():
            known = key if isinstance(key, int) else text.decode(key).lower()
            rows.setdefault(known, index)
        values = columns[table.values]
        for meter, wanted in table.meters.items():
            _add_rows(
                found, meter, [rows[k] for k in wanted if k in rows], values, table
            )


def _add_rows(
    found: Found, meter: str, rows: list[Oid], values: dict[Oid, Value], table: Counters
) -> None:
    told = {row: v for row in rows if _is_count(v := values.get(row))}
    if told:
        rule = f"counters by {dotted(table.keys)}"
        parts = [table.values + row for row in told]
        found.add(meter, sum(told.values()), table.values + rows[0], rule, parts)


def _told_levels(
    columns: dict[Oid, dict[Oid, Value]], table: Levels, found: Found
) -> None:
    """Supplies by their names; a row whose name says nothing is left alone."""
    for index, value in columns[table.values].items():
        names = (text.decode(columns[column].get(index)) for column in table.names)
        name = next((one for one in names if one), "")
        kind, color = kind_by_words(name), color_by_words(name)
        if kind == "other" and color:
            kind = "toner"
        percent = 0 if value in table.empty else value
        if kind == "other" or not isinstance(percent, int) or not 0 <= percent <= 100:
            continue
        # What is left of a waste box is not how full it is.
        percent = 100 - percent if kind == "waste_toner" else percent
        supply = Supply(
            index=f"private.{dotted(index)}",
            description=name,
            kind=kind,
            color=color if kind not in UNCOLORED else None,
            unit="percent",
            percent=float(percent),
        )
        (found.supplies if table.adds else found.levels).append(supply)


def _recorded(values: dict[Oid, Value], profile: Profile, found: Found) -> None:
    for table in profile.records:
        for key, value in records(values.get(table.oid)):
            if key in table.meters and len(value) == 4:
                number = int.from_bytes(value, "big")
                found.add(table.meters[key], number, table.oid, f"record {key:02x}")
            elif key in table.supplies:
                _add_supply(found, table, key, value, table.supplies[key])


def _add_supply(
    found: Found, table: Records, key: int, value: bytes, supply: RecordSupply
) -> None:
    """A supply of a record: hundredths of a percent in four octets, or level and
    capacity in one octet each."""
    if len(value) == 2 and value[1]:
        percent = 100.0 * value[0] / value[1]
    elif len(value) == 4:
        percent = int.from_bytes(value, "big") / supply.scale
    else:
        return
    if 0 <= percent <= 100:
        found.supplies.append(
            Supply(
                index=f"private.{key:02x}",
                description=f"{supply.color or ''} {supply.kind}".strip().capitalize(),
                kind=supply.kind,
                color=supply.color,
                unit="percent",
                percent=round(percent, 1),
            )
        )


def records(value: Value | None) -> Iterator[tuple[int, bytes]]:
    """The records of an octet string: id, type (01), length, value; ff is the end."""
    if not isinstance(value, bytes):
        return
    position = 0
    while position + 3 <= len(value) and value[position] != 0xFF:
        key, length = value[position], value[position + 2]
        content = value[position + 3 : position + 3 + length]
        if value[position + 1] != 1 or len(content) < length:
            return
        yield key, content
        position += 3 + length
