"""Debian's packages, downloaded and unpacked beside the system's own.

No root is needed, and what the system has installed is left as it is. Debian's
signature vouches for what is downloaded.
"""

import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from launcher import processes, system
from launcher.console import Problem, step
from launcher.paths import LOGS

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def apt(work: Path, suites: Iterable[str], installed: str = "") -> list[str]:
    """An apt with lists and sources of its own, kept in `work`, that has read them.

    :param installed: the packages it takes to be there, as in dpkg's status file
    """
    for program in ("apt-get", "dpkg"):
        if not shutil.which(program):
            raise Problem(f"{program} is missing: this is no Debian.")
    if not KEYRING.exists() and system.can_install():
        system.install(["debian-archive-keyring"])
    if not KEYRING.exists():
        raise Problem(
            "Debian's keys are missing: sudo apt-get install debian-archive-keyring"
        )
    mirror = _mirror()
    for folder in ("lists/partial", "cache/archives/partial"):
        (work / folder).mkdir(parents=True)
    (work / "status").write_text(installed)
    (work / "sources.list").write_text(
        "".join(
            f"deb [signed-by={KEYRING}] {mirror} {suite} main\n" for suite in suites
        )
    )
    options = {
        "Dir::Etc::SourceList": work / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": work / "lists",
        "Dir::State::Status": work / "status",
        "Dir::Cache": work / "cache",
        # A mirror that lags by weeks is signed all the same, and versions are recorded.
        "Acquire::Check-Valid-Until": "false",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        # The downloading user of apt may not enter a cache below someone's home.
        "APT::Sandbox::User": "",
    }
    settings = (f"-o{name}={value}" for name, value in options.items())
    command = ["apt-get", "-q", *settings]
    with step("Reading Debian's package lists") as reading:
        processes.run(
            [*command, "update"], log=LOGS / "debian.log", on_line=reading.progress
        )
    return command


def download(apt: list[str], *arguments: str, what: str, **options) -> None:
    with step(f"Downloading {what}") as downloading:

        def show(line: str) -> None:
            if status := re.match(r"dlstatus:\d+:([\d.]+):", line):
                downloading.progress(f"{float(status[1]):.0f} %")

        processes.run(
            [*apt, "-oAPT::Status-Fd=1", *arguments],
            log=LOGS / "debian.log",
            on_line=show,
            **options,
        )


def unpack(files: Iterable[Path], folder: Path, what: str) -> None:
    files = sorted(files)
    with step(f"Unpacking {what}") as unpacking:
        for number, file in enumerate(files, 1):
            unpacking.progress(f"{number}/{len(files)} {file.name}")
            processes.run(["dpkg", "-x", file, folder], log=LOGS / "dpkg.log")


def _mirror() -> str:
    """Debian's mirror, as the machine's own apt knows it."""
    if named := os.environ.get("FOCALIST_DEBIAN_MIRROR"):
        return named
    mirror = _known_mirror()
    if not mirror and system.can_install():
        # A fresh container has not read its lists yet.
        processes.run(["apt-get", "update"], log=LOGS / "apt.log")
        mirror = _known_mirror()
    if not mirror:
        raise Problem(
            "This machine's apt knows no mirror of Debian. On Debian: sudo apt-get "
            "update. On Ubuntu, whose own mirrors do not carry Debian: name a mirror "
            "of Debian in FOCALIST_DEBIAN_MIRROR."
        )
    return mirror


def _known_mirror() -> str | None:
    targets = processes.output(
        ["apt-get", "indextargets", "--format", "$(ORIGIN) $(CODENAME) $(REPO_URI)"]
    )
    for line in targets.splitlines():
        origin, codename, uri = line.split(" ", 2)
        if origin == "Debian" and not codename.endswith("-security"):
            return uri
    return None
