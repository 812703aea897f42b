"""The command line, as a person meets it."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from launcher import commands, demo
from launcher.console import Problem
from launcher.paths import ROOT, cache

FOCALIST = ROOT / "focalist"


def focalist(*arguments, **variables):
    return subprocess.run(
        [FOCALIST, *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def test_help_is_one_screen_and_names_every_command():
    done = focalist("help")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) < 40
    for command in commands.COMMANDS:
        if command != "help":
            assert f"./focalist {command} " in done.stdout


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_help_is_what_comes_without_a_command(arguments):
    assert focalist(*arguments).stdout == focalist("help").stdout


def test_an_unknown_command_is_refused():
    done = focalist("dmeo")
    assert done.returncode == 2
    assert "dmeo" in done.stdout


@pytest.mark.parametrize("command", ["demo", "stop", "doctor", "update", "clean"])
def test_an_unknown_flag_is_refused(command):
    done = focalist(command, "--frehs")
    assert done.returncode == 1
    assert "--frehs" in done.stdout


def test_clean_asks_nobody_and_removes_nothing(tmp_path, monkeypatch, capsys):
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.setattr(commands, "STATE", data)
    monkeypatch.setattr(sys, "stdin", open(os.devnull))
    assert commands.main(["clean"]) == 1
    assert "--yes" in capsys.readouterr().out
    assert data.exists()
    monkeypatch.setattr(commands.postgres, "CLUSTER", data / "postgres")
    assert commands.main(["clean", "--yes"]) == 0
    assert not data.exists()


@pytest.fixture
def bare_path(tmp_path):
    """A PATH with nothing but what the script itself needs."""
    for program in ("sh", "id", "dirname", "basename"):
        found = subprocess.check_output(
            ["sh", "-c", f"command -v {program}"], text=True
        )
        (tmp_path / program).symlink_to(found.strip())
    return tmp_path


def test_without_python_it_says_how_to_get_one(bare_path):
    done = focalist("help", PATH=str(bare_path))
    assert done.returncode == 1
    assert "apt-get install python3 python3-venv" in done.stderr


def test_a_python_without_venv_is_told_apart(bare_path):
    python = bare_path / "python3.12"
    python.write_text("#!/bin/sh\nexit 2\n")
    python.chmod(0o755)
    done = focalist("help", PATH=str(bare_path))
    assert done.returncode == 1
    assert "apt-get install python3.12-venv" in done.stderr


def test_an_old_python_is_passed_over(bare_path):
    old = bare_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    (bare_path / "python3.11").symlink_to(sys.executable)
    assert focalist("help", PATH=str(bare_path)).returncode == 0


def test_the_cache_is_where_the_variables_say(monkeypatch, tmp_path):
    monkeypatch.setenv("FOCALIST_CACHE", str(tmp_path / "own"))
    assert cache() == tmp_path / "own"
    monkeypatch.delenv("FOCALIST_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache() == tmp_path / "focalist"


def test_demo_shows_no_key_on_a_command_line(monkeypatch, tmp_path):
    asked = []

    def output(command, env):
        asked.append(([str(part) for part in command], env))
        # Enough is seen: nothing is started.
        raise subprocess.CalledProcessError(1, command, stderr="stop")

    monkeypatch.setattr(demo, "FOLDER", tmp_path)
    monkeypatch.setattr(demo, "output", output)
    run = demo.Demo(None)
    run.environment = SimpleNamespace(script=lambda name: name)
    run.databases = SimpleNamespace(variables={"PATH": "/bin"})
    with pytest.raises(Problem, match="stop"):
        run._start_agents([{"client": "Alpha", "key": "one-time-key"}])
    ((command, env),) = asked
    assert "enroll" in command
    assert "one-time-key" not in " ".join(command)
    assert env == {"PATH": "/bin", "FOCALIST_KEY": "one-time-key"}
