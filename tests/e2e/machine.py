"""A computer to install the agent on: a tree below which the real script installs."""

import os
import pty
import shlex
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from launcher.databases import Databases
from launcher.paths import cache

_SUITS = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))"


class Machine:
    """Its packages and its systemd are stubs, or the tree's; all else is real."""

    def __init__(self, folder: Path, databases: Databases):
        self.root, self.programs = folder / "root", folder / "programs"
        self.called = folder / "called"
        self.called.touch()
        self.programs.mkdir()
        self.state = self.root / "var/lib/focalist-agent"
        self.settings = self.root / "etc/focalist-agent/agent.toml"
        self.python = self.root / "opt/focalist-agent/bin/python"
        # As on a fresh Debian: there is a Python, without its environments.
        installed = folder / "python3-venv"
        self._stub("apt-get", f'case "$*" in *install*) touch {installed};; esac')
        self._stub(
            "python3",
            f'case "$*" in *ensurepip*) [ -e {installed} ] || exit 1;; esac\n'
            f'exec {_python()} "$@"',
        )
        # Seen and passed on: what others on the machine see in its list of processes.
        setpriv = shutil.which("setpriv")
        self._stub("setpriv", f'exec {setpriv} "$@"')
        if not shutil.which("systemctl"):
            self._stub("systemctl")
        if not shutil.which("systemd-sysusers"):
            passwd = f"{self.root}/etc/passwd"
            entry = "focalist-agent:x:999:999::/:/usr/sbin/nologin"
            self._stub("systemd-sysusers", f"echo {entry} >{passwd}")
        self.variables = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("FOCALIST_", "PYTHON", "VIRTUAL_ENV"))
        } | {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "FOCALIST_PYTHON": str(self.programs / "python3"),
            "PIP_CACHE_DIR": str(cache() / "pip"),
        }

    def _stub(self, name: str, text: str = "") -> None:
        file = self.programs / name
        file.write_text(f'#!/bin/sh\necho "{name} $*" >>{self.called}\n{text}\n')
        file.chmod(0o755)

    def line(self, command: str, *more: str) -> str:
        """The command of Odoo's dialog, as it is run on this machine."""
        assert " | sudo sh -s -- " in command
        more = shlex.join(["--root", str(self.root), *more])
        return command.replace("| sudo sh ", "| sh ") + f" {more}"

    def unattended(self, line: str, **variables: str) -> subprocess.CompletedProcess:
        """Run a line where nobody sits."""
        return subprocess.run(
            ["sh", "-c", line],
            env=self.variables | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            start_new_session=True,
        )

    def type(self, line: str, key: str, **variables: str) -> tuple[int, str]:
        """Run a line on a terminal, and type the key when it is asked for.

        :return: how it ended, and what stood on the screen
        """
        pid, terminal = pty.fork()
        if not pid:
            os.execvpe("sh", ["sh", "-c", line], self.variables | variables)
        screen, is_typed = b"", False
        while True:
            try:
                said = os.read(terminal, 4096)
            except OSError:
                break
            if not said:
                break
            screen += said
            if b"Installation key" in screen and screen.endswith(b": "):
                if not is_typed:
                    os.write(terminal, f"{key}\n".encode())
                    is_typed = True
        os.close(terminal)
        _pid, status = os.waitpid(pid, 0)
        return os.waitstatus_to_exitcode(status), screen.decode()

    def owner(self) -> int:
        """The number of the service's user; ours where we are nobody to make one."""
        if os.geteuid():
            return os.geteuid()
        lines = (self.root / "etc/passwd").read_text().splitlines()
        (entry,) = (line for line in lines if line.startswith("focalist-agent:"))
        return int(entry.split(":")[2])

    def agent(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
        """What is installed, run as the service would."""
        user = self.owner()
        return subprocess.run(
            [
                str(self.python),
                *("-m", "focalist_agent"),
                f"--config={self.settings}",
                f"--state-dir={self.state}",
                *arguments,
            ],
            env=self.variables | variables,
            cwd="/",
            **({} if os.geteuid() else {"user": user, "group": user}),
            extra_groups=None if os.geteuid() else [],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def _python() -> str:
    """A Python that can make environments, and that all users may run."""
    for python in ("/usr/bin/python3", sys.executable):
        made = subprocess.run([python, "-c", _SUITS], capture_output=True, check=False)
        if made.returncode == 0:
            return python
    raise pytest.skip.Exception("no Python here can make environments: python3-venv")


@contextmanager
def fresh_machine(databases: Databases):
    # pytest's own folders are closed to the service's user.
    folder = Path(tempfile.mkdtemp(prefix="focalist-machine-"))
    folder.chmod(0o755)
    try:
        yield Machine(folder, databases)
    finally:
        shutil.rmtree(folder)
