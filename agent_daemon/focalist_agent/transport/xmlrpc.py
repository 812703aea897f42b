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

from .. import __version__, settings
from ..certificate import make_request
from . import (
    FINAL,
    Asked,
    Count,
    Enrolment,
    Issued,
    Misunderstood,
    Page,
    PageRequest,
    Result,
    Run,
    Task,
    ToFetch,
    TransportError,
    Unreachable,
)
from .http import Poster

_PREFIX = "/focalist/agent/1/"
SCHEMA = 1
"""Of what is said besides reports."""


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
        private, request = make_request(socket.gethostname())
        answer = self._call("enroll", {**about_us(), "request": request})
        names = _texts(answer, "collector", "agent")
        return Enrolment(*names, issued=_issued(answer, private))

    def configuration(self) -> settings.Settings:
        answer = self._call("configuration", self._about())
        try:
            return settings.parse(answer)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise odd() from error

    def tasks(self, held: Sequence[str], runs: Sequence[Run]) -> Asked:
        did = [{"action": run.action, "at": run.at, **vars(run.count)} for run in runs]
        told = {"schema": SCHEMA, "held": list(held), "runs": did}
        answer = self._call("tasks", told)
        try:
            return Asked(
                tuple(
                    Task(str(task["uid"]), str(task["action"]))
                    for task in answer["tasks"]
                ),
                str(answer["revision"]),
                float(answer["wait"]),
                answer.get("panel") is True,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise odd() from error

    def panel(self, pages: Sequence[Page], wait: int) -> ToFetch:
        told = {"schema": SCHEMA, "answers": [*map(_told_page, pages)], "wait": wait}
        answer = self._call("panel", told)
        try:
            requests = tuple(map(_page_request, answer["requests"]))
            return ToFetch(answer["open"] is True, requests)
        except (KeyError, TypeError, ValueError) as error:
            raise odd() from error

    def renew(self) -> Issued:
        private, request = make_request(socket.gethostname())
        answer = self._call("renew", {**about_us(), "request": request})
        return _issued(answer, private)

    def progress(self, uid: str, count: Count) -> bool:
        told = {"schema": SCHEMA, "uid": uid, **vars(count)}
        return bool(self._call("progress", told).get("go_on"))

    def result(self, uid: str, count: Count, failure: str = "") -> None:
        state = "failed" if failure else "done"
        told = {"schema": SCHEMA, "uid": uid, "state": state, "message": failure}
        self._call("result", told | vars(count))

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
        route = method if method in ("enroll", "panel") else "rpc"
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


def _told_page(page: Page) -> dict[str, Any]:
    if page.error:
        return {"id": page.id, "error": page.error}
    return {
        "id": page.id,
        "status": page.status,
        "headers": list(page.headers),
        "body": base64.b64encode(page.body).decode("ascii"),
    }


def _page_request(said: dict[str, Any]) -> PageRequest:
    return PageRequest(
        str(said["id"]),
        str(said["address"]),
        "https" if said["scheme"] == "https" else "http",
        int(said["port"]),
        str(said["method"]),
        str(said["path"]),
        tuple(map(str, said["headers"])),
        base64.b64decode(said["body"], validate=True),
    )


def _issued(answer: dict[str, Any], private_key: str) -> Issued:
    return Issued(*_texts(answer, "key", "certificate"), private_key)


def _texts(answer: dict[str, Any], *names: str) -> list[str]:
    values = [answer.get(name) for name in names]
    if not all(isinstance(value, str) and value for value in values):
        raise odd()
    return values


def about_us() -> dict[str, str]:
    """What the server is told of this installation."""
    return {
        "version": __version__,
        "hostname": socket.gethostname(),
        "platform": platform.platform(terse=True),
    }


def odd() -> TransportError:
    """The answer of a stranger, or of a server that took a wrong turn."""
    return Unreachable("The answer is not what a Focalist server gives.")
