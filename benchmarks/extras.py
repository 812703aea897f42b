"""Packages that a benchmark alone wants: in a folder of their own, never installed."""

import subprocess
import sys
from pathlib import Path

from launcher.environment import Environment
from launcher.paths import STATE


def fetched(ready: Environment, name: str, *packages: str) -> Path:
    """The folder with these packages, and none of what they depend on."""
    folder = STATE / f"bench-{name}"
    subprocess.run(
        [
            *(ready.python, "-m", "pip", "install", "--quiet", "--no-deps"),
            *(f"--target={folder}", "--upgrade", *packages),
        ],
        check=True,
        stdout=sys.stderr,
    )
    return folder
