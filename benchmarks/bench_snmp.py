"""Scanning and polling against net-snmp's commands and FusionInventory's agent.

All in one run on this machine's loopback: whole processes of ours against whole
processes of theirs, medians of three. A peer that is not installed is left out, and
says so. Figures (processor time is that of the processes and all that they start):

- `scan_s`, `scan_vs_fusion`: a /24 with 50 printers and 204 addresses that never
  answer, by the clock; `scan_beyond_timeout_s`: what it took beyond the one time-out
  that silence forces;
- `poll_s`, `poll_wall_vs_fusion`, `poll_cpu_vs_fusion`: 254 printers;
- `poll_cpu_vs_netsnmp_fast`, `poll_cpu_vs_netsnmp_pysnmp`: the same against snmpget
  and snmpbulkwalk, four commands a printer, eight printers at once;
- `requests_per_printer`, `cpu_ms_per_printer`: beyond the start, 50 to 1,000 printers;
- `linear`: processor time a printer from 50 to 254, by that from 254 to 1,000;
- `rss_mib_1000_devices`, `rss_growth_mib`: memory of 1,000 printers, and what 90 more
  rounds of 50 added;
- `responder_per_s`: what the responder could answer if it had a processor alone.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from focalist_simulator import Fleet

SCRIPTS = Path(__file__).parent / "scripts"
PORT = 26161
FIRST = "127.77.0.1"
ROUNDS = 3
TIMEOUT = 1.0
THREADS = "8"

SCALARS = (
    *(f"1.3.6.1.2.1.1.{number}.0" for number in (1, 2, 3, 5, 6)),
    *(f"1.3.6.1.4.1.1347.42.3.1.1.1.1.{number}" for number in (1, 2, 4)),
    "1.3.6.1.4.1.1347.43.10.1.1.12.1.1",
    "1.3.6.1.4.1.1347.43.5.1.1.28.1",
)
TABLES = ("1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.25.3", "1.3.6.1.2.1.43")


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, and of processor time."""

    wall: float
    cpu: float
    said: str = ""


def run() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        recording = Path(folder) / "printer.snmprec"
        recording.write_text(_printer())
        found = _scanning(recording) | _polling(recording)
    return {name: round(value, 3) for name, value in found.items()}


def _printer() -> str:
    """A colour copier of the simulated fleet: Kyocera, with a private MIB."""
    epoch = datetime(2025, 10, 1, tzinfo=timezone.utc)
    fleet = Fleet(devices=60, sites=15, seed=1, epoch=epoch)
    moment = epoch + timedelta(days=30, hours=11)
    recordings = (printer.snmprec(moment) for printer in fleet.printers)
    kyocera = (said for said in recordings if "|1.3.6.1.4.1.1347." in said)
    return max(kyocera, key=len)


def _scanning(recording: Path) -> dict[str, float]:
    with _responder(recording, 50, 204):
        ours = _median(_scan)
        found = {
            "scan_s": ours.wall,
            "scan_beyond_timeout_s": ours.wall - TIMEOUT,
        }
        if _has("fusioninventory-netdiscovery"):
            theirs = _median(_netdiscovery)
            found["scan_vs_fusion"] = ours.wall / theirs.wall
    return found


def _scan() -> Cost:
    cost = _agent(
        "scan",
        "127.77.0.0/24",
        f"--port={PORT}",
        "--community=public",
        f"--timeout={TIMEOUT}",
        "--retries=0",
    )
    if ": 50 printers" not in cost.said:
        raise RuntimeError(f"not all were found: {cost.said[-200:]}")
    return cost


def _netdiscovery() -> Cost:
    cost = _cost(
        [
            *("fusioninventory-netdiscovery", "--first", FIRST),
            *("--last", "127.77.0.254", "--port", str(PORT), "--community", "public"),
            *("--timeout", f"{TIMEOUT:g}", "--threads", THREADS),
        ]
    )
    if cost.said.count("<DEVICE>") < 50:
        raise RuntimeError("FusionInventory did not find all")
    return cost


