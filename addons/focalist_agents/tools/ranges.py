"""Addresses as people write them: 10.1.2.3, 10.1.2.3-50 and 10.1.2.0/24, in IPv4 and
IPv6. What is taken here is what the daemon takes (its own `ranges.py`)."""

import ipaddress
import re

MAX_ADDRESSES = 65_536


def split(text):
    """The parts of a list that is written with lines, spaces, commas or semicolons."""
    return re.split(r"[\s,;]+", re.sub(r"\s*-\s*", "-", text or "").strip(" \n,;"))


def parse(said):
    """Read one range.

    :return: (version, first, last) as numbers
    :raise ValueError: where it is none
    """
    if "/" in said:
        network = ipaddress.ip_network(said, strict=False)
        first, last = int(network[0]), int(network[-1])
        if last - first > 1:
            # Without the network's own address and the broadcast address.
            first, last = first + 1, last - (network.version == 4)
        return network.version, first, last
    first, dash, last = said.partition("-")
    start = end = ipaddress.ip_address(first)
    if dash and start.version == 4 and re.fullmatch(r"\d{1,3}", last):
        end = ipaddress.ip_address(f"{first.rpartition('.')[0]}.{int(last)}")
    elif dash:
        end = ipaddress.ip_address(last)
    if end.version != start.version or end < start:
        raise ValueError(said)
    return start.version, int(start), int(end)


def parse_all(text):
    """All ranges of a text.

    :return: list of (version, first, last)
    :raise ValueError: with the part that is no range
    """
    found = []
    for said in filter(None, split(text)):
        try:
            found.append(parse(said))
        except ValueError as error:
            raise ValueError(said) from error
    return found


def count(ranges):
    """How many addresses ranges have, those in two of them twice."""
    return sum(last - first + 1 for _version, first, last in ranges)


def find(places, address):
    """What an address, a text of any kind, belongs to.

    :param places: (ranges, what) of each place, in the order that they are looked at
    :return: the first place's ``what``; None where the address is in none of them
    """
    try:
        wanted = ipaddress.ip_address(address.strip())
    except (AttributeError, ValueError):
        return None
    number = int(wanted)
    for ranges, what in places:
        for version, first, last in ranges:
            if version == wanted.version and first <= number <= last:
                return what
    return None
