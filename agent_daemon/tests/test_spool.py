"""The spool: nothing is lost, however the process ends."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from daemon_parts import Disk

from focalist_agent import spool as spool_module
from focalist_agent.clock import Clock
from focalist_agent.report import Report
from focalist_agent.spool import Spool, SpoolError, counts, status
from focalist_agent.transport import Result

WORKER = Path(__file__).with_name("spool_worker.py")
KILLS = 60 if os.environ.get("FOCALIST_FULL") else 6
LARGE = 64 * 1024 * 1024


def uids(spool):
    return [uid for uid, _ in spool.batch(1000, LARGE)]


def test_the_uid_is_fixed_before_sending(tmp_path):
    report = Report(address="10.0.0.1", serial="S1")
    Spool(tmp_path, LARGE).put(report)
    ((uid, body),) = Spool(tmp_path, LARGE).batch(10, LARGE)
    assert uid == report.uid == json.loads(body)["uid"]
    assert json.loads(body) == report.to_dict()


def test_a_report_leaves_when_its_end_was_told(tmp_path):
    spool = Spool(tmp_path, LARGE)
    reports = [Report(address=f"10.0.0.{n}") for n in range(6)]
    for report in reports:
        spool.put(report)
    statuses = ["accepted", "duplicate", "pending", "ignored", "rejected"]
    results = [
        Result(r.uid, s, "too old") for r, s in zip(reports, statuses, strict=False)
    ]
    assert spool.settle(results) == 5
    # The same answer a second time changes nothing.
    assert spool.settle(results) == 0
    assert uids(spool) == [reports[5].uid]
    found = status(tmp_path)
    assert {name: found[name] for name in statuses} == dict.fromkeys(statuses, 1)
    (rejected,) = found["last_rejected"]
    assert (rejected["uid"], rejected["reason"]) == (reports[4].uid, "too old")


def test_rejected_reports_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(spool_module, "REJECTED_ROWS", 3)
    spool = Spool(tmp_path, LARGE)
    for n in range(5):
        report = Report(address="10.0.0.1")
        spool.put(report)
        spool.settle([Result(report.uid, "rejected", f"reason {n}")])
    reasons = [one["reason"] for one in status(tmp_path)["last_rejected"]]
    assert reasons == ["reason 4", "reason 3", "reason 2"]
    assert status(tmp_path)["rejected"] == 5


def test_a_batch_is_bounded_in_count_and_size(tmp_path):
    spool = Spool(tmp_path, LARGE)
    for n in range(5):
        spool.put(Report(address="10.0.0.1", location="x" * (1000 if n == 2 else 10)))
    assert len(spool.batch(3, LARGE)) == 3
    assert len(spool.batch(10, 600)) == 2
    # One is always given, or a large one would block the spool for ever.
    assert len(spool.batch(10, 1)) == 1


def test_full_the_oldest_superseded_poll_goes_first(tmp_path):
    """A device's only report stays longer than old polls of a chatty one."""
    size = len(json.dumps(Report(address="10.0.0.1", serial="S1").to_dict()))
    spool = Spool(tmp_path, size * 4)
    serials = ["S1", "S2", "S2", "S3", "S4", "S5"]
    reports = [Report(address="10.0.0.1", serial=s) for s in serials]
    for report in reports:
        spool.put(report)
    left = uids(spool)
    # S2's first went though S1's is older; with nothing superseded left, S1's.
    assert left == [r.uid for r in reports if r not in (reports[0], reports[1])]
    assert status(tmp_path)["dropped"] == 2
    # The room is counted from the disk, also after a new start.
    spool.close()
    again = Spool(tmp_path, size * 4)
    again.put(Report(address="10.0.0.1", serial="S6"))
    assert status(tmp_path)["dropped"] == 3


