"""All SNMP of this process: which backend asks whom, with which credential.

The fast backend asks where it is installed and can; pysnmp asks the others.
"""

from __future__ import annotations

import asyncio
import importlib.util
import ipaddress
import socket
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, closing
from typing import Any

from .credential import Community, Credential, why_silent
from .session import Budget, Limits, NoAnswer, Refused, SnmpError

V1, V2C = 0, 1

_PYSNMP, _PYSNMP_V1 = "pysnmp", "pysnmp v1"


def has_gufo() -> bool:
    """Whether the fast backend is installed."""
    try:
        return importlib.util.find_spec("gufo.snmp") is not None
    except ModuleNotFoundError:
        return False


class Engine:
    """Makes sessions; use it inside one event loop.

    ``concurrency`` devices are read at once, each in its own time: a silent one
    holds one place and nothing else. What a device answered to is asked first the
    next time.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        concurrency: int = 30,
        backend: str = "auto",
    ) -> None:
        self.limits = limits or Limits()
        self._fast = backend != "pysnmp" and has_gufo()
        if backend == "gufo" and not self._fast:
            raise SnmpError("gufo-snmp is not installed: pip install gufo-snmp")
        self._backend: Any = None
        self._places = asyncio.Semaphore(concurrency)
        self._answered: dict[tuple[str, int], tuple[Credential, str]] = {}

    @asynccontextmanager
    async def session(
        self, address: str, port: int, credentials: Sequence[Credential]
    ) -> AsyncIterator[Any]:
        """Talk with a device, with the first credential and version it answers to.

        Raises NoAnswer when it answers to none, Refused when it says why, SnmpError
        when the name is unknown.
        """
        where = (address, port)
        known, way = self._answered.get(where, (None, ""))
        order = sorted(credentials, key=lambda one: one != known)
        async with self._places:
            numeric = await _resolve(address, port)
            refusal: Refused | None = None
            for credential in order:
                asking = _Asking(self, numeric, port, credential)
                with closing(asking):
                    try:
                        session = await asking.begin(way if credential == known else "")
                    except Refused as error:
                        refusal = refusal or error
                        continue
                    if session is None:
                        continue
                    try:
                        yield session
                    finally:
                        self._answered[where] = credential, asking.way
                    return
        if refusal:
            raise Refused(f"{address}:{port} refuses: {refusal}.")
        raise NoAnswer(
            f"No answer from {address}:{port} within {self.patience():g} s. "
            f"{why_silent(order)}"
        )

    def answered(
        self, address: str, port: int, credential: Credential, v1: bool
    ) -> None:
        """Remember what a device answered to elsewhere: in a scan."""
        way = _PYSNMP_V1 if v1 else ""
        self._answered[(address, port)] = credential, way

    def patience(self) -> float:
        """Seconds that one credential of a silent device costs."""
        return self.limits.timeout * (self.limits.retries + 1)

    def pysnmp(self) -> Any:
        """The backend that is always there; it takes a second to make."""
        if self._backend is None:
            from .pysnmp import Backend

            self._backend = Backend(self.limits)
        return self._backend

    def is_fast(self, address: str, credential: Credential) -> bool:
        """Whether the fast backend is there and can ask so."""
        if not self._fast:
            return False
        from . import gufo

        return gufo.can(address, credential)

    def close(self) -> None:
        """Close the sockets."""
        if self._backend is not None:
            self._backend.close()


class _Asking:
    """The way to a session with one credential."""

    def __init__(
        self, engine: Engine, address: str, port: int, credential: Credential
    ) -> None:
        self._engine, self._address, self._port = engine, address, port
        self._credential = credential
        self._budget = Budget(engine.limits)
        self._fast: Any = None
        self._way = ""

    async def begin(self, way: str) -> Any:
        """A session that has begun, or None where nothing comes back."""
        if way == _PYSNMP_V1:
            session = self._slow()
            if await session.begin((V1, V2C)):
                return self._settled(session)
            return None
        if way == _PYSNMP or not self._engine.is_fast(self._address, self._credential):
            session = self._slow()
            return self._settled(session) if await session.begin() else None
        return await self._begin_fast()

    async def _begin_fast(self) -> Any:
        """Ask fast; where v1 may be all it speaks, pysnmp asks beside it."""
        from . import gufo

        fast = self._fast = gufo.GufoSession(
            self._address, self._port, self._credential, self._budget, self._slow
        )
        try:
            if await fast.begin(1):
                return fast
            retries = self._budget.limits.retries
            if not isinstance(self._credential, Community):
                return fast if await fast.begin(retries) else None
            for _ in range(retries):
                slow = self._slow()
                first = await _first_true(fast.begin(1), slow.speaks(V1))
                if first is not None:
                    return (fast, self._settled(slow))[first]
        except (gufo.Unclear, Refused):
            # pysnmp can, or says exactly what is wrong.
            session = self._slow()
            return self._settled(session) if await session.begin() else None
        return None

    @property
    def way(self) -> str:
        """How the device was asked in the end."""
        return _PYSNMP if self._fast and self._fast.handed_over else self._way

    def close(self) -> None:
        """Let go of what was opened."""
        if self._fast is not None:
            self._fast.close()

    def _slow(self) -> Any:
        return self._engine.pysnmp().session(
            self._address, self._port, self._credential, self._budget
        )

    def _settled(self, session: Any) -> Any:
        self._way = _PYSNMP_V1 if session.model == V1 else _PYSNMP
        return session


async def _first_true(*asking: Coroutine[Any, Any, bool]) -> int | None:
    """The number of the first to come back true; the others are given up."""
    tasks = [asyncio.ensure_future(one) for one in asking]
    try:
        for task in asyncio.as_completed(tasks):
            if await task:
                return next(n for n, t in enumerate(tasks) if t.done() and t.result())
        return None
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _resolve(address: str, port: int) -> str:
    """The numeric address of a name; raises SnmpError."""
    try:
        ipaddress.ip_address(address.split("%")[0])
        return address
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            address, port, type=socket.SOCK_DGRAM
        )
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "the name is unknown"
        raise SnmpError(f"Cannot ask {address}: {reason}") from error
    return found[0][4][0]
