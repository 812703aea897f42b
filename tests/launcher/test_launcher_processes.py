"""Programs are run, watched and stopped, whatever happens in between."""

import os
import subprocess
import sys
import time

import pytest

from launcher import demo, processes
from launcher.console import Problem
from launcher.paths import ROOT


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    assert condition()


def test_a_failure_shows_the_end_of_the_output(tmp_path):
    log = tmp_path / "deep" / "log"
    script = "for i in $(seq 40); do echo line $i; done; exit 3"
    with pytest.raises(Problem) as caught:
        processes.run(["sh", "-c", script], log=log)
    assert "status 3" in str(caught.value)
    assert "line 40" in str(caught.value)
    assert "line 1\n" not in str(caught.value)
    assert str(log) in str(caught.value)
    assert log.read_text().startswith("line 1\n")


def test_a_service_is_stopped_with_what_it_started(tmp_path):
    pid_file = tmp_path / "pid"
    script = f"sleep 60 & echo $! > {pid_file}; trap '' TERM; wait; sleep 60"
    service = processes.Service("stubborn", ["sh", "-c", script], log=tmp_path / "log")
    wait_for(lambda: pid_file.exists() and pid_file.read_text().strip())
    child = int(pid_file.read_text())
    service.check()
    service_pid = service.process.pid
    processes.PATIENCE, patience = 1, processes.PATIENCE
    try:
        service.stop()
    finally:
        processes.PATIENCE = patience
    wait_for(lambda: not alive(child) and not alive(service_pid))


def test_a_service_that_ends_by_itself_is_a_problem(tmp_path):
    command = ["sh", "-c", "echo no room; exit 4"]
    service = processes.Service("brief", command, log=tmp_path / "log")
    with pytest.raises(Problem, match="(?s)brief ended with status 4.*no room"):
        processes.wait_until(lambda: False, seconds=10, what="It", watch=[service])


def test_services_end_when_the_launcher_is_killed(tmp_path):
    pid_file = tmp_path / "pid"
    code = (
        "import sys, time; from pathlib import Path;"
        "from launcher.processes import Service; log, pid = map(Path, sys.argv[1:]);"
        "service = Service('s', ['sleep', '60'], log=log);"
        "pid.write_text(str(service.process.pid)); time.sleep(60)"
    )
    launcher = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "log", pid_file], cwd=ROOT
    )
    wait_for(lambda: pid_file.exists() and pid_file.read_text())
    service = int(pid_file.read_text())
    assert alive(service)
    launcher.kill()
    launcher.wait()
    wait_for(lambda: not alive(service))


def test_waiting_has_an_end():
    with pytest.raises(Problem, match="The site: nothing in 0 s"):
        processes.wait_until(lambda: False, seconds=0, what="The site")


@pytest.fixture
def demo_state(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "STATE", tmp_path)
    monkeypatch.setattr(demo, "LOCK", tmp_path / "demo.lock")


def test_one_demo_at_a_time(demo_state):
    assert demo._running() is None
    with demo._alone():
        assert demo._running() == os.getpid()
        with pytest.raises(Problem, match="./focalist stop"):
            with demo._alone():
                pass
    assert demo._running() is None
    assert demo.stop() == 0


def test_a_taken_port_is_said_before_anything_is_done(monkeypatch):
    import socket
    from contextlib import ExitStack

    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        monkeypatch.setenv("FOCALIST_PORT", str(port))
        with pytest.raises(Problem, match=f"Port {port} is taken"):
            demo.Demo(ExitStack()).run(fresh=False, once=True)
