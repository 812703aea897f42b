"""Logging to standard error, where systemd's journal finds it."""

from __future__ import annotations

import logging
import os
import sys

_secrets: set[str] = set()


def hide(secret: str) -> None:
    """Let no log line carry this text, whatever it comes from."""
    if len(secret) > 3:
        _secrets.add(secret)


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        for secret in _secrets:
            line = line.replace(secret, "***")
        return line


def set_up(verbose: bool = False) -> None:
    """Log our own lines from INFO (``verbose``: DEBUG), of libraries warnings only."""
    # The journal stamps lines itself (systemd.exec(5), JOURNAL_STREAM).
    stamp = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(f"{stamp}%(levelname)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    own = logging.getLogger("focalist_agent")
    own.setLevel(logging.DEBUG if verbose else logging.INFO)
