"""Real parts for the tests: an SNMP responder, a relay that misbehaves, a server."""

from __future__ import annotations

import base64
import errno
import gzip
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import xmlrpc.client
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from focalist_agent.snmp.session import oid

HERE = Path(__file__).parent
DATA = HERE / "data"
DISK = 8 << 20
"""Bytes of a disk of a test's own."""

SHARED = HERE.parent.parent.parent / "shared" / "data" / "snmp"
AGENT = [sys.executable, "-m", "focalist_agent"]


def start_responder(
    data: Path, work: Path, *options: str, default: str = ""
) -> tuple[subprocess.Popen, int]:
    """snmpsim on a free port of 127.0.0.1; a community is the name of a recording,
    and so is a context name of SNMPv3. ``default``: the recording of the empty one.
    ``:PORT`` in an option becomes the port.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    copy = work / "data"
    shutil.copytree(data, copy, ignore=shutil.ignore_patterns("*.json", "*.md"))
    if default:
        shutil.copy(data / f"{default}.snmprec", copy / ".snmprec")
    (work / "cache").mkdir()
    command = [
        str(Path(sys.executable).with_name("snmpsim-command-responder")),
        f"--data-dir={copy}",
        f"--cache-dir={work / 'cache'}",
        f"--agent-udpv4-endpoint=127.0.0.1:{port}",
    ]
    if os.geteuid() == 0:
        command += ["--process-user=root", "--process-group=root"]
    log = open(work / "responder.log", "w")
    command += [o.replace(":PORT", f":{port}") for o in options]
    process = subprocess.Popen(command, stdout=log, stderr=log)
    # sysObjectID with a community that has no recording is never answered, so wait
    # for one that has.
    name = next(data.glob("*.snmprec")).stem
    question = AGENT + ["read", f"127.0.0.1:{port}", "--community", name]
    for _ in range(20):
        done = subprocess.run(
            [*question, "--timeout", "0.5", "--retries", "0"], capture_output=True
        )
        if done.returncode == 0:
            return process, port
        if process.poll() is not None:
            break
    raise RuntimeError((work / "responder.log").read_text()[-2000:])


def values_of(said: str) -> dict:
    """The values of a recording; raises ValueError."""
    values: dict = {}
    for line in said.splitlines():
        name, kind, value = line.split("|", 2)
        if kind in ("4x", "64x"):
            values[oid(name)] = bytes.fromhex(value)
        elif kind == "6":
            values[oid(name)] = tuple(map(int, value.strip(".").split(".")))
        elif kind in ("4", "64"):
            values[oid(name)] = value.encode("utf-8", "surrogateescape")
        elif kind != "5":
            values[oid(name)] = int(value)
    return values


def wait_for(condition, seconds=20) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


class Relay(threading.Thread):
    """Passes datagrams between one client and a responder, as ``rule`` says.

    ``rule(request)`` gives the request to pass on, or None to swallow it.
    """

    def __init__(self, target: int, rule) -> None:
        super().__init__(daemon=True)
        self.rule, self.seen = rule, []
        self._target = ("127.0.0.1", target)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.2)
        self.port = self._socket.getsockname()[1]
        self._end = threading.Event()

    def run(self) -> None:
        client = None
        while not self._end.is_set():
            try:
                datagram, sender = self._socket.recvfrom(65535)
            except TimeoutError:
                continue
            if sender == self._target:
                self._socket.sendto(datagram, client)
                continue
            client = sender
            self.seen.append(datagram)
            passed = self.rule(datagram)
            if passed is not None:
                self._socket.sendto(passed, self._target)

    def answer_for(self, target: int) -> None:
        """Pass on to another responder from now on."""
        self._target = ("127.0.0.1", target)

    def stop(self) -> None:
        self._end.set()
        self.join()
        self._socket.close()


def certify(request: str) -> str:
    """A certificate for the key of a request, signed by nobody that matters."""
    asked = x509.load_pem_x509_csr(request.encode())
    assert asked.is_signature_valid
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(asked.subject)
        .issuer_name(asked.subject)
        .public_key(asked.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=90))
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


class Server(ThreadingHTTPServer):
    """Plays the server's side of the contract, and its failures on request.

    ``faults`` are taken one a request: 401, 413, 503, "lost" (taken, but the answer
    is cut off), "huge", "redirect", "fault", "garbage", "entities", "forgets".
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.key = "collector-secret-key"
        self.enrolment_key = "one-time-secret-key"
        self.next_key: str | None = None
        self.renew = self.usb = False
        self.devices: list[dict] = []
        self.poll_interval = 300
        self.settings: dict = {}
        """of the configuration besides devices: schedules, networks, ..."""
        self.tasks: list[dict] = []
        """to be given at the next question"""
        self.told: list[tuple[str, dict]] = []
        """what was told by ``tasks``, ``progress`` and ``result``"""
        self.panel = False
        """whether a remote panel is open"""
        self.to_fetch: list[dict] = []
        """requests for pages, to be given at the next ``panel``"""
        self.pages: list[dict] = []
        """what was brought"""
        self.go_on = True
        self.knows_tasks = True
        self.wait = 5
        self.faults: list = []
        self.thinks = 0.0
        self.limit = 8 * 1024 * 1024
        self.received: dict[str, int] = {}
        self.reports: list[dict] = []
        self.verdicts: dict[str, str] = {}
        self.calls: list[str] = []
        self.abouts: list[dict] = []
        """of the installations themselves"""
        self.headers: list[dict] = []
        self.bodies: list[int] = []
        self.says_gzip = self.reads_gzip = True
        self.clock = 0.0
        """seconds that its clock is ahead"""


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.headers.append(dict(self.headers))
        self.server.bodies.append(len(body))
        self.method = self.path.partition("/json/")[2]
        if self.headers["Content-Encoding"] == "gzip":
            if not self.server.reads_gzip:
                return self._reply(415, b"")
            body = gzip.decompress(body)
        if self.method:
            arguments, method = json.loads(body), self.method
        else:
            arguments, method = xmlrpc.client.loads(body)
        if method not in ("tasks", "progress", "result", "panel"):
            self.server.calls.append(method)
        if method == "tasks" and not self.server.knows_tasks:
            self.server.told.append((method, arguments[0]))
            return self._fail("fault", arguments)
        if method == "send":
            time.sleep(self.server.thinks)
        if method in ("enroll", "renew", "send") and self.server.faults:
            fault = self.server.faults.pop(0)
            if fault == "lost":
                self._answer(arguments, method)
                self.close_connection = True
                return
            return self._fail(fault, arguments)
        if method == "send" and len(body) > self.server.limit:
            return self._reply(413, b"")
        shown = self.headers["Authorization"]
        if self.server.next_key and shown == f"Bearer {self.server.next_key}":
            # From now on the former key is of no use.
            self.server.key, self.server.next_key = self.server.next_key, None
            self.server.renew = False
        wanted = self.server.enrolment_key if method == "enroll" else self.server.key
        if self.headers["Authorization"] != f"Bearer {wanted}":
            return self._reply(401, b"who are you? Bearer " + wanted.encode())
        self._reply(200, self._dump(self._answer(arguments, method)))

    def _fail(self, fault, arguments) -> None:
        if isinstance(fault, int):
            self._reply(fault, b"no", {"Retry-After": "0"})
        elif fault == "huge":
            self._reply(200, b"x" * (9 * 1024 * 1024))
        elif fault == "redirect":
            self._reply(302, b"", {"Location": "http://127.0.0.1:9/elsewhere"})
        elif fault == "fault" and self.method:
            self._reply(400, b'{"message": "That is no batch."}')
        elif fault == "fault":
            fault = xmlrpc.client.Fault(400, "That is no batch.")
            self._reply(200, xmlrpc.client.dumps(fault, methodresponse=True).encode())
        elif fault == "garbage":
            self._reply(200, b"<html>Maintenance</html>")
        elif fault == "entities":
            self._reply(
                200, b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'
            )
        elif fault == "forgets":
            results = self._answer(arguments, "send")["results"]
            self._reply(200, self._dump({"results": results[:-1]}))

    def _answer(self, arguments, method) -> dict:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        if method == "enroll":
            return {
                "collector": "collector 1",
                "key": self.server.key,
                "agent": "Agent 1",
                "server_time": now,
                "certificate": certify(arguments[0]["request"]),
            }
        if method == "renew":
            self.server.next_key = f"{self.server.key}-next"
            return {
                "key": self.server.next_key,
                "certificate": certify(arguments[0]["request"]),
                "server_time": now,
            }
        if method == "configuration":
            self.server.abouts.append(arguments[0])
            return {
                "devices": self.server.devices,
                "poll_interval": self.server.poll_interval,
                "renew": self.server.renew,
                "usb": self.server.usb,
                "server_time": now,
                **self.server.settings,
            }
        if method in ("tasks", "progress", "result"):
            self.server.told.append((method, arguments[0]))
            given = []
            if method == "tasks":
                given, self.server.tasks = self.server.tasks, []
            return {
                "tasks": given,
                "revision": self.server.settings.get("revision", ""),
                "wait": self.server.wait,
                "go_on": self.server.go_on,
                "panel": self.server.panel,
            }
        if method == "panel":
            return self._answer_panel(arguments[0], now)
        batch = json.loads(zlib.decompress(base64.b64decode(arguments[0])))
        results = []
        for report in batch:
            uid = report["uid"]
            self.server.received[uid] = self.server.received.get(uid, 0) + 1
            status = self.server.verdicts.get(report.get("serial", ""), "accepted")
            if self.server.received[uid] > 1:
                status = "duplicate"
            else:
                self.server.reports.append(report)
            results.append({"uid": uid, "status": status, "message": "because"})
        return {"results": results, "server_time": now}

    def _answer_panel(self, told, now) -> dict:
        self.server.pages += told["answers"]
        until = time.monotonic() + min(told["wait"], 1)
        while not self.server.to_fetch and time.monotonic() < until:
            time.sleep(0.02)
        requests = []
        if told["wait"]:
            requests, self.server.to_fetch = self.server.to_fetch, []
        return {"open": self.server.panel, "requests": requests, "server_time": now}

    def _dump(self, answer: dict) -> bytes:
        if self.method:
            return json.dumps(answer).encode()
        return xmlrpc.client.dumps((answer,), methodresponse=True).encode()

    def _reply(self, code: int, body: bytes, headers: dict | None = None) -> None:
        self.send_response(code)
        for name, value in {
            "Content-Length": str(len(body)),
            **({"Accept-Encoding": "gzip"} if self.server.says_gzip else {}),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp=None) -> str:
        return super().date_time_string(time.time() + self.server.clock)

    def log_message(self, *arguments) -> None:
        pass


class Disk:
    """A disk that is mounted at a folder."""

    def __init__(self, folder: Path) -> None:
        self._ballast = folder / "ballast"

    @classmethod
    @contextmanager
    def mounted(cls, folder: Path) -> Iterator[Disk | None]:
        """Mount one, which root alone may do: else there is none."""
        folder.mkdir(mode=0o700, exist_ok=True)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", f"-osize={DISK},mode=700", "tmpfs", folder],
            capture_output=True,
            check=False,
        )
        if done.returncode:
            yield None
            return
        try:
            yield cls(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)

    def fill(self) -> None:
        """Let somebody else take all the room that is left."""
        with self._ballast.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def empty(self) -> None:
        """Let him give it back."""
        self._ballast.unlink(missing_ok=True)
