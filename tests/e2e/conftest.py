"""What the end-to-end tests share; see parts.py."""

import socket
from datetime import datetime, timezone

import pytest
from dateutil.relativedelta import relativedelta

from launcher import environment, postgres, system
from launcher.databases import Databases
from launcher.paths import LOGS
from launcher.processes import Service, wait_until
from tests.e2e.parts import DEVICES, SEED, SITES, Agent, free_port


@pytest.fixture(scope="session")
def databases():
    ready = environment.get()
    with postgres.running(ready) as server:
        yield Databases(ready, server)


@pytest.fixture(scope="session")
def epoch() -> datetime:
    """The first day that the fleet has a past from: two months ago."""
    today = datetime.now(timezone.utc).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    return today.replace(day=1) - relativedelta(months=2)


@pytest.fixture(scope="session")
def printers(databases, epoch, tmp_path_factory):
    """A small fleet that answers SNMP; gives its port."""
    port = free_port(socket.SOCK_DGRAM)
    ready = tmp_path_factory.mktemp("printers") / "ready"
    service = Service(
        "printers",
        [
            databases.environment.script("focalist-simulator"),
            "serve",
            f"--devices={DEVICES}",
            f"--sites={SITES}",
            f"--seed={SEED}",
            f"--epoch={epoch:%Y-%m-%d}",
            f"--port={port}",
            f"--ready-file={ready}",
        ],
        log=LOGS / "e2e-printers.log",
        env=databases.variables,
    )
    try:
        wait_until(ready.exists, seconds=60, what="The printers", watch=[service])
        yield port
    finally:
        service.stop()


@pytest.fixture
def agent(databases, tmp_path) -> Agent:
    return Agent(databases, tmp_path)


@pytest.fixture(scope="session")
def pdftotext() -> str:
    for need in (system.WKHTMLTOPDF, system.PDFTOTEXT):
        if not need.find():
            pytest.skip(f"{need.name} is missing: {need.cost}")
    return system.PDFTOTEXT.find()
