"""The fast SNMP backend: gufo-snmp (Rust), for v2c and for v3 without a context name.

What it cannot do, and how that is met:

- it asks for the successors of one OID alone: tables are read in a sweep;
- it does not tell an error-status from an empty answer: each GET has an OID in it
  that the device is known to have, and whatever is in doubt is asked by pysnmp;
- it neither repeats a request nor takes answers beyond 4 KiB: we repeat, and pysnmp
  goes on where an answer could not be read.

v1 is left to pysnmp: gufo-snmp gives nothing at all where one OID is missing.
"""

from __future__ import annotations

import asyncio
import functools
import ipaddress
from collections.abc import Callable, Iterable
from typing import Any

from gufo.snmp import _fast, user
from gufo.snmp.utils import format_sock_addr

from . import oids
from .credential import Community, Credential, User
from .session import Budget, NoAnswer, Oid, Refused, Value, dotted
from .walk import Answer, sweep_columns

OIDS_PER_GET = 40
REPETITIONS = 60
"""Of a GETBULK: about what fits into one unfragmented UDP datagram of short values."""

FEW_REPETITIONS = 15
"""Where so many were too many: met with silence, or with more than we can take."""

_ANY = _fast.GetIter("1.3")
"""Takes an answer whole, where one made for a table would cut it off at its end."""

_AUTH = {
    "md5": user.Md5Key,
    "sha": user.Sha1Key,
    "sha224": user.Sha224Key,
    "sha256": user.Sha256Key,
    "sha384": user.Sha384Key,
    "sha512": user.Sha512Key,
}
_PRIV = {
    "des": user.DesKey,
    "aes128": user.Aes128Key,
    "aes192": user.Aes192Key,
    "aes256": user.Aes256Key,
}


class Unclear(Exception):
    """The answer is one that gufo-snmp does not tell us enough of."""


def can(address: str, credential: Credential) -> bool:
    """Whether this backend can ask so."""
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False  # a link-local address with the name of its interface
    if isinstance(credential, User):
        return not credential.context
    return credential.name.isprintable()  # octets that are no UTF-8 are not


class GufoSession:
    """One device; see :class:`focalist_agent.snmp.session.Session`.

    ``slow`` makes a session of pysnmp, which goes on where this one cannot.
    """

    def __init__(
        self,
        address: str,
        port: int,
        credential: Credential,
        budget: Budget,
        slow: Callable[[], Any],
    ) -> None:
        self.address, self.port, self.credential = address, port, credential
        self.budget = budget
        self._make_slow, self._slow = slow, None
        """pysnmp's session, once it has taken over"""
        self._hello: dict[Oid, Value | None] = {}
        self._known = ""
        self._repetitions = REPETITIONS
        self._end: Oid = ()
        """after which nothing comes, once that is known"""
        where = format_sock_addr(address, port)
        if isinstance(credential, Community):
            self._socket = _fast.SnmpV2cClientSocket(where, credential.name, 0, 0, 0, 0)
        else:
            # The engine behind the address is not known yet: no user, no keys.
            self._socket = _fast.SnmpV3ClientSocket(
                where, b"", "", 0, b"", 0, b"", 0, 0, 0, 0
            )
        self._ready = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.get_fd(), self._ready.set)

    @property
    def handed_over(self) -> bool:
        """Whether pysnmp had to go on."""
        return self._slow is not None

    def close(self) -> None:
        """Let go of the socket."""
        self._loop.remove_reader(self._socket.get_fd())

    async def begin(self, tries: int) -> bool:
        """See whether the device answers, and who it says it is."""
        for _ in range(tries):
            try:
                if isinstance(self.credential, User):
                    await self._authenticate(self.credential)
                await self._greet()
            except NoAnswer:
                continue
            return True
        return False

    async def get(self, oids: Iterable[Oid]) -> dict[Oid, Value]:
        """The values of those of ``oids`` that the device has."""
        wanted = dict.fromkeys(oids)
        found = {o: v for o in wanted if (v := self._hello.get(o)) is not None}
        ask = [o for o in wanted if o not in self._hello]
        for start in range(0, len(ask), OIDS_PER_GET):
            part = ask[start : start + OIDS_PER_GET]
            if self._slow is None:
                try:
                    found |= await self._get(part)
                    continue
                except Unclear:
                    self._hand_over()
            found |= await self._slow.get(part)
        return found

    async def columns(self, columns: Iterable[Oid]) -> dict[Oid, dict[Oid, Value]]:
        """Whole columns; raises SnmpError rather than give a part."""
        if self._slow is not None:
            return await self._slow.columns(columns)
        return await sweep_columns(self._after, columns, self.budget.limits.rows)

    def _hand_over(self) -> Any:
        if self._slow is None:
            self._slow = self._make_slow()
        return self._slow

    async def _greet(self) -> None:
        asked = [dotted(one) for one in oids.HELLO]
        said = await self._try(
            lambda: self._socket.send_get_many(asked), self._socket.recv_get_many
        )
        self._hello = {one: _plain(said.get(dotted(one))) for one in oids.HELLO}
        self._known = next((one for one in asked if one in said), "")
        if not self._known:
            self._hello = {}
            self._hand_over()

    async def _authenticate(self, asking: User) -> None:
        """Learn the engine's id, then its clock where the user has keys."""
        refresh = self._socket.send_refresh, self._socket.recv_refresh
        await self._try(*refresh)
        self._socket.set_keys(asking.name, *_keys(asking))
        if asking.auth:
            await self._try(*refresh)

    async def _get(self, wanted: list[Oid]) -> dict[Oid, Value]:
        asked = {dotted(one): one for one in wanted}
        names = [self._known, *asked]
        said = await self._ask(
            lambda: self._socket.send_get_many(names), self._socket.recv_get_many
        )
        if self._known not in said:
            raise Unclear
        return {
            asked[name]: plain
            for name, value in said.items()
            if name in asked and (plain := _plain(value)) is not None
        }

    async def _after(self, name: Oid) -> Answer:
        """What follows an OID; in doubt what pysnmp says."""
        if self._end and name >= self._end:
            return []
        while self._slow is None:
            start = _fast.GetIter(dotted(name), self._repetitions)
            try:
                said = await self._ask(
                    lambda start=start: self._socket.send_get_bulk(start),
                    lambda: self._socket.recv_get_bulk(_ANY),
                )
            except (NoAnswer, Unclear):
                if self._repetitions == FEW_REPETITIONS:
                    self._hand_over().repetitions = 1
                self._repetitions = FEW_REPETITIONS
                continue
            if said:
                return [(_oid(one[0]), _plain(one[1])) for one in said if one]
            # The end of everything, or an error: only the other one sees which.
            rest = await self._make_slow().after(name, self._repetitions)
            if not rest:
                self._end = name
            return rest
        return await self._slow.after(name, FEW_REPETITIONS)

    async def _ask(self, send: Callable, receive: Callable) -> Any:
        """An answer, asked for again as often as the limits say."""
        for left in range(self.budget.limits.retries, -1, -1):
            try:
                return await self._try(send, receive)
            except NoAnswer:
                if not left:
                    raise
        raise NoAnswer("No answer in time.")

    async def _try(self, send: Callable, receive: Callable) -> Any:
        """One request; raises NoAnswer, Unclear, Refused, or what gufo-snmp does."""
        seconds = min(self.budget.limits.timeout, self.budget.ask())
        garbled = False
        until = self._loop.time() + seconds
        self._ready.clear()
        try:
            send()
            while True:
                await asyncio.wait_for(self._ready.wait(), until - self._loop.time())
                self._ready.clear()
                try:
                    answer = _received(receive)
                    break
                except BlockingIOError:
                    continue  # an answer to something else, or nothing yet
                except StopAsyncIteration:
                    answer = []
                    break
                except _fast.SnmpDecodeError:
                    garbled = True  # a true one may follow
        except (asyncio.TimeoutError, TimeoutError, OSError) as error:
            # A refused connection is one way to be silent.
            if garbled:
                raise Unclear from None
            if self.budget.left() <= 0:
                raise self.budget.late() from error
            raise NoAnswer("No answer in time.") from None
        except _fast.SnmpAuthError as error:
            raise Refused("the user's name or a password is wrong") from error
        except _fast.SnmpError as error:
            raise Unclear from error
        self.budget.got(len(answer) if isinstance(answer, (list, dict)) else 1)
        return answer


