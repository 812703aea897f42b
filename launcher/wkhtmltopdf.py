"""wkhtmltopdf where the system brings none: Debian 12's, unpacked into the cache.

Debian 13 has dropped it, with the Qt WebKit that it draws with. Debian 12's runs there
with the libraries of its own release.
"""

import shutil
from pathlib import Path

from launcher import debian, processes, system
from launcher.console import Problem, warn
from launcher.paths import programs

SUITE = "bookworm"
#: Not to be downloaded: the C library is the system's, the rest serves a screen.
THERE = ("libc6", "libegl1", "libglx-mesa0", "libinput10", "iso-codes")
INSTALLED = "".join(
    f"Package: {name}\nStatus: install ok installed\nArchitecture: all\n"
    "Multi-Arch: foreign\nMaintainer: none\nDescription: none\nVersion: 9:0\n\n"
    for name in THERE
)
SCRIPT = """\
#!/bin/sh
root=$(dirname -- "$0")/../root
export LD_LIBRARY_PATH="$root/lib/{triplet}:$root/usr/lib/{triplet}"
export QT_PLUGIN_PATH="$root/usr/lib/{triplet}/qt5/plugins"
exec "$root/usr/bin/wkhtmltopdf" "$@"
"""


def ensure() -> None:
    """See that there is one, and letters for it to draw; without, only warn."""
    need = system.WKHTMLTOPDF
    if not need.find() and system.can_install():
        system.install(need.packages)
    if not need.find():
        try:
            _fetch(programs().parent)
        except Problem as problem:
            warn(f"{need.name} is missing: {need.missing()}\n{problem}")
    system.ensure(system.FONTS)


def _fetch(folder: Path) -> None:
    fresh = folder.with_suffix(".new")
    with processes.locked(folder.with_suffix(".lock")):
        if folder.exists():
            return
        shutil.rmtree(fresh, ignore_errors=True)
        apt = debian.apt(fresh / "apt", [SUITE], INSTALLED)
        debian.download(
            [*apt, "--yes", "--no-install-recommends", "--download-only"],
            "install",
            "wkhtmltopdf",
            what="wkhtmltopdf from Debian 12 (64 MB)",
        )
        packages = (fresh / "apt" / "cache" / "archives").glob("*.deb")
        debian.unpack(packages, fresh / "root", "wkhtmltopdf")
        shutil.rmtree(fresh / "apt")
        script = fresh / "bin" / "wkhtmltopdf"
        script.parent.mkdir()
        (libraries,) = (fresh / "root" / "usr" / "lib").glob("*-linux-gnu")
        script.write_text(SCRIPT.format(triplet=libraries.name))
        script.chmod(0o755)
        fresh.rename(folder)
