"""Printers that answer SNMP v2c, and lie, hang or answer with garbage.

Each time that one is asked who it is, it counts further: a reading is known by its
life count. What was asked and answered is kept: it is what a test compares with.
"""

import bisect
import functools
import random
import select
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from daemon_parts import DATA, values_of
from pyasn1.codec.ber import decoder
from pysnmp.proto.api import v2c

from focalist_agent.snmp import oids
from focalist_agent.snmp.session import oid

STEP = 7
"""Pages from one reading to the next."""
FIRST = 1_000_000

LIFE = (*oids.MARKER_LIFE, 2, 1)
TOTAL = oid("1347.43.10.1.1.12.1.1")
SERIALS = ((*oids.GENERAL_SERIAL, 2), oid("1347.43.5.1.1.28.1"))
MAC = (*oids.IF_PHYS_ADDRESS, 3)
OFFICE = values_of((DATA / "office.snmprec").read_text())
ORDER = sorted(OFFICE)

GET, NEXT, ANSWER, BULK = 0xA0, 0xA1, 0xA2, 0xA5
END = b"end"

MOST = 1400
"""Octets of an answer's variables"""

LIES = ("back", "jump", "another", "nameless")
TROUBLES = ("silent", "half", "garbage")


@dataclass
class Reading:
    """What a printer said from one "who are you" to the next."""

    life: int
    moment: float
    mood: str
    questions: list[bytes] = field(default_factory=list)
    ended: float = 0.0
    """by time.monotonic()"""


class Printer(threading.Thread):
    """One printer, at an address of its own."""

    def __init__(
        self, number: int, port: int, chance: random.Random, now: Callable[[], float]
    ) -> None:
        super().__init__(daemon=True)
        self.address = f"127.61.0.{number + 1}"
        self.serial, self.other_serial = f"CHAOS{number:04}", f"OTHER{number:04}"
        self.mac = bytes((0, 0x17, 0xC8, 9, 9, number))
        self.mood = "honest"
        self.readings: list[Reading] = []
        self.is_asked = False
        self.answered_at = 0.0
        """when it last said something, by time.monotonic()"""
        self._chance, self._now = chance, now
        self._before = b""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((self.address, port))

    def values(self) -> dict:
        """What it says of itself now."""
        reading = self.readings[-1]
        others = {"another": self.other_serial, "nameless": ""}
        serial = others.get(reading.mood, self.serial)
        told = dict.fromkeys(SERIALS, serial.encode())
        return OFFICE | told | {LIFE: reading.life, TOTAL: reading.life, MAC: self.mac}

    def begin(self) -> None:
        """Somebody asks who it is: one more reading."""
        life = FIRST + STEP * len(self.readings)
        life += {"back": -50_000, "jump": 5_000_000}.get(self.mood, 0)
        self.readings.append(Reading(life, self._now(), self.mood))

    def run(self) -> None:
        while True:
            datagram, sender = self._socket.recvfrom(65535)
            if datagram == END:
                self._socket.close()
                return
            self.is_asked = True
            for answer in self._answers(datagram):
                self.answered_at = time.monotonic()
                self._socket.sendto(answer, sender)
            self.is_asked = False

    def has_work(self) -> bool:
        """Whether a question waits for its answer, where the computer is busy."""
        waits, _, _ = select.select([self._socket], [], [], 0)
        return bool(waits) or self.is_asked

    def close(self) -> None:
        self._socket.sendto(END, self._socket.getsockname())
        self.join()

    def _answers(self, datagram: bytes) -> list[bytes]:
        version, community, request, question = _take_apart(datagram)
        if version != b"\x02\x01\x01":
            return []  # as many do: v1 is switched off
        kind, names, repetitions = _understood(question)
        if kind == GET and set(oids.HELLO) <= set(names):
            self.begin()
        reading = self.readings[-1]
        mood = self.mood
        half = mood == "half" and len(reading.questions) >= 2
        if mood == "silent" or half:
            reading.mood = mood
            return []
        bindings = _bindings(self.values(), kind, names, repetitions)
        body = request + b"\x02\x01\x00\x02\x01\x00" + _tlv(0x30, bindings)
        answer = _tlv(0x30, version + community + _tlv(ANSWER, body))
        if mood == "garbage":
            reading.mood = mood
            return self._garbled(answer, version + community, request)
        reading.questions.append(question)
        reading.ended = time.monotonic()
        self._before = bindings
        return [answer]

    def _garbled(self, answer: bytes, head: bytes, request: bytes) -> list[bytes]:
        chance = self._chance
        other = bytes((*request[:-1], request[-1] ^ 1))
        stale = b"\x02\x01\x00\x02\x01\x00" + _tlv(0x30, self._before)
        return chance.choice(
            (
                lambda: [answer],
                lambda: [],
                lambda: [b""],
                lambda: [chance.randbytes(chance.randrange(1, 1500))],
                lambda: [answer[: chance.randrange(len(answer))]],
                lambda: [_flipped(answer, chance)],
                lambda: [_flipped(answer, chance), answer, answer],
                lambda: [answer.replace(request, other, 1)],
                lambda: [_tlv(0x30, head + _tlv(ANSWER, request + stale))],
                lambda: [answer + bytes(50_000)],
                lambda: [_tlv(0x30, head + _tlv(ANSWER, request + _error(chance)))],
                lambda: [b"\x30\x84\xff\xff\xff\xff" + answer[4:]],
                lambda: [b"\x30\x80" * 400],
            )
        )()


