"""What the server wants done now: asked for from here, since no port is open here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from .settings import Settings
from .transport import KeyRefused, Misunderstood, Run, Task, Transport, TransportError
from .work import CannotWork, Progress, Worker

_log = logging.getLogger(__name__)

MIN_WAIT, MAX_WAIT = 5.0, 300.0
"""Seconds from one question to the next, whatever the server says."""

OUTAGE_WAIT = 60.0
"""Seconds until the next question where the server does not answer."""

TELL_EVERY = 2.0
"""Seconds from one word of progress to the next, where there is any."""

TELL_AT_LEAST = 30.0
"""Seconds without progress after which the server is told that we are at it."""

RESULT_TRIES = 20
RESULT_WAIT = 15.0


class Tasks:
    """Asks for tasks, does them side by side, and tells of them."""

    def __init__(
        self,
        transport: Transport,
        worker: Worker,
        settings: Callable[[], Settings],
        changed: Callable[[], None],
        panel: Callable[[], None],
    ) -> None:
        """``settings()`` are those in force; ``changed()`` is called where the server
        has others, ``panel()`` where a remote panel is open."""
        self._transport, self._worker = transport, worker
        self._settings, self._changed, self._panel = settings, changed, panel
        self._held: dict[str, asyncio.Task[None]] = {}
        self._runs: dict[str, Run] = {}

    def did(self, run: Run) -> None:
        """Have the server told of an action that was done by its plan."""
        self._runs[run.action] = run

    async def forever(self) -> None:
        """Ask and do, until cancelled; without the server, ask again."""
        try:
            while True:
                await asyncio.sleep(await self._ask())
        finally:
            for task in self._held.values():
                task.cancel()

    async def _ask(self) -> float:
        """Ask once; gives the seconds until the next time."""
        runs, held = list(self._runs.values()), list(self._held)
        try:
            asked = await asyncio.to_thread(self._transport.tasks, held, runs)
        except Misunderstood as error:
            # An older server: it has no tasks, and all else goes on.
            _log.debug("%s", error)
            return MAX_WAIT
        except TransportError as error:
            _log.debug("%s", error)
            return MAX_WAIT if isinstance(error, KeyRefused) else OUTAGE_WAIT
        for run in runs:
            if self._runs.get(run.action) is run:
                del self._runs[run.action]
        for task in asked.tasks:
            if task.uid not in self._held:
                self._held[task.uid] = asyncio.create_task(self._do(task))
        if asked.revision != self._settings().revision:
            self._changed()
        if asked.panel:
            self._panel()
        return min(max(asked.wait, MIN_WAIT), MAX_WAIT)

    async def _do(self, task: Task) -> None:
        _log.info("Somebody asks for: %s.", task.action)
        progress = Progress()
        work = asyncio.create_task(
            self._worker.do(task.action, self._settings(), progress)
        )
        try:
            if not await self._tell_while(work, task, progress):
                _log.info("Cancelled: %s.", task.action)
                return
            failure = ""
            try:
                await work
            except CannotWork as error:
                failure = str(error)
            except Exception:
                _log.exception("A task failed")
                failure = "It failed: the collector's log says why."
            await self._tell_end(task, progress, failure)
        finally:
            work.cancel()
            self._held.pop(task.uid, None)

    async def _tell_while(
        self, work: asyncio.Task[None], task: Task, progress: Progress
    ) -> bool:
        """Tell of the work until it ends; False where it is not wanted any more."""
        told, silent = None, 0.0
        while not work.done():
            if told != progress.count or silent >= TELL_AT_LEAST:
                told, silent = progress.count, 0.0
                try:
                    if not await asyncio.to_thread(
                        self._transport.progress, task.uid, told
                    ):
                        return False
                except TransportError as error:
                    _log.debug("%s", error)
            await asyncio.wait([work], timeout=TELL_EVERY)
            silent += TELL_EVERY
        return True

    async def _tell_end(self, task: Task, progress: Progress, failure: str) -> None:
        """Tell the result. Where nobody hears it, the task is given out again."""
        for _ in range(RESULT_TRIES):
            try:
                await asyncio.to_thread(
                    self._transport.result, task.uid, progress.count, failure
                )
                return
            except TransportError as error:
                _log.debug("%s", error)
            await asyncio.sleep(RESULT_WAIT)
