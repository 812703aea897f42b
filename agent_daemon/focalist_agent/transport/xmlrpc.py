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
        self._prefix = server.rstrip("/") + _PREFIX
        self._database, self._key, self._poster = database, key, poster
        self._about = about or about_us

    @property
    def skew(self) -> float | None:
        return self._poster.skew

    def enroll(self) -> Enrolment:
        """Exchange the key, a one-time key, for the collector's own."""
        answer = self._call("enroll", about_us())
        values = [answer.get(name) for name in ("collector", "key", "agent")]
        if not all(isinstance(value, str) and value for value in values):
            raise odd()
        return Enrolment(*values)

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
            raise odd() from error

    def send(self, reports: Sequence[bytes]) -> list[Result]:
        batch = zlib.compress(b"[" + b",".join(reports) + b"]")
        answer = self._call("send", base64.b64encode(batch).decode("ascii"))
        try:
            results = [
                Result(str(r["uid"]), str(r["status"]), str(r.get("message", "")))
                for r in answer["results"]
            ]
        except (KeyError, TypeError, AttributeError) as error:
            raise odd() from error
        return [result for result in results if result.status in FINAL]

    def _call(self, method: str, *arguments: Any) -> dict[str, Any]:
        """Call a method; its answer, of which nothing is known yet."""
        said = xmlrpc.client.dumps(arguments, method, encoding="utf-8")
        route = "enroll" if method == "enroll" else "rpc"
        answer = self._post(route, said.encode("utf-8"), "text/xml")
        # No answer of ours has a DTD: entities make a large text of a small one.
        if b"<!DOCTYPE" in answer or b"<!ENTITY" in answer:
            raise odd()
        try:
            (result,), _ = xmlrpc.client.loads(answer)
        except xmlrpc.client.Fault as fault:
            raise Misunderstood(f"The server says: {fault.faultString}") from None
        except (ExpatError, ValueError, TypeError, xmlrpc.client.Error) as error:
            raise odd() from error
        if not isinstance(result, dict):
            raise odd()
        return result

    def _post(self, route: str, body: bytes, mimetype: str) -> bytes:
        headers = {
            "Content-Type": mimetype,
            "X-Odoo-Database": self._database,
            "Authorization": f"Bearer {self._key}",
        }
        return self._poster.post(self._prefix + route, body, headers)


def about_us() -> dict[str, str]:
    """What the server is told of this installation."""
    return {
        "version": __version__,
        "hostname": socket.gethostname(),
        "platform": platform.platform(terse=True),
    }


def _devices(answer: dict[str, Any]) -> list[dict[str, Any]]:
    devices = answer["devices"]
    if not isinstance(devices, list):
        raise TypeError
    return devices


def odd() -> TransportError:
    """The answer of a stranger, or of a server that took a wrong turn."""
    return Unreachable("The answer is not what a Focalist server gives.")
