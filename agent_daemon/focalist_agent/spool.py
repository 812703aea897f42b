"""Store and forward: every report is on disk before it is sent, and leaves the disk
only after the server named its uid.

SQLite with WAL and synchronous=FULL: a commit that returned survives SIGKILL and
power loss. When the spool or the disk is full the oldest superseded poll goes first (a
poll of a device of which a later one is spooled), then the oldest of all; what was
dropped, and what could not be stored at all, is counted: ``status`` shows it, and the
server is told. SQLite needs room even to drop: a reserve on the disk is kept for that,
and while it is used up, the file does not grow.
"""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import files
from .clock import TOLERANCE, Clock, Stamp
from .report import Report, utc_now
from .transport import Result

_log = logging.getLogger(__name__)

NAME = "spool.sqlite3"
REJECTED_ROWS = 500
"""Of what the server rejected the last ones are kept, with the reason."""

ROOM = 64 * 1024
"""Bytes of reports that go at least when the disk is full: SQLite frees whole pages."""

RESERVE = 1024 * 1024
"""Bytes of the disk that are kept for working when it is full."""

WAL_PAGES = 64
"""Of SQLite's log, before what is in it goes to its place: less than the reserve."""

SETTLED = 100
"""Reports that leave in one transaction, whose log has to fit into the reserve."""

COUNTERS = ("accepted", "duplicate", "pending", "ignored", "rejected", "dropped")

_VERSIONS = (
    """
CREATE TABLE IF NOT EXISTS report (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL UNIQUE,
    device TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS report_device ON report (device, id);
CREATE TABLE IF NOT EXISTS rejected (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL UNIQUE,
    at TEXT NOT NULL,
    reason TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS counter (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS note (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
""",
    # When it was read, of what waits for the server's clock (clock.py).
    """
ALTER TABLE report ADD COLUMN boot TEXT;
ALTER TABLE report ADD COLUMN ticks REAL;
""",
)
"""Each makes the next version of the file out of the last (``user_version``)."""

_SIZE = "SELECT COALESCE(SUM(LENGTH(body)), 0) FROM report"
_SET_RIGHT = """
UPDATE report SET body = CAST(json_set(
    json_insert(
        CAST(body AS TEXT),
        '$.device_read_at', json_extract(CAST(body AS TEXT), '$.read_at')
    ),
    '$.read_at', strftime('%Y-%m-%dT%H:%M:%SZ', ticks + ?1, 'unixepoch')
) AS BLOB)
WHERE boot = ?3 AND abs(
    strftime('%s', json_extract(CAST(body AS TEXT), '$.read_at')) - (ticks + ?1)
) >= ?2
"""

_NOT_OF_THE_FUTURE = """
UPDATE report SET body = CAST(json_set(
    json_insert(
        CAST(body AS TEXT),
        '$.device_read_at', json_extract(CAST(body AS TEXT), '$.read_at')
    ),
    '$.read_at', strftime(
        '%Y-%m-%dT%H:%M:%SZ',
        ?1 - (SELECT MAX(id) FROM report WHERE boot <> ?2) + id, 'unixepoch'
    )
) AS BLOB)
WHERE boot <> ?2
  AND strftime('%s', json_extract(CAST(body AS TEXT), '$.read_at')) - ?1 > 0
"""


class SpoolError(Exception):
    """The spool cannot be used; the text is for people."""


