"""The moments of readings: the server's, however our clock jumps."""

import json
import time

import pytest

from focalist_agent import clock as clock_module
from focalist_agent.clock import Clock
from focalist_agent.report import Report, problems
from focalist_agent.spool import Spool

LARGE = 64 * 1024 * 1024
NOON = 1_800_000_000.0
"""2027-01-15 08:00 UTC"""


class Machine:
    """A machine whose clock is wrong by ``wrong`` seconds, at a moment of ours."""

    def __init__(self, monkeypatch):
        self.moment, self.wrong, self._started = NOON, 0.0, NOON - 1000
        monkeypatch.setattr(time, "time", lambda: self.moment + self.wrong)
        monkeypatch.setattr(clock_module, "ticks", lambda: self.ticks)
        self._patch, self._boots = monkeypatch, 0
        self.boot()

    @property
    def ticks(self):
        return self.moment - self._started

    def boot(self):
        """Start again: ticks begin anew."""
        self._boots, self._started = self._boots + 1, self.moment
        self._patch.setenv("FOCALIST_BOOT_ID", f"boot{self._boots}")

    def told(self, clock):
        clock.hear(self.moment, self.ticks)


@pytest.fixture
def machine(monkeypatch):
    return Machine(monkeypatch)


def moment(stamp):
    return stamp.moment - NOON


def reports(spool):
    return [json.loads(body) for _, body in spool.batch(1000, LARGE)]


def spooled(spool, clock):
    stamp = clock.stamp()
    report = stamp.put_on(Report(address="10.0.0.1"))
    assert problems(report.to_dict()) == []
    spool.put(report, stamp)


def test_what_the_server_said_is_kept(machine, tmp_path):
    machine.wrong = 3600
    clock = Clock(tmp_path)
    assert not clock.is_sure and moment(clock.stamp()) == 3600
    machine.told(clock)
    machine.moment += 100
    assert clock.is_sure and moment(clock.stamp()) == 100
    report = clock.stamp().put_on(Report(address="10.0.0.1"))
    assert report.read_at == "2027-01-15T08:01:40Z"
    assert report.device_read_at == "2027-01-15T09:01:40Z"
    # The same start of the machine: it is known to the tick, whatever the clock says.
    machine.wrong = -86_400
    assert moment(Clock(tmp_path).stamp()) == 100
    # After another the clock's last known error is taken off.
    machine.wrong = 3600
    machine.boot()
    again = Clock(tmp_path)
    assert not again.is_sure and moment(again.stamp()) == 100


def test_a_clock_that_jumps_changes_no_order(machine, tmp_path):
    clock = Clock(tmp_path)
    machine.told(clock)
    told = []
    for machine.wrong in (0, 7200, -7200, 86_400, 0):
        machine.moment += 60
        told.append(moment(clock.stamp()))
    assert told == [60, 120, 180, 240, 300]


def test_a_right_clock_is_let_be(machine, tmp_path):
    """A Date header is exact to a second: moments do not dance about it."""
    clock = Clock(tmp_path)
    for error in (0.4, -0.9, 1.5):
        clock.hear(machine.moment + error, machine.ticks)
        assert moment(clock.stamp()) == 0
    assert clock.stamp().put_on(Report(address="10.0.0.1")).device_read_at is None


def test_what_was_read_before_the_server_was_heard_is_set_right(machine, tmp_path):
    machine.wrong = 7200
    clock, spool = Clock(tmp_path), Spool(tmp_path, LARGE)
    spooled(spool, clock)
    # Ended and started again, the clock jumped meanwhile: the same ticks.
    machine.moment, machine.wrong = NOON + 600, -50_000
    clock = Clock(tmp_path)
    spooled(spool, clock)
    spool.set_right(clock)
    assert [r["read_at"] for r in reports(spool)] == [
        "2027-01-15T10:00:00Z",
        "2027-01-14T18:16:40Z",
    ]
    machine.told(clock)
    spool.set_right(clock)
    assert [(r["read_at"], r["device_read_at"]) for r in reports(spool)] == [
        ("2027-01-15T08:00:00Z", "2027-01-15T10:00:00Z"),
        ("2027-01-15T08:10:00Z", "2027-01-14T18:16:40Z"),
    ]
    assert all(problems(report) == [] for report in reports(spool))
    assert spool._bytes == sum(len(body) for _, body in spool.batch(9, LARGE))
    # Once is enough: what is sure stays, also when the server's clock is moved.
    clock.hear(machine.moment + 9999, machine.ticks)
    spooled(spool, clock)
    spool.set_right(clock)
    assert reports(spool)[0]["read_at"] == "2027-01-15T08:00:00Z"


def test_reports_of_another_start_keep_their_moment(machine, tmp_path):
    clock, spool = Clock(tmp_path), Spool(tmp_path, LARGE)
    spooled(spool, clock)
    machine.boot()
    machine.wrong = 7200
    clock = Clock(tmp_path)
    machine.told(clock)
    spool.set_right(clock)
    assert [r["read_at"] for r in reports(spool)] == ["2027-01-15T08:00:00Z"]


def test_nothing_was_read_after_the_machine_started_anew(machine, tmp_path):
    """Its clock was ahead and the server was not heard: such a moment cannot be."""
    clock, spool = Clock(tmp_path), Spool(tmp_path, LARGE)
    machine.told(clock)
    machine.boot()
    machine.wrong = 7200
    clock = Clock(tmp_path)
    for _ in range(3):
        spooled(spool, clock)
    machine.moment += 600
    machine.boot()
    machine.wrong = 0
    clock = Clock(tmp_path)
    machine.told(clock)
    spooled(spool, clock)
    spool.set_right(clock)
    assert [(r["read_at"], r.get("device_read_at")) for r in reports(spool)] == [
        ("2027-01-15T08:09:58Z", "2027-01-15T10:00:00Z"),
        ("2027-01-15T08:09:59Z", "2027-01-15T10:00:00Z"),
        ("2027-01-15T08:10:00Z", "2027-01-15T10:00:00Z"),
        ("2027-01-15T08:10:00Z", None),
    ]


def test_a_slow_line_moves_no_clock_that_may_be_right(machine, tmp_path):
    clock = Clock(tmp_path)
    machine.told(clock)
    clock.hear(machine.moment + 9, machine.ticks, 10)
    assert moment(clock.stamp()) == 0
    clock.hear(machine.moment + 13, machine.ticks, 10)
    assert moment(clock.stamp()) == 13


@pytest.mark.parametrize("content", ["", "{", "[]", '{"boot": 1}', "7"])
def test_a_damaged_file_is_no_end(machine, tmp_path, content):
    (tmp_path / clock_module.NAME).write_text(content)
    clock = Clock(tmp_path)
    assert not clock.is_sure and moment(clock.stamp()) == 0
    machine.told(clock)
    assert Clock(tmp_path).is_sure


@pytest.mark.parametrize("offset", ["1e300", "NaN", "-Infinity"])
def test_a_moment_beyond_time_is_none(machine, tmp_path, offset):
    data = f'{{"boot": "boot1", "offset": {offset}, "ahead": 0}}'
    (tmp_path / clock_module.NAME).write_text(data)
    clock = Clock(tmp_path)
    assert not clock.is_sure
    clock.stamp().put_on(Report(address="10.0.0.1"))
