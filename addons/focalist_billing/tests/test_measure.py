from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestMeasure(BillingCommon):
    """Which two readings a statement's pages lie between."""

    def assert_lines(self, statement, *expected):
        """(serial, meter, first, last, pages) of each line, in any order."""
        self.assertCountEqual(
            [
                (
                    line.serial_number,
                    line.meter,
                    line.value_from,
                    line.value_to,
                    line.pages,
                )
                for line in statement.line_ids
            ],
            expected,
        )

    def test_from_last_reading_before_to_last_reading_within(self):
        self._read(
            self.site,
            "A001",
            ("2026-02-27 08:00", {"total": 90, "mono": 80, "color": 10}),
            ("2026-02-28 08:00", {"total": 100, "mono": 85, "color": 15}),
            ("2026-03-10 08:00", {"total": 200, "mono": 150, "color": 50}),
            ("2026-03-31 08:00", {"total": 300, "mono": 220, "color": 80}),
            ("2026-04-01 08:00", {"total": 310, "mono": 228, "color": 82}),
        )
        self.assert_lines(
            self._bill(),
            ("A001", "mono", 85, 220, 135),
            ("A001", "color", 15, 80, 65),
        )

    def test_first_reading_within_when_there_is_none_before(self):
        self._read(
            self.site,
            "A001",
            ("2026-03-10 08:00", {"mono": 150}),
            ("2026-03-31 08:00", {"mono": 220}),
        )
        self.assert_lines(self._bill(), ("A001", "mono", 150, 220, 70))

    def test_the_day_is_that_of_the_sites_clock(self):
        """22:30 UTC on 31 March is already April in Paris (UTC+2)."""
        self._read(
            self.site,
            "A001",
            ("2026-02-28 22:30", {"mono": 10}),
            ("2026-02-28 23:30", {"mono": 15}),
            ("2026-03-31 21:30", {"mono": 100}),
            ("2026-03-31 22:30", {"mono": 120}),
        )
        self.assert_lines(self._bill(), ("A001", "mono", 10, 100, 90))

    def test_the_next_period_begins_where_this_one_ended(self):
        self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 100}),
            ("2026-03-20 08:00", {"mono": 150}),
        )
        self.assert_lines(self._bill(), ("A001", "mono", 100, 150, 50))
        # Late: it belongs to March, which is billed; April takes its pages.
        self._read(
            self.site,
            "A001",
            ("2026-03-31 08:00", {"mono": 180}),
            ("2026-04-30 08:00", {"mono": 250}),
        )
        self.assert_lines(self._bill("2026-04-01"), ("A001", "mono", 150, 250, 100))

    def test_an_earlier_period_billed_later_ends_where_the_later_began(self):
        self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 100}),
            ("2026-03-20 08:00", {"mono": 150}),
            ("2026-04-30 08:00", {"mono": 250}),
        )
        self.assert_lines(self._bill("2026-04-01"), ("A001", "mono", 150, 250, 100))
        self._read(self.site, "A001", ("2026-03-31 08:00", {"mono": 180}))
        self.assert_lines(self._bill("2026-03-01"), ("A001", "mono", 100, 150, 50))

    def test_pages_of_all_periods_are_those_of_the_meter(self):
        readings = [
            (f"2026-{month:02}-{day:02} 09:00", {"mono": 1000 * month + 7 * day})
            for month in range(1, 7)
            for day in (2, 17, 28)
        ]
        self._read(self.site, "A001", *readings)
        statements = [self._bill(f"2026-{month:02}-01") for month in range(1, 7)]
        self.assertEqual(
            sum(statement.pages for statement in statements),
            readings[-1][1]["mono"] - readings[0][1]["mono"],
        )

    def test_a_quarantined_meter_is_not_billed(self):
        self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 100, "color": 50}),
            ("2026-03-30 08:00", {"mono": 150, "color": 60}),
            ("2026-03-31 08:00", {"mono": 20, "color": 70}),
        )
        self.assert_lines(
            self._bill(),
            ("A001", "mono", 100, 150, 50),
            ("A001", "color", 50, 70, 20),
        )

    def test_a_mono_printer_that_tells_its_total_alone(self):
        self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"life": 110, "total": 100}),
            ("2026-03-31 08:00", {"life": 210, "total": 200}),
        )
        statement = self._bill()
        self.assert_lines(statement, ("A001", "mono", 100, 200, 100))
        self.assertEqual(statement.line_ids.counter, "total")

    def test_sheets_are_not_billed_as_pages(self):
        self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"total": 100}),
            ("2026-03-31 08:00", {"total": 200}),
            units={"total": "sheets"},
        )
        self.assertFalse(self._bill())

    def test_a_colour_printer_is_not_billed_by_its_total(self):
        device = self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"total": 100}),
            ("2026-03-31 08:00", {"total": 200}),
        )
        device.model_id.is_color = True
        self.assertFalse(self._bill())

    def test_missing_devices_are_named(self):
        self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 100}),
            ("2026-03-31 08:00", {"mono": 200}),
        )
        silent = self._read(self.site, "A002", ("2026-01-31 08:00", {"mono": 5}))
        statement = self._bill()
        self.assertEqual(statement.missing_device_ids, silent)
        self.assertIn("A002", statement.missing_note)
        self.assertIn("Mono", statement.missing_note)

    def test_a_missing_meter_is_named(self):
        self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 100, "color": 10}),
            ("2026-03-10 08:00", {"mono": 90, "color": 20}),
        )
        statement = self._bill()
        self.assert_lines(statement, ("A001", "color", 10, 20, 10))
        self.assertIn("Mono", statement.missing_note)
        # That one waits from its last reading on.
        self.assertIn("Colour (billed until 03/10/2026)", statement.missing_note)

    def test_another_clients_pages_are_not_billed(self):
        """T3: what a device printed elsewhere is not this client's."""
        other, other_site = self._make_client("Other")
        other_contract = self._make_contract(other)
        device = self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 100}),
            ("2026-03-10 08:00", {"mono": 150}),
        )
        device.placement_ids.end_at = "2026-03-10 09:00:00"
        self.env["focalist.device.placement"].create(
            {
                "device_id": device.id,
                "site_id": other_site.id,
                "start_at": "2026-03-10 09:00:00",
            }
        )
        self._read(
            other_site,
            "A001",
            ("2026-03-10 10:00", {"mono": 150}),
            ("2026-03-31 08:00", {"mono": 400}),
        )
        self.assert_lines(self._bill(), ("A001", "mono", 100, 150, 50))
        self.assert_lines(
            self._bill(contract=other_contract), ("A001", "mono", 150, 400, 250)
        )

    def test_the_number_of_queries_does_not_grow_with_devices(self):
        def billed(client, site, devices):
            contract = self._make_contract(client)
            for number in range(devices):
                self._read(
                    site,
                    f"{client.name}{number:03}",
                    ("2026-02-28 08:00", {"mono": 100}),
                    ("2026-03-31 08:00", {"mono": 200}),
                )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            statement = self._bill(contract=contract)
            self.assertEqual(len(statement.line_ids), devices)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        billed(*self._make_client("Warm"), 1)
        few = billed(*self._make_client("Few"), 3)
        many = billed(*self._make_client("Many"), 30)
        self.assertLessEqual(many, few + 2)

    def test_a_period_is_billed_once(self):
        self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 100}),
            ("2026-03-31 08:00", {"mono": 200}),
        )
        statement = self._bill()
        again, problems = self.contract._bill(statement.date_start)
        self.assertFalse(again)
        self.assertIn("already", problems[self.contract])
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"):
            statement.sudo().copy()
            self.env.flush_all()

    def test_pages_are_billed_once_by_the_database(self):
        self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 100}),
            ("2026-03-31 08:00", {"mono": 200}),
        )
        line = self._bill().line_ids
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"):
            line.sudo().copy()
            self.env.flush_all()

    def test_a_billed_reading_cannot_be_deleted(self):
        self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 100}),
            ("2026-03-31 08:00", {"mono": 200}),
        )
        line = self._bill().line_ids
        with self.assertRaises(UserError):
            line.reading_to_id.unlink()

    def test_a_cancelled_statement_is_billed_anew(self):
        self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 100}),
            ("2026-03-20 08:00", {"mono": 150}),
        )
        self._bill().action_cancel()
        self._read(self.site, "A001", ("2026-03-31 08:00", {"mono": 200}))
        self.assert_lines(self._bill(), ("A001", "mono", 100, 200, 100))

    # Segments

    def _reset(self, device, moment, **values):
        reading = device.reading_ids.filtered(
            lambda r: r.read_at == fields.Datetime.to_datetime(moment)
        )
        reading._declare("reset", "A new board", **values)
        return reading

    def _with_reset(self, **values):
        device = self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 1000, "color": 10}),
            ("2026-03-10 08:00", {"mono": 1100, "color": 20}),
            ("2026-03-12 08:00", {"mono": 7, "color": 30}),
            ("2026-03-31 08:00", {"mono": 57, "color": 40}),
        )
        self._reset(device, "2026-03-12 08:00:00", **values)
        return device

    def test_a_line_for_each_segment(self):
        self._with_reset()
        statement = self._bill()
        self.assert_lines(
            statement,
            ("A001", "mono", 1000, 1100, 100),
            ("A001", "mono", 7, 57, 50),
            ("A001", "color", 10, 40, 30),
        )
        self.assertEqual(statement.pages, 180)
        self.env.flush_all()

    def test_declared_ends_are_billed(self):
        self._with_reset(end_values={"mono": 1130}, start_values={"mono": 0})
        self.assert_lines(
            self._bill(),
            ("A001", "mono", 1000, 1130, 130),
            ("A001", "mono", 0, 57, 57),
            ("A001", "color", 10, 40, 30),
        )

    def test_the_next_period_begins_in_the_new_segment(self):
        self._with_reset()
        self._bill()
        self._read(self.site, "A001", ("2026-04-20 08:00", {"mono": 90, "color": 41}))
        self.assert_lines(
            self._bill("2026-04-15"),
            ("A001", "mono", 57, 90, 33),
            ("A001", "color", 40, 41, 1),
        )

    def test_a_reset_between_two_periods(self):
        device = self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 1000}),
            ("2026-03-31 08:00", {"mono": 1100}),
            ("2026-04-02 08:00", {"mono": 3}),
            ("2026-04-30 08:00", {"mono": 23}),
        )
        self.assert_lines(self._bill(), ("A001", "mono", 1000, 1100, 100))
        self._reset(device, "2026-04-02 08:00:00")
        self.assert_lines(self._bill("2026-04-15"), ("A001", "mono", 3, 23, 20))

    def test_late_pages_of_an_ended_segment(self):
        """They were known after March was billed: April has them."""
        device = self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 1000}),
            ("2026-03-20 08:00", {"mono": 1100}),
            ("2026-03-28 08:00", {"mono": 3}),
            ("2026-04-30 08:00", {"mono": 23}),
        )
        self.assert_lines(self._bill(), ("A001", "mono", 1000, 1100, 100))
        self._reset(device, "2026-03-28 08:00:00", end_values={"mono": 1150})
        self.assert_lines(
            self._bill("2026-04-15"),
            ("A001", "mono", 1100, 1150, 50),
            ("A001", "mono", 3, 23, 20),
        )

    def test_a_counter_of_another_source_is_a_line_of_its_own(self):
        for moment, value, source in (
            ("2026-02-28 08:00", 1000, "a"),
            ("2026-03-10 08:00", 1100, "a"),
            ("2026-03-11 08:00", 1900, "b"),
            ("2026-03-31 08:00", 1950, "b"),
        ):
            self._read(
                self.site, "A001", (moment, {"mono": value}), sources={"mono": source}
            )
        self.assert_lines(
            self._bill(),
            ("A001", "mono", 1000, 1100, 100),
            ("A001", "mono", 1900, 1950, 50),
        )

    def test_all_periods_with_resets_bill_each_page_once(self):
        device = self._read(self.site, "A001", ("2026-01-01 08:00", {"mono": 5000}))
        self.env["focalist.device.model"].search([]).monthly_volume = 0
        value, pages = 5000, 0
        for month in range(1, 5):
            for day in (5, 15, 25):
                moment = f"2026-{month:02}-{day:02} 08:00"
                if day == 15 and month != 3:
                    value = 10 * month
                    self._read(self.site, "A001", (moment, {"mono": value}))
                    self._reset(device, f"{moment}:00")
                else:
                    value, pages = value + 100, pages + 100
                    self._read(self.site, "A001", (moment, {"mono": value}))
        statements = [self._bill(f"2026-{month:02}-01") for month in (2, 1, 3, 4)]
        self.assertEqual(sum(statement.pages for statement in statements), pages)
        volumes = self.env["focalist.volume"].search([("device_id", "=", device.id)])
        self.assertEqual(sum(volumes.mapped("pages_mono")), pages)

    def test_what_is_billed_is_not_decided_any_more(self):
        device = self._with_reset()
        statement = self._bill()
        statement._create_invoices()
        line = statement.line_ids.filtered(lambda l: l.value_to == 1100)
        technician = new_test_user(
            self.env,
            "tech",
            groups="focalist_base.group_focalist_technician",
            company_id=self.company.id,
            company_ids=self.company.ids,
        )
        for reading in (line.reading_from_id, line.reading_to_id):
            with self.assertRaisesRegex(UserError, f"billed by {statement.name}"):
                reading.with_user(technician)._void("x")
        with self.assertRaisesRegex(UserError, "billed"):
            self._find(device, "2026-03-12 08:00:00")._undo("x")
        # Nothing rests on what lies between two billed readings.
        self._read(self.site, "A001", ("2026-03-05 08:00", {"mono": 1050}))
        self._find(device, "2026-03-05 08:00:00")._void("x")
        self._read(self.site, "A001", ("2026-03-06 08:00", {"mono": 10}))
        with self.assertRaisesRegex(UserError, "across that moment"):
            self._reset(device, "2026-03-06 08:00:00")
        statement.move_id.unlink()
        statement.action_cancel()
        line.reading_to_id._void("x")
        self.assert_lines(
            self._bill(),
            ("A001", "mono", 7, 57, 50),
            ("A001", "color", 10, 40, 30),
        )

    def _find(self, device, moment):
        return device.reading_ids.filtered(
            lambda r: r.read_at == fields.Datetime.to_datetime(moment)
        )

    def test_retention_keeps_what_is_billed(self):
        device = self._read(
            self.site,
            "A001",
            ("2026-02-27 08:00", {"mono": 900}),
            ("2026-02-28 08:00", {"mono": 1000}),
            ("2026-03-02 08:00", {"mono": 1100}),
            ("2026-03-31 08:00", {"mono": 1150}),
        )
        statement = self._bill()
        # Late ones: what is billed is not the last of its day any more.
        self._read(
            self.site,
            "A001",
            ("2026-02-28 09:00", {"mono": 1000}),
            ("2026-02-28 10:00", {"mono": 1001}),
            ("2026-03-31 09:00", {"mono": 1150}),
            ("2026-03-31 10:00", {"mono": 1151}),
        )
        self.env["focalist.meter.reading"]._gc_polls()
        self.env.invalidate_all()
        self.assertEqual(
            sorted(device.reading_ids.mapped("meter_mono")),
            [900, 1000, 1001, 1100, 1150, 1151],
        )
        self.assertEqual(statement.line_ids.reading_from_id.meter_mono, 1000)
