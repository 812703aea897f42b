"""Addresses to scan, as people write them: single ones, ranges and networks."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator

MAX_ADDRESSES = 65_536
"""In one scan: more is a slip of the pen, an IPv6 network for example."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def parse(said: str) -> tuple[int, int, int]:
    """Read one range: version, first and last address as numbers.

    ``10.1.2.3``, ``10.1.2.3-10.1.2.50``, ``10.1.2.3-50``, ``10.1.2.0/24`` (without
    the network's own and the broadcast address), and the same in IPv6. Raises
    ValueError, with a text for people.
    """
    said = said.strip()
    try:
        if "/" in said:
            return _network(said)
        first, dash, last = (part.strip() for part in said.partition("-"))
        start = ipaddress.ip_address(first)
        end = _end(start, last) if dash else start
    except ValueError:
        raise ValueError(
            f"{said!r} is no address, range (10.1.2.3-50) or network (10.1.2.0/24)"
        ) from None
    if end.version != start.version or end < start:
        raise ValueError(f"{said!r} ends before it begins")
    return start.version, int(start), int(end)


def _network(said: str) -> tuple[int, int, int]:
    network = ipaddress.ip_network(said, strict=False)
    first, last = int(network[0]), int(network[-1])
    if last - first > 1:
        # An IPv6 network has no broadcast address; its first is the routers'.
        first, last = first + 1, last - (network.version == 4)
    return network.version, first, last


def _end(start: _Address, said: str) -> _Address:
    """The end of a range, written in full or as the last number alone."""
    if re.fullmatch(r"\d{1,3}", said) and start.version == 4:
        return ipaddress.ip_address(f"{str(start).rpartition('.')[0]}.{int(said)}")
    return ipaddress.ip_address(said)


def addresses(ranges: Iterable[str], exclude: Iterable[str] = ()) -> list[str]:
    """All addresses of ``ranges`` that are in none of ``exclude``, each once, in the
    order of the ranges. Raises ValueError, also where they are too many."""
    without = [parse(one) for one in exclude]
    found: dict[str, None] = {}
    for version, first, last in map(parse, ranges):
        for start, end in _left(version, first, last, without):
            if len(found) + end - start + 1 > MAX_ADDRESSES:
                raise ValueError(f"more than {MAX_ADDRESSES:,} addresses in one scan")
            kind = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
            found |= dict.fromkeys(str(kind(n)) for n in range(start, end + 1))
    return list(found)


def _left(
    version: int, first: int, last: int, without: list[tuple[int, int, int]]
) -> Iterator[tuple[int, int]]:
    """The stretches of a range that no exclusion covers."""
    for other, start, end in sorted(without):
        if other == version and start <= last and end >= first:
            if start > first:
                yield first, start - 1
            first = max(first, end + 1)
    if first <= last:
        yield first, last
