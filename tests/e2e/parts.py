"""The real parts: a server with workers, a fleet that answers SNMP, a daemon."""

import json
import os
import signal
import socket
import subprocess
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from itertools import count
from pathlib import Path

import psycopg2

from launcher import odoo_config
from launcher.databases import Databases
from launcher.paths import LOGS
from launcher.processes import Service, wait_until

HERE = Path(__file__).parent
FULL = os.environ.get("FOCALIST_FULL") == "1"
DEVICES, SITES, SEED = 6, 2, 7
#: Below those that the kernel gives to whoever asks for any, and from another place on
#: in each process: until its program listens, a port is free for others, too.
PORTS = count(20_000 + os.getpid() % 100 * 100)


def free_port(kind=socket.SOCK_STREAM) -> int:
    for port in PORTS:
        with socket.socket(socket.AF_INET, kind) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Site:
    """An Odoo of its own: a database, and a server that can be killed."""

    def __init__(
        self,
        databases: Databases,
        name: str,
        template: str = "",
        variables: dict[str, str] | None = None,
        **options: object,
    ):
        self.databases = databases
        self.variables = databases.variables | (variables or {})
        self.database = f"focalist_e2e_{os.getpid()}_{name}"
        self.port, self.live_port = free_port(), free_port()
        self.service = None
        databases.drop(self.database)
        template = template or os.environ["FOCALIST_TEMPLATE"]
        databases.copy(template, self.database)
        self.config = odoo_config.write(
            self.database,
            self.database,
            http_port=self.port,
            gevent_port=self.live_port,
            **{"workers": 2, "max_cron_threads": 0, **options},
        )
        for key in ("web.base.url", "report.url"):
            self.query(
                "INSERT INTO ir_config_parameter (key, value) VALUES (%s, %s)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                key,
                self.url,
            )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.service = Service(
            "odoo",
            [
                self.databases.environment.python,
                self.databases.environment.script("odoo"),
                "server",
                f"--config={self.config}",
            ],
            log=LOGS / f"{self.database}.log",
            env=self.variables,
        )
        wait_until(self._answers, seconds=60, what="Odoo", watch=[self.service])

    def _answers(self) -> bool:
        with closing(socket.socket()) as probe:
            probe.settimeout(0.2)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        """SIGKILL for the server and its workers, all at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.service.process.pid, signal.SIGKILL)
        self.service.process.wait()

    def close(self) -> None:
        if self.service:
            # Its database goes, too: nothing is there to be ended well.
            self.kill()
        self.databases.drop(self.database)
        self.config.unlink()

    def wake_crons(self) -> None:
        """As a trigger does; a server that was just started sleeps for a minute."""
        with closing(self.connect("postgres")) as connection, connection:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_notify('cron_trigger', %s)", (self.database,))

    def connect(self, database: str = ""):
        variables = self.databases.server.variables
        return psycopg2.connect(
            dbname=database or self.database,
            host=variables.get("PGHOST"),
            port=variables.get("PGPORT"),
            user=variables.get("PGUSER"),
            password=variables.get("PGPASSWORD"),
        )

    def query(self, sql: str, *parameters) -> list[tuple]:
        """Run one statement in a transaction of its own."""
        with closing(self.connect()) as connection, connection:
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters)
                return cursor.fetchall() if cursor.description else []

    def script(self, name: str, *, folder: Path = HERE, **values) -> dict:
        """Run `scripts/NAME.py` in an Odoo shell; it gives back a dict."""
        result = self.config.with_suffix(".json")
        environment_ = {
            "FOCALIST_RESULT": str(result),
            "FOCALIST_VALUES": json.dumps(values),
        }
        with (folder / "scripts" / f"{name}.py").open() as script:
            self.databases.odoo(
                "shell",
                f"--config={self.config}",
                "--no-http",
                log=f"{self.database}-{name}",
                stdin=script,
                env=environment_,
            )
        found = json.loads(result.read_text())
        result.unlink()
        return found


@contextmanager
def running_site(databases: Databases, name: str, variables=None, **options):
    site = Site(databases, name, variables=variables, **options)
    try:
        site.start()
        yield site
    finally:
        site.close()


def prepare(site: Site, printers: int, epoch: datetime, until: datetime) -> dict:
    """A client whose fleet is the simulated one, with readings of some days.

    :param printers: the port at which the fleet answers
    """
    return site.script(
        "prepare",
        devices=DEVICES,
        sites=SITES,
        seed=SEED,
        port=printers,
        epoch=f"{epoch:%Y-%m-%d}",
        until=f"{until:%Y-%m-%d}",
    )


class Agent:
    """An installed focalist-agent: its folder, and its runs."""

    def __init__(self, databases: Databases, folder: Path):
        self.databases = databases
        self.folder = folder
        self.file = folder / "agent.toml"
        self.state = folder / "state"
        self.command = [
            str(databases.environment.script("focalist-agent")),
            f"--config={self.file}",
            f"--state-dir={self.state}",
        ]
        self.file.write_text("")

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [*self.command, *arguments],
            env=self.databases.variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def start(self) -> subprocess.Popen:
        """The daemon as a process, to be killed."""
        return subprocess.Popen(
            [*self.command, "run"],
            env=self.databases.variables,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "daemon.log").open("ab"),
        )

    def enroll(self, site: Site, key: str) -> None:
        done = self.run(
            "enroll",
            f"--server={site.url}",
            f"--database={site.database}",
            f"--key={key}",
        )
        assert done.returncode == 0, done.stderr

    def status(self) -> dict:
        return json.loads(self.run("status", "--json").stdout)
