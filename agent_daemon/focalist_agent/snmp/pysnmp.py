"""The SNMP backend that is always there: pysnmp 7 on asyncio, for v1, v2c and v3.

One engine a process: it costs a second to build and is bound to its event loop. The
command generators are called directly, with numeric OIDs, so that no MIB is loaded
and nothing is resolved.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from pyasn1.type import univ
from pysnmp.entity import config
from pysnmp.entity.engine import SnmpEngine
from pysnmp.entity.rfc3413 import cmdgen
from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    Udp6TransportTarget,
    UdpTransportTarget,
    UsmUserData,
)
from pysnmp.hlapi.v3arch.asyncio.lcd import CommandGeneratorLcdConfigurator
from pysnmp.proto import errind
from pysnmp.proto.api import v2c
from pysnmp.proto.rfc1905 import EndOfMibView
from pysnmp.proto.secmod.rfc3414.priv import des
from pysnmp.proto.secmod.rfc3826.priv import aes

from . import oids
from .credential import Community, Credential, User
from .session import Budget, Limits, NoAnswer, Oid, Refused, SnmpError, Value
from .walk import END, Answer, walk_columns

_log = logging.getLogger(__name__)
_configurator = CommandGeneratorLcdConfigurator()

VALUES_PER_GET = 24
LARGEST = 1 << 16

_TOO_BIG = 1  # error-status, RFC 3416, 3
V1, V2C, V3 = 0, 1, 3  # message processing models, RFC 3412

_AUTH = {
    None: config.USM_AUTH_NONE,
    "md5": config.USM_AUTH_HMAC96_MD5,
    "sha": config.USM_AUTH_HMAC96_SHA,
    "sha224": config.USM_AUTH_HMAC128_SHA224,
    "sha256": config.USM_AUTH_HMAC192_SHA256,
    "sha384": config.USM_AUTH_HMAC256_SHA384,
    "sha512": config.USM_AUTH_HMAC384_SHA512,
}
_PRIV = {
    None: config.USM_PRIV_NONE,
    "des": config.USM_PRIV_CBC56_DES,
    "aes128": config.USM_PRIV_CFB128_AES,
    "aes192": config.USM_PRIV_CFB192_AES,
    "aes256": config.USM_PRIV_CFB256_AES,
    "aes192-blumenthal": config.USM_PRIV_CFB192_AES_BLUMENTHAL,
    "aes256-blumenthal": config.USM_PRIV_CFB256_AES_BLUMENTHAL,
}

_REFUSALS = {
    errind.UnknownUserName: "the device does not know the user {}",
    errind.UnknownSecurityName: "the device does not know the user {}",
    errind.WrongDigest: "the authentication password or protocol of {} is wrong",
    errind.AuthenticationFailure: (
        "the authentication password or protocol of {} is wrong"
    ),
    errind.AuthenticationError: (
        "the authentication password or protocol of {} is wrong"
    ),
    errind.DecryptionError: "the privacy password or protocol of {} is wrong",
    errind.UnsupportedSecurityLevel: (
        "the device does not let {} in with this mix of authentication and privacy"
    ),
}

_OF_ANOTHER = (
    errind.UnknownEngineID,
    errind.UnknownUserName,
    errind.UnknownSecurityName,
    errind.NotInTimeWindow,
    errind.WrongDigest,
    errind.AuthenticationFailure,
    errind.DecryptionError,
)
"""What is said where a message was made for the engine of another device."""

_CACHE = "_SnmpV3MessageProcessingModel__engineId"


def has_privacy(priv: str | None) -> bool:
    """Whether this installation can encrypt so: ``cryptography`` may be too old."""
    missing = des.PysnmpCryptoError if priv == "des" else aes.PysnmpCryptoError
    return priv is None or not missing


class Backend:
    """All of pysnmp in this process; make it inside the running event loop.

    A password's master key is derived when its user is first asked for, and localised
    once for each engine that answers: pysnmp keeps both. It knows one user of a name,
    so a second one with other passwords has an engine of its own.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._engines: list[SnmpEngine] = []
        self._users: list[dict[str, User]] = []
        self._communities: dict[bytes, str] = {}
        asyncio.get_running_loop().set_exception_handler(_quiet)

    def session(
        self, address: str, port: int, credential: Credential, budget: Budget
    ) -> PysnmpSession:
        """A conversation that has not begun."""
        return PysnmpSession(self, address, port, credential, budget)

    def close(self) -> None:
        """Close the sockets."""
        for engine in self._engines:
            engine.close_dispatcher()

    def identified(
        self, credential: Credential, model: int
    ) -> tuple[SnmpEngine, CommunityData | UsmUserData]:
        """The engine that asks for a credential, and what pysnmp calls it.

        The same community has one row in the engine for both versions: with two, the
        engine could take an answer for the other version's.
        """
        if isinstance(credential, User):
            return self._user(credential)
        # Octets, not text: a community is any string, and devices set up by a web
        # page have it in UTF-8.
        name = credential.name.encode("utf-8", "surrogateescape")
        index = self._communities.setdefault(name, f"c{len(self._communities)}")
        return self._engine(0), CommunityData(index, name, mpModel=model)

    def _user(self, user: User) -> tuple[SnmpEngine, UsmUserData]:
        number = next(
            (n for n, u in enumerate(self._users) if u.get(user.name, user) == user),
            len(self._users),
        )
        engine = self._engine(number)
        self._users[number][user.name] = user
        return engine, UsmUserData(
            user.name,
            user.auth_password or None,
            user.priv_password or None,
            authProtocol=_AUTH[user.auth],
            privProtocol=_PRIV[user.priv],
        )

    def _engine(self, number: int) -> SnmpEngine:
        while len(self._engines) <= number:
            self._engines.append(SnmpEngine())
            self._users.append({})
        return self._engines[number]


