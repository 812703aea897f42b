"""What befalls a world: it begins at a moment that chance chose, and lasts a while."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass

from daemon_parts import Disk

from tests.e2e.chaos.line import FAULTS
from tests.e2e.chaos.printers import LIES, TROUBLES
from tests.e2e.chaos.world import HOUR, World, wait_for_daemon


@dataclass(frozen=True)
class Fault:
    """``times`` it happens in ten days, for up to ``hours`` each."""

    befall: Callable[[World], AbstractContextManager]
    times: int
    hours: float


def live(world: World, hours: float, faults: list[Fault], share: float) -> None:
    """Let time pass, and in it each fault its ``share`` of times, once at least."""
    chance, start = world.chance, world.clock.now
    due = [
        (chance.uniform(1, hours), fault)
        for fault in faults
        for _ in range(max(1, round(fault.times * share)))
    ]
    due = sorted(due, key=lambda one: one[0], reverse=True)
    lasting: list[tuple[float, ExitStack]] = []
    while (passed := (world.clock.now - start) / HOUR) < hours or lasting:
        while due and due[-1][0] <= passed:
            fault, stack = due.pop()[1], ExitStack()
            lasting.append((passed + chance.uniform(0, fault.hours), stack))
            stack.enter_context(fault.befall(world))
        for one in [one for one in lasting if one[0] <= passed or passed > hours]:
            lasting.remove(one)
            one[1].close()
        world.step(chance.uniform(60, 700))


@contextmanager
def daemon_is_killed(world: World) -> Iterator[None]:
    """In the middle of whatever it does."""
    if world.daemon:
        world.tell("the daemon is killed")
        time.sleep(world.chance.uniform(0, 0.1))
        world.end_daemon()
    yield
    if not world.daemon:
        world.start_daemon()
        wait_for_daemon(world)


@contextmanager
def machine_is_rebooted(world: World) -> Iterator[None]:
    """Its clock may be another one then."""
    with daemon_is_killed(world):
        yield
        if world.daemon:
            world.end_daemon()
        world.tell("the machine is rebooted")
        world.reboot()
        if world.chance.random() < 0.5:
            _set_clock(world)


@contextmanager
def server_is_killed(world: World) -> Iterator[None]:
    if world.has_server:
        world.tell("the server is killed")
        time.sleep(world.chance.uniform(0, 0.1))
        world.kill_server()
    yield
    if not world.has_server:
        world.start_server()


@contextmanager
def line_breaks(world: World) -> Iterator[None]:
    world.line.mode = world.chance.choice((*FAULTS, "flaky"))
    world.tell(f"the line: {world.line.mode}")
    yield
    world.line.mode = "pass"


@contextmanager
def clock_is_set(world: World) -> Iterator[None]:
    _set_clock(world)
    yield


@contextmanager
def printer_lies(world: World) -> Iterator[None]:
    with _mood(world, LIES):
        yield


@contextmanager
def printer_is_in_trouble(world: World) -> Iterator[None]:
    with _mood(world, TROUBLES):
        yield


@contextmanager
def disk_is_full(world: World, disk: Disk) -> Iterator[None]:
    world.tell("the disk is full")
    disk.fill()
    yield
    disk.empty()
    world.tell("the disk has room")


def _set_clock(world: World) -> None:
    hours = world.chance.choice((-30, -5, -0.5, 0, 0.02, 0.5, 5, 30))
    world.tell(f"the clock is {hours} h ahead")
    world.clock.set_wrong(hours * HOUR)


@contextmanager
def _mood(world: World, moods: tuple[str, ...]) -> Iterator[None]:
    printer, mood = world.chance.choice(world.printers), world.chance.choice(moods)
    world.tell(f"{printer.serial}: {mood}")
    printer.mood = mood
    yield
    printer.mood = "honest"
