from datetime import date, datetime, timedelta
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from odoo.tests import tagged

from odoo.addons.focalist_base.tools.meters import (
    VOLUME_METERS,
    reading_field,
    volume_field,
)

from .common import FULL, PROPERTY, START, FocalistCase


@tagged("post_install", "-at_install")
class TestVolume(FocalistCase):
    def setUp(self):
        super().setUp()
        self.printer = self.device(at=datetime(2026, 1, 1))

    def days(self, device=None, meter="total"):
        """Pages by day: what the volumes say, by the placement's own days."""
        volumes = self.env["focalist.volume"].search(
            [("device_id", "=", (device or self.printer).id)], order="day"
        )
        return {volume.day: volume[volume_field(meter)] for volume in volumes}

    def months(self, device=None, meter="total"):
        volumes = self.env["focalist.volume.month"].search(
            [("device_id", "=", (device or self.printer).id)], order="month"
        )
        return {volume.month: volume[volume_field(meter)] for volume in volumes}

    def tell(self, *readings, serial="E100"):
        """Take (moment, total) in, one batch a reading."""
        for moment, total in readings:
            results = self.ingest(self.metered(moment, serial, total=total))
            self.assertEqual(results[0]["status"], "accepted")

    # Days

    def test_day_begins_at_the_midnight_of_the_site(self):
        # 23:30 and 00:30 in Paris, in winter (UTC+1)
        self.tell(
            (datetime(2026, 1, 10, 22, 30), 0), (datetime(2026, 1, 10, 23, 30), 60)
        )
        self.assertEqual(self.days(), {date(2026, 1, 10): 30, date(2026, 1, 11): 30})

    def test_day_in_another_time_zone(self):
        site = self.site(self.client_a, "Nouméa", tz="Pacific/Noumea")
        device = self.device("N100", site, datetime(2026, 1, 1))
        # 08:00 to 20:00 UTC on the 10th: 19:00 to 07:00 there
        self.tell(
            (datetime(2026, 1, 10, 8), 0),
            (datetime(2026, 1, 10, 20), 1200),
            serial="N100",
        )
        self.assertEqual(
            self.days(device), {date(2026, 1, 10): 500, date(2026, 1, 11): 700}
        )

    def test_days_of_changed_clocks(self):
        # 2026-03-29 has 23 hours in Paris, 2026-10-25 has 25; a page a minute.
        for midnight, hours in (
            (datetime(2026, 3, 28, 23), 23),
            (datetime(2026, 10, 24, 22), 25),
        ):
            with self.subTest(hours=hours):
                serial = f"DST{hours}"
                device = self.device(serial, at=datetime(2026, 1, 1))
                begin = midnight - timedelta(hours=24)
                end = midnight + timedelta(hours=hours + 24)
                pages = int((end - begin).total_seconds() // 60)
                self.tell((begin, 0), (end, pages), serial=serial)
                self.assertEqual(
                    list(self.days(device).values()), [24 * 60, hours * 60, 24 * 60]
                )

    def test_day_that_begins_twice(self):
        """In Havana clocks go from 1:00 back to 0:00: no page of that hour is lost."""
        site = self.site(self.client_a, "Havana", tz="America/Havana")
        device = self.device("CU100", site, datetime(2026, 1, 1))
        # 2026-11-01 00:00 there is 04:00 UTC, and again 05:00 UTC
        start = datetime(2025, 11, 2, 4, 0)
        device.placement_ids.start_at = datetime(2025, 1, 1)
        self.tell(
            (start + timedelta(minutes=20), 0),
            (start + timedelta(minutes=40), 20),
            (start + timedelta(minutes=80), 60),
            serial="CU100",
        )
        self.assertEqual(sum(self.days(device).values()), 60)
        self.assertEqual(self.days(device)[date(2025, 11, 2)], 20)

    def test_gap_is_spread_to_the_page(self):
        self.tell((datetime(2026, 1, 9, 23), 1000), (datetime(2026, 1, 16, 23), 1100))
        days = self.days()
        self.assertEqual(list(days), [date(2026, 1, 10 + n) for n in range(7)])
        self.assertEqual(sum(days.values()), 100)
        self.assertEqual(set(days.values()), {14, 15})

    def test_days_without_a_page_have_no_row(self):
        self.tell((START, 5), (START + timedelta(days=60), 5))
        self.assertFalse(self.days())
        self.assertFalse(self.months())

    def test_a_meter_that_stood_still_is_zero_and_an_absent_one_unknown(self):
        self.ingest(self.metered(0, total=0, mono=0))
        self.ingest(self.metered(1, total=9, mono=0))
        volume = self.env["focalist.volume"].search([])
        self.assertEqual((volume.pages_total, volume.pages_mono), (9, 0))
        self.assertIs(volume.pages_mono, 0)
        self.assertIs(volume.pages_scan, False)
        month = self.env["focalist.volume.month"].search([])
        self.assertIs(month.pages_mono, 0)
        self.assertIs(month.pages_scan, False)

    def test_one_reading_makes_no_volume(self):
        self.tell((START, 50_000))
        self.assertFalse(self.days())

    def test_two_readings_of_one_moment(self):
        moment = START + timedelta(hours=5)
        self.ingest(self.metered(0, total=100), self.metered(moment, total=110))
        self.ingest(self.metered(moment, total=115))
        self.tell((START + timedelta(hours=6), 120))
        self.assertEqual(self.days(), {START.date(): 20})

    def test_late_reading_spreads_anew(self):
        begin = datetime(2026, 1, 9, 23)
        self.tell((begin, 0), (begin + timedelta(days=4), 400))
        self.assertEqual(list(self.days().values()), [100] * 4)
        self.assertEqual(self.months(), {date(2026, 1, 1): 400})
        # All of it was printed on the first day.
        self.tell((begin + timedelta(days=1), 400))
        self.assertEqual(self.days(), {date(2026, 1, 10): 400})
        self.assertEqual(self.months(), {date(2026, 1, 1): 400})

    def test_late_reading_takes_a_month_its_pages(self):
        self.tell((datetime(2026, 1, 31, 12), 0), (datetime(2026, 2, 1, 12), 240))
        self.assertEqual(self.months(), {date(2026, 1, 1): 110, date(2026, 2, 1): 130})
        self.tell((datetime(2026, 1, 31, 22), 240))
        self.assertEqual(self.months(), {date(2026, 1, 1): 240})

    def test_reading_that_does_not_tell_each_meter(self):
        """The stretch of a meter goes on over readings that do not tell it."""
        begin = datetime(2026, 1, 9, 23)
        day = timedelta(days=1)
        self.ingest(self.metered(begin, total=0, scan=0))
        self.ingest(self.metered(begin + 2 * day, total=200))
        self.ingest(self.metered(begin + 4 * day, total=400, scan=400))
        self.assertEqual(list(self.days().values()), [100] * 4)
        self.assertEqual(list(self.days(meter="scan").values()), [100] * 4)
        self.ingest(self.metered(begin + day, scan=250))
        self.assertEqual(list(self.days().values()), [100] * 4)
        self.assertEqual(list(self.days(meter="scan").values()), [250, 50, 50, 50])

    def test_what_waits_for_a_person_makes_no_pages(self):
        self.tell((START, 100))
        self.ingest(self.metered(24, total=50))
        self.ingest(self.metered(48, total=5_000_000), source="portal")
        self.assertFalse(self.days())
        self.tell((START + timedelta(hours=72), 110))
        self.assertEqual(sum(self.days().values()), 10)

    def test_other_time_zone_makes_all_days_anew(self):
        self.tell(
            (datetime(2026, 1, 10, 22, 30), 0), (datetime(2026, 1, 10, 23, 30), 60)
        )
        self.site_a.tz = "Pacific/Kiritimati"
        self.assertEqual(self.days(), {date(2026, 1, 11): 60})
        self.assertEqual(self.months(), {date(2026, 1, 1): 60})
        self.site_a.tz = "Pacific/Pago_Pago"
        self.assertEqual(self.days(), {date(2026, 1, 10): 60})

    # Places

    def test_moved_device_leaves_its_volumes(self):
        """T3: volumes stay with the site and client where the device printed them."""
        self.ingest(self.metered(0, total=100), self.metered(24, total=200))
        old = self.printer.placement_ids
        before = self.ledger(self.printer)
        self.printer._move(self.site_b, START + timedelta(hours=30))
        moved = self.ledger(self.printer)
        self.assertEqual(moved["days"], before["days"])
        self.assertEqual(moved["readings"], before["readings"])
        self.ingest(self.metered(48, total=1000), self.metered(49, total=1007))
        volumes = self.env["focalist.volume"].search(
            [("device_id", "=", self.printer.id)]
        )
        at_a = volumes.filtered(lambda v: v.partner_id == self.client_a)
        self.assertEqual(at_a.placement_id, old)
        self.assertEqual(at_a.site_id, self.site_a)
        self.assertEqual(sum(at_a.mapped("pages_total")), 100)
        at_b = volumes - at_a
        self.assertEqual(at_b.partner_id, self.client_b)
        self.assertEqual(at_b.site_id, self.site_b)
        self.assertEqual(sum(at_b.mapped("pages_total")), 7)
        months = self.env["focalist.volume.month"]._read_group(
            [("device_id", "=", self.printer.id)], ["partner_id"], ["pages_total:sum"]
        )
        self.assertEqual(dict(months), {self.client_a: 100, self.client_b: 7})

    def test_t3_late_reading_counts_at_the_old_place(self):
        self.ingest(self.metered(0, total=100))
        self.printer._move(self.site_b, START + timedelta(hours=30))
        self.ingest(self.metered(31, total=150))
        self.ingest(self.metered(20, total=140))
        months = self.env["focalist.volume.month"]._read_group(
            [("device_id", "=", self.printer.id)], ["partner_id"], ["pages_total:sum"]
        )
        self.assertEqual(dict(months), {self.client_a: 40})

    # For all histories

    @PROPERTY
    @given(data=st.data())
    @example(data=None)
    def test_no_page_is_lost_or_counted_twice(self, data):
        """Days add up to what each meter counted, and months to the days."""
        if data is None:  # the first day of summer time, and a month's end
            tz, shift = "Europe/Paris", 27 * 24 * 60
            drawn = [(0, 7, 3, True), (1500, 11, 0, False), (9000, 101, 55, True)]
        else:
            tz = data.draw(
                st.sampled_from(
                    ["Europe/Paris", "America/Havana", "Pacific/Apia", "UTC"]
                    + ["Asia/Kathmandu", "Africa/Cairo", "Australia/Lord_Howe"]
                )
            )
            shift = data.draw(st.integers(0, 365 * 24 * 60))
            drawn = data.draw(
                st.lists(
                    st.tuples(
                        st.integers(0, (400 if FULL else 60) * 24 * 60),
                        st.integers(0, 3000),
                        st.integers(0, 50),
                        st.booleans(),
                    ),
                    min_size=2,
                    max_size=8,
                    unique_by=lambda step: step[0],
                )
            )
        savepoint = self.env.cr.savepoint(flush=True)
        try:
            site = self.site(self.client_a, "Anywhere", tz=tz)
            device = self.device("P100", site, datetime(2024, 1, 1))
            total = scan = 0
            reports = []
            for minute, pages, scans, tells_scan in sorted(drawn):
                total, scan = total + pages, scan + scans
                meters = {"total": total}
                if tells_scan:
                    meters["scan"] = scan
                moment = datetime(2024, 3, 1) + timedelta(minutes=minute + shift)
                reports.append(self.metered(moment, "P100", **meters))
            if data is not None:
                reports = data.draw(st.permutations(reports))
            for report in reports:
                self.ingest(report)
            self.check_sums(device)
        finally:
            savepoint.rollback()
            savepoint.close(rollback=False)
            self.env.invalidate_all(flush=False)

    def check_sums(self, device):
        volumes = self.env["focalist.volume"].search([("device_id", "=", device.id)])
        self.assertEqual(len(volumes), len(set(volumes.mapped("day"))))
        readings = device.reading_ids.sorted("read_at")
        for meter in VOLUME_METERS:
            values = [
                reading[reading_field(meter)]
                for reading in readings
                if reading[reading_field(meter)] is not False
            ]
            counted = values[-1] - values[0] if values else 0
            pages = volumes.mapped(volume_field(meter))
            self.assertEqual(sum(pages), counted, meter)
            self.assertTrue(all(value >= 0 for value in pages))
        self.assertTrue(
            all(any(v[volume_field(m)] for m in VOLUME_METERS) for v in volumes)
        )
        months = {}
        for volume in volumes:
            month = volume.day.replace(day=1)
            months[month] = months.get(month, 0) + volume.pages_total
        stored = self.env["focalist.volume.month"].search(
            [("device_id", "=", device.id)]
        )
        self.assertEqual({v.month: v.pages_total + 0 for v in stored}, months)
        # A stretch of days between two readings has them all, even to a page.
        for first, second in pairwise(readings):
            if second.read_at - first.read_at < timedelta(days=4):
                continue
            inner = volumes.filtered(
                lambda v, a=first, b=second: (
                    a.read_at.date() + timedelta(days=1)
                    < v.day
                    < b.read_at.date() - timedelta(days=1)
                )
            )
            # Days of 23 and 25 hours apart, the days of a gap differ by a page.
            spread = inner.mapped("pages_total")
            if spread:
                self.assertLessEqual(
                    max(spread) - min(spread), 1 + max(spread) * 2 / 23 + 1
                )
