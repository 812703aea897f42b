"""`./focalist test`: workers where they pay, and nothing left behind by any end."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from launcher import testing
from launcher.databases import Databases
from launcher.environment import Environment
from launcher.paths import ROOT
from launcher.postgres import running


@pytest.fixture
def cores(monkeypatch):
    def have(number):
        monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(number)))

    have(2)
    return have


@pytest.mark.parametrize(
    "arguments",
    [[], ["-q", "--durations=9"], ["tests"], ["tests/lint", "simulator", "-x"]],
)
def test_folders_are_shared_among_workers(cores, arguments):
    assert "--numprocesses=2" in testing._workers(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ["tests/launcher/test_launcher_testing.py"],
        ["tests/lint", "tests/launcher/test_launcher_testing.py::test_it"],
        ["-k", "meter"],
        ["tests", "-kmeter"],
        ["tests", "--pdb"],
    ],
)
def test_a_few_tests_wait_for_no_worker(cores, arguments):
    assert testing._workers(arguments) == []


def test_workers_are_as_many_as_cores_within_bounds(cores):
    cores(1)
    assert testing._workers([]) == []
    cores(64)
    assert f"--numprocesses={testing.MOST_WORKERS}" in testing._workers([])


def test_a_worker_shares_no_files_with_another(request):
    if not request.config.pluginmanager.hasplugin("odoo"):
        pytest.skip("Odoo's part of the tests is not run")
    from odoo.tests.common import get_db_name
    from odoo.tools import config

    assert Path(config.filestore(get_db_name())).name == get_db_name()


# -- Its ends --------------------------------------------------------------------------

CONFTEST = """
import os, time
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session", autouse=True)
def kept():
    worker = os.environ["PYTEST_XDIST_WORKER"]
    (HERE / f"{worker}.pid").write_text(str(os.getpid()))
    yield
    (HERE / f"{worker}.tidy").touch()
"""
MODULE = """
import time
from pathlib import Path


def test_first():
    pass


def test_second():
    if not Path(__file__).with_name("quick").exists():
        time.sleep(60)
"""
RUN = """
import sys
from launcher import commands, testing

testing.PLAIN = sys.argv[1:]
testing.os.sched_getaffinity = lambda pid: {0, 1}
sys.exit(commands.main(["test", "-p", "no:cacheprovider", *sys.argv[1:]]))
"""


@pytest.fixture
def run(tmp_path):
    """A run of two modules by two workers: its folder, and its process."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    for name in ("one", "two"):
        (tmp_path / f"test_{name}.py").write_text(MODULE)
    process = None

    def start():
        nonlocal process
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, tmp_path],
            cwd=ROOT,
            env={n: v for n, v in os.environ.items() if n != "PYTEST_XDIST_WORKER"},
            stdout=subprocess.PIPE,
            text=True,
            # Ctrl-C reaches all that the terminal runs.
            start_new_session=True,
        )
        return process

    yield SimpleNamespace(folder=tmp_path, start=start)
    if process and process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_workers_run_all_and_pytest_has_the_last_word(run):
    (run.folder / "quick").touch()
    said, _ = run.start().communicate(timeout=60)
    assert "4 passed" in said.splitlines()[-1]
    assert {file.name for file in run.folder.glob("*.tidy")} == {"gw0.tidy", "gw1.tidy"}


@pytest.mark.parametrize("end", ["Ctrl-C", "kill"])
def test_an_ended_run_ends_its_workers_and_lets_them_tidy_up(run, end):
    process = run.start()
    workers = wait_for(lambda: pids(run.folder, 2))
    if end == "kill":
        process.send_signal(signal.SIGTERM)
    else:
        os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode not in (0, None)
    # However far it came
    assert re.search("(passed|no tests ran) in ", said.splitlines()[-1])
    assert {file.name for file in run.folder.glob("*.tidy")} == {"gw0.tidy", "gw1.tidy"}
    wait_for(lambda: not any(Path("/proc", pid).exists() for pid in workers))


def pids(folder: Path, number: int) -> list[str]:
    found = [file.read_text() for file in folder.glob("*.pid")]
    return found if len(found) == number and all(found) else []


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
    return result


@pytest.fixture
def databases(own_cluster, monkeypatch, tmp_path):
    monkeypatch.setattr(testing, "STATE", tmp_path)
    environment = Environment(Path(sys.prefix), odoo=None)
    with running(environment) as server:
        yield Databases(environment, server)


def test_what_killed_runs_left_is_dropped_and_no_more(databases, tmp_path):
    dead = subprocess.Popen(["true"])
    dead.wait()
    left = [
        f"focalist_test_{dead.pid}",
        f"focalist_test_{dead.pid}-gw1",
        f"focalist_e2e_{dead.pid}_kills",
    ]
    kept = [
        f"focalist_test_{os.getpid()}",
        f"focalist_test_{os.getpid()}-gw0",
        f"focalist_e2e_{os.getpid()}_kills",
        "focalist_demo",
    ]
    for name in left + kept:
        databases.server.query(f'CREATE DATABASE "{name}"')
        (tmp_path / f"{name}.conf").touch()
    testing._drop_orphans(databases)
    assert {name for name in databases.names() if "focalist" in name} == set(kept)
    assert {file.stem for file in tmp_path.glob("*.conf")} == set(kept)

    testing._drop_own(databases, f"focalist_test_{os.getpid()}")
    assert {name for name in databases.names() if "focalist" in name} == set(kept[2:])
