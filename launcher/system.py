"""Programs of the operating system: found, installed by root, or asked for."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from launcher import processes
from launcher.console import Problem, step, warn
from launcher.paths import LOGS, programs


@dataclass(frozen=True)
class Need:
    """Something of the system's: how to find it, who brings it, what its lack costs."""

    name: str
    programs: tuple[str, ...]
    packages: tuple[str, ...]
    cost: str

    def find(self) -> str | None:
        # Not everybody's PATH has the system's services.
        places = (os.environ.get("PATH", os.defpath), str(programs()), "/usr/sbin")
        path = os.pathsep.join(places)
        found = (shutil.which(program, path=path) for program in self.programs)
        return next(filter(None, found), None)

    def missing(self) -> str:
        """What its lack costs, and the line that gets it."""
        if available(self.packages[0]):
            return f"{self.cost}; sudo apt-get install {' '.join(self.packages)}"
        return f"{self.cost}; apt knows no package of it (sudo apt-get update?)"


CHROMIUM = Need(
    "Chromium",
    ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    ("chromium",),
    "the tests that click through the screens in a browser are skipped",
)
WKHTMLTOPDF = Need(
    "wkhtmltopdf",
    ("wkhtmltopdf",),
    ("wkhtmltopdf",),
    "no PDF of an invoice can be made",
)
FONTS = Need(
    "Fonts",
    ("fc-list",),
    ("fontconfig",),
    "documents have no letters",
)
PDFTOTEXT = Need(
    "pdftotext",
    ("pdftotext",),
    ("poppler-utils",),
    "the tests that read what stands in a PDF are skipped",
)
NGINX = Need(
    "nginx",
    ("nginx",),
    ("nginx",),
    "the tests of the reverse proxy are skipped",
)
IPPEVEPRINTER = Need(
    "ippeveprinter",
    ("ippeveprinter",),
    ("cups-ipp-utils", "dbus", "avahi-daemon"),
    "the tests that read a real IPP printer are skipped",
)
FAKETIME = Need(
    "faketime",
    ("faketime",),
    ("faketime",),
    "the tests in which days pass in seconds are skipped",
)
NODE = Need(
    "Node.js",
    ("node", "nodejs"),
    ("nodejs",),
    "the checks of XML and JavaScript cannot run",
)
NPM = Need(
    "npm",
    ("npm",),
    ("npm",),
    "the checks of XML and JavaScript cannot be installed",
)


def distribution() -> dict[str, str]:
    """The fields of os-release, in lower case: id, version_id, pretty_name…"""
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.split("=", 1) for line in lines if "=" in line)
    return {key.lower(): value.strip('"') for key, value in pairs}


def can_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def available(package: str) -> bool:
    """Does the system's own package manager know where to get `package`?"""
    if not shutil.which("apt-cache"):
        return False
    policy = subprocess.run(
        ["apt-cache", "policy", package], capture_output=True, text=True, check=False
    )
    return "Candidate:" in policy.stdout and "Candidate: (none)" not in policy.stdout


def install(packages: Iterable[str]) -> list[str]:
    """Install what can be had of `packages`, as root; return what cannot."""
    packages = list(packages)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if not all(map(available, packages)):
        with step("Reading the system's package lists") as work:
            processes.run(
                ["apt-get", "update"], log=LOGS / "apt.log", on_line=work.progress
            )
    found = [package for package in packages if available(package)]
    if found:
        with step(f"Installing {', '.join(found)}") as work:
            processes.run(
                ["apt-get", "install", "-y", "--no-install-recommends", *found],
                log=LOGS / "apt.log",
                on_line=work.progress,
                env=quiet,
            )
    return [package for package in packages if package not in found]


def ensure(*needs: Need, required: bool = False) -> None:
    """See that `needs` are there: install them as root, else say how to get them.

    What is not required costs something and is warned about, no more.
    """
    missing = [need for need in needs if not need.find()]
    packages = [package for need in missing for package in need.packages]
    if packages and can_install():
        install(packages)
        missing = [need for need in missing if not need.find()]
    if not missing:
        return
    lines = [f"{need.name} is missing: {need.missing()}" for need in missing]
    if required:
        raise Problem("\n".join(lines))
    warn("\n".join(lines))