def _flipped(answer: bytes, chance: random.Random) -> bytes:
    """Some octets are others: of lengths, types, names or values."""
    octets = bytearray(answer)
    for _ in range(chance.randrange(1, 6)):
        octets[chance.randrange(len(octets))] = chance.randrange(256)
    return bytes(octets)


def _error(chance: random.Random) -> bytes:
    status, index = chance.randrange(1, 19), chance.randrange(0, 100)
    return bytes((2, 1, status, 2, 1, index)) + _tlv(0x30, b"")


def _take_apart(datagram: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Version, community and request id, encoded; and the rest: what is asked."""
    at = _content(datagram, 0)
    version, at = datagram[at : at + 3], at + 3
    end = at + 2 + datagram[at + 1]
    start = _content(datagram, end)
    stop = start + 2 + datagram[start + 1]
    rest = datagram[end : end + 1] + datagram[stop:]
    return version, datagram[at:end], datagram[start:stop], rest


@functools.lru_cache(maxsize=4096)
def _understood(question: bytes) -> tuple[int, list[tuple], int]:
    """Kind, names and repetitions of what was asked."""
    numbers, rest = [], question[1:]
    for _ in range(2):
        number, rest = decoder.decode(rest)
        numbers.append(int(number))
    bound, _ = decoder.decode(rest, asn1Spec=v2c.VarBindList())
    return question[0], [tuple(one[0]) for one in bound], numbers[1]


def _bindings(values: dict, kind: int, names: list, repetitions: int) -> bytes:
    if kind == GET:
        pairs = [(n, values.get(n)) for n in names]
        return b"".join(_bound(n, v, b"\x81\x00") for n, v in pairs)
    told, size = [], 0
    for _ in range(repetitions if kind == BULK else 1):
        row = [_after(name) for name in names]
        for name, after in zip(names, row, strict=True):
            end = after is None
            told.append(_bound(name if end else after, values.get(after), b"\x82\x00"))
            size += len(told[-1])
            if size > MOST:
                return b"".join(told[:-1])
        if all(after is None for after in row):
            break
        names = [after or name for after, name in zip(row, names, strict=True)]
    return b"".join(told)


def _after(name: tuple) -> tuple | None:
    position = bisect.bisect_right(ORDER, name)
    return ORDER[position] if position < len(ORDER) else None


def _bound(name: tuple, value, missing: bytes) -> bytes:
    return _tlv(0x30, _name(name) + (missing if value is None else _value(value)))


def _value(value) -> bytes:
    if isinstance(value, int):
        size = value.bit_length() // 8 + 1
        return _tlv(2, value.to_bytes(size, "big", signed=True))
    return _tlv(4, value) if isinstance(value, bytes) else _name(value)


@functools.lru_cache(maxsize=4096)
def _name(name: tuple) -> bytes:
    octets = bytearray((name[0] * 40 + name[1],))
    for number in name[2:]:
        septets = [number & 0x7F]
        while number := number >> 7:
            septets.append(number & 0x7F | 0x80)
        octets += bytes(reversed(septets))
    return _tlv(6, bytes(octets))


def _content(datagram: bytes, position: int) -> int:
    """Where the content of what begins here begins."""
    size = datagram[position + 1]
    return position + 2 + (size & 0x7F if size & 0x80 else 0)


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    if size < 0x100:
        return bytes((tag, 0x81, size)) + content
    return bytes((tag, 0x82)) + size.to_bytes(2, "big") + content
