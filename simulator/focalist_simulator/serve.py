"""SNMP for a fleet, by snmpsim: every printer on an address of its own.

snmpsim chooses the data of a request by its community, which all printers share. So
there is one record for all, standing for the whole tree, and snmpsim's own means for
computed values, a variation module, answers it for the endpoint that was asked. One
process serves the fleet: when it ends, all of it has ended.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from . import web
from .answers import Answers
from .fleet import Fleet
from .printer import Printer

COMMUNITY = "public"
_VARIATION = Path(__file__).parent / "variation"
_RECORD = "1.3.6.1|:focalist|\n"
_SPARE_FILES = 64
# An SNMPv2c GET of sysUpTime.0 in BER, as RFC 3417 and RFC 3416 have it.
_PROBE = bytes.fromhex(
    "3026" "020101" "04067075626c6963"  # version 2c, community "public"
    "a019" "020101" "020100" "020100"  # GetRequest, id 1, no error
    "300e" "300c" "06082b06010201010300" "0500"  # sysUpTime.0, null
)  # fmt: skip
_PATIENCE = 0.3


class AddressInUseError(Exception):
    """Somebody else listens at a printer's address and port."""


def serve(
    fleet: Fleet,
    port: int,
    refresh: int = 60,
    ready_file: Path | None = None,
    verbose: bool = False,
    web_port: int | None = None,
) -> int:
    """Serve a fleet until SIGTERM or SIGINT; the process's exit status.

    :param refresh: seconds between two looks at the clock
    :param ready_file: written, with a line a printer, when all endpoints are there
    :param verbose: whether snmpsim tells each request on standard error
    :param web_port: where the printers' web pages answer; without it there are none
    :raises AddressInUseError: before anything is served
    """
    _allow_files(len(fleet.printers) * (2 if web_port else 1) + _SPARE_FILES)
    _check_free(fleet.printers, port)
    if web_port:
        try:
            web.start(fleet, Answers(fleet, refresh), web_port)
        except OSError as error:
            raise AddressInUseError(f"port {web_port}: {error}") from error
    # SIGINT too: a shell starts what runs in the background with it ignored.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)
    # snmpsim as root wants an unprivileged user to become, who may not be able to read
    # this Python. Nothing here needs root or is reached from outside the loopback.
    os.environ["SNMPSIM_ALLOW_ROOT"] = "true"
    asyncio.set_event_loop(asyncio.new_event_loop())
    with tempfile.TemporaryDirectory(prefix="focalist-simulator-") as folder:
        arguments = _arguments(Path(folder), fleet, port, refresh, verbose)
        if ready_file:
            ready_file.unlink(missing_ok=True)
        threading.Thread(
            target=_announce,
            args=(fleet, Answers(fleet, refresh), port, ready_file),
            daemon=True,
        ).start()
        try:
            return _run_snmpsim(arguments)
        except KeyboardInterrupt:
            return 0
        finally:
            if ready_file:
                ready_file.unlink(missing_ok=True)


def _run_snmpsim(arguments: list[str]) -> int:
    # snmpsim reads its own command line only.
    from snmpsim.commands import responder

    sys.argv = ["snmpsim-command-responder", *arguments]
    return responder.main() or 0


def _arguments(
    folder: Path, fleet: Fleet, port: int, refresh: int, verbose: bool
) -> list[str]:
    """snmpsim's arguments, and the files that they name."""
    data = folder / "data"
    data.mkdir()
    (data / f"{COMMUNITY}.snmprec").write_text(_RECORD)
    # Endpoints are numbered as they come: the number is the printer's place.
    endpoints = folder / "endpoints"
    endpoints.write_text(
        "".join(
            f"--agent-udpv4-endpoint={printer.address}:{port}\n"
            for printer in fleet.printers
        )
    )
    options = Answers.options(fleet, refresh)
    return [
        "--log-level=info" if verbose else "--log-level=error",
        "--logging-method=stderr" if verbose else "--logging-method=null",
        f"--cache-dir={folder / 'cache'}",
        f"--variation-modules-dir={_VARIATION}",
        f"--variation-module-options=focalist:{options}",
        f"--data-dir={data}",
        f"--args-from-file={endpoints}",
    ]


def _interrupt(_number, _frame) -> None:
    raise KeyboardInterrupt


def _allow_files(count: int) -> None:
    """Raise the limit of open files: each endpoint is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        count = min(count, hard)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def _check_free(printers: Iterable[Printer], port: int) -> None:
    for printer in printers:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((printer.address, port))
            except OSError as error:
                raise AddressInUseError(f"{printer.address}:{port}: {error}") from error


def _announce(
    fleet: Fleet, answers: Answers, port: int, ready_file: Path | None
) -> None:
    """Wait until every printer answers, or is one that is silent now; then say so."""
    started = time.monotonic()
    for place, printer in enumerate(fleet.printers):
        while (there := _probe(printer, port)) is not True:
            if there is None and answers.tree(place) is None:
                break
            time.sleep(0.1)
    seconds = time.monotonic() - started
    print(
        f"{len(fleet.printers)} printers answer on port {port}, "
        f"from {fleet.printers[0].address} to {fleet.printers[-1].address} "
        f"({seconds:.1f} s)",
        flush=True,
    )
    if ready_file:
        lines = [f"{printer.address}:{port}\n" for printer in fleet.printers]
        unfinished = ready_file.with_name(f"{ready_file.name}.part")
        unfinished.write_text("".join(lines))
        unfinished.replace(ready_file)


def _probe(printer: Printer, port: int) -> bool | None:
    """True for an answer, False without an endpoint, None for one that is silent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(_PATIENCE)
        probe.connect((printer.address, port))
        try:
            probe.send(_PROBE)
            return bool(probe.recv(2048))
        except ConnectionRefusedError:
            return False
        except TimeoutError:
            return None
