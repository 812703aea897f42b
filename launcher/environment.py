"""The Python environment: made once per set of requirements, shared by checkouts."""

import hashlib
import os
import shutil
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from launcher import odoo_source, processes, secret
from launcher.console import step
from launcher.paths import LOGS, ROOT, STATE, cache, programs

REQUIREMENTS = (ROOT / "requirements.txt", ROOT / "requirements-dev.txt")

#: The project's own packages and their commands. They are found by PYTHONPATH and
#: not installed: an environment that two checkouts share must not tie them to one.
PACKAGES = (ROOT / "agent_daemon", ROOT / "simulator")
SCRIPTS = {
    "focalist-agent": "from focalist_agent.cli import main",
    "focalist-simulator": "from focalist_simulator.cli import main",
    # Odoo starts its second server by running its own script again: it needs a file.
    "odoo": "from odoo.cli import main",
}


@dataclass(frozen=True)
class Environment:
    """A Python that has Odoo, what it needs, and this checkout's packages."""

    prefix: Path
    odoo: odoo_source.Odoo

    @property
    def python(self) -> Path:
        return self.prefix / "bin" / "python"

    def script(self, name: str) -> Path:
        return STATE / "bin" / name

    @cached_property
    def variables(self) -> dict[str, str]:
        """The environment variables of every program that is started in it."""
        path = [STATE / "bin", self.prefix / "bin", os.environ.get("PATH", "")]
        path.append(programs())
        return {
            **os.environ,
            "PATH": os.pathsep.join(map(str, path)),
            "PYTHONPATH": os.pathsep.join(map(str, PACKAGES)),
            "VIRTUAL_ENV": str(self.prefix),
            # Nothing of ours, nor of the browser in tests, writes into the home.
            "FOCALIST_CACHE": str(cache()),
            **secret.variables(),
            "XDG_CONFIG_HOME": str(STATE / "home" / "config"),
            "XDG_CACHE_HOME": str(STATE / "home" / "cache"),
        }

    def site_packages(self) -> Path:
        return next((self.prefix / "lib").glob("python3.*/site-packages"))


def key(odoo: odoo_source.Odoo) -> str:
    """What an environment depends on, in a few letters."""
    # The base: asked from inside the environment, the answer is the same.
    digest = hashlib.sha256(f"{sys.version}|{sys.base_prefix}|{odoo.path}".encode())
    for file in REQUIREMENTS:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def get() -> Environment:
    """Find the environment, or make it."""
    odoo = odoo_source.get()
    prefix = cache() / "environments" / key(odoo)
    environment = Environment(prefix, odoo)
    with processes.locked(prefix.with_suffix(".lock")):
        # A virtual environment cannot be moved into place when it is complete, so
        # a file in it says that it is.
        complete = prefix / "complete"
        if not complete.exists():
            shutil.rmtree(prefix, ignore_errors=True)
            _make(environment)
            complete.touch()
    _write_scripts(environment)
    return environment


def _make(environment: Environment) -> None:
    major, minor = sys.version_info[:2]
    with step(f"Creating the Python {major}.{minor} environment"):
        processes.run(
            [sys.executable, "-m", "venv", environment.prefix], log=LOGS / "venv.log"
        )
    with step("Installing the Python packages") as work:
        files = [part for file in REQUIREMENTS for part in ("-r", file)]
        processes.run(
            [environment.python, "-m", "pip", "install", "--progress-bar=off", *files],
            log=LOGS / "pip.log",
            on_line=lambda line: work.progress(line.strip()),
            env={
                **os.environ,
                "PIP_CACHE_DIR": str(cache() / "pip"),
                "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            },
        )
    # Behind the environment's own packages, so that these win over whatever else
    # lies beside an Odoo that the system has installed.
    pth = environment.site_packages() / "odoo.pth"
    pth.write_text(f"{environment.odoo.path}\n")


def _write_scripts(environment: Environment) -> None:
    for name, statement in SCRIPTS.items():
        script = environment.script(name)
        # For sh, the second line starts Python; for Python, it is a string. (A path
        # with a space in it cannot stand behind `#!`.)
        text = f"""#!/bin/sh
'''exec' "{environment.python}" "$0" "$@"
' '''
import sys

sys.path[:0] = {[str(package) for package in PACKAGES]!r}
{statement}

sys.exit(main())
"""
        if not script.exists() or script.read_text() != text:
            script.parent.mkdir(parents=True, exist_ok=True)
            script.write_text(text)
            script.chmod(0o755)
