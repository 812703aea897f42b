"""Where things lie: nothing is written outside the project and its cache."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ADDONS = ROOT / "addons"

#: This checkout's database, filestore, logs and demo state; ignored by git.
STATE = ROOT / ".focalist"
LOGS = STATE / "logs"
DATA = STATE / "data"


def cache() -> Path:
    """The folder that all checkouts share: downloads, Odoo, virtual environments."""
    if folder := os.environ.get("FOCALIST_CACHE"):
        return Path(folder).expanduser().resolve()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().resolve() / "focalist"


def programs() -> Path:
    """Where programs are that the system does not bring; its own come first."""
    return cache() / "wkhtmltopdf" / "bin"
