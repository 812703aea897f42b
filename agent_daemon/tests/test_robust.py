"""Devices that leave out, misplace or invent: each ends in a valid report, and what is
told of meters was there."""

import asyncio
import random

import pytest
from daemon_parts import DATA, SHARED, values_of
from hypothesis import given, settings
from hypothesis import strategies as st

from focalist_agent import reader
from focalist_agent.report import problems
from focalist_agent.snmp import oids
from focalist_agent.snmp.memory import MemorySession
from focalist_agent.snmp.session import oid

OFFICE = values_of((DATA / "office.snmprec").read_text())
RECORDINGS = sorted(SHARED.glob("*.snmprec"))


def read(values):
    report = asyncio.run(reader.read(MemorySession(values), "10.0.0.1"))
    assert problems(report.to_dict()) == []
    return report


octets = st.one_of(st.binary(max_size=300), st.text(max_size=40).map(str.encode))
value = st.one_of(
    octets,
    st.integers(-(2**63), 2**64),
    st.tuples(st.just(1), st.just(3), st.integers(0, 2**32 - 1)),
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_stands_there(data):
    """Any values of any types in the places that are read, and any of them missing."""
    names = sorted(OFFICE)
    left_out = data.draw(st.sets(st.sampled_from(names)))
    changed = data.draw(st.dictionaries(st.sampled_from(names), value, max_size=12))
    read({n: v for n, v in OFFICE.items() if n not in left_out} | changed)


def test_a_capacity_beyond_what_a_report_holds():
    name = next(n for n in OFFICE if n[: len(oids.SUPPLY_MAX)] == oids.SUPPLY_MAX)
    report = read(OFFICE | {name: 2**63})
    assert report.supplies[0].capacity is None


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(OFFICE)), octets))
def test_any_octets(changed):
    read(OFFICE | changed)


@pytest.mark.parametrize("index", [0, 2, 65_535, 2**31])
def test_any_index_of_the_printer(index):
    """hrDeviceIndex is 2 in the recording: it may be any."""

    def moved(name):
        where = 11 if name[:8] == oid("1.3.6.1.2.1.25.3") else None
        where = len(oids.SUPPLY_LEVEL) if name[:7] == oid("1.3.6.1.2.1.43") else where
        if where and name[where : where + 1] == (2,):
            return (*name[:where], index, *name[where + 1 :])
        return name

    report = read({moved(name): value for name, value in OFFICE.items()})
    was = read(OFFICE)
    assert report.meters == was.meters
    assert report.status == was.status == "printing"
    assert [s.percent for s in report.supplies] == [s.percent for s in was.supplies]
    assert report.model == was.model


def test_tables_that_are_not_there():
    """A device with the system group and its maker's own MIB alone."""
    kept = (oid("1.3.6.1.2.1.1"), oid("1.3.6.1.4.1"))
    report = read(
        {n: v for n, v in OFFICE.items() if any(n[: len(k)] == k for k in kept)}
    )
    assert report.manufacturer == "Kyocera"
    assert report.meters["total"] == 100000
    assert "life" not in report.meters
    assert report.supplies == () and report.alerts == ()


def test_nothing_at_all():
    report = read({})
    assert report.meters == {} and report.manufacturer is None


def test_the_levels_that_are_no_levels():
    """-1 other, -2 unknown, -3 some, beyond the capacity, and of capacity 0."""
    level, most = oids.SUPPLY_LEVEL + (2, 1), oids.SUPPLY_MAX + (2, 1)
    for told, capacity, percent, some in (
        (-1, 100, None, False),
        (-2, 100, None, False),
        (-3, 100, None, True),
        (-100, 100, None, False),
        (0, 100, 0.0, False),
        (150, 100, 100.0, False),
        (50, 0, None, False),
        (50, -2, None, False),
        (50, -1, None, False),
        (2**40, 2**41, 50.0, False),
    ):
        supply = read(OFFICE | {level: told, most: capacity}).supplies[0]
        assert (supply.percent, supply.some_remaining) == (percent, some), told


@pytest.mark.skipif(not RECORDINGS, reason=f"no recordings in {SHARED}")
@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_recordings_with_holes(path):
    """Parts of real recordings missing: no meter changes, it is there or it is not.

    But for ``total``, which is the life count where the maker's own is missing.
    """
    values = values_of(path.read_text("utf-8", "surrogateescape"))
    whole = read(values).meters
    chance = random.Random(path.stem)
    for _ in range(15):
        holes = {n: v for n, v in values.items() if chance.random() > 0.3}
        meters = read(holes).meters
        sums = {"total", "life", "color", "print_color", "copy_color", "scan", "mono"}
        for name, number in meters.items():
            if name not in sums:
                assert number <= whole[name]
            assert number <= max(whole.get(name, 0), whole.get("life", 0))
