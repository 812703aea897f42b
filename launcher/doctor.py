"""`./focalist doctor`: what is there, what version, what is missing, what that costs.

It looks and changes nothing: what would be downloaded on the first start is said to
be so.
"""

import os
import platform
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from launcher import debian, environment, odoo_source, postgres, system
from launcher.console import Problem, say
from launcher.demo import chosen_port, ports, snmp_port
from launcher.paths import ROOT, cache

#: For Odoo, the environment, the checkers and a demo database.
NEEDED_SPACE_GB = 4

GOOD, COSTS, BAD = "✓", "!", "✗"


@dataclass(frozen=True)
class Finding:
    mark: str
    name: str
    text: str
    cost: str = ""


def run() -> int:
    findings = list(_examine())
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        say(f"{finding.mark} {finding.name:<{width}}  {finding.text}")
        if finding.cost:
            say(f"  {'':<{width}}  → {finding.cost}")
    return 1 if any(finding.mark == BAD for finding in findings) else 0


def _examine() -> Iterator[Finding]:
    facts = system.distribution()
    name = facts.get("pretty_name", platform.platform())
    yield Finding(GOOD, "System", f"{name}, {os.cpu_count()} cores")
    yield Finding(GOOD, "Python", f"{platform.python_version()}, {sys.executable}")
    yield from _odoo()
    yield _database()
    yield _wkhtmltopdf()
    yield _fonts()
    yield _program(system.PDFTOTEXT, "-v")
    yield _program(system.CHROMIUM, "--version")
    yield _program(system.NGINX, "-v")
    yield _program(system.IPPEVEPRINTER, "--version")
    yield _program(system.FAKETIME, "--version")
    yield _program(system.NODE, "--version")
    yield _program(system.NPM, "--version")
    yield _simulator()
    yield _space()
    chosen, other = chosen_port(), "FOCALIST_PORT sets another"
    for port in ports(chosen):
        yield _port(port, socket.SOCK_STREAM, "the demo", other)
    yield _port(snmp_port(chosen), socket.SOCK_DGRAM, "the printers", other)


def _odoo() -> Iterator[Finding]:
    try:
        odoo = odoo_source.find()
    except Problem as problem:
        yield Finding(BAD, "Odoo", str(problem))
        return
    if not odoo:
        recorded = odoo_source.record()["odoo-19"]["version"]
        first = f"Debian's {recorded} will be downloaded on the first start"
        yield Finding(COSTS, "Odoo", first)
        if not debian.KEYRING.exists() and not system.can_install():
            cost = "sudo apt-get install debian-archive-keyring, or set ODOO_PATH"
            yield Finding(BAD, "Debian's keys", "missing", cost)
        return
    yield Finding(GOOD, "Odoo", f"{odoo.version}, {odoo.origin}, {odoo.path}")
    prefix = cache() / "environments" / environment.key(odoo)
    if (prefix / "complete").exists():
        yield Finding(GOOD, "Environment", str(prefix))
    else:
        yield Finding(COSTS, "Environment", "will be made on the first start")


def _database() -> Finding:
    if named := postgres.named_server():
        return Finding(GOOD, "PostgreSQL", f"yours, on {named['host']}")
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        cost = "apt-get install util-linux, or name a server of yours (PGHOST)"
        return Finding(BAD, "PostgreSQL", "embedded; root cannot run it", cost)
    return Finding(GOOD, "PostgreSQL", f"embedded, its data in {postgres.CLUSTER}")


def _program(need: system.Need, *version: str) -> Finding:
    path = need.find()
    if not path:
        return Finding(COSTS, need.name, "missing", need.missing())
    done = subprocess.run(
        [path, *version],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    # Some wrappers complain before they tell their version.
    lines = [line for line in done.stdout.splitlines() if re.search(r"\d\.\d", line)]
    return Finding(GOOD, need.name, f"{(lines or ['?'])[0].strip()}, {path}")


def _wkhtmltopdf() -> Finding:
    need = system.WKHTMLTOPDF
    if not need.find() and not system.available(need.packages[0]):
        first = "Debian 12's will be downloaded on the first start"
        return Finding(COSTS, need.name, first)
    found = _program(need, "--version")
    if found.mark != GOOD or "with patched qt" in found.text:
        return found
    return Finding(
        COSTS,
        found.name,
        f"{found.text}: its Qt is not patched",
        "it draws no header or footer: Odoo's other documents lack theirs; Focalist's "
        "invoices carry the seller in their body instead",
    )


def _fonts() -> Finding:
    if not system.FONTS.find():
        return Finding(COSTS, "Fonts", "missing", system.FONTS.missing())
    families = subprocess.run(
        ["fc-list", ":", "family"], capture_output=True, text=True, check=False
    ).stdout.splitlines()
    if not families:
        cost = "documents have no letters: apt-get install fonts-dejavu-core"
        return Finding(COSTS, "Fonts", "none", cost)
    return Finding(GOOD, "Fonts", f"{len(set(families))} families")


def _simulator() -> Finding:
    """Linux answers on all of 127.0.0.0/8; the printers have addresses of it."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.20.0.1", 0))
        except OSError as error:
            cost = "the simulated printers cannot answer"
            return Finding(BAD, "Loopback", f"127.20.0.1: {error}", cost)
    return Finding(GOOD, "Loopback", "any address of 127.0.0.0/8 answers")


def _space() -> Finding:
    folder = next(path for path in (cache(), *cache().parents) if path.exists())
    free = min(shutil.disk_usage(place).free for place in (folder, ROOT)) / 1e9
    text = f"{free:.0f} GB free"
    if free < NEEDED_SPACE_GB:
        cost = f"a first start takes {NEEDED_SPACE_GB} GB"
        return Finding(COSTS, "Disk", text, cost)
    return Finding(GOOD, "Disk", text)


def _port(number: int, kind: int, user: str, way: str) -> Finding:
    host = "127.0.0.1" if kind == socket.SOCK_STREAM else "127.20.0.1"
    with socket.socket(type=kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except OSError:
            taken = f"taken; {user} needs it"
            return Finding(COSTS, f"Port {number}", taken, way)
    return Finding(GOOD, f"Port {number}", f"free for {user}")