@pytest.mark.parametrize("seed", range(KILLS))
def test_sigkill_loses_nothing_and_brings_nothing_back(tmp_path, seed):
    chance = random.Random(seed)
    child = subprocess.Popen(
        [sys.executable, str(WORKER), str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == "ready\n"
    time.sleep(chance.uniform(0.01, 0.3))
    child.send_signal(signal.SIGKILL)
    said = child.communicate(timeout=20)[0].splitlines(keepends=True)
    certain = [line.split() for line in said if line.endswith("\n")]
    put = [line[1] for line in certain if line[0] == "put"]
    settling = {uid for line in certain if line[0] == "settling" for uid in line[1:]}
    settled = {uid for line in certain if line[0] == "settled" for uid in line[1:]}
    left = uids(Spool(tmp_path, LARGE))
    assert set(put) - settling <= set(left), "a stored report is lost"
    assert not settled & set(left), "a report that was let go came back"
    # At most the one that was being put when the kill came was not told.
    assert len(set(left) - set(put)) <= 1
    assert [uid for uid in put if uid in left] == [uid for uid in left if uid in put]


@pytest.mark.parametrize("damage", ["text", "middle", "cut"])
def test_a_damaged_file_is_set_aside_and_work_goes_on(tmp_path, damage, caplog):
    path = tmp_path / spool_module.NAME
    spool = Spool(tmp_path, LARGE)
    for n in range(300):
        spool.put(Report(address=f"10.0.0.{n % 250}", location="x" * 200))
    spool.close()
    content = path.read_bytes()
    if damage == "text":
        content = b"this is no database " * 500
    elif damage == "middle":
        content = content[:4096] + os.urandom(8192) + content[12288:]
    else:
        content = content[: len(content) // 2]
    path.write_bytes(content)
    spool = Spool(tmp_path, LARGE)
    assert "is damaged" in caplog.text
    report = Report(address="10.0.0.1")
    spool.put(report)
    assert uids(spool) == [report.uid]
    (aside,) = tmp_path.glob("*.damaged-*")
    assert aside.read_bytes() == content


def test_a_locked_file_is_not_taken_for_damaged(tmp_path, monkeypatch):
    spool = Spool(tmp_path, LARGE)
    spool.put(Report(address="10.0.0.1"))
    spool.close()
    other = sqlite3.connect(tmp_path / spool_module.NAME, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    connect = sqlite3.connect
    monkeypatch.setattr(
        spool_module.sqlite3,
        "connect",
        lambda path, **kw: connect(path, **{**kw, "timeout": 0.1}),
    )
    with pytest.raises(SpoolError, match="locked"):
        Spool(tmp_path, LARGE)
    assert not list(tmp_path.glob("*.damaged-*"))


def test_on_a_full_disk_the_oldest_go_first(tmp_path):
    spool = Spool(tmp_path, LARGE)
    spool._db.execute("PRAGMA max_page_count = 64")
    put = []
    for _ in range(1000):
        report = Report(address="10.0.0.1", location="x" * 200)
        spool.put(report)
        put.append(report.uid)
    left = uids(spool)
    assert 50 < len(left) < 1000
    assert left == put[-len(left) :]
    assert status(tmp_path)["dropped"] == 1000 - len(left)
    ((size,),) = spool._query("SELECT SUM(LENGTH(body)) FROM report")
    assert spool._bytes == size


def test_what_a_full_disk_takes_is_counted_when_it_can_be(tmp_path):
    spool = Spool(tmp_path, LARGE)
    spool._db.execute("PRAGMA max_page_count = 16")
    first = Report(address="10.0.0.1")
    spool.put(first)
    for _ in range(2):
        with pytest.raises(SpoolError, match="full"):
            spool.put(Report(address="10.0.0.1", location="x" * 200_000))
    last = Report(address="10.0.0.2")
    spool.put(last)
    # The first one went to make room that did not suffice.
    assert uids(spool) == [last.uid]
    assert status(tmp_path)["dropped"] == 3
    spool.note(last_error=None)
    assert status(tmp_path)["dropped"] == 3


@pytest.fixture
def disk(tmp_path):
    """A disk of its own, at the folder "state"."""
    with Disk.mounted(tmp_path / "state") as disk:
        if not disk:
            pytest.skip("Only root can mount a disk.")
        yield disk


def test_a_disk_that_others_fill(disk, tmp_path):
    """From its very start on: the newest is kept, and every other one is counted."""
    folder, put = tmp_path / "state", []

    def fill_up(spool, number):
        for n in range(number):
            report = Report(address=f"10.0.0.{n % 3}", location="x" * 2000)
            spool.put(report)
            put.append(report.uid)

    spool = Spool(folder, LARGE)
    fill_up(spool, 300)
    spool.close()
    disk.fill()
    for _ in range(3):
        spool = Spool(folder, LARGE)
        fill_up(spool, 400)
        spool.close()
    spool = Spool(folder, LARGE)
    left = [uid for uid, _ in spool.batch(-1, LARGE)]
    assert len(left) > 200 and left == put[-len(left) :]
    assert status(folder)["dropped"] == len(put) - len(left)
    spool.settle([Result(uid, "accepted", "") for uid in left])
    assert status(folder)["accepted"] == len(left)
    # There is room again: nothing more is dropped, and some is kept for the next time.
    disk.empty()
    fill_up(spool, 1000)
    assert uids(spool) == put[-1000:]
    assert (folder / "reserve").stat().st_size == spool_module.RESERVE


def test_the_daemon_starts_on_a_full_disk(disk, enrolled, server):
    assert enrolled("run", "--once").returncode == 0
    disk.fill()
    calls = server.calls.count("configuration")
    done = enrolled("run", "--once")
    assert done.returncode == 0, done.stderr
    assert server.calls.count("configuration") > calls


def test_a_loss_that_could_not_be_written_is_not_forgotten(tmp_path, monkeypatch):
    spool = Spool(tmp_path, LARGE)
    other = sqlite3.connect(tmp_path / spool_module.NAME, isolation_level=None)
    spool._db.execute("PRAGMA busy_timeout = 10")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(SpoolError, match="locked"):
        spool.put(Report(address="10.0.0.1"))
    other.execute("ROLLBACK")
    assert status(tmp_path)["dropped"] == 0
    spool.note(last_error=None)
    assert status(tmp_path)["dropped"] == 1


VERSION_1 = """
CREATE TABLE report (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL UNIQUE,
    device TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX report_device ON report (device, id);
CREATE TABLE rejected (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL UNIQUE,
    at TEXT NOT NULL,
    reason TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
PRAGMA user_version = 1;
INSERT INTO report (uid, device, body) VALUES ('uid-1', 'S1', CAST('{}' AS BLOB));
INSERT INTO rejected (uid, at, reason, body) VALUES ('uid-0', 'then', 'old', '{}');
INSERT INTO counter VALUES ('dropped', 7), ('accepted', 9);
"""
"""The first version's file, as it was written then."""


def make(path, script):
    db = sqlite3.connect(path / spool_module.NAME)
    db.executescript(script)
    db.close()


def test_an_upgrade_keeps_the_spool(tmp_path):
    make(tmp_path, VERSION_1)
    for _start in range(2):
        spool = Spool(tmp_path, LARGE)
        assert spool.batch(10, LARGE) == [("uid-1", b"{}")]
        found = status(tmp_path)
        assert (found["spooled"], found["dropped"], found["accepted"]) == (1, 7, 9)
        assert found["last_rejected"][0]["reason"] == "old"
        spool.close()
    spool = Spool(tmp_path, LARGE)
    spool.put(report := Report(address="10.0.0.1"), Clock(tmp_path).stamp())
    assert uids(spool) == ["uid-1", report.uid]
    assert not list(tmp_path.glob("*.damaged-*"))


def test_an_upgrade_is_whole_or_not_at_all(tmp_path):
    """A file whose upgrade fails in the middle stays as it was."""
    make(tmp_path, VERSION_1 + "ALTER TABLE report ADD COLUMN ticks REAL;")
    with pytest.raises(SpoolError, match="duplicate column"):
        Spool(tmp_path, LARGE)
    db = sqlite3.connect(tmp_path / spool_module.NAME)
    assert db.execute("PRAGMA user_version").fetchone() == (1,)
    assert "boot" not in [row[1] for row in db.execute("PRAGMA table_info(report)")]
    assert db.execute("SELECT COUNT(*) FROM report").fetchone() == (1,)


def test_a_newer_ones_spool_is_left_alone(tmp_path):
    make(tmp_path, VERSION_1 + "PRAGMA user_version = 99;")
    with pytest.raises(SpoolError, match="newer focalist-agent"):
        Spool(tmp_path, LARGE)
    assert not list(tmp_path.glob("*.damaged-*"))


def test_a_file_that_breaks_while_it_is_used(tmp_path, monkeypatch, caplog):
    spool = Spool(tmp_path, LARGE)
    spool.put(Report(address="10.0.0.1"))
    store, broken = spool._store, [sqlite3.DatabaseError("disk image is malformed")]

    def breaks(*row):
        if broken:
            raise SpoolError("broken") from broken.pop()
        store(*row)

    monkeypatch.setattr(spool, "_store", breaks)
    last = Report(address="10.0.0.2")
    spool.put(last)
    assert uids(spool) == [last.uid]
    (aside,) = tmp_path.glob("*.damaged-*[0-9]")
    assert "is damaged" in caplog.text and aside.stat().st_size


def test_no_work_ends_for_a_note(tmp_path):
    spool = Spool(tmp_path, LARGE)
    spool._db.execute("PRAGMA query_only = ON")
    spool.note(last_error="x")
    with pytest.raises(SpoolError):
        spool.put(Report(address="10.0.0.1"))


def test_what_the_server_is_told(tmp_path):
    assert counts(tmp_path) == {"spooled": 0, "dropped": 0, "rejected": 0}
    spool = Spool(tmp_path, 1)
    for n in range(3):
        spool.put(Report(address=f"10.0.0.{n}"))
    spool.note(clock_ahead=-7)
    told = {"spooled": 1, "dropped": 2, "rejected": 0, "clock_ahead": -7}
    assert counts(tmp_path) == told
    spool.close()
    (tmp_path / spool_module.NAME).write_bytes(b"no database " * 99)
    assert counts(tmp_path) == {}


def test_status_without_a_spool(tmp_path):
    assert status(tmp_path)["spooled"] == 0


def test_status_while_the_first_spool_is_made(tmp_path):
    """The file is there before its tables are; a kill may leave it so."""
    (tmp_path / "spool.sqlite3").touch()
    assert status(tmp_path)["spooled"] == 0
    spool = Spool(tmp_path, LARGE)
    spool.put(Report(address="10.0.0.1"))
    assert status(tmp_path)["spooled"] == 1


def test_the_file_is_private(tmp_path):
    Spool(tmp_path, LARGE)
    assert (tmp_path / spool_module.NAME).stat().st_mode & 0o077 == 0