@functools.lru_cache(maxsize=256)
def _master(kind: type[user.BaseAuthKey], password: str) -> bytes:
    """A password's master key, which a megabyte of hashing makes of it.

    The keys of an engine are made of it in microseconds.
    """
    return kind.get_master_key(password.encode("utf-8", "surrogateescape"))


def _keys(asking: User) -> tuple[int, bytes, int, bytes]:
    """Algorithms and keys as the socket takes them."""
    kind = _AUTH.get(asking.auth)
    if kind is None:
        return 0, b"", 0, b""
    auth = kind(_master(kind, asking.auth_password), user.KeyType.Master)
    priv = None
    cipher, _, draft = (asking.priv or "").partition("-")
    if cipher:
        # The privacy password is hashed as the authentication's is (RFC 3826, 1.2).
        master = _master(kind, asking.priv_password)
        priv = _PRIV[cipher](master, user.KeyType.Master)
    known = user.User(
        asking.name,
        auth_key=auth,
        priv_key=priv,
        key_expansion=user.KeyExpansion.Blumenthal
        if draft
        else user.KeyExpansion.Cisco,
    )
    return (
        known.get_auth_alg(),
        known.get_auth_key(),
        known.get_priv_alg(),
        known.get_priv_key(),
    )


def _received(receive: Callable[[], Any]) -> Any:
    """What was received; raises Unclear where the datagram makes Rust panic."""
    try:
        return receive()
    except BaseException as error:
        # No Exception, and not to be imported: pyo3_runtime.PanicException.
        if type(error).__name__ == "PanicException":
            raise Unclear from error
        raise


@functools.lru_cache(maxsize=8192)
def _oid(text: str) -> Oid:
    """An OID out of its text; printers of one model say the same ones."""
    return tuple(map(int, text.split(".")))


def _plain(value: Any) -> Value | None:
    """A value as the session gives it: OIDs and addresses come as text."""
    if isinstance(value, str):
        numbers = _oid(value)
        is_address = len(numbers) == 4 and max(numbers) < 256 and numbers[0] > 2
        return bytes(numbers) if is_address else numbers
    return value if isinstance(value, (int, bytes)) else None
