"""Finding printers: a question to each address, then who those are that answer.

All addresses are asked side by side, so many a second at most; a silent one costs a
time-out and no more. Printers are told from other SNMP devices by that first answer,
and only they are asked who they are.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from . import reader, text
from .config import Device
from .identity import is_printer
from .report import Report
from .snmp import probe
from .snmp.credential import Community, Credential, User
from .snmp.engine import Engine
from .snmp.session import Limits, SnmpError

_log = logging.getLogger(__name__)

_BURST = 0.01


@dataclass(frozen=True)
class Found:
    """A device that answered. ``report`` has its identity where it is a printer."""

    device: Device
    printer: bool
    sys_descr: str = ""
    sys_object_id: str = ""
    report: Report | None = field(default=None, compare=False)
    problem: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As JSON knows it: a report without meters, or what is known of others."""
        known = {
            "address": self.device.address,
            "sys_descr": self.sys_descr,
            "sys_object_id": self.sys_object_id,
        }
        said = self.report.to_dict() if self.report else {}
        said.pop("uid", None)
        more = {"problem": self.problem} if self.problem else {}
        return {
            "port": self.device.port,
            "printer": self.printer,
            **{key: value for key, value in known.items() if value},
            **said,
            **more,
        }


async def scan(
    engine: Engine,
    addresses: Sequence[str],
    port: int,
    credentials: Sequence[Credential],
    rate: float,
    asked: Callable[[float], None] = lambda share: None,
) -> AsyncIterator[Found]:
    """All devices that answer, as they are known; ``rate`` in datagrams a second.

    ``asked`` is told now and then which share of the questions is asked, from 0 to 1.
    What a device answered to is asked first by ``engine`` from then on.
    """
    waiting: set[asyncio.Task[Found]] = set()
    answers: asyncio.Queue[_Heard | None] = asyncio.Queue()
    scanner = _Scanner(addresses, port, credentials, engine.limits, rate, answers)
    scanner.asked = asked
    asking = asyncio.create_task(scanner.run())
    heard: asyncio.Task | None = asyncio.create_task(answers.get())
    try:
        while heard or waiting:
            done, _ = await asyncio.wait(
                waiting | ({heard} if heard else set()),
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done - {heard}:
                waiting.discard(task)
                yield task.result()
            if heard in done:
                one = heard.result()
                heard = asyncio.create_task(answers.get()) if one else None
                if one:
                    told = _identify(engine, one, port, credentials)
                    waiting.add(asyncio.create_task(told))
        await asking
    finally:
        for task in {asking, *waiting} | ({heard} if heard else set()):
            task.cancel()


async def _identify(
    engine: Engine, heard: _Heard, port: int, credentials: Sequence[Credential]
) -> Found:
    """Ask a device who it is, unless it is no printer."""
    device, answer = Device(heard.address, port), heard.answer
    printer = answer.printer or is_printer(answer.sys_object_id)
    found = Found(
        device,
        printer,
        text.decode(answer.sys_descr),
        ".".join(map(str, answer.sys_object_id)),
    )
    unsure = answer.printer is None
    if not (printer or unsure):
        return found
    if heard.credential:
        engine.answered(
            device.address, port, heard.credential, answer.version == probe.V1
        )
    else:
        credentials = sorted(credentials, key=lambda one: not isinstance(one, User))
    try:
        async with engine.session(device.address, port, credentials) as session:
            report = await reader.identify(session, device.address)
    except SnmpError as error:
        return replace(found, problem=str(error))
    except Exception:
        _log.exception("%s: the answers could not be understood", device)
        return replace(found, problem="The answers could not be understood.")
    known = printer or report.status is not None or report.profile is not None
    return replace(found, printer=known, report=report)


@dataclass(frozen=True)
class _Heard:
    address: str
    credential: Credential | None
    """None: SNMPv3, by any of its users"""
    answer: probe.Answer


class _Scanner(asyncio.DatagramProtocol):
    """Sends the questions of one scan, and tells the first good answer of each address.

    The order of ``credentials`` holds: what answers to several is told with the first
    of those that came back when it was heard.
    """

    def __init__(
        self,
        addresses: Iterable[str],
        port: int,
        credentials: Sequence[Credential],
        limits: Limits,
        rate: float,
        answers: asyncio.Queue[_Heard | None],
    ) -> None:
        self._addresses = list(addresses)
        self._port, self._limits, self._rate = port, limits, rate
        self._answers = answers
        self._sent: dict[int, tuple[str, Credential | None]] = {}
        self._open = set(self._addresses)
        self._last = probe.FIRST_ID
        self._asked = 0
        self._in_all = len(self._addresses) * (limits.retries + 1)
        self.asked: Callable[[float], None] = lambda share: None
        communities = [c for c in credentials if isinstance(c, Community)]
        self._first = [(c, probe.question(probe.V2C, c)) for c in communities]
        if any(isinstance(c, User) for c in credentials):
            self._first.append((None, probe.question_v3()))
        self._again = self._first + [
            (c, probe.question(probe.V1, c)) for c in communities
        ]

    async def run(self) -> None:
        """Ask all, wait for the last, and say that it is over."""
        loop = asyncio.get_running_loop()
        sockets = {}
        try:
            for version, anywhere in ((4, "0.0.0.0"), (6, "::")):
                if any((":" in a) == (version == 6) for a in self._addresses):
                    sockets[version], _ = await loop.create_datagram_endpoint(
                        lambda: self, local_addr=(anywhere, 0)
                    )
            started = time.monotonic()
            tries = self._limits.retries + 1
            await asyncio.gather(
                *(self._ask(number, started, sockets) for number in range(tries))
            )
            last = time.monotonic() + self._limits.timeout
            while self._open and (left := last - time.monotonic()) > 0:
                await asyncio.sleep(min(left, 0.05))
        finally:
            for transport in sockets.values():
                transport.close()
            self._answers.put_nowait(None)

    async def _ask(self, number: int, started: float, sockets: dict) -> None:
        """One try of all addresses, at the rate; the n-th begins n time-outs later.

        v1 is asked where v2c was not answered: in the second try.
        """
        questions = self._again if number else self._first
        due = started + number * self._limits.timeout
        rate = self._rate / len(questions) if questions else self._rate
        for position, address in enumerate(self._addresses):
            moment = due + position / rate
            if (ahead := moment - time.monotonic()) > _BURST:
                self.asked(self._asked / self._in_all)
                await asyncio.sleep(ahead)
            self._asked += 1
            if address in self._open:
                for credential, question in questions:
                    self._send(sockets, address, credential, *question)

    def _send(
        self,
        sockets: dict,
        address: str,
        credential: Credential | None,
        message: bytes,
        position: int,
    ) -> None:
        self._last += 1
        self._sent[self._last] = address, credential
        datagram = bytearray(message)
        datagram[position : position + 4] = self._last.to_bytes(4, "big")
        with contextlib.suppress(OSError):  # no route: the same as silence
            sockets[6 if ":" in address else 4].sendto(datagram, (address, self._port))

    def datagram_received(self, data: bytes, addr: tuple) -> None:
        try:
            answer = probe.understand(data)
        except (ValueError, IndexError):
            return
        address, credential = self._sent.get(answer.request, ("", None))
        if addr[0] != address or address not in self._open:
            return
        self._open.discard(address)
        self._answers.put_nowait(_Heard(address, credential, answer))

    def error_received(self, exc: Exception) -> None:
        """A refused datagram is silence."""
