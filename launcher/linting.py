"""`./focalist lint`: every check of style, each by its own tool."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from launcher import environment, node
from launcher.console import Problem, say, step
from launcher.databases import own_modules
from launcher.paths import ADDONS, ROOT

PYTHON = [
    "addons",
    "agent_daemon",
    "benchmarks",
    "demo",
    "launcher",
    "simulator",
    "tests",
]


class Checks:
    """The commands of the checks; empty where there is nothing to look at."""

    def __init__(self, fix: bool):
        self.fix = fix
        self.environment = environment.get()

    def ruff(self) -> list:
        return [
            *self._python("ruff"),
            "check",
            *(["--fix"] if self.fix else []),
            *PYTHON,
        ]

    def format(self) -> list:
        check = [] if self.fix else ["--check"]
        return [*self._python("ruff"), "format", *check, *PYTHON]

    def pylint(self) -> list:
        return [*self._python("pylint"), "--rcfile=.pylintrc", *self._modules()]

    def odoo(self) -> list:
        fix = ["--fix"] if self.fix else []
        return [*self._python("oca_pre_commit_hooks.cli"), *fix, *self._modules()]

    def po(self) -> list:
        files = self._files("**/i18n/*.po*")
        fix = ["--fix"] if self.fix else []
        return files and [*self._python("oca_pre_commit_hooks.cli_po"), *fix, *files]

    def prettier(self) -> list:
        mode = "--write" if self.fix else "--check"
        files = [*self._files("**/*.xml"), *self._files("**/static/**/*.[js]*")]
        options = [mode, "--log-level=warn", "--no-error-on-unmatched-pattern"]
        return files and [node.ensure() / "prettier", *options, *files]

    def eslint(self) -> list:
        files = self._files("**/static/**/*.js")
        fix = ["--fix"] if self.fix else []
        return files and [node.ensure() / "eslint", *fix, *files]

    def _python(self, module: str) -> list:
        return [self.environment.python, "-m", module]

    def _modules(self) -> list[str]:
        return [f"addons/{module}" for module in own_modules()]

    def _files(self, pattern: str) -> list[Path]:
        return sorted(file.relative_to(ROOT) for file in ADDONS.glob(pattern))


NAMES = ("ruff", "format", "pylint", "odoo", "po", "prettier", "eslint")


def run(names: list[str], *, fix: bool) -> int:
    """Run the named checks, or all; all that fail say why."""
    if unknown := set(names) - set(NAMES):
        raise Problem(f"There is no check {', '.join(unknown)}: {', '.join(NAMES)}.")
    checks = Checks(fix)
    failed = [
        name for name in names or NAMES if not _passes(name, getattr(checks, name))
    ]
    if failed:
        say(f"Not clean: {', '.join(failed)}")
        return 1
    return 0


def _passes(name: str, command: Callable[[], list]) -> bool:
    arguments = [os.fspath(part) for part in command()]
    if not arguments:
        return True
    try:
        with step(name):
            subprocess.run(
                arguments,
                cwd=ROOT,
                check=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                text=True,
            )
    except subprocess.CalledProcessError as error:
        say(error.stdout)
        return False
    return True
