"""What is sent when, and how trouble is waited out."""

import asyncio
import calendar
import sqlite3
import statistics
import time

import pytest
from daemon_parts import wait_for

from focalist_agent import sender as sender_module
from focalist_agent.clock import Clock
from focalist_agent.config import Config
from focalist_agent.report import Report
from focalist_agent.scheduler import Scheduler
from focalist_agent.sender import LONGEST_WAIT, REFUSED_WAIT, Sender
from focalist_agent.spool import Spool, SpoolError, counts
from focalist_agent.transport import KeyRefused, Unreachable
from focalist_agent.transport.http import Poster
from focalist_agent.transport.xmlrpc import XmlRpcTransport

LARGE = 64 * 1024 * 1024


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path)


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path, LARGE)


@pytest.fixture
def transport(server, tmp_path, clock):
    poster = Poster(timeout=5, clock=clock)
    return XmlRpcTransport(
        server.url, "db", server.key, poster, lambda: counts(tmp_path)
    )


def test_the_server_is_asked_for_the_time_before_anything_is_sent(
    server, transport, spool, clock
):
    """Read while the server was away and our clock was wrong: an hour ahead."""
    server.clock = -3600
    stamp = clock.stamp()
    spool.put(stamp.put_on(Report(address="10.0.0.1")), stamp)
    asyncio.run(Sender(spool, transport, clock).drain())
    assert server.calls == ["configuration", "send"]
    (report,) = server.reports
    told = time.strptime(report["read_at"], "%Y-%m-%dT%H:%M:%SZ")
    assert calendar.timegm(told) == pytest.approx(time.time() - 3600, abs=5)
    # Then it is known.
    spool.put(Report(address="10.0.0.1"), clock.stamp())
    asyncio.run(Sender(spool, transport, clock).drain())
    assert server.calls == ["configuration", "send", "send"]


def test_the_server_is_told_what_was_dropped(server, transport, tmp_path):
    spool = Spool(tmp_path, 1)
    for n in range(3):
        spool.put(Report(address=f"10.0.0.{n}"))
    transport.configuration()
    told = server.abouts[-1]
    assert (told["spooled"], told["dropped"]) == (1, 2)


def test_the_wait_grows_within_bounds_and_differs(spool, transport, clock):
    """Exponential, full jitter: a fleet does not come back in one moment."""
    waits = []
    for _ in range(300):
        sender = Sender(spool, transport, clock)
        waits.append([sender.wait_after(Unreachable("")) for _ in range(12)])
    for number, several in enumerate(zip(*waits, strict=True)):
        bound = min(LONGEST_WAIT, 2.0 * 2**number)
        assert 0 <= min(several) and max(several) <= bound
        assert statistics.mean(several) == pytest.approx(bound / 2, rel=0.15)
        assert len(set(several)) > 250
    sender = Sender(spool, transport, clock)
    assert sender.wait_after(Unreachable("", retry_after=60)) >= 60
    refused = {sender.wait_after(KeyRefused("")) for _ in range(50)}
    assert 0.8 * REFUSED_WAIT <= min(refused) < max(refused) <= 1.2 * REFUSED_WAIT


def test_success_ends_the_back_off(spool, transport, clock, monkeypatch):
    monkeypatch.setattr(sender_module.random, "uniform", lambda low, high: high)
    sender = Sender(spool, transport, clock)
    assert [sender.wait_after(Unreachable("")) for _ in range(3)] == [2, 4, 8]
    spool.put(Report(address="10.0.0.1"))
    asyncio.run(sender.drain())
    assert sender.wait_after(Unreachable("")) == 2


def test_sqlite_ends_no_daemon(server, transport, spool, clock, tmp_path, responder):
    """The disk is full for a while: the daemon lives, and sends afterwards."""
    server.devices = [{"address": "127.0.0.1", "port": responder}]
    config = Config(snmp_credentials=())
    scheduler = Scheduler(config, tmp_path, spool, transport, clock)
    report = Report(address="10.0.0.1")
    spool.put(report)
    spool._db.execute("PRAGMA query_only = ON")
    spool_trouble = []
    scheduler._sender.wait_after = lambda error: spool_trouble.append(error) or 0.05

    async def run():
        running = asyncio.create_task(scheduler.forever())
        await asyncio.to_thread(wait_for, lambda: len(spool_trouble) > 2)
        assert not running.done()
        spool._db.execute("PRAGMA query_only = OFF")
        await asyncio.to_thread(wait_for, lambda: counts(tmp_path)["spooled"] == 0)
        scheduler._end()
        await running

    asyncio.run(run())
    assert all(isinstance(error, SpoolError) for error in spool_trouble)
    assert isinstance(spool_trouble[0].__cause__, sqlite3.Error)
    assert [one["uid"] for one in server.reports] == [report.uid]
