"""Ten days of chaos: each reading that a printer gave is in Odoo once, or counted.

Time is moved and not waited for. In these days the daemon, its machine and the server
are killed, the line breaks, clocks are set wrong, and printers lie, fall silent or
answer with garbage. Then what the printers gave, what the daemon counted and what stands
in Odoo must be the same.

A printer gave a reading if it answered each question of a whole one, and its collector
was not killed before it had nothing more to do: until it is on disk it may be lost.
"""

import os
import random
import signal
from collections import Counter
from contextlib import contextmanager
from functools import partial

import pytest
from daemon_parts import Disk

from launcher import system
from tests.e2e.chaos import faults
from tests.e2e.chaos.clock import Clock
from tests.e2e.chaos.faults import Fault
from tests.e2e.chaos.printers import FIRST
from tests.e2e.chaos.world import World, wait_for_daemon
from tests.e2e.parts import FULL, running_site

DAYS = 10 if FULL else 1
SEED = int(os.environ.get("FOCALIST_SEED") or (random.randrange(10**6) if FULL else 4))
#: Seconds between a reading and the moment that it has in Odoo.
TOLERANCE = 10

CHAOS = [
    Fault(faults.daemon_is_killed, 25, 3),
    Fault(faults.machine_is_rebooted, 8, 2),
    Fault(faults.server_is_killed, 8, 3),
    Fault(faults.line_breaks, 20, 8),
    Fault(faults.clock_is_set, 12, 0),
    Fault(faults.printer_lies, 20, 6),
    Fault(faults.printer_is_in_trouble, 20, 6),
]
if FULL:
    CHAOS.append(Fault(faults.line_breaks, 1, 72))

pytestmark = pytest.mark.skipif(
    not system.FAKETIME.find(), reason=f"faketime: {system.FAKETIME.cost}"
)


@pytest.fixture
def disk(agent):
    """The agent's own disk; None where only root could have one."""
    with Disk.mounted(agent.state) as disk:
        yield disk


@pytest.fixture
def world(databases, agent, disk, tmp_path):
    with _world(databases, agent, tmp_path) as world:
        yield world


@contextmanager
def _world(databases, agent, folder):
    clock = Clock(folder)
    # Its watchdog takes a clock that jumps for a worker that hangs.
    variables = clock.of_server(databases.variables)
    with running_site(
        databases, "chaos", variables, limit_time_real=10**8
    ) as site:
        world = World(site, agent, clock, SEED)
        try:
            world.prepare()
            world.start_daemon()
            wait_for_daemon(world)
            yield world
        finally:
            world.close()


def test_each_reading_is_in_odoo_once_or_counted(world, disk):
    faults.live(world, 24 * DAYS, CHAOS, DAYS / 10)
    missing = judge(world, status := world.end())
    assert not missing, f"lost: {missing}\n{world}"
    assert status["dropped"] == 0, world

    if not disk:
        pytest.skip("Only root can have a disk that is full.")
    world.start_daemon()
    wait_for_daemon(world)
    full = Fault(partial(faults.disk_is_full, disk=disk), 30, 12)
    faults.live(world, 24 * DAYS, [*CHAOS, full], DAYS / 10)
    missing = judge(world, status := world.end())
    assert len(missing) <= status["dropped"], f"{len(missing)} {status}\n{world}"


def judge(world, status) -> list:
    """Compare what was given with what is in Odoo; gives what is not there."""
    rows = world.site.query(
        "SELECT raw->>'address', (raw->'meters'->>'life')::int, state,"
        "       extract(epoch FROM read_at)::float8, uid"
        "  FROM focalist_meter_reading WHERE raw->'meters' ? 'life'"
    )
    found = {(address, life): (state, at) for address, life, state, at, _uid in rows}
    times = Counter((address, life) for address, life, *_rest in rows)
    given, sure, garbled = {}, {}, set()
    for printer in world.printers:
        for reading in printer.readings:
            key = printer.address, reading.life
            given[key] = reading
            if reading.mood == "garbage":
                garbled.add(printer.address)
            if _is_sure(world, reading):
                sure[key] = reading
    counts = Counter(reading.mood for reading in sure.values())
    print(
        f"seed {SEED}: {len(given)} begun, {len(sure)} surely given {dict(counts)},"
        f" {len(found)} in Odoo; the daemon: "
        + ", ".join(
            f"{name} {status[name]}"
            for name in (
                "accepted", "duplicate", "pending", "ignored", "rejected", "dropped",
            )
        )
        + f"; the line: {world.line.calls}; {len(world.kills)} kills,"
        f" {len(world.boots)} reboots"
    )
    assert status["spooled"] == 0, world
    assert len(sure) > 24 * DAYS, "too little happened"
    twice = [key for key, number in times.items() if number > 1 and key in given]
    assert not twice, f"twice: {twice}\n{world}"
    invented = [
        key for key in found if key not in given and key[0] not in garbled
    ]
    assert not invented, f"nobody said: {invented}\n{world}"
    for key, reading in sure.items():
        if key not in found or reading.life == FIRST:
            continue
        state, at = found[key]
        assert state in ("accepted", "quarantined"), (key, state)
        if _has_time(world, reading):
            wrong = at - reading.moment
            assert abs(wrong) < TOLERANCE, f"{key} {wrong:.0f} s wrong\n{world}"
    _judge_others(world, sure)
    return sorted(
        (key, reading.mood)
        for key, reading in sure.items()
        if key not in found and reading.mood != "another"
    )


def _judge_others(world, sure) -> None:
    """Who told another serial number waits to be completed, once."""
    told = {key[0] for key, reading in sure.items() if reading.mood == "another"}
    waiting = world.site.query(
        "SELECT serial_number, count(*) FROM focalist_device"
        " WHERE state = 'to_complete' AND serial_number LIKE 'OTHER-CHAOS____'"
        " GROUP BY serial_number"
    )
    assert {number for _serial, number in waiting} <= {1}, waiting
    others = {f"OTHER-{p.serial}" for p in world.printers if p.address in told}
    assert others <= {serial for serial, _number in waiting}, world


def _is_sure(world, reading) -> bool:
    whole = tuple(reading.questions) in world.complete
    killed = any(calm <= reading.ended <= end for calm, end in world.kills)
    return whole and reading.mood not in ("calibration", "garbage") and not killed


def _has_time(world, reading) -> bool:
    """Whether the server was heard before the machine started anew."""
    return next((heard for end, heard in world.boots if reading.ended < end), True)
