"""Logging to standard error, where systemd's journal finds it."""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import datetime, timezone

_secrets: set[str] = set()


def hide(secret: str) -> None:
    """Let no log line carry this text, whatever it comes from."""
    if len(secret) > 3:
        _secrets.add(secret)


FORMATS = ("text", "json")


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return _hidden(super().format(record))


class _JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, where from, message, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, timezone.utc)
        line = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _hidden(record.getMessage()),
        }
        if record.exc_info:
            line["traceback"] = _hidden(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def _hidden(line: str) -> str:
    for secret in sorted(_secrets, key=len, reverse=True):
        line = line.replace(secret, "***")
    return line


def set_up(verbose: bool = False, form: str = "text") -> None:
    """Log our own lines from INFO (``verbose``: DEBUG), of libraries warnings only."""
    # The journal stamps lines itself (systemd.exec(5), JOURNAL_STREAM).
    stamp = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    handler = logging.StreamHandler(sys.stderr)
    as_text = _Formatter(f"{stamp}%(levelname)s %(message)s")
    handler.setFormatter(_JsonFormatter() if form == "json" else as_text)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    own = logging.getLogger("focalist_agent")
    own.setLevel(logging.DEBUG if verbose else logging.INFO)
