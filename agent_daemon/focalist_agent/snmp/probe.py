"""One datagram that asks whether a printer is there, and what came back.

For a scan, where most addresses never answer: the message is made once and only its
request id changes, so that no library's session is spent on silence. The question is a
GETNEXT, which v1 and v2c have alike: what follows sysDescr and sysObjectID, and the
first rows of hrPrinterTable and prtGeneralTable, which printers alone have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from . import oids
from .credential import Community
from .session import Oid, Value, oid

V1, V2C, V3 = 0, 1, 3
FIRST_ID = 1 << 24
"""Request ids from here on have four octets each."""

LAST_ID = (1 << 31) - 1

_TABLES = (oids.HR_PRINTER_STATUS, oid("1.3.6.1.2.1.43.5.1.1"))
_ASKED = (oids.SYS_DESCR[:-1], oids.SYS_OBJECT_ID[:-1], *_TABLES)

_INTEGER, _OCTETS, _NULL, _OID, _SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
_GET, _GET_NEXT, _RESPONSE = 0xA0, 0xA1, 0xA2
_NUMBERS = (_INTEGER, 0x41, 0x42, 0x43, 0x46)


@dataclass(frozen=True)
class Answer:
    """What a device answered. ``version`` 3: it speaks SNMPv3, and no more is known.

    ``printer`` is None where the device did not say: v1 refuses the whole question
    where one part of it has no answer.
    """

    request: int
    version: int
    printer: bool | None = None
    sys_descr: bytes = b""
    sys_object_id: Oid = ()


def question(version: int, credential: Community) -> tuple[bytes, int]:
    """The message, and where its request id stands in it: four octets."""
    name = credential.name.encode("utf-8", "surrogateescape")
    bindings = b"".join(
        _tlv(_SEQUENCE, _tlv(_OID, _packed(one)), _tlv(_NULL)) for one in _ASKED
    )
    identifier = _number(FIRST_ID)
    pdu = _tlv(_GET_NEXT, identifier, _number(0), _number(0), _tlv(_SEQUENCE, bindings))
    message = _tlv(_SEQUENCE, _number(version), _tlv(_OCTETS, name), pdu)
    return message, message.index(pdu) + pdu.index(identifier) + 2


def question_v3() -> tuple[bytes, int]:
    """The same for SNMPv3: who are you (RFC 3414, 4), which needs no user."""
    identifier = _number(FIRST_ID)
    security = _tlv(
        _SEQUENCE, *(_tlv(_OCTETS), _number(0), _number(0), *[_tlv(_OCTETS)] * 3)
    )
    header = _tlv(
        _SEQUENCE, identifier, _number(65_507), _tlv(_OCTETS, b"\x04"), _number(3)
    )
    pdu = _tlv(_GET, _number(1), _number(0), _number(0), _tlv(_SEQUENCE))
    scoped = _tlv(_SEQUENCE, _tlv(_OCTETS), _tlv(_OCTETS), pdu)
    message = _tlv(_SEQUENCE, _number(3), header, _tlv(_OCTETS, security), scoped)
    return message, message.index(identifier) + 2


def understand(datagram: bytes) -> Answer:
    """Read an answer; raises ValueError for anything else.

    Unpacking into names counts the parts too: too few or many are a ValueError.
    """
    (message,) = _parts(datagram)
    spoken, *parts = _parts(_of(message, _SEQUENCE))
    version = _whole(spoken)
    if version == V3:
        header, *_ = parts
        request, *_ = _parts(_of(header, _SEQUENCE))
        return Answer(_whole(request), V3)
    if version not in (V1, V2C):
        raise ValueError(f"SNMP version {version}")
    _, pdu = parts
    request, status, _, bindings = _parts(_of(pdu, _RESPONSE))
    if _whole(status):
        return Answer(_whole(request), version)
    rows = [_row(_of(one, _SEQUENCE)) for one in _parts(_of(bindings, _SEQUENCE))]
    return Answer(
        _whole(request),
        version,
        any(name[: len(t)] == t for name, _ in rows for t in _TABLES),
        next((v for n, v in rows if n == oids.SYS_DESCR and type(v) is bytes), b""),
        next((v for n, v in rows if n == oids.SYS_OBJECT_ID and type(v) is tuple), ()),
    )


def _tlv(tag: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def _number(value: int) -> bytes:
    return _tlv(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _packed(name: Oid) -> bytes:
    packed = bytearray((40 * name[0] + name[1],))
    for number in name[2:]:
        octets = [number & 0x7F]
        while number := number >> 7:
            octets.append(0x80 | number & 0x7F)
        packed += bytes(reversed(octets))
    return bytes(packed)


def _unpacked(packed: bytes) -> Oid:
    if not packed or packed[-1] & 0x80 or len(packed) > 256:
        raise ValueError("no OID")
    first = min(packed[0] // 40, 2)
    name, number = [first, packed[0] - 40 * first], 0
    for octet in packed[1:]:
        number = number << 7 | octet & 0x7F
        if not octet & 0x80:
            name.append(number)
            number = 0
    return tuple(name)


_Part = tuple[int, bytes]


def _parts(content: bytes) -> Iterator[_Part]:
    """Tags and contents that stand one after another; raises ValueError."""
    position = 0
    while position < len(content):
        if position + 2 > len(content):
            raise ValueError("cut off")
        tag, size = content[position], content[position + 1]
        position += 2
        if size & 0x80:
            octets = size & 0x7F
            if not 1 <= octets <= 4:
                raise ValueError("no length")
            size = int.from_bytes(content[position : position + octets], "big")
            position += octets
        if position + size > len(content):
            raise ValueError("cut off")
        yield tag, content[position : position + size]
        position += size


def _of(part: _Part, tag: int) -> bytes:
    if part[0] != tag:
        raise ValueError(f"{part[0]:#x} where {tag:#x} belongs")
    return part[1]


def _whole(part: _Part) -> int:
    return int.from_bytes(_of(part, _INTEGER), "big", signed=True)


def _row(content: bytes) -> tuple[Oid, Value | None]:
    name, value = _parts(content)
    return _unpacked(_of(name, _OID)), _value(*value)


def _value(tag: int, content: bytes) -> Value | None:
    if tag in _NUMBERS:
        return int.from_bytes(content, "big", signed=tag == _INTEGER)
    if tag == _OCTETS:
        return content
    return _unpacked(content) if tag == _OID else None
