from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.focalist_base.tools.meters import METERS

from .common import FULL, PROPERTY, START
from .test_ledger import DAY, LedgerCase


@tagged("post_install", "-at_install")
class TestSegment(LedgerCase):
    def segments(self, meter="total"):
        """(reason, hour of the start) in the order of time."""
        self.env.invalidate_all()
        found = self.printer.segment_ids.filtered(lambda s: s.meter == meter)
        found = found.sorted("start_at")
        for one, following in zip(found, found[1:], strict=False):
            self.assertEqual(one.end_at, following.start_at)
        self.assertFalse(found[-1:].end_at)
        return [(s.reason, (s.start_at - START) // timedelta(hours=1)) for s in found]

    def test_meters_are_those_of_the_ledger(self):
        field = self.env["focalist.meter.segment"]._fields["meter"]
        self.assertEqual(tuple(dict(field.selection)), METERS)

    # First

    def test_first(self):
        self.ingest(self.metered(0, total=5, scan=0), self.metered(3, total=9, fax=1))
        self.assertEqual(self.segments(), [("first", 0)])
        self.assertEqual(self.segments("scan"), [("first", 0)])
        self.assertEqual(self.segments("fax"), [("first", 3)])
        segment = self.printer.segment_ids.filtered(lambda s: s.meter == "fax")
        self.assertEqual(segment.start_reading_id, self.reading(3))
        self.assertEqual(segment.company_id, self.dealer)

    def test_first_begins_with_a_late_reading(self):
        self.tell((5, 10), (1, 3))
        self.assertEqual(self.segments(), [("first", 1)])
        self.assertEqual(self.pages(), 7)

    def test_what_waits_begins_nothing(self):
        self.ingest(self.metered(0, total=5), source="portal")
        self.assertFalse(self.printer.segment_ids)

    # Another source, another unit

    def told(self, hour, value, source=None, unit=None):
        report = self.metered(hour, total=value)
        if source:
            report["meter_sources"] = {"total": source}
        if unit:
            report["meter_units"] = {"total": unit}
        self.ingest(report)

    def test_other_source(self):
        self.told(0, 1000, "1.3.6.1.2")
        self.told(1, 1010, "1.3.6.1.2")
        self.told(2, 400, "1.3.6.1.4.1.367")
        self.told(3, 407, "1.3.6.1.4.1.367")
        self.assertEqual(self.segments(), [("first", 0), ("source", 2)])
        self.assertFalse(self.printer.to_check)
        self.assertEqual(self.printer.total_meter, 407)
        self.assertEqual(self.pages(), 17)
        self.assertEqual(
            self.printer.segment_ids.sorted("start_at").mapped("source"),
            ["1.3.6.1.2", "1.3.6.1.4.1.367"],
        )

    def test_other_unit(self):
        self.told(0, 1000, "1", "impressions")
        self.told(1, 1100, "1", "sheets")
        self.assertEqual(self.segments(), [("first", 0), ("unit", 1)])
        self.assertEqual(self.pages(), 0)

    def test_source_that_is_not_told_is_no_other(self):
        self.told(0, 1000)
        self.told(1, 1010, "1.3")
        self.told(2, 1020)
        self.told(3, 1030, "1.3")
        self.assertEqual(self.segments(), [("first", 0)])
        self.assertEqual(self.printer.segment_ids.source, "1.3")
        self.assertEqual(self.pages(), 30)

    def test_other_source_in_any_order(self):
        told = [
            (0, 1000, "a"),
            (1, 1010, "a"),
            (2, 20, "b"),
            (3, 25, "b"),
            (4, 31, "b"),
        ]
        for order in (
            [0, 1, 2, 3, 4],
            [4, 3, 2, 1, 0],
            [2, 0, 4, 1, 3],
            [1, 3, 0, 4, 2],
        ):
            savepoint = self.env.cr.savepoint(flush=True)
            for index in order:
                self.told(*told[index])
            with self.subTest(order=order):
                self.assertEqual(self.segments(), [("first", 0), ("source", 2)])
                self.assertEqual(self.pages(), 21)
                self.assertEqual(self.printer.total_meter, 31)
                self.assertFalse(self.printer.to_check)
            savepoint.rollback()
            savepoint.close(rollback=False)
            self.env.invalidate_all(flush=False)

    def test_late_value_of_another_source_between_two_of_one(self):
        self.told(0, 1000, "a")
        self.told(4, 1010, "a")
        self.told(2, 1005, "b")
        self.assertEqual(self.waiting()[0], {2: {"total": "other_source"}})
        self.assertEqual(self.segments(), [("first", 0)])

    # Reset and swap

    def test_reset(self):
        self.tell((0, 900), (1, 1000), (5, 3), (6, 10), (7, 1200))
        self.assertEqual(self.waiting()[1], [5])
        self.reading(5)._declare("reset", "New firmware")
        self.assertEqual(self.segments(), [("first", 0), ("reset", 5)])
        self.assertFalse(self.waiting()[0])
        self.assertFalse(self.printer.to_check)
        self.assertEqual(self.printer.total_meter, 1200)
        # 100 of the old counter, 1,197 of the new one, none of the gap.
        self.assertEqual(self.pages(), 100 + 1197)
        segment = self.printer.segment_ids.sorted("start_at")[-1]
        self.assertRecordValues(
            segment,
            [
                {
                    "start_reading_id": self.reading(5).id,
                    "user_id": self.env.uid,
                    "note": "New firmware",
                }
            ],
        )
        self.assertEqual(self.reading(5).decision_ids.decision, "reset")
        self.tell((8, 1205))
        self.assertEqual(self.pages(), 100 + 1202)

    def test_reset_of_which_both_ends_are_known(self):
        self.tell((0, 900), (10, 1000), (30, 40))
        self.reading(30)._declare(
            "reset",
            "Reset by hand",
            end_values={"total": 1060},
            start_values={"total": 0},
            at=START + timedelta(hours=20),
        )
        self.assertEqual(self.pages(), 160 + 40)
        self.assertEqual(
            self.printer.reading_ids.sorted("read_at").mapped("meter_total"),
            [900, 1000, 1060, 0, 40],
        )
        entered = self.printer.reading_ids.filtered(lambda r: r.source == "technician")
        self.assertEqual(len(entered), 2)
        segment = self.printer.segment_ids.sorted("start_at")[-1]
        self.assertEqual(segment.end_reading_id, entered.sorted("read_at")[0])
        self.assertEqual(segment.start_reading_id, entered.sorted("read_at")[1])

    def test_reset_with_the_old_counters_end_alone(self):
        self.tell((0, 900), (10, 1000), (30, 40))
        self.reading(30)._declare("reset", "x", end_values={"total": 1060})
        self.assertEqual(self.pages(), 160)

    def test_end_below_what_was_read(self):
        self.tell((0, 900), (10, 1000), (30, 40))
        with self.assertRaisesRegex(UserError, "lower than the reading before"):
            self.reading(30)._declare("reset", "x", end_values={"total": 999})

    def test_reset_of_a_late_reading(self):
        """What was read later, and counts, is of the new counter."""
        self.tell((0, 900), (10, 1000), (20, 5), (30, 1200))
        self.assertEqual(self.pages(), 300)
        self.reading(20)._declare("reset", "x")
        self.assertEqual(self.pages(), 100 + 1195)
        self.assertEqual(self.printer.total_meter, 1200)

    def test_swap_is_of_all_meters(self):
        self.ingest(self.metered(0, total=1000, scan=10))
        self.ingest(self.metered(24, total=700, scan=600))
        self.ingest(self.metered(48, total=720, scan=605))
        self.assertEqual(self.pages(meter="pages_scan"), 595)
        self.reading(24)._declare("swap", "Board of another one")
        self.assertEqual(self.pages(), 20)
        self.assertEqual(self.pages(meter="pages_scan"), 5)
        self.assertEqual(self.segments("scan"), [("first", 0), ("swap", 24)])

    def test_swap_holds_where_a_meter_was_not_known_before(self):
        """What comes late of before the swap is another board's."""
        self.ingest(self.metered(0, total=1000))
        self.ingest(self.metered(24, total=700, scan=600))
        self.ingest(self.metered(48, total=720, scan=605))
        self.reading(24)._declare("swap", "Board of another one")
        self.assertEqual(self.segments("scan"), [("swap", 24)])
        self.ingest(self.metered(12, total=1004, scan=20))
        self.ingest(self.metered(6, total=1002, scan=18))
        self.assertEqual(self.segments("scan"), [("first", 6), ("swap", 24)])
        self.assertEqual(self.pages(meter="pages_scan"), 2 + 5)
        # It may be beyond what the new board says.
        self.ingest(self.metered(18, total=1005, scan=700))
        self.assertEqual(self.pages(meter="pages_scan"), 700 - 18 + 5)
        self.reading(24)._undo("It was none")
        self.assertNotIn(("swap", 24), self.segments("scan"))

    def test_swap_at_a_segment_that_begins_there(self):
        """The reading tells scans of another source: that is the board, too."""
        source = {"meter_sources": {"scan": "1.3.6.1.2"}}
        self.ingest(self.metered(0, total=1000, scan=10))
        self.ingest(
            self.report(0.5, meters={"scan": 11}, meter_sources={"scan": "1.3.6.1.1"})
        )
        self.ingest(self.report(24, meters={"total": 7, "scan": 16}, **source))
        self.assertEqual(self.segments("scan"), [("first", 0), ("source", 24)])
        self.reading(24)._declare("swap", "Board of another one")
        self.assertEqual(self.segments("scan"), [("first", 0), ("swap", 24)])
        self.assertEqual(self.pages(meter="pages_scan"), 1)

    def test_meters_have_segments_of_their_own(self):
        self.ingest(self.metered(0, total=1000, scan=10))
        self.ingest(self.metered(24, total=7, scan=16))
        self.reading(24)._declare("reset", "x")
        self.assertEqual(self.segments("scan"), [("first", 0)])
        self.assertEqual(self.pages(meter="pages_scan"), 6)

    def test_second_reset(self):
        self.tell((0, 1000), (10, 5), (20, 50))
        self.reading(10)._declare("reset", "x")
        self.tell((30, 2), (40, 9))
        self.assertEqual(self.waiting()[1], [30])
        self.reading(30)._declare("reset", "x")
        self.assertEqual(self.pages(), 45 + 7)
        self.assertEqual(self.segments(), [("first", 0), ("reset", 10), ("reset", 30)])
        # A late one is judged by the segment of its moment.
        self.tell((25, 60), (26, 4))
        self.assertEqual(self.pages(), 55 + 7)
        self.assertEqual(self.waiting()[0], {26: {"total": "went_back"}})

    def test_undo(self):
        self.tell((0, 900), (10, 1000), (30, 40), (31, 50), (32, 60))
        before = self.ledger(self.printer)
        self.reading(30)._declare(
            "reset", "x", end_values={"total": 1060}, start_values={"total": 0}
        )
        self.assertEqual(self.pages(), 160 + 60)
        self.reading(30)._undo("It was another printer")
        self.assertEqual(self.segments(), [("first", 0)])
        self.assertEqual(self.waiting()[1], [30])
        self.assertTrue(self.printer.to_check)
        after = self.ledger(self.printer)
        self.assertEqual(after["days"], before["days"])
        self.assertEqual(after["months"], before["months"])
        self.assertEqual(self.printer.total_meter, 1000)
        self.reading(30)._void("It was another printer", series=True)
        self.assertFalse(self.printer.to_check)
        self.assertEqual(self.pages(), 100)

    def test_undo_of_nothing(self):
        self.tell((0, 900))
        with self.assertRaises(UserError):
            self.reading(0)._undo("x")

    def test_rebuilt_volumes_are_the_same(self):
        self.tell((0, 900), (DAY, 1000), (2 * DAY, 40), (3 * DAY, 50))
        self.reading(2 * DAY)._declare("reset", "x", end_values={"total": 1060})
        before = self.ledger(self.printer)
        self.env["focalist.volume"]._rebuild(self.site_a)
        self.assertEqual(self.ledger(self.printer)["days"], before["days"])
        self.assertEqual(self.ledger(self.printer)["months"], before["months"])

    # For all histories

    @PROPERTY
    @given(data=st.data())
    def test_every_page_within_a_segment_counts_once(self, data):
        """Late, doubled, voided, reset, moved: the sums are those of the ledger."""
        savepoint = self.env.cr.savepoint(flush=True)
        try:
            device = self.device("P100", at=datetime(2025, 1, 1))
            hours = sorted(
                data.draw(
                    st.lists(
                        st.integers(0, 24 * 60), min_size=3, max_size=9, unique=True
                    )
                )
            )
            value, reports = 500, []
            for hour in hours:
                kind = data.draw(st.sampled_from(["up", "up", "up", "zero", "low"]))
                step = data.draw(st.integers(0, 900))
                value = {"up": value + step, "zero": step, "low": max(value - step, 0)}[
                    kind
                ]
                reports.append(self.metered(hour, "P100", total=value))
            moved_at = data.draw(st.none() | st.sampled_from(hours[1:]))
            late = data.draw(st.lists(st.sampled_from(reports), max_size=3))
            for index, report in enumerate(reports):
                if report in late:
                    continue
                if moved_at is not None and hours[index] >= moved_at:
                    moment = START + timedelta(hours=moved_at) - timedelta(minutes=30)
                    device._move(self.site_b, moment)
                    moved_at = None
                self.ingest(report)
            self.ingest(*late, *reports[:2])
            self.check_sums(device)
            for _step in range(data.draw(st.integers(0, 4 if FULL else 3))):
                reading = data.draw(st.sampled_from(list(device.reading_ids)))
                decide = data.draw(
                    st.sampled_from(
                        [
                            lambda r: r._accept("x"),
                            lambda r: r._void("x"),
                            lambda r: r._void("x", series=True),
                            lambda r: r._declare("reset", "x"),
                            lambda r: r._declare("swap", "x"),
                            lambda r: r._declare(
                                "reset", "x", {"total": 5000}, {"total": 0}
                            ),
                            lambda r: r._undo("x"),
                        ]
                    )
                )
                try:
                    with self.env.cr.savepoint():
                        decide(reading)
                except UserError:
                    self.env.invalidate_all(flush=False)
                self.check_sums(device)
        finally:
            savepoint.rollback()
            savepoint.close(rollback=False)
            self.env.invalidate_all(flush=False)

    def check_sums(self, device):
        self.env.flush_all()
        self.env.invalidate_all()
        breaks = sorted(s.start_at for s in device.segment_ids if s.reason != "first")
        expected, monotone = {}, {}
        for reading in device.reading_ids.sorted(
            lambda r: (r.read_at, r.meter_total or 0)
        ):
            if reading.meter_total is False:
                continue
            segment = sum(1 for moment in breaks if moment <= reading.read_at)
            place = (reading.placement_id, reading.partner_id, reading.site_id)
            self.assertGreaterEqual(reading.meter_total, monotone.get(segment, 0))
            monotone[segment] = reading.meter_total
            expected.setdefault((place, segment), []).append(reading.meter_total)
        pages = {}
        for (place, _segment), values in expected.items():
            pages[place] = pages.get(place, 0) + values[-1] - values[0]
        pages = {place: count for place, count in pages.items() if count}
        for model, field in (
            ("focalist.volume", "day"),
            ("focalist.volume.month", "month"),
        ):
            volumes = self.env[model].search(
                [("device_id", "=", device.id)], order=field
            )
            counted = {}
            for volume in volumes:
                place = (volume.placement_id, volume.partner_id, volume.site_id)
                counted[place] = counted.get(place, 0) + volume.pages_total
                self.assertGreaterEqual(volume.pages_total, 0)
            self.assertEqual(counted, pages, model)
        newest = device.reading_ids.filtered(lambda r: r.meter_total is not False)
        newest = newest.sorted(lambda r: (r.read_at, r.meter_total))[-1:]
        self.assertEqual(device.total_meter, newest.meter_total)
        waits = device.reading_ids.filtered(lambda r: r.state == "quarantined")
        self.assertEqual(device.to_check, bool(waits))
        self.assertEqual(len(waits.filtered("is_question")), 1 if waits else 0)
