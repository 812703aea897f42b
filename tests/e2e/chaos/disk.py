"""A small disk of the agent's own, which can be full."""

import errno
import os
import subprocess
from pathlib import Path

import pytest

SIZE = 4 << 20


class Disk:
    """Mounted at a folder. Only root may do that: without, the test is skipped."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", f"-osize={SIZE},mode=700", "tmpfs", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"No disk can be mounted here: {done.stderr.strip()}")
        self._folder, self._ballast = folder, folder / "ballast"

    def fill(self) -> None:
        with self._ballast.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def empty(self) -> None:
        self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        subprocess.run(["umount", "--lazy", os.fspath(self._folder)], check=True)
