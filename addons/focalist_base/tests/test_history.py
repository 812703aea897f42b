from datetime import datetime, timedelta, timezone
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import FULL, PROPERTY, FocalistCase

METERS = ("total", "scan")
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
MINUTES = (400 if FULL else 60) * 24 * 60
#: Around the clock; some change their clocks at midnight, one by half an hour.
ZONES = (
    *("Europe/Paris", "America/Havana", "Africa/Cairo", "Australia/Lord_Howe"),
    *("Asia/Kathmandu", "Pacific/Apia", "America/St_Johns", "UTC"),
)


class Oracle:
    """What the volumes must be, worked out in plain Python.

    It knows what happened (who stood where and when, which counters were reset) from
    the test, and of the code under test nothing but which values count.
    """

    def __init__(self):
        self.stays = {}  # device -> [[from, until or None, site], …]
        self.resets = {}  # (device, meter) -> {moment of the new counter's start}

    def place(self, device, site, at):
        stays = self.stays.setdefault(device, [])
        if stays:
            stays[-1][1] = at
        stays.append([at, None, site])

    def stay_at(self, device, moment):
        for number, (start, end, _site) in enumerate(self.stays[device]):
            if start <= moment and (end is None or moment < end):
                return number
        return None

    def days(self, device, meter, counting):
        """The pages of each day: {(stay, day): pages}.

        :param list counting: (moment, value) of what counts
        """
        resets = self.resets.get((device, meter), ())
        lines = {}
        for moment, value in sorted(counting):
            counter = sum(reset <= moment for reset in resets)
            key = (self.stay_at(device, moment), counter)
            lines.setdefault(key, []).append((moment, value))
        pages = {}
        for (stay, _counter), line in lines.items():
            zone = ZoneInfo(self.stays[device][stay][2].tz)
            for before, after in zip(line, line[1:], strict=False):
                for day, count in spread(zone, *before, *after):
                    pages[stay, day] = pages.get((stay, day), 0) + count
        return {key: count for key, count in pages.items() if count}


def midnight(zone, day):
    """When a day begins; one that begins twice (or not at all) begins the later way."""
    naive = datetime.combine(day, datetime.min.time())
    moments = (
        naive.replace(tzinfo=zone, fold=fold).astimezone(timezone.utc)
        for fold in (0, 1)
    )
    return max(moments).replace(tzinfo=None)