class PysnmpSession:
    """One device; see :class:`focalist_agent.snmp.session.Session`."""

    def __init__(
        self,
        backend: Backend,
        address: str,
        port: int,
        credential: Credential,
        budget: Budget,
    ) -> None:
        self.address, self.port, self.credential = address, port, credential
        self.budget = budget
        self.model = V3 if isinstance(credential, User) else V2C
        self.repetitions = LARGEST
        """the most rows of a GETBULK that the device was seen to take"""
        self._backend = backend
        self._target: UdpTransportTarget | None = None
        self._hello: dict[Oid, Value | None] = {}
        if isinstance(credential, User) and not has_privacy(credential.priv):
            raise SnmpError(
                f"This installation cannot encrypt with {credential.priv}: "
                "the Python package cryptography is missing or too old."
            )

    async def begin(self, models: Iterable[int] = (V2C, V1)) -> bool:
        """Find the version the device speaks; False when nothing comes back.

        v2c is asked alone first; then both, so that a device with v1 alone costs
        one time-out and a silent one no more than its retries.
        """
        first, *more = models if isinstance(self.credential, Community) else (V3,)
        asked = [first]
        for _ in range(self.budget.limits.retries + 1):
            answers = await asyncio.gather(*(self.speaks(m) for m in asked))
            if any(answers):
                self.model = asked[answers.index(True)]
                return True
            asked = [first, *more]
        return False

    async def get(self, oids: Iterable[Oid]) -> dict[Oid, Value]:
        """The values of those of ``oids`` that the device has."""
        wanted = dict.fromkeys(oids)
        found = {o: v for o in wanted if (v := self._hello.get(o)) is not None}
        ask = [o for o in wanted if o not in self._hello]
        for start in range(0, len(ask), VALUES_PER_GET):
            found |= await self._get(ask[start : start + VALUES_PER_GET])
        return found

    async def columns(self, columns: Iterable[Oid]) -> dict[Oid, dict[Oid, Value]]:
        """Whole columns; raises SnmpError rather than give a part."""
        return await walk_columns(self._next, columns, self.budget.limits.rows)

    async def speaks(self, model: int) -> bool:
        """Whether the device answers to one version; it is spoken from then on."""
        generator = cmdgen.GetCommandGenerator()
        try:
            status, _, answer = await self._send(
                generator, _empty(oids.HELLO), model=model, retries=0
            )
        except NoAnswer:
            return False
        if not status:
            said = dict(answer)
            self._hello = {one: said.get(one) for one in oids.HELLO}
        self.model = model
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

    async def after(self, name: Oid, repetitions: int) -> Answer:
        """What follows one OID; nothing at the end of all."""
        answer = await self._next([name], repetitions)
        return [one for one in answer if one[1] is not END]

    async def _next(self, oids: list[Oid], repetitions: int) -> Answer:
        """The successors of ``oids``; asks for less where the device chokes."""
        repetitions = min(repetitions, self.repetitions)
        try:
            status, _, answer = await self._successors(oids, repetitions)
        except NoAnswer:
            if repetitions == 1:
                raise
            status, answer = _TOO_BIG, []
        if not status:
            return answer
        if status == _TOO_BIG and repetitions > 1:
            self.repetitions = repetitions // 4 or 1
            return await self._next(oids, self.repetitions)
        if len(oids) == 1:
            return [(oids[0], END)]
        half = len(oids) // 2
        return await self._next(oids[:half], 1) + await self._next(oids[half:], 1)

    async def _successors(
        self, oids: list[Oid], repetitions: int
    ) -> tuple[int, int, Answer]:
        if self.model == V1:
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
    ) -> tuple[int, int, Answer]:
        """One request, asked again as often as ``retries`` says."""
        tries = 1 + (self.budget.limits.retries if retries is None else retries)
        while True:
            tries -= 1
            try:
                return await self._try(
                    generator, self.model if model is None else model, arguments
                )
            except NoAnswer:
                if not tries:
                    raise

    async def _try(
        self, generator: cmdgen.CommandGenerator, model: int, arguments: tuple
    ) -> tuple[int, int, Answer]:
        left = self.budget.ask()
        try:
            if self._target is None:
                # Without pysnmp's own repetitions: for each number of them it makes
                # a row for the device, which costs more than a request.
                kind = (
                    Udp6TransportTarget if ":" in self.address else UdpTransportTarget
                )
                self._target = await kind.create(
                    (self.address, self.port), self.budget.limits.timeout, retries=0
                )
            answer = await asyncio.wait_for(
                self._exchange(generator, model, self._target, arguments), left
            )
        except asyncio.TimeoutError as error:
            raise self.budget.late() from error
        except PySnmpError as error:
            reason = str(error).split("caused by")[0].strip()
            raise SnmpError(f"Cannot ask {self.address}: {reason}") from error
        self.budget.got(len(answer[2]))
        return answer

    async def _exchange(
        self,
        generator: cmdgen.CommandGenerator,
        model: int,
        target: UdpTransportTarget,
        arguments: tuple,
    ) -> tuple[int, int, Answer]:
        """One request and its answer: error-status, error-index, variables."""
        engine, identified = self._backend.identified(self.credential, model)
        context = getattr(self.credential, "context", "").encode()
        name, _ = _configurator.configure(engine, identified, target, context)

        async def exchange() -> tuple:
            answer = asyncio.get_running_loop().create_future()
            # Positions are the engine's: context engine id, context name.
            generator.send_varbinds(
                engine, name, None, context, *arguments, _deliver, answer
            )
            return await answer

        known = model == V3 and _peers(engine, self.address, self.port)
        trouble, status, index, variables = await exchange()
        if known and isinstance(trouble, _OF_ANOTHER):
            # Another printer may have got the address meanwhile.
            _forget(engine, known)
            trouble, status, index, variables = await exchange()
        if isinstance(trouble, errind.RequestTimedOut):
            raise NoAnswer("No answer in time.")
        if trouble:
            raise self._trouble(trouble)
        return int(status), int(index), [(tuple(n), _plain(v)) for n, v in variables]

    def _trouble(self, trouble: errind.ErrorIndication) -> SnmpError:
        refusal = _REFUSALS.get(type(trouble))
        if refusal and isinstance(self.credential, User):
            return Refused(refusal.format(repr(self.credential.name)))
        return SnmpError(f"The answer cannot be used: {trouble}.")


def _peers(engine: SnmpEngine, address: str, port: int) -> list:
    """Under what pysnmp remembers which SNMPv3 engine answers at an address.

    It does so for five minutes, whoever answers there meanwhile, and offers no way to
    let go of it.
    """
    known = getattr(engine.message_processing_subsystems[V3], f"{_CACHE}Cache")
    return [peer for peer in known if tuple(peer[1][:2]) == (address, port)]


def _forget(engine: SnmpEngine, peers: list) -> None:
    model = engine.message_processing_subsystems[V3]
    for peer in peers:
        getattr(model, f"{_CACHE}Cache").pop(peer, None)
        for several in getattr(model, f"{_CACHE}CacheExpQueue").values():
            if peer in several:
                several.remove(peer)


def _empty(oids: Iterable[Oid]) -> list[tuple[Oid, univ.Null]]:
    return [(name, v2c.null) for name in oids]


def _deliver(_engine, _handle, trouble, status, index, variables, answer) -> None:
    if not answer.done():
        answer.set_result((trouble, status or 0, index or 0, variables or ()))


def _plain(value: object) -> Value | None:
    """An ASN.1 value as Python knows it; None for NULL and what is not there."""
    if isinstance(value, EndOfMibView):
        return END
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
