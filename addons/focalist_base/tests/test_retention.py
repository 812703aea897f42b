from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.focalist_base.models import focalist_meter_reading

from .common import FocalistCase


@tagged("post_install", "-at_install")
class TestRetention(FocalistCase):
    """Old polls go; the last of each day, the bounds and what people brought stay."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        today = fields.Datetime.now().replace(hour=0, minute=0, second=0)
        # Midnight in Paris is 22 or 23 h UTC: a day of its site is never that of UTC.
        cls.first = today - timedelta(days=40)
        cls.printer = cls.device(at=cls.first - timedelta(days=30))

    def at(self, day, hour):
        return self.first + timedelta(days=day, hours=hour)

    def tell(self, *values, source="agent", serial="E100"):
        """Take ((day, hour), meters) in."""
        self.ingest(
            *(
                self.metered(self.at(*moment), serial, **meters)
                for moment, meters in values
            ),
            source=source,
        )

    def run_vacuum(self):
        """Let it run to its end, as Odoo's cron does."""
        done = []
        while True:
            looked_at, more = self.env["focalist.meter.reading"]._gc_polls()
            done.append(looked_at)
            if not more:
                self.env.invalidate_all()
                return done

    def kept(self, device=None):
        readings = (device or self.printer).reading_ids.sorted("read_at")
        return [
            divmod((reading.read_at - self.first) // timedelta(hours=1), 24)
            for reading in readings
        ]

    def test_last_of_each_day(self):
        self.tell(
            *(
                ((day, hour), {"total": 100 * day + hour})
                for day in (1, 2, 3)
                for hour in (4, 9, 12, 18)
            )
        )
        self.run_vacuum()
        # And the first of its placement, which its first day's pages begin with.
        self.assertEqual(self.kept(), [(1, 4), (1, 18), (2, 18), (3, 18)])

    def test_days_are_those_of_the_site(self):
        # 22:30 to 23:30 UTC is the next day in Paris, whatever the time of year.
        self.tell(
            ((1, 4), {"total": 1}),
            ((1, 20), {"total": 2}),
            ((1, 23), {"total": 3}),
            ((2, 12), {"total": 4}),
        )
        self.run_vacuum()
        self.assertEqual(self.kept(), [(1, 4), (1, 20), (2, 12)])

    def test_new_polls_stay(self):
        now = fields.Datetime.now().replace(microsecond=0)
        moments = [now - timedelta(days=13, minutes=n) for n in range(3)]
        self.ingest(*(self.metered(m, total=7) for m in moments))
        self.run_vacuum()
        self.assertEqual(len(self.printer.reading_ids), 3)

    def test_each_meter_has_its_last_of_the_day(self):
        self.tell(
            ((1, 4), {"total": 1, "scan": 1}),
            ((1, 9), {"total": 2, "scan": 2}),
            ((1, 12), {"total": 3, "scan": 3}),
            ((1, 18), {"total": 4}),
        )
        self.run_vacuum()
        self.assertEqual(self.kept(), [(1, 4), (1, 12), (1, 18)])

    def test_what_people_brought_stays(self):
        for hour, source in enumerate(("manual", "technician", "portal", "public")):
            self.tell(((1, 5 + hour), {"total": 10 + hour}), source=source)
        self.tell(((1, 2), {"total": 1}), ((1, 18), {"total": 50}))
        self.run_vacuum()
        self.assertEqual(len(self.printer.reading_ids), 6)

    def test_what_waits_and_what_is_void_stays(self):
        self.tell(
            ((1, 4), {"total": 1000}),
            ((1, 5), {"total": 4}),
            ((1, 6), {"total": 1001, "scan": -1}),
            ((1, 7), {"total": -1}),
            ((1, 8), {"total": 1003}),
            ((1, 9), {"total": 1004}),
        )
        self.run_vacuum()
        self.assertEqual(self.kept(), [(1, 4), (1, 5), (1, 7), (1, 9)])

    def test_what_follows_a_question_keeps_the_last_of_its_day(self):
        self.tell(((1, 4), {"total": 1000}))
        self.tell(
            *(
                ((day, hour), {"total": 10 * day + hour})
                for day in (2, 3)
                for hour in (4, 8, 12)
            )
        )
        self.run_vacuum()
        self.assertEqual(self.kept(), [(1, 4), (2, 4), (2, 12), (3, 12)])
        self.printer.reading_ids.filtered("is_question")._declare("reset", "x")
        months = self.env["focalist.volume.month"].search([])
        self.assertEqual(sum(months.mapped("pages_total")), 42 - 24)

    def test_what_was_decided_stays(self):
        self.model.monthly_volume = 300
        self.tell(((1, 4), {"total": 1}), ((1, 5), {"total": 9000}))
        self.printer.reading_ids.filtered("is_question")._accept("x")
        self.tell(((1, 8), {"total": 9001}), ((1, 9), {"total": 9002}))
        self.run_vacuum()
        self.assertEqual(self.kept(), [(1, 4), (1, 5), (1, 9)])

    def test_bounds_of_segments_and_placements_stay(self):
        values = [(4, 900), (5, 950), (6, 1000), (7, 5), (8, 9), (9, 20)]
        self.tell(*(((1, hour), {"total": value}) for hour, value in values))
        self.printer.reading_ids.filtered("is_question")._declare("reset", "x")
        self.printer._move(self.site_b, self.at(1, 10))
        self.tell(*(((1, hour), {"total": 9 * hour}) for hour in (11, 12, 13, 14)))
        self.run_vacuum()
        self.assertEqual(
            self.kept(), [(1, 4), (1, 6), (1, 7), (1, 9), (1, 11), (1, 14)]
        )

    def test_what_is_referred_to_stays(self):
        self.tell(*(((1, hour), {"total": hour}) for hour in (4, 6, 8, 10, 12)))
        readings = self.printer.reading_ids.sorted("read_at")
        self.printer.placement_ids.opening_reading_id = readings[1]
        self.printer.placement_ids.closing_reading_id = readings[3]
        self.run_vacuum()
        self.assertEqual(self.kept(), [(1, 4), (1, 6), (1, 10), (1, 12)])

    def test_sums_stay(self):
        """Also where the days are made anew from what is left."""
        self.tell(
            *(
                ((day, hour), {"total": 100 * day + 3 * hour, "mono": 50 * day + hour})
                for day in range(1, 9)
                for hour in range(0, 20, 3)
            )
        )
        before = self.ledger(self.printer)
        self.run_vacuum()
        after = self.ledger(self.printer)
        self.assertLess(len(after["readings"]), len(before["readings"]) / 3)
        for key in ("days", "months", "devices"):
            self.assertEqual(after[key], before[key])
        self.env["focalist.volume"]._rebuild(self.site_a)
        volumes = self.env["focalist.volume"].search([])
        for meter, name in ((2, "pages_total"), (3, "pages_mono")):
            self.assertEqual(
                sum(volumes.mapped(name)), sum(day[meter] for day in before["days"])
            )

    def test_in_batches_and_each_row_once(self):
        self.patch(focalist_meter_reading, "BATCH", 5)
        self.tell(*(((1, hour), {"total": hour}) for hour in range(2, 20)))
        self.assertEqual(self.run_vacuum(), [5, 5, 5, 3, 0])
        self.assertEqual(self.kept(), [(1, 2), (1, 19)])
        self.assertEqual(self.run_vacuum(), [0])
        # A late one of that day is looked at for itself.
        self.tell(((1, 7), {"total": 7}))
        self.assertEqual(self.run_vacuum(), [1, 0])
        self.assertEqual(self.kept(), [(1, 2), (1, 19)])

    def test_queries_grow_with_batches(self):
        def counted(size):
            for number in range(size):
                serial = f"R{size}x{number:02}"
                self.device(serial, at=self.at(0, 0))
                self.tell(
                    *(((1, h), {"total": h}) for h in (4, 5, 6, 7)), serial=serial
                )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.assertEqual(self.run_vacuum(), [4 * size, 0])
            self.env.flush_all()
            return self.cr.sql_log_count - before

        counted(1)
        self.assertLessEqual(counted(30), counted(3) + 3)