def _polling(recording: Path) -> dict[str, float]:
    found = {}
    with _responder(recording, 1000, 0) as ended:
        fast = {count: _poll("gufo", count) for count in (50, 254, 1000)}
        slow = _poll("pysnmp", 254)
        found["poll_s"] = fast[254].wall
        found["poll_cpu_s"], found["poll_cpu_pysnmp_s"] = fast[254].cpu, slow.cpu
        for name, ratio in _peers(fast[254], slow):
            found[name] = ratio
        per = {
            many: (fast[many].cpu - fast[few].cpu) / (many - few)
            for few, many in ((50, 254), (254, 1000))
        }
        slope = (fast[1000].cpu - fast[50].cpu) / 950
        found["cpu_ms_per_printer"] = 1000 * slope
        found["linear"] = per[254] / per[1000]
        read, requests, _, rss = map(int, fast[1000].said.split())
        found["requests_per_printer"] = requests
        found["rss_mib_1000_devices"] = rss / 1024
        _, _, early, late = map(int, _poll("gufo", 50, rounds=100).said.split())
        found["rss_growth_mib"] = (late - early) / 1024
    answered, seconds = ended()
    found["responder_per_s"] = answered / seconds
    return found


def _poll(backend: str, count: int, rounds: int = 1) -> Cost:
    script = [sys.executable, SCRIPTS / "poll.py", backend, PORT, FIRST]
    command = [*map(str, script), str(count), str(rounds)]
    cost = _median(lambda: _cost(command)) if rounds == 1 else _cost(command)
    if int(cost.said.split()[0]) != count * rounds:
        raise RuntimeError(f"not all were read: {cost.said}")
    return cost


def _peers(fast: Cost, slow: Cost) -> Iterator[tuple[str, float]]:
    if _has("snmpget") and _has("snmpbulkwalk"):
        theirs = _median(_netsnmp)
        yield "poll_cpu_vs_netsnmp_fast", fast.cpu / theirs.cpu
        yield "poll_cpu_vs_netsnmp_pysnmp", slow.cpu / theirs.cpu
    if _has("fusioninventory-netinventory"):
        theirs = _median(_netinventory)
        yield "poll_wall_vs_fusion", fast.wall / theirs.wall
        yield "poll_cpu_vs_fusion", fast.cpu / theirs.cpu


def _netsnmp() -> Cost:
    how = f"-v2c -c public -On -Oq -m '' -t 2 -r 1 $1:{PORT}"
    walks = "".join(f"snmpbulkwalk -Cr40 {how} {table};" for table in TABLES)
    script = f"snmpget {how} {' '.join(SCALARS)}; {walks}"
    hosts = "".join(f"127.77.0.{number}\n" for number in range(1, 255))
    cost = _cost(["xargs", "-P", THREADS, "-n1", "sh", "-c", script, "-"], input=hosts)
    if cost.said.count(".1.3.6.1.2.1.1.1.0 ") != 254:
        raise RuntimeError("net-snmp did not read all")
    return cost


def _netinventory() -> Cost:
    hosts = [p for n in range(1, 255) for p in ("--host", f"127.77.0.{n}")]
    cost = _cost(
        [
            *("fusioninventory-netinventory", *hosts, "--port", str(PORT)),
            *("--community", "public", "--type", "PRINTER", "--threads", THREADS),
        ]
    )
    if cost.said.count("<DEVICE>") < 254:
        raise RuntimeError("FusionInventory did not read all")
    return cost


def _agent(*arguments: str) -> Cost:
    return _cost([sys.executable, "-m", "focalist_agent", *arguments])


def _cost(command: list[str], input: str = "") -> Cost:
    """Run a command to its end: its time, and that of all that it started."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    done = subprocess.run(
        command,
        input=input,
        capture_output=True,
        text=True,
        timeout=900,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if done.returncode:
        raise RuntimeError(f"{command[:3]}: {done.stderr[-500:]}")
    return Cost(wall, cpu, done.stdout)


def _median(run: Callable[[], Cost]) -> Cost:
    costs = [run() for _ in range(ROUNDS)]
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.cpu for cost in costs),
        costs[-1].said,
    )


def _has(command: str) -> bool:
    if shutil.which(command):
        return True
    print(f"  without {command}: it is not installed", file=sys.stderr)
    return False


@contextmanager
def _responder(
    recording: Path, answering: int, silent: int
) -> Iterator[Callable[[], tuple[int, float]]]:
    """Printers on the loopback; gives what tells, afterwards, what they did."""
    script = [sys.executable, SCRIPTS / "responder.py", recording, PORT, FIRST]
    command = [*map(str, script), str(answering), str(silent)]
    said = ""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the responder did not start")

        def ended() -> tuple[int, float]:
            answered, seconds = said.split()
            return int(answered), float(seconds)

        yield ended
    finally:
        process.terminate()
        said, _ = process.communicate(timeout=10)
