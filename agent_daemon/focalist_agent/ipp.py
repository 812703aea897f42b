"""IPP (RFC 8010, 8011), as far as asking a printer for its attributes goes.

An answer is a stranger's: bounded in size, time and nesting, and what is wrong in it
ends in an :class:`IppError`.
"""

from __future__ import annotations

import http.client
import struct
import time
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

GET_PRINTER_ATTRIBUTES, CUPS_GET_PRINTERS = 0x000B, 0x4002
PORT = 631
TIMEOUT = 5.0
"""Seconds to wait for a connection and for each piece of an answer."""

TOTAL_TIMEOUT = 20.0
MAX_ANSWER = 1024 * 1024
MAX_DEPTH = 8

_OPERATION, _END, _PRINTER = 0x01, 0x03, 0x04
_KEYWORD, _URI, _CHARSET, _LANGUAGE = 0x44, 0x45, 0x47, 0x48
_INTEGERS, _BOOLEAN, _OCTETS = (0x21, 0x23), 0x22, 0x30
_WITH_LANGUAGE = (0x35, 0x36)
_COLLECTION, _END_COLLECTION, _MEMBER = 0x34, 0x37, 0x4A
_TEXTS = range(0x40, 0x60)

Attributes = dict[str, list[Any]]
"""Values by name: int, bool, str, bytes (octetString), or Attributes (collection)."""


class IppError(Exception):
    """A printer that cannot be asked; the text is for people."""


def ask(
    uri: str, wanted: Sequence[str], operation: int = GET_PRINTER_ATTRIBUTES
) -> list[Attributes]:
    """What the printers at an address say of themselves, as many as answer.

    ``uri``: ``ipp://HOST:PORT/PATH``. Blocking; raises IppError.
    """
    parts = urlsplit(uri)
    connection = http.client.HTTPConnection(
        parts.hostname or "", parts.port or PORT, timeout=TIMEOUT
    )
    try:
        connection.request(
            "POST",
            parts.path or "/",
            request(uri, wanted, operation),
            {"Content-Type": "application/ipp"},
        )
        answer = connection.getresponse()
        if answer.status != 200:
            raise IppError(f"{uri} answers HTTP {answer.status}.")
        return parse(_bounded(answer, uri))
    except (OSError, http.client.HTTPException) as error:
        reason = str(error) or type(error).__name__
        raise IppError(f"{uri} cannot be asked: {reason}") from error
    except ValueError as error:
        raise IppError(f"{uri} answers no IPP: {error}") from error
    finally:
        connection.close()


def _bounded(answer: http.client.HTTPResponse, uri: str) -> bytes:
    until = time.monotonic() + TOTAL_TIMEOUT
    pieces, size = [], 0
    while piece := answer.read1(64 * 1024):
        size += len(piece)
        if size > MAX_ANSWER or time.monotonic() > until:
            raise IppError(f"{uri} answers too much, or too slowly.")
        pieces.append(piece)
    return b"".join(pieces)


def request(uri: str, wanted: Sequence[str], operation: int) -> bytes:
    """The request for these attributes."""
    said = [
        _attribute(_CHARSET, "attributes-charset", "utf-8"),
        _attribute(_LANGUAGE, "attributes-natural-language", "en"),
    ]
    if operation == GET_PRINTER_ATTRIBUTES:
        said.append(_attribute(_URI, "printer-uri", uri))
    for number, one in enumerate(wanted):
        # The second and the following are nameless: more values of the first.
        name = "" if number else "requested-attributes"
        said.append(_attribute(_KEYWORD, name, one))
    head = struct.pack(">HHIB", 0x0200, operation, 1, _OPERATION)
    return head + b"".join(said) + bytes([_END])


def _attribute(tag: int, name: str, value: str) -> bytes:
    key, content = name.encode(), value.encode()
    return struct.pack(f">BH{len(key)}sH", tag, len(key), key, len(content)) + content


def parse(answer: bytes) -> list[Attributes]:
    """The attributes of each printer in an answer; raises ValueError, IppError."""
    if len(answer) < 8:
        raise ValueError("it is cut off")
    status = struct.unpack_from(">H", answer, 2)[0]
    if status >= 0x0100:
        raise IppError(f"The printer refuses (IPP status 0x{status:04x}).")
    printers: list[Attributes] = []
    into: Attributes = {}
    name = ""
    values = _values(answer)
    for tag, key, value in values:
        if tag < 0x10:
            into, name = {}, ""
            if tag == _PRINTER:
                printers.append(into)
            continue
        name = key or name
        # A nameless value is one more of the attribute before.
        into.setdefault(name, []).extend(_read(tag, value, values, 1))
    return printers


def _values(answer: bytes) -> Iterator[tuple[int, str, bytes]]:
    """Tag, name and value, one by one; of a delimiter the tag alone."""
    position = 8
    try:
        while (tag := answer[position]) != _END:
            position += 1
            if tag < 0x10:
                yield tag, "", b""
                continue
            texts = []
            for _part in range(2):
                (size,) = struct.unpack_from(">H", answer, position)
                texts.append(answer[position + 2 : position + 2 + size])
                position += 2 + size
            yield tag, texts[0].decode("ascii", "replace"), texts[1]
    except (IndexError, struct.error) as error:
        raise ValueError("it is cut off") from error


def _read(
    tag: int, value: bytes, values: Iterator[tuple[int, str, bytes]], depth: int
) -> list[Any]:
    """The value, where it is of a kind that is used; else nothing."""
    if tag == _COLLECTION:
        if depth > MAX_DEPTH:
            raise ValueError("it is nested too deeply")
        return [_collection(values, depth)]
    if tag in _INTEGERS and len(value) == 4:
        return list(struct.unpack(">i", value))
    if tag == _BOOLEAN and len(value) == 1:
        return [value != b"\0"]
    if tag == _OCTETS:
        return [value]
    if tag in _WITH_LANGUAGE and len(value) >= 4:
        skip = 4 + struct.unpack_from(">H", value)[0]
        return [value[skip:].decode("utf-8", "replace")]
    return [value.decode("utf-8", "replace")] if tag in _TEXTS else []


def _collection(values: Iterator[tuple[int, str, bytes]], depth: int) -> Attributes:
    found: Attributes = {}
    name = ""
    for tag, _key, value in values:
        if tag == _END_COLLECTION:
            return found
        if tag < 0x10:
            break
        if tag == _MEMBER:
            name = value.decode("ascii", "replace")
        else:
            found.setdefault(name, []).extend(_read(tag, value, values, depth + 1))
    raise ValueError("a collection has no end")
