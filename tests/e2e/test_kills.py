"""Killed in the middle of sending or of taking in, nothing is lost or doubled."""

import random
import signal
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import fields
from datetime import datetime, timedelta

import pytest

from focalist_agent.report import Report
from focalist_agent.spool import Spool
from focalist_simulator import Fleet
from launcher.processes import wait_until
from tests.e2e.parts import DEVICES, FULL, SEED, SITES, Site, prepare, running_site

KILLS = 40 if FULL else 6
SPOOL = 64 << 20
#: Scalars and meters are all that these tests look at.
KNOWN = {field.name for field in fields(Report)} - {"supplies", "inputs", "alerts"}


@pytest.fixture(scope="module")
def prepared(databases, printers, epoch):
    """What each site starts from; nothing runs in it."""
    with closing(Site(databases, "kills_prepared")) as site:
        site.made = prepare(site, printers, epoch, epoch + timedelta(days=2))
        yield site


@pytest.fixture
def site(databases, prepared):
    with running_site(databases, "kills", template=prepared.database) as site:
        site.made = prepared.made
        yield site


@pytest.fixture
def loaded(agent, site, epoch):
    """The agent, enrolled, with reports of many days in its spool; gives their uids."""
    agent.enroll(site, site.made["key"])
    return fill(agent, epoch + timedelta(days=3), days=40 if FULL else 25)


def fill(agent, since: datetime, days: int) -> set[str]:
    fleet = Fleet(
        devices=DEVICES, sites=SITES, seed=SEED, epoch=since - timedelta(days=3)
    )
    spool = Spool(agent.state, SPOOL)
    uids = set()
    for report in fleet.reports(
        since, since + timedelta(days=days), every=timedelta(hours=3)
    ):
        spool.put(Report(**{name: report[name] for name in KNOWN & report.keys()}))
        uids.add(report["uid"])
    spool.close()
    return uids


def waiting(agent) -> set[str]:
    """The uids in the spool of an agent that does not run; new polls are there, too."""
    with closing(Spool(agent.state, SPOOL)) as spool:
        everything = -1  # as SQLite's LIMIT has it
        return {uid for uid, _ in spool.batch(everything, SPOOL)}


def ledger(site) -> dict[str, int]:
    """How often each report is in the ledger."""
    return dict(
        site.query("SELECT uid, count(*) FROM focalist_meter_reading GROUP BY uid")
    )


def assert_once(site, uids: set[str]) -> None:
    """All are there, and none twice; new polls may be there, too."""
    found = ledger(site)
    assert not uids - found.keys()
    assert set(found.values()) == {1}


@contextmanager
def held_up(site):
    """Let the server write readings, but not finish: months cannot be written.

    Months, since a batch of many days reads the days before it writes readings.
    """
    with closing(site.connect()) as connection:
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE focalist_volume_month IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()


def in_the_middle(site) -> bool:
    """Whether a worker has written readings and waits to write their months."""
    return bool(
        site.query(
            "SELECT 1 FROM pg_locks l JOIN pg_locks r USING (pid)"
            " WHERE NOT l.granted AND l.relation = 'focalist_volume_month'::regclass"
            "   AND r.granted AND r.mode = 'RowExclusiveLock'"
            "   AND r.relation = 'focalist_meter_reading'::regclass"
        )
    )


def send_all(agent, seconds=90) -> None:
    daemon = agent.start()
    try:
        wait_until(
            lambda: agent.status()["spooled"] == 0,
            seconds=seconds,
            what="The end of the spool",
        )
    finally:
        daemon.terminate()
        daemon.wait(30)


def test_daemon_killed_in_the_middle_of_sending(site, agent, loaded):
    with held_up(site):
        daemon = agent.start()
        wait_until(lambda: in_the_middle(site), seconds=60, what="A batch")
        daemon.kill()
        daemon.wait()
    # The server ends what the daemon never heard of.
    wait_until(lambda: loaded & ledger(site).keys(), seconds=30, what="The batch")
    assert loaded <= waiting(agent), "nothing left without a yes"
    send_all(agent)
    assert_once(site, loaded)
    assert agent.status()["duplicate"] > 0, "it had arrived before"


def test_daemon_killed_at_any_moment(site, agent, loaded):
    chance = random.Random(3)
    for _kill in range(KILLS):
        daemon = agent.start()
        time.sleep(chance.uniform(0.2, 1.6))
        daemon.kill()
        daemon.wait()
        # What is neither in the ledger nor in the spool would be lost.
        assert loaded <= ledger(site).keys() | waiting(agent)
    send_all(agent)
    assert_once(site, loaded)


def test_odoo_killed_in_the_middle_of_ingest(site, agent, loaded):
    daemon = agent.start()
    try:
        with held_up(site):
            wait_until(lambda: in_the_middle(site), seconds=60, what="A batch")
            before = ledger(site)
            site.kill()
        assert ledger(site) == before, "half a batch would be in it"
        site.start()
        wait_until(
            lambda: agent.status()["spooled"] == 0,
            seconds=120,
            what="The end of the spool",
        )
    finally:
        with suppress(ProcessLookupError):
            daemon.send_signal(signal.SIGTERM)
        daemon.wait(30)
    assert_once(site, loaded)
    days = site.query(
        "SELECT (SELECT sum(pages_mono) FROM focalist_volume), sum(value - before)"
        "  FROM (SELECT device_id, read_at, meter_mono AS value,"
        "               LAG(meter_mono) OVER stay AS before,"
        "               LAG(read_at) OVER stay AS before_at"
        "          FROM focalist_meter_reading WHERE meter_mono IS NOT NULL"
        "        WINDOW stay AS (PARTITION BY placement_id ORDER BY read_at, id)) AS r"
        # Between two segments of a meter no page is counted.
        " WHERE NOT EXISTS (SELECT FROM focalist_meter_segment s"
        "                    WHERE s.device_id = r.device_id AND s.meter = 'mono'"
        "                      AND s.reason <> 'first'"
        "                      AND s.start_at > before_at AND s.start_at <= read_at)"
    )[0]
    assert days[0] == days[1], "volumes are those of the readings"
