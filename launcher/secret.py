"""This checkout's secret, with which Focalist encrypts what it must tell again."""

import os
import secrets
from pathlib import Path

from launcher.paths import STATE

#: What Focalist looks for in the environment: see docs/installing.md.
VARIABLE = "FOCALIST_SECRET_FILE"


def variables() -> dict[str, str]:
    """Where the secret is, for programs; what the environment says comes first."""
    if VARIABLE in os.environ:
        return {}
    return {VARIABLE: str(_file())}


def _file() -> Path:
    """A file that its owner alone reads, made by the first who wants it."""
    file = STATE / "secret"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f"secret.{os.getpid()}")
        part.touch(mode=0o600)
        part.write_text(secrets.token_urlsafe(48) + "\n")
        part.replace(file)
    return file
