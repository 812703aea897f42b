"""The moment of a reading, whatever the machine's clock says.

Time is counted in ticks: seconds since the machine started, which nobody can set. Each
answer of the server tells which moment a tick was; that is kept on disk. Until the
server is heard for the first time since the machine started, moments are the clock's
with its last known error taken off, and reports remember their ticks, to be set right
when the server is heard (``Spool.set_right``).
"""

from __future__ import annotations

import logging
import os
import time
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from . import files
from .report import Report

_log = logging.getLogger(__name__)

NAME = "clock.json"
TOLERANCE = 2.0
"""Seconds: a Date header is exact to one, and a journey takes its time."""

_FAR = 2.0**36


def ticks() -> float:
    """Seconds since the machine started, those asleep included where it can tell."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


def _boot() -> str:
    """What names this start of the machine; of this process, where nothing does.

    The service's unit tells it, since its hardening hides the kernel's file.
    """
    if told := os.environ.get("FOCALIST_BOOT_ID"):
        return told.replace("-", "")
    try:
        path = Path("/proc/sys/kernel/random/boot_id")
        return path.read_text("ascii").strip().replace("-", "")
    except (OSError, ValueError):
        return uuid.uuid4().hex


@dataclass(frozen=True)
class Stamp:
    """When something was read: in ticks, by the server, and by our clock."""

    ticks: float
    boot: str
    is_sure: bool
    """whether the server was heard since the machine started"""
    moment: float
    wall: float

    def put_on(self, report: Report) -> Report:
        """The report with this moment; our clock's too, where that is another."""
        differs = abs(self.wall - self.moment) >= TOLERANCE
        return replace(
            report,
            read_at=_said(self.moment),
            device_read_at=_said(self.wall) if differs else None,
        )


class Clock:
    """The server's time. Other threads may tell it what the server said."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / NAME
        self.boot = _boot()
        known = _load(self._path)
        if known.get("boot") == self.boot:
            self._is_sure, self._offset = True, known["offset"]
        else:
            ahead = known.get("ahead", 0.0)
            self._is_sure, self._offset = False, time.time() - ticks() - ahead

    @property
    def is_sure(self) -> bool:
        """Whether the server was heard since the machine started."""
        return self._is_sure

    @property
    def offset(self) -> float:
        """What makes a tick a moment (seconds since 1970, UTC)."""
        return self._offset

    def stamp(self) -> Stamp:
        """This moment."""
        now, wall = ticks(), time.time()
        return Stamp(now, self.boot, self._is_sure, now + self._offset, wall)

    def hear(self, moment: float, tick: float, give: float = 0.0) -> None:
        """The server's clock said ``moment`` at that tick, give or take some seconds.

        What a slow line tells does not move a clock that may be as right as that.
        """
        offset = moment - tick
        moved = abs(offset - self._offset) >= TOLERANCE + give
        if self._is_sure and not moved:
            return
        if moved:
            self._offset = offset
        self._is_sure = True
        ahead = time.time() - ticks() - self._offset
        data = {"boot": self.boot, "offset": self._offset, "ahead": ahead}
        try:
            files.write_json(self._path, data)
        except files.StateError as error:
            _log.warning("%s", error)


def _said(moment: float) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _load(path: Path) -> dict[str, Any]:
    """What was kept; nothing where that is damaged: the server tells it again."""
    try:
        data = files.read_json(path)
        if data:
            known = {name: float(data[name]) for name in ("offset", "ahead")}
            if not all(abs(value) < _FAR for value in known.values()):
                raise ValueError("is no clock's")
            return {"boot": str(data["boot"]), **known}
    except (files.StateError, KeyError, TypeError, ValueError) as error:
        _log.warning("%s: %s", path, error)
    return {}
