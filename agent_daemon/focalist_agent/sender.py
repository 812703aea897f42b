"""Sending what is spooled, in batches that the server takes."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable

from .clock import Clock
from .report import utc_now
from .spool import Spool
from .transport import (
    KeyRefused,
    Result,
    TooLarge,
    Transport,
    Unreachable,
)

_log = logging.getLogger(__name__)

BATCH_REPORTS = 1000
BATCH_BYTES = 4 * 1024 * 1024
"""Of JSON: compressed it stays far below what the server takes (8 MiB of body)."""

FIRST_WAIT, LONGEST_WAIT = 2.0, 300.0
REFUSED_WAIT = 900.0


class Sender:
    """Empties the spool. One at a time: a batch is settled before the next."""

    def __init__(self, spool: Spool, transport: Transport, clock: Clock) -> None:
        self._spool, self._transport, self._clock = spool, transport, clock
        self._batch = BATCH_REPORTS
        self._failures = 0

    async def drain(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """Send until nothing waits, or until ``stopped()`` between two batches.

        Raises TransportError where the server fails.
        """
        if not self._clock.is_sure and self._spool.waiting():
            # Any answer tells the time, and what waits is to be set right by it.
            await asyncio.to_thread(self._transport.configuration)
        while not stopped():
            self._spool.set_right(self._clock)
            batch = self._spool.batch(self._batch, BATCH_BYTES)
            if not batch:
                return
            results = await self._send(batch)
            self._spool.note(last_contact=utc_now(), last_error=None)
            self._failures = 0
            if results and not self._spool.settle(results):
                raise Unreachable("The server names no report that it was sent.")

    async def _send(self, batch: list[tuple[str, bytes]]) -> list[Result]:
        """One batch; no results when it was too large, and the next will be less."""
        try:
            results = await asyncio.to_thread(
                self._transport.send, [body for _, body in batch]
            )
        except TooLarge as error:
            if len(batch) == 1:
                # It would be too large for ever, and hold up all others.
                return [Result(batch[0][0], "rejected", str(error))]
            self._batch = max(1, len(batch) // 2)
            return []
        # Grow again slowly: one large report must not make all batches small.
        self._batch = min(BATCH_REPORTS, self._batch * 2)
        if not results:
            raise Unreachable("The server took none of the reports it was sent.")
        for result in results:
            if result.status == "rejected":
                _log.warning(
                    "The server rejects report %s: %s", result.uid, result.message
                )
        return results

    def wait_after(self, error: Exception) -> float:
        """Seconds until the next attempt: exponential back-off with full jitter.

        Full jitter (a random moment up to the bound) keeps a fleet of daemons from
        coming back all at once after an outage.
        """
        if isinstance(error, KeyRefused):
            return random.uniform(0.8, 1.2) * REFUSED_WAIT
        bound = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(self._failures, 20))
        self._failures += 1
        asked = error.retry_after if isinstance(error, Unreachable) else None
        return (asked or 0.0) + random.uniform(0, bound)
