"""The daemon: follows the plans, spools each report, sends beside it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import time
from datetime import datetime
from pathlib import Path

from . import plan, settings
from .clock import Clock
from .config import Config, Device
from .panel import Panel
from .report import utc_now
from .sender import Sender
from .snmp.engine import Engine
from .snmp.session import Limits
from .spool import Spool, SpoolError
from .spool import status as spool_status
from .tasks import Tasks
from .transport import Run, Transport, TransportError
from .work import CannotWork, Progress, Worker

_log = logging.getLogger(__name__)

MAX_SKEW = 60
"""Seconds that a clock may be wrong before it is worth a line."""

SPREAD = 0.1
"""Share of the interval over which a round's polls are spread."""

FRESH = 5.0
"""Seconds for which the settings are not asked for again."""

LOOK_AGAIN = 60.0
"""Seconds after which a plan is looked at again, whatever was said."""


class Scheduler:
    """Follows the plans, does tasks and sends, until it is told to stop."""

    def __init__(
        self,
        config: Config,
        directory: Path,
        spool: Spool,
        transport: Transport,
        clock: Clock,
    ) -> None:
        self._config, self._directory = config, directory
        self._spool, self._transport = spool, transport
        self._sender = Sender(spool, transport, clock)
        self._news, self._stop = asyncio.Event(), asyncio.Event()
        self._changed, self._new_plan = asyncio.Event(), asyncio.Event()
        self._settings = settings.remembered(directory)
        self._engine = _engine(config)
        self._worker = Worker(config, self._engine, spool, clock, self._news.set)
        self._asked_at = 0.0
        self._last: dict[str, float] = {}
        """when each action was last begun by its plan, as seconds since 1970"""
        # Started anew, it does not scan anew.
        if said := spool_status(directory).get("last_scan"):
            began = datetime.fromisoformat(said.replace("Z", "+00:00"))
            self._last[plan.SCAN] = began.timestamp()

    async def once(self) -> bool:
        """One round, everything sent; True when nothing waits any more."""
        try:
            await self._ask_settings()
            await self._worker.do(plan.SUPPLIES, self._settings, Progress())
            await self._sender.drain()
        except TransportError as error:
            _log.error("%s", error)
            self._spool.note(last_error=str(error))
        finally:
            self._engine.close()
        return self._spool.waiting() == 0

    async def forever(self) -> None:
        """Poll and send until SIGTERM or SIGINT; a batch on its way is settled."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        panel = Panel(self._transport, self._config, lambda: self._settings)
        tasks = Tasks(
            self._transport,
            self._worker,
            lambda: self._settings,
            self._changed.set,
            panel.open,
        )
        working = asyncio.create_task(self._work(tasks, panel))
        sending = asyncio.create_task(self._send())
        try:
            # Either ends by a stop, or by a fault that leaves nothing to go on with.
            await asyncio.wait(
                [working, sending, asyncio.create_task(self._stop.wait())],
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            self._end()
            working.cancel()
            ends = await asyncio.gather(working, sending, return_exceptions=True)
            self._engine.close()
        for end in ends:
            if isinstance(end, Exception):
                raise end
        _log.info("Stopped; %d reports wait in the spool.", self._spool.waiting())

    def _end(self) -> None:
        self._stop.set()
        self._news.set()

    async def _work(self, tasks: Tasks, panel: Panel) -> None:
        """Follow all plans and do the tasks, with the server's newest settings."""
        await self._ask_settings()
        await asyncio.gather(
            tasks.forever(),
            panel.forever(),
            self._follow_changes(),
            *(self._follow(action, tasks) for action in plan.ACTIONS),
        )

    async def _follow(self, action: str, tasks: Tasks) -> None:
        first = True
        while True:
            if (wait := self._wait(action)) is None or wait > 0:
                # A changed plan, or a clock that was set, is looked at again.
                with contextlib.suppress(asyncio.TimeoutError):
                    longest = min(wait or LOOK_AGAIN, LOOK_AGAIN)
                    await asyncio.wait_for(self._new_plan.wait(), longest)
                continue
            if time.monotonic() - self._asked_at > FRESH:
                await self._ask_settings()
                if self._wait(action) != 0:
                    continue
            await self._run(action, tasks, 0 if first else SPREAD)
            first = False

    async def _run(self, action: str, tasks: Tasks, spread: float) -> None:
        """Do an action by its plan, and note when it was begun."""
        self._began(action)
        at, progress = utc_now(), Progress()
        interval = self._settings.schedule(action, self._config).interval
        seconds = spread * interval if action != plan.SCAN else 0
        try:
            await self._worker.do(action, self._settings, progress, seconds)
        except CannotWork as error:
            _log.warning("%s", error)
            return
        tasks.did(Run(action, at, progress.count))

    def _wait(self, action: str) -> float | None:
        """Seconds until an action is due, 0 if it is; None where it is off."""
        schedule = self._settings.schedule(action, self._config)
        if action == plan.SCAN and not self._settings.to_scan(self._config):
            return None
        now = time.time()
        zone = plan.zone_of(self._settings.tz)
        due = schedule.next_run(self._last.get(action), now, zone)
        return None if due is None else max(0.0, due - now)

    def _began(self, action: str) -> None:
        now = time.time()
        self._last[action] = now
        if action == plan.SUPPLIES:
            # A reading has the alerts, too.
            self._last[plan.ALERTS] = now
        if action == plan.SCAN:
            self._spool.note(last_scan=utc_now())

    async def _send(self) -> None:
        while not self._stop.is_set():
            self._news.clear()
            try:
                await self._sender.drain(self._stop.is_set)
            except (TransportError, SpoolError) as error:
                seconds = self._sender.wait_after(error)
                _log.warning("%s Next attempt in %.0f s.", error, seconds)
                self._spool.note(last_error=str(error))
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), seconds)
            else:
                if not self._stop.is_set():
                    await self._news.wait()

    async def _follow_changes(self) -> None:
        """Ask for the settings as soon as the server is known to have others."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._ask_settings()
            self._new_plan.set()
            self._new_plan.clear()

    async def _ask_settings(self) -> None:
        """Ask the server what it wants; without it, go on with what it said last."""
        self._asked_at = time.monotonic()
        try:
            told = await asyncio.to_thread(self._transport.configuration)
        except TransportError as error:
            _log.warning("%s Polling what the server said last.", error)
            self._spool.note(last_error=str(error))
            return
        self._settings = told
        settings.remember(self._directory, told)
        self._spool.note(last_contact=utc_now())
        self._compare_clocks()

    def _compare_clocks(self) -> None:
        """Note how wrong our clock is; what reports say is corrected by it."""
        skew = self._transport.skew
        if skew is None:
            return
        self._spool.note(clock_ahead=round(skew))
        if abs(skew) > MAX_SKEW:
            side = "ahead of" if skew > 0 else "behind"
            _log.warning("This clock is %d s %s the server's: set it.", abs(skew), side)


def known_devices(config: Config, directory: Path) -> list[Device]:
    """What would be polled without asking the server again."""
    told = settings.remembered(directory)
    return list(dict.fromkeys(told.devices + config.devices_addresses))


def _engine(config: Config) -> Engine:
    limits = Limits(timeout=config.snmp_timeout, retries=config.snmp_retries)
    return Engine(limits, config.snmp_concurrency, config.snmp_backend)
