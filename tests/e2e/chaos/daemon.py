"""focalist-agent as it is, on a machine whose time is told by a file (see clock.py).

python daemon.py FILE ARGUMENT...
"""

import datetime
import math
import selectors
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.e2e.chaos.clock import (  # noqa: E402
    AHEAD,
    BOOT,
    SINCE,
    UNTIL,
    WAITS,
    WRONG,
    Shared,
)

machine = Shared(Path(sys.argv[1]))
_real, _steady, _clock = time.time, time.monotonic, time.clock_gettime
#: Seconds of the computer's own time after which the world's is looked at again.
LOOK = 0.005


def wall() -> float:
    return _real() + machine[AHEAD] + machine[WRONG]


def ticks() -> float:
    return _real() + machine[AHEAD] - machine[BOOT]


class Datetime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(wall(), tz)


class Selector(selectors.DefaultSelector):
    """Waits by the world's time."""

    def select(self, timeout=None):
        until = None if timeout is None else ticks() + timeout
        machine[UNTIL] = math.inf if until is None else until
        machine[SINCE], machine[WAITS] = _steady(), 1
        try:
            while True:
                left = LOOK if until is None else until - ticks()
                found = super().select(max(0, min(left, LOOK)))
                if found or (until is not None and ticks() >= until):
                    return found
        finally:
            machine[WAITS] = 0


time.time, time.monotonic = wall, ticks
time.clock_gettime = lambda which: (
    ticks() if which == time.CLOCK_BOOTTIME else _clock(which)
)
datetime.datetime = Datetime
selectors.DefaultSelector = Selector

from focalist_agent.cli import main  # noqa: E402

main(sys.argv[2:], prog_name="focalist-agent")
