"""A server, a line, an agent's machine and printers, whose days pass in seconds."""

import asyncio
import random
import signal
import socket
import subprocess
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

from focalist_agent import reader
from focalist_agent.snmp.memory import MemorySession
from launcher.processes import wait_until
from tests.e2e.chaos.clock import SINCE, WAITS, Clock, said
from tests.e2e.chaos.line import Line
from tests.e2e.chaos.printers import Printer
from tests.e2e.parts import Agent, Site, free_port

HOUR = 3600.0
#: The computer's own seconds for which nothing happens before the clock may jump, and
#: those after which it jumps all the same.
CALM, PATIENCE = 0.015, 20.0
#: For so long an answer may lie there before the daemon takes it, on a busy computer.
UNREAD = 1.0


class World:
    """What a test of chaos does things to, and what it then looks at."""

    def __init__(self, site: Site, agent: Agent, clock: Clock, seed: int, printers=5):
        self.site, self.agent, self.clock = site, agent, clock
        self.chance = random.Random(seed)
        self.line = Line(site.port, random.Random(seed + 1))
        self.line.start()
        self._port = free_port(socket.SOCK_DGRAM)
        self.printers = [
            Printer(n, self._port, random.Random(seed + 2 + n), lambda: clock.now)
            for n in range(printers)
        ]
        self.daemon: subprocess.Popen | None = None
        self.has_server, self.crashes = True, 0
        self.kills: list[tuple[float, float]] = []
        """when the daemon had nothing more to do, and when it then was ended, by
        time.monotonic(): what it was told in between may not be on disk"""
        self._calm_at = 0.0
        self.boots: list[tuple[float, bool]] = []
        """the end of each start of the machine, and whether it heard the server"""
        self._booted = time.monotonic()
        self.story: list[str] = []

    def prepare(self) -> None:
        """A client whose printers the agent reads; it has read each of them once."""
        since = datetime.now(timezone.utc) - timedelta(days=2)
        made = self.site.script(
            "chaos",
            port=self._port,
            since=f"{since:%Y-%m-%d %H:%M:%S}",
            reports=[self._first_report(printer, since) for printer in self.printers],
        )
        self.agent.file.write_text(f'[server]\nurl = "{self.site.url}"\n')
        self.agent.enroll(self.site, made["key"])
        self.agent.file.write_text(
            f'[server]\nurl = "http://127.0.0.1:{self.line.port}"\n'
        )
        for printer in self.printers:
            printer.start()
        self.complete = {self._calibrate("auto"), self._calibrate("pysnmp")}

    def _first_report(self, printer: Printer, since: datetime) -> dict:
        printer.begin()
        session = MemorySession(printer.values())
        report = asyncio.run(reader.read(session, printer.address)).to_dict()
        return report | {"read_at": f"{since:%Y-%m-%dT%H:%M:%SZ}"}

    def _calibrate(self, backend: str) -> tuple[bytes, ...]:
        """What is asked from the first question to the last of a whole reading."""
        printer, config = self.printers[0], self.agent.folder / "calibrate.toml"
        config.write_text(f'[snmp]\nbackend = "{backend}"\n')
        command = [self.agent.command[0], f"--config={config}", "read"]
        subprocess.run(
            [*command, f"{printer.address}:{self._port}"],
            env=self.agent.databases.variables,
            capture_output=True,
            check=True,
        )
        reading = printer.readings[-1]
        reading.mood = "calibration"
        return tuple(reading.questions)

    # What may happen

    def tell(self, what: str) -> None:
        self.story.append(f"{said(self.clock.now)} {what}")

    def start_daemon(self) -> None:
        self.clock.machine[WAITS] = 0
        command = [
            str(self.agent.databases.environment.python),
            str(Path(__file__).with_name("daemon.py")),
            str(self.clock.file),
            *self.agent.command[1:],
            "run",
            "-v",
        ]
        variables = self.agent.databases.variables
        self.daemon = subprocess.Popen(
            command,
            env=variables | {"FOCALIST_BOOT_ID": f"boot-{self.clock.boots}"},
            stdout=subprocess.DEVNULL,
            stderr=(self.agent.folder / "daemon.log").open("ab"),
        )

    def end_daemon(self, number: int = signal.SIGKILL) -> None:
        self.daemon.send_signal(number)
        self.daemon.wait(30)
        self.kills.append((self._calm_at, time.monotonic()))
        self.daemon = None

    def reboot(self) -> None:
        """The machine starts anew, while no daemon runs."""
        heard = self.line.answered_at > self._booted
        self._booted = time.monotonic()
        self.boots.append((self._booted, heard))
        self.clock.boot()

    def kill_server(self) -> None:
        self.site.kill()
        self.has_server, self.crashes = False, self.crashes + 1

    def start_server(self) -> None:
        self.site.start()
        self.has_server = True

    # Time

    def step(self, seconds: float) -> None:
        """Wait until nothing is under way, then let time pass."""
        if self.daemon:
            self._calm()
            assert self.daemon.poll() is None, "the daemon ended by itself"
        self.clock.jump(seconds)

    def _calm(self) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.daemon.poll() is None:
            since = self.clock.machine[SINCE]
            quiet = not self.line.under_way and not self._are_talking(since)
            if quiet and self.clock.waits(CALM):
                self._calm_at = self.clock.machine[SINCE]
                return
            time.sleep(CALM / 5)

    def _are_talking(self, since: float) -> bool:
        """Whether a printer has yet to answer, or the daemon, which has been waiting
        since then, to take an answer: who seems to wait may just get no processor."""
        if any(printer.has_work() for printer in self.printers):
            return True
        answered_at = max(printer.answered_at for printer in self.printers)
        return since < answered_at > time.monotonic() - UNREAD

    def end(self) -> dict:
        """All is well again: everything is sent. Gives what the daemon says of it."""
        until = time.monotonic() + 90
        while self.agent.status()["spooled"] and time.monotonic() < until:
            for _ in range(5):
                self.step(60)
        self.step(60)
        self._calm()
        self.end_daemon(signal.SIGTERM)
        return self.agent.status()

    def close(self) -> None:
        if self.daemon:
            self.daemon.kill()
            self.daemon.wait()
        self.line.close()
        for printer in self.printers:
            printer.close()

    def __str__(self) -> str:
        log = self.agent.folder / "daemon.log"
        lines = log.read_text().splitlines()[-20:] if log.exists() else []
        return "\n".join([*self.story, "The daemon's log ends so:", *lines])


def wait_for_daemon(world: World) -> None:
    """Until it has begun to wait for something."""
    wait_until(
        lambda: world.clock.waits(0) or world.daemon.poll() is not None,
        seconds=30,
        what="The daemon",
    )
