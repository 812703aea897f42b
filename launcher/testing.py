"""`./focalist test`: all tests in one pytest, against fresh copies of the template."""

import os
import re
import signal
from pathlib import Path

from launcher import (
    environment,
    odoo_config,
    postgres,
    processes,
    system,
    wkhtmltopdf,
)
from launcher.console import step
from launcher.databases import Databases
from launcher.paths import ROOT, STATE

#: The databases that tests run in: the process id follows, then a worker's or a site's
#: name.
PREFIX = "focalist_test_"
OF_A_RUN = re.compile(rf"(?:{PREFIX}|focalist_e2e_)(\d+)")
#: Workers at most, however many cores there are: each holds a whole Odoo in memory.
MOST_WORKERS = 4
#: Options that ask for a few tests, or for the terminal: no workers.
ALONE = ("-k", "-s", "--capture=no", "--pdb", "--trace")
#: Tests that need neither Odoo nor a database.
PLAIN = ("agent_daemon", "simulator", "tests/launcher")


def run(arguments: list[str]) -> int:
    """Run pytest with `arguments`, and end with its closing line.

    The tests find in their environment
    - the PG variables of the server,
    - FOCALIST_TEMPLATE: a database with all modules that nobody works in, for
      `CREATE DATABASE … TEMPLATE …`,
    - FOCALIST_CONFIG: the Odoo configuration to start from,
    - FOCALIST_FULL=1: the long tests are to run whole.
    """
    arguments = list(arguments)
    full = "--full" in arguments
    if full:
        arguments.remove("--full")
    ready = environment.get()
    variables = {**ready.variables, "FOCALIST_FULL": "1" if full else ""}
    arguments = [*_workers(arguments), *arguments]
    if paths := _paths(arguments):
        if all(map(_is_plain, paths)):
            return _pytest(ready, ["-p", "no:odoo", *arguments], variables)

    system.ensure(
        system.CHROMIUM,
        system.PDFTOTEXT,
        system.NGINX,
        system.IPPEVEPRINTER,
        system.FAKETIME,
    )
    wkhtmltopdf.ensure()
    with postgres.running(ready) as server:
        databases = Databases(ready, server)
        _drop_orphans(databases)
        template = databases.ensure_template()
        # One's own database for each run: two runs do not meet, and what a broken
        # run leaves behind is not found by the next.
        database = f"{PREFIX}{os.getpid()}"
        with step("Copying the test database"):
            databases.copy(template, database)
        try:
            config = odoo_config.write(
                database,
                database,
                workers=0,
                max_cron_threads=0,
                # The limits would hold for pytest itself and all that it starts.
                limit_memory_hard=0,
                limit_memory_soft=0,
            )
            variables |= {
                **server.variables,
                # pytest-odoo copies the database for each worker by these.
                "PATH": f"{server.programs}{os.pathsep}{variables['PATH']}",
                "FOCALIST_TEMPLATE": template,
                "FOCALIST_CONFIG": str(config),
            }
            options = ["--odoo-http", f"--odoo-database={database}"]
            options.append(f"--odoo-config={config}")
            return _pytest(ready, [*options, *arguments], variables)
        finally:
            _drop_own(databases, database)
            config.unlink()


def _workers(arguments: list[str]) -> list[str]:
    """The options for a worker a core, where whole folders are run.

    Whoever names a file, a test or a part of their names would wait longer for the
    workers' start than for the tests. What shares a class or, outside of classes, a
    module stays together: so does what is made once for it. Folders keep their order:
    the long tests come first, and none is left over at the end.
    """
    alone = any(argument.startswith(ALONE) for argument in arguments)
    files = any(path.is_file() for path in _paths(arguments))
    count = min(len(os.sched_getaffinity(0)), MOST_WORKERS)
    if alone or files or count == 1:
        return []
    return [f"--numprocesses={count}", "--dist=loadscope", "--no-loadscope-reorder"]


def _drop_own(databases: Databases, database: str) -> None:
    """Drop a run's database, and the copies of its workers that were killed."""
    for name in databases.names():
        if name == database or name.startswith(f"{database}-"):
            databases.drop(name)


def _drop_orphans(databases: Databases) -> None:
    """Drop what runs that were killed have left."""
    for name in databases.names():
        run = OF_A_RUN.match(name)
        if run and not Path("/proc", run[1]).exists():
            databases.drop(name)
            (STATE / f"{name}.conf").unlink(missing_ok=True)


def _pytest(ready, arguments: list[str], variables: dict[str, str]) -> int:
    command = [ready.python, "-m", "pytest", *arguments]
    # What pytest needs to end its tests' servers and print its closing line.
    return processes.attend(command, end=signal.SIGINT, env=variables)


def _paths(arguments: list[str]) -> list[Path]:
    """Those of pytest's arguments that name files or folders."""
    candidates = (Path(argument.split("::")[0]) for argument in arguments)
    return [path.resolve() for path in candidates if path.exists()]


def _is_plain(path: Path) -> bool:
    return any(path.is_relative_to(ROOT / folder) for folder in PLAIN)