class Spool:
    """The reports that wait. One process writes; ``status`` reads beside it."""

    def __init__(self, directory: Path, max_bytes: int) -> None:
        self.path = directory / NAME
        self._max_bytes = max_bytes
        self._lost = 0
        """reports that could not be stored, until they can be counted"""
        self._reserve = files.Reserve(directory / "reserve", RESERVE)
        try:
            self._db = self._open()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                # Locked, unreadable, no space: the file itself may be whole.
                raise SpoolError(f"{self.path}: {error}") from error
            self._db = self._begin_anew(error)
        ((self._bytes,),) = self._query(_SIZE)
        self._reserve.hold()
        if not self._reserve.is_held and self._is_disk_full():
            self._stop_growing()

    def _open(self) -> sqlite3.Connection:
        try:
            return _open(self.path)
        except sqlite3.OperationalError:
            # A full disk is told of in several ways.
            if not self._is_disk_full() or not self._reserve.let_go():
                raise
            return _open(self.path)

    def _is_disk_full(self) -> bool:
        return shutil.disk_usage(self.path.parent).free < RESERVE

    def _begin_anew(self, error: Exception) -> sqlite3.Connection:
        """Set a damaged file aside, for whoever can save something from it."""
        aside = self.path.with_name(f"{NAME}.damaged-{time.time_ns() // 1_000_000}")
        _log.error(
            "The spool %s is damaged (%s). It is kept as %s; a new one begins.",
            self.path,
            error,
            aside.name,
        )
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                self.path.with_name(NAME + suffix).rename(f"{aside}{suffix}")
        try:
            return _open(self.path)
        except sqlite3.Error as again:
            raise SpoolError(f"{self.path}: {again}") from again

    def put(self, report: Report, stamp: Stamp | None = None) -> None:
        """Store a report; it is on disk when this returns. Raises SpoolError.

        ``stamp``: when it was read, where :meth:`set_right` may say it better.
        """
        body = json.dumps(
            report.to_dict(), ensure_ascii=False, separators=(",", ":")
        ).encode()
        device = report.serial or report.mac or report.address
        rough = stamp and not stamp.is_sure
        when = (stamp.boot, stamp.ticks) if rough else (None, None)
        row = report.uid, device, body, *when
        try:
            try:
                self._store(*row)
            except SpoolError as error:
                if _is_full(error):
                    if self._reserve.let_go():
                        self._stop_growing()
                    self._free(max(2 * len(body), ROOM))
                elif _is_damaged(error):
                    self._db.close()
                    self._db, self._bytes = self._begin_anew(error), 0
                else:
                    raise
                self._store(*row)
        except SpoolError:
            self._lost += 1
            raise

    def _store(
        self, uid: str, device: str, body: bytes, boot: str | None, tick: float | None
    ) -> None:
        with self._transaction():
            dropped = self._drop(self._bytes + len(body) - self._max_bytes)
            self._db.execute(
                "INSERT INTO report (uid, device, body, boot, ticks)"
                " VALUES (?, ?, ?, ?, ?)",
                (uid, device, body, boot, tick),
            )
        self._bytes += len(body) - dropped
        self._grow_again()

    def _stop_growing(self) -> None:
        """The disk is full: let the file have the room that it has."""
        ((pages,),) = self._query("PRAGMA page_count")
        self._query(f"PRAGMA max_page_count = {pages}")

    def _grow_again(self) -> None:
        """Where the disk has room again, the file may have it, too."""
        if self._reserve.hold():
            self._query(f"PRAGMA max_page_count = {2**32 - 2}")

    def set_right(self, clock: Clock) -> None:
        """Once the server was heard: correct what was read since the machine started.

        What waits from before that keeps its moment, unless that is after the start:
        then it was read just before, as far as anybody knows.
        """
        if not clock.is_sure or not self._query(
            "SELECT 1 FROM report WHERE boot IS NOT NULL LIMIT 1"
        ):
            return
        with self._transaction():
            self._db.execute(_SET_RIGHT, (clock.offset, TOLERANCE, clock.boot))
            self._db.execute(_NOT_OF_THE_FUTURE, (clock.offset, clock.boot))
            self._db.execute("UPDATE report SET boot = NULL WHERE boot IS NOT NULL")
        ((self._bytes,),) = self._query(_SIZE)

    def _free(self, size: int) -> None:
        """The disk is full: drop reports to use their place in the file again."""
        with self._transaction():
            dropped = self._drop(size)
        self._bytes -= dropped

    def batch(self, count: int, size: int) -> list[tuple[str, bytes]]:
        """The oldest reports as (uid, JSON): at most ``count``, and ``size`` bytes
        together, but one at least where one waits."""
        rows = self._query("SELECT uid, body FROM report ORDER BY id LIMIT ?", (count,))
        found: list[tuple[str, bytes]] = []
        for uid, body in rows:
            size -= len(body)
            if found and size < 0:
                break
            found.append((uid, body))
        return found

    def settle(self, results: Sequence[Result]) -> int:
        """Let go of the reports whose end the server told; gives how many left.

        Rejected ones are kept apart with the reason.
        """
        left = 0
        for start in range(0, len(results), SETTLED):
            left += self._settle(results[start : start + SETTLED])
        self._grow_again()
        return left

    def _settle(self, results: Sequence[Result]) -> int:
        left = freed = 0
        with self._transaction():
            for result in results:
                row = self._db.execute(
                    "DELETE FROM report WHERE uid = ? RETURNING body", (result.uid,)
                ).fetchone()
                if row is None:
                    continue
                left, freed = left + 1, freed + len(row[0])
                self._count(result.status)
                if result.status == "rejected":
                    self._set_aside(result, row[0])
        self._bytes -= freed
        return left

    def note(self, **notes: Any) -> None:
        """Remember values for ``status``, where that is possible."""
        try:
            with self._transaction():
                self._db.executemany(
                    "INSERT OR REPLACE INTO note (name, value) VALUES (?, ?)",
                    [(name, json.dumps(value)) for name, value in notes.items()],
                )
        except SpoolError as error:
            # No work may end for what only the status would have shown.
            _log.debug("Not noted: %s", error)

    def waiting(self) -> int:
        """How many reports wait."""
        ((count,),) = self._query("SELECT COUNT(*) FROM report")
        return count

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _drop(self, size: int) -> int:
        """Drop ``size`` bytes by the policy, or all; gives the bytes dropped."""
        freed = 0
        while freed < size:
            row = self._db.execute(
                """
                SELECT id, LENGTH(body) FROM report AS old
                ORDER BY NOT EXISTS (
                    SELECT 1 FROM report AS new
                    WHERE new.device = old.device AND new.id > old.id
                ), id
                LIMIT 1
                """
            ).fetchone()
            if row is None:
                break
            self._db.execute("DELETE FROM report WHERE id = ?", row[:1])
            self._count("dropped")
            freed += row[1]
        if freed:
            _log.warning("No space: old reports were dropped (see status).")
        return freed

    def _set_aside(self, result: Result, body: bytes) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO rejected (uid, at, reason, body) "
            "VALUES (?, ?, ?, ?)",
            (result.uid, utc_now(), result.message[:1000], body),
        )
        self._db.execute(
            "DELETE FROM rejected WHERE id <= (SELECT MAX(id) FROM rejected) - ?",
            (REJECTED_ROWS,),
        )

    def _count(self, name: str, number: int = 1) -> None:
        self._db.execute(
            "INSERT INTO counter (name, value) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
            (name, number),
        )

    def _query(self, query: str, values: tuple = ()) -> list[tuple]:
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise SpoolError(f"{self.path}: {error}") from error

    @contextlib.contextmanager
    def _transaction(self):
        try:
            self._db.execute("BEGIN IMMEDIATE")
            lost = self._lost
            try:
                yield
                if lost:
                    self._count("dropped", lost)
                self._db.execute("COMMIT")
            except BaseException:
                # A full disk may have rolled back already.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            self._lost -= lost
        except sqlite3.Error as error:
            raise SpoolError(f"{self.path}: {error}") from error


