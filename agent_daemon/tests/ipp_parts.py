"""Real and played IPP printers for the tests."""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

NEEDED = {
    "ippeveprinter": "cups-ipp-utils",
    "dbus-daemon": "dbus",
    "avahi-daemon": "avahi-daemon",
}
"""What the real printer needs, and Debian's packages of it: it tells DNS-SD of itself
and ends where there is none."""

_BUS = """<busconfig><type>system</type><listen>unix:path={bus}</listen>
<auth>EXTERNAL</auth><policy context="default"><allow user="*"/><allow own="*"/>
<allow send_destination="*"/><allow receive_sender="*"/></policy></busconfig>"""
_AVAHI = (
    "[server]\nallow-interfaces=lo\nuse-ipv6=no\n[wide-area]\nenable-wide-area=no\n"
)


def which(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


def missing() -> list[str]:
    """The packages that the real printer lacks here."""
    return [package for program, package in NEEDED.items() if not which(program)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def real_printer(work: Path, attributes: str, *options: str):
    """ippeveprinter on loopback, with a bus and a DNS-SD of its own; its address.

    With the option ``-a attributes`` it tells those alone.
    """
    bus = work / "bus"
    (work / "bus.conf").write_text(_BUS.format(bus=bus))
    (work / "avahi.conf").write_text(_AVAHI)
    (work / "attributes").write_text(attributes)
    port = free_port()
    environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={bus}"}
    commands = (
        ("dbus-daemon", f"--config-file={work}/bus.conf", "--nofork"),
        ("avahi-daemon", "-f", f"{work}/avahi.conf", "--no-drop-root", "--no-chroot"),
        (
            "ippeveprinter",
            *("-d", str(work), "-r", "off"),
            *("-n", "localhost", "-p", str(port), *options, "Test"),
        ),
    )
    with ExitStack() as stack, open(work / "log", "w") as log:
        for program, *arguments in commands:
            process = subprocess.Popen(
                [which(program), *arguments],
                env=environment,
                cwd=work,
                stdout=log,
                stderr=log,
            )
            stack.callback(process.wait, 10)
            stack.callback(process.terminate)
            if program == "dbus-daemon":
                _until(bus.exists, work)
            else:
                time.sleep(0.5)
        _until(lambda: _answers(port), work)
        yield f"ipp://localhost:{port}/ipp/print"


def _answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def _until(condition, work: Path) -> None:
    end = time.monotonic() + 15
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError((work / "log").read_text()[-2000:])
        time.sleep(0.05)


def encoded(*printers: dict, status: int = 0) -> bytes:
    """An answer with these attributes: int, bool, str, bytes, dict, and lists."""

    def value(one):
        if isinstance(one, dict):
            return [(0x34, b""), *members(one), (0x37, b"")]
        if isinstance(one, bool):
            return [(0x22, bytes([one]))]
        if isinstance(one, int):
            return [(0x21, struct.pack(">i", one))]
        return [(0x30, one) if isinstance(one, bytes) else (0x41, one.encode())]

    def members(one):
        for name, content in one.items():
            yield 0x4A, name.encode()
            for part in content if isinstance(content, list) else [content]:
                yield from value(part)

    out = struct.pack(">HHI", 0x0200, status, 1)
    for printer in printers:
        out += b"\x04"
        for name, content in printer.items():
            key = name.encode()
            for part in content if isinstance(content, list) else [content]:
                for tag, said in value(part):
                    out += struct.pack(
                        f">BH{len(key)}sH", tag, len(key), key, len(said)
                    )
                    out += said
                    key = b""
    return out + b"\x03"


@contextmanager
def played_printer(answer: bytes, status: int = 200, pause: float = 0.0):
    """A printer that answers this, whatever it is asked; its address, and what it
    was asked."""
    asked: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802
            asked.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.end_headers()
            time.sleep(pause)
            self.wfile.write(answer)

        def log_message(self, *arguments) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"ipp://127.0.0.1:{server.server_port}/ipp/print", asked
    finally:
        server.shutdown()
        server.server_close()
