"""The clocks of a world whose time jumps: the server's, and the agent's machine's.

Between two jumps time goes at its usual pace, so that no time-out depends on how fast
the computer is that the tests run on. The server has its time from libfaketime, the
daemon from `daemon.py`; both read what stands here.
"""

import mmap
import os
import struct
import time
from datetime import datetime, timezone
from pathlib import Path

from launcher import system

#: How far the world is ahead of the tests' own clock; how wrong the machine's clock is;
#: when the machine started; whether the daemon waits, since when (by the computer's
#: monotonic clock) and until when (in the machine's ticks). All in seconds.
FIELDS = AHEAD, WRONG, BOOT, WAITS, SINCE, UNTIL = range(6)
#: Whoever waits no longer than this may wait for an answer that is under way.
SOON = 3.0
#: So many times as long is waited then. pysnmp looks about every tenth of a second.
MORE = 4
NUMBER = struct.Struct("d")
SERVER = Path(__file__).with_name("server")


class Shared:
    """Numbers that several processes see."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), NUMBER.size * len(FIELDS))

    def __getitem__(self, field: int) -> float:
        return NUMBER.unpack_from(self._map, NUMBER.size * field)[0]

    def __setitem__(self, field: int, value: float) -> None:
        NUMBER.pack_into(self._map, NUMBER.size * field, value)


class Clock:
    """The right time, and what the machine makes of it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "machine"
        self.file.write_bytes(bytes(NUMBER.size * len(FIELDS)))
        self.machine = Shared(self.file)
        self._server = folder / "server"
        self.jump(0)
        self.boots = 0
        self.boot()

    @property
    def now(self) -> float:
        return time.time() + self.machine[AHEAD]

    def jump(self, seconds: float) -> None:
        ahead = self.machine[AHEAD] + seconds
        new = self._server.with_suffix(".new")
        new.write_text(f"{ahead:+.6f}")
        os.replace(new, self._server)
        self.machine[AHEAD] = ahead

    def set_wrong(self, seconds: float) -> None:
        """Somebody sets the machine's clock."""
        self.machine[WRONG] = seconds

    def boot(self) -> None:
        """The machine starts anew: its ticks begin again."""
        self.boots += 1
        self.machine[BOOT] = self.now

    def waits(self, seconds: float) -> bool:
        """Whether the daemon has been waiting for so long, with nothing to do; longer
        where it may be a printer's answer that it waits for."""
        left = self.machine[UNTIL] - (self.now - self.machine[BOOT])
        waited = time.monotonic() - self.machine[SINCE]
        enough = seconds * (MORE if left < SOON else 1)
        return bool(self.machine[WAITS]) and waited > enough

    def of_server(self, variables: dict[str, str]) -> dict[str, str]:
        """The environment that gives a server this time, besides its ``variables``."""
        program = Path(system.FAKETIME.find())
        (library,) = program.parent.parent.glob("lib/*/faketime/libfaketimeMT.so.1")
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._server),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DISABLE_SHM": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "PYTHONPATH": os.pathsep.join((str(SERVER), variables["PYTHONPATH"])),
        }


def said(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, timezone.utc):%m-%d %H:%M:%S}"
