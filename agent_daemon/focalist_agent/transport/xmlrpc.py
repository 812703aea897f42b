"""XML-RPC over HTTP POST, on the server's own route for collectors.

A batch travels as one string: base64 of zlib of a JSON list of reports.
"""

from __future__ import annotations

import base64
import platform
import socket
import xmlrpc.client
import zlib
from collections.abc import Callable, Sequence
from typing import Any
from xml.parsers.expat import ExpatError

from .. import __version__
from ..config import Device
from . import (
    FINAL,
    Configuration,
    Enrolment,
    Misunderstood,
    Result,
    TransportError,
    Unreachable,
)
from .http import Poster

_PREFIX = "/focalist/agent/1/"


class XmlRpcTransport:
    """See :class:`focalist_agent.transport.Transport`."""

    def __init__(
        self,
        server: str,
        database: str,
        key: str,
        poster: Poster,
        about: Callable[[], dict[str, Any]] | None = None,
    ) -> None:
        self._url = server.rstrip("/") + _PREFIX + "rpc"
        self._database, self._key, self._poster = database, key, poster
        self._about = about or about_us

    @property
    def skew(self) -> float | None:
        return self._poster.skew

    def configuration(self) -> Configuration:
        answer = self._call("configuration", self._about())
        try:
            return Configuration(
                tuple(
                    Device(str(d["address"]), int(d["port"])) for d in _devices(answer)
                ),
                int(answer["poll_interval"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise _odd() from error

    def send(self, reports: Sequence[bytes]) -> list[Result]:
        batch = zlib.compress(b"[" + b",".join(reports) + b"]")
        answer = self._call("send", base64.b64encode(batch).decode("ascii"))
        try:
            results = [
                Result(str(r["uid"]), str(r["status"]), str(r.get("message", "")))
                for r in answer["results"]
            ]
        except (KeyError, TypeError, AttributeError) as error:
            raise _odd() from error
        return [result for result in results if result.status in FINAL]

    def _call(self, method: str, *arguments: Any) -> dict[str, Any]:
        return _call(
            self._poster, self._url, self._database, self._key, method, arguments
        )


def enroll(server: str, database: str, key: str, poster: Poster) -> Enrolment:
    """Exchange a one-time key for the collector's own; raises TransportError."""
    url = server.rstrip("/") + _PREFIX + "enroll"
    answer = _call(poster, url, database, key, "enroll", (about_us(),))
    values = [answer.get(name) for name in ("collector", "key", "agent")]
    if not all(isinstance(value, str) and value for value in values):
        raise _odd()
    return Enrolment(*values)


def about_us() -> dict[str, str]:
    """What the server is told of this installation."""
    return {
        "version": __version__,
        "hostname": socket.gethostname(),
        "platform": platform.platform(terse=True),
    }


def _call(
    poster: Poster, url: str, database: str, key: str, method: str, arguments: tuple
) -> dict[str, Any]:
    body = xmlrpc.client.dumps(arguments, method, encoding="utf-8").encode("utf-8")
    headers = {
        "Content-Type": "text/xml",
        "X-Odoo-Database": database,
        "Authorization": f"Bearer {key}",
    }
    answer = poster.post(url, body, headers)
    # No answer of ours has a DTD: entities are how a small text becomes a large one.
    if b"<!DOCTYPE" in answer or b"<!ENTITY" in answer:
        raise _odd()
    try:
        (result,), _ = xmlrpc.client.loads(answer)
    except xmlrpc.client.Fault as fault:
        raise Misunderstood(f"The server says: {fault.faultString}") from None
    except (ExpatError, ValueError, TypeError, xmlrpc.client.Error) as error:
        raise _odd() from error
    if not isinstance(result, dict):
        raise _odd()
    return result


def _devices(answer: dict[str, Any]) -> list[dict[str, Any]]:
    devices = answer["devices"]
    if not isinstance(devices, list):
        raise TypeError
    return devices


def _odd() -> TransportError:
    return Unreachable("The answer is not what a Focalist server gives.")