def _is_full(error: SpoolError) -> bool:
    # Python 3.10 has no sqlite_errorcode.
    return "is full" in str(error.__cause__)


def _is_damaged(error: SpoolError) -> bool:
    """The file is broken; SQLite's other errors are of subclasses."""
    return type(error.__cause__) is sqlite3.DatabaseError


def status(directory: Path) -> dict[str, Any]:
    """What the spool knows, read beside a running daemon; raises SpoolError."""
    path = directory / NAME
    found: dict[str, Any] = {"spooled": 0, **dict.fromkeys(COUNTERS, 0)}
    if not path.exists():
        return found
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=5)) as db:
            db.execute("PRAGMA query_only = ON")
            if not _version(db):
                return found  # A daemon that starts is making it.
            found["spooled"] = db.execute("SELECT COUNT(*) FROM report").fetchone()[0]
            found |= dict(db.execute("SELECT name, value FROM counter"))
            found |= {
                name: json.loads(value)
                for name, value in db.execute("SELECT name, value FROM note")
            }
            found["last_rejected"] = [
                {"uid": uid, "at": at, "reason": reason}
                for uid, at, reason in db.execute(
                    "SELECT uid, at, reason FROM rejected ORDER BY id DESC LIMIT 5"
                )
            ]
    except sqlite3.Error as error:
        raise SpoolError(f"{path}: {error}") from error
    return found


def counts(directory: Path) -> dict[str, int]:
    """What the server is told of the spool; nothing where it cannot be read."""
    try:
        found = status(directory)
    except SpoolError as error:
        _log.debug("%s", error)
        return {}
    # XML-RPC knows no larger numbers.
    return {
        name: min(found[name], 2**31 - 1)
        for name in ("spooled", "dropped", "rejected", "clock_ahead")
        if isinstance(found.get(name), int)
    }


def _open(path: Path) -> sqlite3.Connection:
    """Open and check the file; raises sqlite3.DatabaseError for a damaged one."""
    # The file is made before SQLite does, so that it is private from the start.
    path.touch(mode=0o600)
    db = sqlite3.connect(path, timeout=10, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
        verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        _upgrade(db)
    except BaseException:
        db.close()
        raise
    return db


def _upgrade(db: sqlite3.Connection) -> None:
    """Make the file of this version, with all that an older one holds, or not at all.

    A file that is of this version already is not written to: the disk may be full.
    """
    version = _version(db)
    if version > len(_VERSIONS):
        raise sqlite3.OperationalError(
            f"made by a newer focalist-agent (version {version}): install that one"
        )
    if version < len(_VERSIONS):
        steps = "".join(_VERSIONS[version:])
        end = f"PRAGMA user_version = {len(_VERSIONS)};"
        db.executescript(f"BEGIN IMMEDIATE; {steps} {end} COMMIT;")


def _version(db: sqlite3.Connection) -> int:
    """Of the file's tables; 0 while there are none."""
    return db.execute("PRAGMA user_version").fetchone()[0]
