"""packaging/install.sh refuses before it touches anything; tests/e2e installs with it.

Commands of the system that it must not reach are stubs that tell they were called.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "packaging" / "install.sh"
PROGRAMS = "apt-get chown install mkdir mktemp rm setpriv systemctl systemd-sysusers"
WHERE = ("--server", "https://odoo.example.com", "--database", "example")


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


class Machine:
    """A Debian of the test's own, in which the script is run."""

    def __init__(self, folder: Path) -> None:
        self.root, self.programs = folder / "root", folder / "programs"
        self.called = folder / "called"
        self.release("ID=debian")
        self.programs.mkdir()
        self.variables = os.environ | {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "FOCALIST_PYTHON": str(self.programs / "python3"),
        }

    def release(self, text: str) -> None:
        file = self.root / "etc" / "os-release"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'NAME="Debian"\n{text}\n')

    def stub(self, name: str, text: str = "") -> None:
        file = self.programs / name
        file.write_text(f'#!/bin/sh\necho "{name} $*" >>"{self.called}"\n{text}\n')
        file.chmod(0o755)

    def run(self, *arguments: str, text: str | None = None, **variables: str):
        """As the one command does it: through a pipe, here without a terminal."""
        return subprocess.run(
            ["sh", "-s", "--", *arguments],
            input=SCRIPT.read_text() if text is None else text,
            env=self.variables | variables,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            start_new_session=True,
        )

    def refused(self, *arguments: str, **variables: str) -> str:
        """What it says when it refuses, having touched nothing."""
        for name in PROGRAMS.split():
            if name != "mkdir":
                self.stub(name)
        done = self.run(*arguments, **variables)
        assert done.returncode == 1
        assert not self.called.exists(), self.called.read_text()
        return done.stderr


def test_a_download_that_is_cut_runs_nothing(machine):
    for name in (*PROGRAMS.split(), "id", "sed", "grep", "sleep", "python3"):
        machine.stub(name)
    text = SCRIPT.read_text().rstrip()
    cuts = {*range(0, len(text), 61), *range(len(text) - 12, len(text))}
    for cut in sorted(cuts):
        machine.run(*WHERE, text=text[:cut])
        assert not machine.called.exists(), text[:cut][-80:]
    machine.run(*WHERE, text=text)
    assert machine.called.exists()


def test_options(machine):
    def said(*arguments):
        return machine.refused(*arguments, f"--root={machine.root}")

    assert "no option --root=" in said(*WHERE)
    assert "--server wants Odoo's address" in machine.refused()
    assert "--server wants Odoo's address" in machine.refused("--server", "file:///x")
    assert "--database wants" in machine.refused(*WHERE[:2])
    assert "--key-file wants a value" in machine.refused(*WHERE, "--key-file")
    assert "no option --key" in machine.refused(*WHERE, "--key", "on-the-command-line")
    assert "/no/ca.pem cannot be read" in machine.refused(*WHERE, "--ca", "/no/ca.pem")
    done = machine.run("--help")
    assert done.returncode == 0
    assert "--key-file FILE" in done.stdout


def test_options_are_no_commands(machine):
    evil = f"https://x/$(touch {machine.called})`touch {machine.called}`';touch x;'"
    machine.stub("apt-get")
    machine.stub("python3", 'case "$*" in *https*) exit 1; esac')
    done = machine.run(
        "--server", evil, "--database", evil, "--root", f"{machine.root}"
    )
    assert done.returncode == 1
    assert "touch" not in machine.called.read_text().replace(evil, "")


def test_who_and_where(machine):
    machine.stub("id", "echo 1000")
    machine.stub("sed", "exit 1")
    done = machine.run(*WHERE)
    assert "as root, or with sudo" in done.stderr
    machine.called.unlink()
    (machine.programs / "id").unlink()
    (machine.programs / "sed").unlink()
    below = (*WHERE, "--root", str(machine.root))
    machine.release('ID="fedora"\nID_LIKE="rhel centos"')
    assert "neither Debian nor Ubuntu" in machine.refused(*below)


@pytest.mark.parametrize(
    "release", ["ID=debian", "ID=ubuntu\nID_LIKE=debian", 'ID_LIKE="ubuntu debian"']
)
def test_python_that_is_too_old(machine, release):
    machine.release(release)
    machine.stub("python3", 'case "$1" in -c) exit 1;; esac; echo Python 3.9.2')
    done = machine.run(*WHERE, "--root", str(machine.root))
    assert done.returncode == 1
    assert "Python 3.10 or newer" in done.stderr
    assert "is Python 3.9.2" in done.stderr
    assert "apt-get" not in machine.called.read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may install without --root")
def test_without_a_terminal_the_key_is_in_a_file(machine, tmp_path):
    assert "add --key-file FILE" in machine.refused(*WHERE)
    (tmp_path / "key").write_text("\n")
    where = (*WHERE, "--key-file", str(tmp_path / "key"))
    assert "key is empty" in machine.refused(*where)
    (tmp_path / "key").unlink()
    assert "key cannot be read" in machine.refused(*where)


def test_what_was_altered_on_the_way_is_not_unpacked(machine):
    """The archive's sum is the script's; a stub of Python brings another archive."""
    machine.stub("python3", 'case "$1" in -) echo altered >"$5";; esac')
    machine.stub("tar")
    known = hashlib.sha256(b"as it was").hexdigest()
    text = SCRIPT.read_text().replace(
        'archive_sha256=""', f'archive_sha256="{known}"', 1
    )
    done = machine.run(*WHERE, "--root", str(machine.root), text=text)
    assert done.returncode == 1
    assert "not what this script was made for" in done.stderr
    assert "tar" not in machine.called.read_text()
    assert not (machine.root / "opt").exists()


def test_packages_that_cannot_be_had(machine):
    machine.stub("python3", 'case "$*" in *ensurepip*) exit 1;; esac')
    machine.stub("apt-get", "echo E: no such package; exit 100")
    done = machine.run(*WHERE, "--usb", "--root", str(machine.root))
    assert done.returncode == 1
    assert "E: no such package" in done.stderr
    assert "could not install python3 python3-venv ipp-usb" in done.stderr
    asked = machine.called.read_text()
    assert "apt-get -qq -y install python3 python3-venv ipp-usb" in asked