def spread(zone, t0, v0, t1, v1):
    """The pages of each day between two readings, in proportion to its time."""
    day = t0.replace(tzinfo=timezone.utc).astimezone(zone).date() - timedelta(days=1)
    reached = 0
    while True:
        end = midnight(zone, day + timedelta(days=1))
        if end > t1 or (t0 == t1 and end > t0):
            yield day, v1 - v0 - reached
            return
        if end > t0:
            until = (v1 - v0) * ((end - t0) // SECOND) // ((t1 - t0) // SECOND)
            yield day, until - reached
            reached = until
        day += timedelta(days=1)


@tagged("post_install", "-at_install")
class TestHistory(FocalistCase):
    """Whatever happens to readings and devices, volumes are what was counted."""

    def setUp(self):
        super().setUp()
        self.rng = self.start = self.oracle = None
        self.sites, self.printers = [], []

    @settings(PROPERTY, max_examples=150 if FULL else 20)
    @given(seed=st.integers(0, 2**32 - 1), length=st.integers(10, 30))
    def test_t3_volumes_are_the_pages_between_readings(self, seed, length):
        savepoint = self.env.cr.savepoint(flush=True)
        try:
            self.begin(seed)
            for _number in range(length):
                act = self.rng.choice(ACTS)
                getattr(self, f"act_{act}")()
                self.check()
        finally:
            savepoint.rollback()
            savepoint.close(rollback=False)
            self.env.invalidate_all(flush=False)

    def begin(self, seed):
        # Drawn at random, not by Hypothesis, whose first examples are all alike.
        self.rng = Random(seed)
        self.start = datetime(2024, 1, 1) + timedelta(days=self.number(0, 365))
        self.oracle = Oracle()
        clients = self.client_a, self.client_a, self.client_b
        self.sites = [
            self.site(client, f"Site {number}", tz=self.rng.choice(ZONES))
            for number, client in enumerate(clients)
        ]
        self.model.monthly_volume = self.rng.choice((300, 300, 0))
        self.printers = []
        for number in range(2):
            printer = self.device(f"HISTORY{number}", self.sites[number], self.start)
            self.oracle.place(printer, self.sites[number], self.start)
            self.printers.append(printer)

    def number(self, low, high):
        return self.rng.randint(low, high)

    def moment(self):
        return self.start + self.number(0, MINUTES) * MINUTE

    def printer(self):
        return self.printers[self.number(0, 1)]

    def some_reading(self, *states):
        readings = (self.printers[0] | self.printers[1]).reading_ids.filtered(
            lambda r: r.state in states
        )
        return readings and readings.sorted("id")[self.number(0, len(readings) - 1)]

    def attempt(self, method, *arguments):
        """Do what may be refused to people; what was refused has done nothing."""
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                method(*arguments)
        except (UserError, IntegrityError):
            self.env.invalidate_all()
            return False
        return True

    # What happens

    def a_report(self, printer, moment):
        """What a counter says that runs steadily, or now and then something else."""
        hours = (moment - self.start) // timedelta(hours=1)
        value = 1000 + 3 * hours + self.number(0, 3)
        value = self.rng.choice((value, value, value, value, value // 3, value * 20))
        meters = {"total": value}
        if self.rng.random() < 0.5:
            meters["scan"] = hours // 2
        return self.metered(moment, printer.serial_number, **meters)

    def act_read(self):
        printer = self.printer()
        self.ingest(self.a_report(printer, self.moment()))

    def act_read_many(self):
        """A batch: late ones among them, one twice, of both devices."""
        reports = [
            self.a_report(self.printer(), self.moment())
            for _number in range(self.number(2, 5))
        ]
        self.assertNotIn("rejected", self.statuses(*reports, reports[0]))

    def act_repeat(self):
        """What was read before comes again, late."""
        reading = self.some_reading("accepted", "quarantined", "void")
        if reading and reading.raw and reading.source == "agent":
            self.assertEqual(self.statuses(reading.raw), ["duplicate"])

    def act_same_moment(self):
        """A second report of a moment."""
        reading = self.some_reading("accepted")
        if reading:
            self.ingest(self.a_report(reading.device_id, reading.read_at))

    def act_void(self):
        if reading := self.some_reading("accepted", "quarantined"):
            series = self.rng.random() < 0.5
            self.attempt(lambda: reading._void("Misread", series=series))

    def act_accept(self):
        if reading := self.some_reading("quarantined", "void"):
            self.attempt(reading._accept, "It is so")

    def act_correct(self):
        """Void what was read, and enter what it was."""
        reading = self.some_reading("accepted")
        if not reading:
            return
        value = max(reading.meter_total + self.number(-50, 50), 0)

        def correct():
            reading._void("Two digits exchanged")
            reading.device_id._enter_meters(
                {"total": value}, reading.read_at, "technician"
            )

        self.attempt(correct)

    def act_reset(self):
        """Another counter began: with what is known of the old and the new one."""
        reading = self.some_reading("quarantined")
        if not reading:
            return
        kind = self.rng.choice(("reset", "swap"))
        waiting, counting = set(reading._waiting()), set(reading._counting())
        ends, starts, at = {}, {}, None
        if "total" in waiting and self.rng.random() < 0.5:
            last = (reading.device_id.last_meters or {}).get("total", 0)
            ends = {"total": last + self.number(0, 200)}
            at = reading.read_at - self.number(1, 100) * MINUTE
            if self.rng.random() < 0.5:
                starts = {"total": self.number(0, 5)}
        if not self.attempt(reading._declare, kind, "Board", ends, starts, at):
            return
        for meter in waiting | counting if kind == "swap" else waiting:
            begins = reading.read_at
            if meter in starts:
                begins = at + SECOND
            self.oracle.resets.setdefault((reading.device_id, meter), set()).add(begins)

    def act_undo(self):
        reading = self.some_reading("accepted")
        if not reading:
            return
        device, at = reading.device_id, reading.read_at
        resets = {}
        for meter in METERS:
            known = self.oracle.resets.get((device, meter), set())
            if before := [reset for reset in known if reset <= at]:
                resets[meter] = max(before)
        if self.attempt(reading._undo, "No"):
            for meter, begins in resets.items():
                self.oracle.resets[device, meter].discard(begins)

    def act_move(self):
        printer, at = self.printer(), self.moment()
        site = self.sites[self.number(0, 2)]
        if self.attempt(printer._move, site, at):
            self.oracle.place(printer, site, at)

    def act_swap(self):
        """Two devices change places."""
        one, other = self.printers
        at = self.moment()
        sites = one.site_id, other.site_id

        def swap():
            one._move(sites[1], at)
            other._move(sites[0], at)

        if self.attempt(swap):
            self.oracle.place(one, sites[1], at)
            self.oracle.place(other, sites[0], at)

    def act_time_zone(self):
        self.sites[self.number(0, 2)].tz = self.rng.choice(ZONES)

    # What must be

    def check(self):
        self.env.flush_all()
        self.env.invalidate_all()
        printers = self.printers[0] | self.printers[1]
        domain = [("device_id", "in", printers.ids)]
        volumes = self.env["focalist.volume"].search(domain)
        months = self.env["focalist.volume.month"].search(domain)
        for meter in METERS:
            days = {}
            for printer in self.printers:
                counting = [
                    (reading.read_at, reading[f"meter_{meter}"])
                    for reading in printer.reading_ids
                    if reading[f"meter_{meter}"] is not False
                ]
                for (stay, day), pages in self.oracle.days(
                    printer, meter, counting
                ).items():
                    start, _end, site = self.oracle.stays[printer][stay]
                    days[printer, start, site.partner_id, site, day] = pages
            self.assertEqual(self.told(volumes, "day", meter), days, meter)
            sums = {}
            for (*whose, day), pages in days.items():
                key = (*whose, day.replace(day=1))
                sums[key] = sums.get(key, 0) + pages
            self.assertEqual(self.told(months, "month", meter), sums, meter)

    def told(self, volumes, period, meter):
        """The rows by device, placement, client, site and day or month."""
        told = {}
        for volume in volumes:
            key = (
                volume.device_id,
                volume.placement_id.start_at,
                volume.partner_id,
                volume.site_id,
                volume[period],
            )
            self.assertNotIn(key, told)
            told[key] = volume[f"pages_{meter}"] or 0
        return {key: pages for key, pages in told.items() if pages}

    def test_every_act_happens(self):
        self.assertEqual(
            set(ACTS),
            {name[4:] for name in dir(self) if name.startswith("act_")},
        )


#: Readings are what most happens.
ACTS = (
    *("read", "read", "read_many", "read_many", "repeat", "same_moment"),
    *("void", "accept", "correct", *["reset"] * 4),
    "undo",
    *("move", "swap", "time_zone"),
)
