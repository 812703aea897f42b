"""The SNMP backend that is always there: pysnmp 7 on asyncio.

One engine a process: it costs a second to build and is bound to its event loop. The
command generators are called directly, with numeric OIDs, so that no MIB is loaded
and nothing is resolved.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

from pyasn1.type import univ
from pysnmp.entity.engine import SnmpEngine
from pysnmp.entity.rfc3413 import cmdgen
from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    Udp6TransportTarget,
    UdpTransportTarget,
)
from pysnmp.hlapi.v3arch.asyncio.lcd import CommandGeneratorLcdConfigurator
from pysnmp.proto import errind
from pysnmp.proto.api import v2c

from .session import LimitReached, Limits, NoAnswer, Oid, SnmpError, Value
from .walk import walk_columns

_log = logging.getLogger(__name__)
_configurator = CommandGeneratorLcdConfigurator()

SYS_OBJECT_ID: Oid = (1, 3, 6, 1, 2, 1, 1, 2, 0)
VALUES_PER_GET = 24

_TOO_BIG = 1  # error-status, RFC 3416, 3
_V1, _V2C = 0, 1  # message processing models, RFC 3412


class Engine:
    """All SNMP of this process; make it inside the running event loop.

    ``concurrency`` devices are read at once, each in its own time: a silent one
    holds one place and nothing else.
    """

    def __init__(self, limits: Limits | None = None, concurrency: int = 30) -> None:
        self.limits = limits or Limits()
        self._engine = SnmpEngine()
        self._places = asyncio.Semaphore(concurrency)
        self._communities: dict[bytes, str] = {}
        asyncio.get_running_loop().set_exception_handler(_quiet)

    @asynccontextmanager
    async def session(
        self, address: str, port: int, communities: Sequence[str]
    ) -> AsyncIterator[PysnmpSession]:
        """Talk with a device, with the first community and version it answers to.

        Raises NoAnswer when it answers to none, SnmpError when the name is unknown.
        """
        async with self._places:
            for community in communities:
                session = PysnmpSession(self, address, port, community)
                if await session.begin():
                    yield session
                    return
        raise NoAnswer(
            f"No answer from {address}:{port} within {self.patience():g} s. "
            "Is SNMP on, and is the community right?"
        )

    def patience(self) -> float:
        """Seconds that one community of a silent device costs."""
        return self.limits.timeout * (self.limits.retries + 1)

    def close(self) -> None:
        """Close the sockets."""
        self._engine.close_dispatcher()

    def credentials(self, community: str, model: int) -> CommunityData:
        """The same community has one row in the engine for both versions.

        With two, the engine could take an answer for the other version's.
        """
        # Octets, not text: a community is any string, and devices set up by a web
        # page have it in UTF-8.
        name = community.encode("utf-8", "surrogateescape")
        index = self._communities.setdefault(name, f"c{len(self._communities)}")
        return CommunityData(index, name, mpModel=model)

    async def exchange(
        self,
        generator: cmdgen.CommandGenerator,
        credentials: CommunityData,
        target: UdpTransportTarget,
        *arguments: object,
    ) -> tuple[int, int, list[tuple[Oid, Value | None]]]:
        """One request and its answer: error-status, error-index, variables."""
        name, _ = _configurator.configure(self._engine, credentials, target, b"")
        answer = asyncio.get_running_loop().create_future()
        # Positions are the engine's: context engine id, context name.
        generator.send_varbinds(
            self._engine, name, None, b"", *arguments, _deliver, answer
        )
        trouble, status, index, variables = await answer
        if isinstance(trouble, errind.RequestTimedOut):
            raise NoAnswer("No answer in time.")
        if trouble:
            raise SnmpError(f"The answer cannot be used: {trouble}.")
        return int(status), int(index), [(tuple(n), _plain(v)) for n, v in variables]


class PysnmpSession:
    """One device; see :class:`focalist_agent.snmp.session.Session`."""

    def __init__(self, engine: Engine, address: str, port: int, community: str):
        self.address, self.port, self.community = address, port, community
        self.requests = 0
        self._engine = engine
        self._model = _V2C
        self._values = engine.limits.values
        self._deadline = asyncio.get_running_loop().time() + engine.limits.total
        self._repetitions = 1 << 16

    async def begin(self) -> bool:
        """Find the version the device speaks; False when nothing comes back.

        v2c is asked alone first; then both, so that a device with v1 alone costs
        one time-out and a silent one no more than its retries.
        """
        models = [_V2C]
        for _ in range(self._engine.limits.retries + 1):
            answers = await asyncio.gather(*(self._speaks(m) for m in models))
            for model, answered in zip(models, answers, strict=True):
                if answered:
                    self._model = model
                    return True
            models = [_V2C, _V1]
        return False

    async def get(self, oids: Iterable[Oid]) -> dict[Oid, Value]:
        """The values of those of ``oids`` that the device has."""
        wanted = list(dict.fromkeys(oids))
        found: dict[Oid, Value] = {}
        for start in range(0, len(wanted), VALUES_PER_GET):
            found |= await self._get(wanted[start : start + VALUES_PER_GET])
        return found

    async def columns(self, columns: Iterable[Oid]) -> dict[Oid, dict[Oid, Value]]:
        """Whole columns; raises SnmpError rather than give a part."""
        return await walk_columns(self._next, columns, self._engine.limits.rows)

    async def _speaks(self, model: int) -> bool:
        generator = cmdgen.GetCommandGenerator()
        try:
            await self._send(generator, _empty([SYS_OBJECT_ID]), model=model, retries=0)
        except NoAnswer:
            return False
        return True

    async def _get(self, oids: list[Oid]) -> dict[Oid, Value]:
        while oids:
            status, index, answer = await self._send(
                cmdgen.GetCommandGenerator(), _empty(oids)
            )
            if not status:
                return {n: v for n, v in answer if v is not None and n in oids}
            if status != _TOO_BIG and 1 <= index <= len(oids):
                # v1 refuses the whole request for one OID that it does not have.
                oids = oids[: index - 1] + oids[index:]
            elif len(oids) == 1:
                break
            else:
                half = len(oids) // 2
                return await self._get(oids[:half]) | await self._get(oids[half:])
        return {}

    async def _next(
        self, oids: list[Oid], repetitions: int
    ) -> list[tuple[Oid, Value | None]]:
        """The successors of ``oids``; asks for less where the device chokes."""
        repetitions = min(repetitions, self._repetitions)
        try:
            status, _, answer = await self._successors(oids, repetitions)
        except NoAnswer:
            if repetitions == 1:
                raise
            status, answer = _TOO_BIG, []
        if not status:
            return answer
        if status == _TOO_BIG and repetitions > 1:
            self._repetitions = repetitions // 4 or 1
            return await self._next(oids, self._repetitions)
        if len(oids) == 1:
            return [(oids[0], None)]
        half = len(oids) // 2
        return await self._next(oids[:half], 1) + await self._next(oids[half:], 1)

    async def _successors(
        self, oids: list[Oid], repetitions: int
    ) -> tuple[int, int, list[tuple[Oid, Value | None]]]:
        if self._model == _V1:
            generator = cmdgen.NextCommandGeneratorSingleRun()
            return await self._send(generator, _empty(oids))
        generator = cmdgen.BulkCommandGeneratorSingleRun()
        return await self._send(generator, 0, repetitions, _empty(oids))

    async def _send(
        self,
        generator: cmdgen.CommandGenerator,
        *arguments: object,
        model: int | None = None,
        retries: int | None = None,
    ) -> tuple[int, int, list[tuple[Oid, Value | None]]]:
        limits = self._engine.limits
        left = self._deadline - asyncio.get_running_loop().time()
        if self._values <= 0:
            raise LimitReached(f"More than {limits.values} values.")
        kind = Udp6TransportTarget if ":" in self.address else UdpTransportTarget
        self.requests += 1
        try:
            target = await kind.create(
                (self.address, self.port),
                timeout=limits.timeout,
                retries=limits.retries if retries is None else retries,
            )
            answer = await asyncio.wait_for(
                self._engine.exchange(
                    generator,
                    self._engine.credentials(
                        self.community, self._model if model is None else model
                    ),
                    target,
                    *arguments,
                ),
                left,
            )
        except asyncio.TimeoutError as error:
            raise LimitReached(f"Not read within {limits.total:g} s.") from error
        except PySnmpError as error:
            reason = str(error).split("caused by")[0].strip()
            raise SnmpError(f"Cannot ask {self.address}: {reason}") from error
        self._values -= len(answer[2])
        return answer


def _empty(oids: Iterable[Oid]) -> list[tuple[Oid, univ.Null]]:
    return [(name, v2c.null) for name in oids]


def _deliver(_engine, _handle, trouble, status, index, variables, answer) -> None:
    if not answer.done():
        answer.set_result((trouble, status or 0, index or 0, variables or ()))


def _plain(value: object) -> Value | None:
    """An ASN.1 value as Python knows it; None for NULL and the exceptions."""
    if isinstance(value, univ.Integer):
        return int(value)
    if isinstance(value, univ.OctetString):
        return value.asOctets()
    if isinstance(value, univ.ObjectIdentifier):
        return tuple(value)
    return None


def _quiet(_loop: asyncio.AbstractEventLoop, context: dict) -> None:
    """Datagrams that are no SNMP raise inside the engine: noise, not our trouble."""
    _log.debug("In the event loop: %s", context.get("exception") or context["message"])
