"""Days of chaos: each reading that a printer gave is in Odoo once, or counted.

Time is moved and not waited for. In these days the daemon, its machine and the server
are killed, the line breaks, clocks are set wrong, printers lie, fall silent or answer
with garbage, and at last the daemon's disk is full, too.

The same again: FOCALIST_SEED=N, with the seed that the test has printed.
"""

import os
import random
from functools import partial

import pytest
from daemon_parts import Disk

from focalist_agent import spool
from launcher import system
from tests.e2e.chaos import faults
from tests.e2e.chaos.clock import Clock
from tests.e2e.chaos.faults import Fault
from tests.e2e.chaos.ledgers import Ledgers
from tests.e2e.chaos.world import World, wait_for_daemon
from tests.e2e.parts import FULL, running_site

DAYS = 10 if FULL else 1
SEED = int(os.environ.get("FOCALIST_SEED") or (random.randrange(10**6) if FULL else 5))

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
    clock = Clock(tmp_path)
    variables = clock.of_server(databases.variables)
    # Odoo takes a clock that jumps for a worker that hangs.
    options = {"limit_time_real": 10**8}
    with running_site(databases, "chaos", variables, **options) as site:
        world = World(site, agent, clock, SEED)
        try:
            world.prepare()
            yield world
        finally:
            world.close()
            print(f"FOCALIST_SEED={SEED}\n{world}")


def live(world, *more: Fault, at_last=lambda world: None) -> Ledgers:
    """Live through some days, and see what is left of them."""
    world.start_daemon()
    wait_for_daemon(world)
    faults.live(world, 24 * DAYS, [*CHAOS, *more], DAYS / 10)
    at_last(world)
    ledgers = Ledgers(world, world.end())
    print(ledgers)
    return ledgers


def fill_spool(world, disk) -> None:
    """Read with a full disk, and nobody to send to, until something is dropped."""
    with faults.disk_is_full(world, disk):
        world.line.mode = "refuse"
        for _ in range(1500):
            if spool.status(world.agent.state)["dropped"]:
                break
            world.step(600)
        else:
            raise AssertionError("nothing is dropped, or it is not counted")
        world.line.mode = "pass"


def test_each_reading_is_in_odoo_once_or_counted(world, disk):
    ledgers = live(world)
    ledgers.check()
    assert len(ledgers.given) > 24 * DAYS, "too little happened"
    assert not ledgers.missing(), "lost, with a disk that has room"
    assert ledgers.status["dropped"] == 0

    if not disk:
        pytest.skip("Only root can have a disk that is full.")
    full = partial(faults.disk_is_full, disk=disk)
    ledgers = live(world, Fault(full, 30, 12), at_last=partial(fill_spool, disk=disk))
    ledgers.check()
    ledgers.check_dropped()
