"""The checkers from npm: installed once per lock file, shared by checkouts."""

import hashlib
import os
import shutil
from pathlib import Path

from launcher import processes, system
from launcher.console import step
from launcher.paths import LOGS, ROOT, cache

FILES = ("package.json", "package-lock.json")
#: Where prettier and eslint look for their plugins: beside their configuration.
LINK = ROOT / "node_modules"


def ensure() -> Path:
    """Return the folder of the installed programs."""
    system.ensure(system.NODE, system.NPM, required=True)
    digest = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in FILES))
    folder = cache() / "node" / digest.hexdigest()[:12]
    with processes.locked(folder.with_suffix(".lock")):
        if not folder.exists():
            _install(folder)
    modules = folder / "node_modules"
    if LINK.is_symlink() and LINK.readlink() != modules:
        LINK.unlink()
    if not LINK.exists():
        LINK.symlink_to(modules)
    return modules / ".bin"


def _install(folder: Path) -> None:
    fresh = folder.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name in FILES:
        shutil.copy(ROOT / name, fresh)
    with step("Installing the checkers from npm") as work:
        processes.run(
            ["npm", "ci", "--no-audit", "--no-fund"],
            log=LOGS / "npm.log",
            on_line=work.progress,
            cwd=fresh,
            env={**os.environ, "npm_config_cache": str(cache() / "npm")},
        )
    fresh.rename(folder)
