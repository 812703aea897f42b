from psycopg2.errors import CheckViolation, UniqueViolation

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestCorrections(BillingCommon):
    """What is estimated or voided is corrected, visibly, once, at its own prices."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract.pricing_ids.missing = "estimate"
        cls.device = cls._read(
            cls.site,
            "A001",
            ("2026-01-31 08:00", {"mono": 1000}),
            ("2026-02-28 08:00", {"mono": 1280}),
        )

    def _invoice(self, day):
        statement = self._bill(day)
        statement._create_invoices().action_post()
        return statement

    def _reading(self, moment):
        return self.device.reading_ids.filtered(
            lambda r: r.read_at == fields.Datetime.to_datetime(moment)
        )

    def _user(self, *groups):
        return new_test_user(
            self.env,
            "-".join(groups),
            groups=",".join(f"focalist_base.group_focalist_{name}" for name in groups),
            company_id=self.company.id,
            company_ids=self.company.ids,
        )

    def test_i2_an_estimate_says_how_it_came_about(self):
        line = self._bill().line_ids
        self.assertTrue(line.estimated)
        self.assertFalse(line.reading_to_id)
        self.assertEqual(line.reading_from_id, self._reading("2026-02-28 08:00:00"))
        self.assertEqual((line.estimate_per_day, line.estimate_days), (10, 31))
        # The last second of March in Paris, in summer time.
        self.assertEqual(str(line.read_to_at), "2026-03-31 21:59:59")
        [meter] = line._annex_meters()
        self.assertEqual(meter.to_source, "Estimated")
        self.assertIn("10.00 a day × 31 days", meter.note)
        self.assertEqual(len(self.device.reading_ids), 2)
        found = self.env["focalist.statement"].search([("has_estimates", "=", True)])
        self.assertIn(line.statement_id, found)

    def test_i2_the_correction_names_what_it_corrects(self):
        march = self._invoice("2026-03-01")
        self._read(self.site, "A001", ("2026-04-30 08:00", {"mono": 1341}))
        april = self._invoice("2026-04-01")
        correction = april.line_ids.filtered("settles_id")
        self.assertEqual(correction.settles_id, march.line_ids)
        self.assertEqual(march.line_ids.settled_by_ids, correction)
        self.assertTrue(march.line_ids.settled)
        self.assertEqual((correction.settled_pages, correction.pages), (310, -279))
        charge = april.charge_ids.filtered("corrects_id")
        self.assertEqual(charge._statement_lines(), correction)
        self.assertEqual(charge.corrects_id, march)
        self.assertRegex(
            charge.move_line_id.name,
            "Correction of an estimate: .*, from 03/01/2026 to 03/31/2026",
        )
        [text] = [m.note for m in april.line_ids._annex_meters() if m.note]
        self.assertEqual(text, f"Correction of {march.name}: 310 pages billed before")

    def test_i2_more_is_credited_than_asked_by_a_credit_note(self):
        self._invoice("2026-03-01")
        self._read(self.site, "A001", ("2026-04-30 08:00", {"mono": 1341}))
        april = self._bill("2026-04-01")
        self.assertAlmostEqual(april.amount_untaxed, -2.49)
        move = april._create_invoices()
        move.action_post()
        self.assertEqual(move.move_type, "out_refund")
        self.assertAlmostEqual(move.amount_untaxed, 2.49)
        self.assertEqual(april.state, "invoiced")
        self.assertFalse(april.differs)
        annex = april._annex()
        self.assertIsNone(annex.bill.difference)
        self.assertAlmostEqual(annex.bill.total, -2.49)

    def test_i2_a_voided_reading_inside_a_line_moves_what_was_calculated_from_it(self):
        """No line ends with it, but the end of March was calculated from it."""
        march = self._invoice("2026-03-01")
        self._read(
            self.site,
            "A001",
            ("2026-04-10 08:00", {"mono": 1290}),
            ("2026-04-30 08:00", {"mono": 1500}),
        )
        april = self._invoice("2026-04-01")
        [own] = april.line_ids.filtered(lambda line: not line.settles_id)
        self.assertEqual((own.value_from, own.value_to), (1287, 1500))
        self._reading("2026-04-10 08:00:00")._void("Typed wrongly")
        self._read(self.site, "A001", ("2026-05-31 08:00", {"mono": 1600}))
        corrections = self._bill("2026-05-01").line_ids.filtered("settles_id")
        self.assertEqual(corrections.origin_id, march.line_ids | own)
        moved = corrections.filtered(lambda line: line.settles_id == own)
        # 31.6 of the 61 days between the readings that are left.
        self.assertEqual((moved.value_from, moved.value_to), (1393, 1500))
        self.assertEqual(sorted(corrections.mapped("pages")), [-106, 106])

    def test_i2_a_draft_goes_on_from_a_correction_that_was_made_after_it(self):
        for month, value in ((3, 1500), (4, 1600), (5, 1700), (6, 1800), (7, 1900)):
            moment = fields.Date.end_of(
                fields.Date.to_date(f"2026-{month:02}-01"), "month"
            )
            self._read(self.site, "A001", (f"{moment} 08:00", {"mono": value}))
        for month in (2, 3, 4):
            self._invoice(f"2026-{month:02}-01")
        may = self._bill("2026-05-01")
        self._invoice("2026-06-01")
        self._reading("2026-03-31 08:00:00")._void("Typed wrongly")
        july = self._invoice("2026-07-01")
        self.assertEqual(len(july.line_ids.filtered("settles_id")), 2)
        may.action_measure_again()
        self.assertEqual((may.line_ids.value_from, may.line_ids.value_to), (1600, 1700))

    def test_i2_of_a_line_that_has_no_start_any_more_its_own_readings_count(self):
        self._invoice("2026-02-01")
        self._invoice("2026-03-01")
        self._read(
            self.site,
            "A001",
            ("2026-04-10 08:00", {"mono": 1290}),
            ("2026-04-30 08:00", {"mono": 1500}),
        )
        april = self._invoice("2026-04-01")
        for moment in ("2026-01-31 08:00:00", "2026-02-28 08:00:00"):
            self._reading(moment)._void("Of another device")
        self._read(self.site, "A001", ("2026-05-31 08:00", {"mono": 1600}))
        may = self._bill("2026-05-01")
        [own] = april.line_ids.filtered(lambda line: not line.settles_id)
        [moved] = may.line_ids.filtered(lambda line: line.settles_id == own)
        self.assertEqual((moved.value_from, moved.value_to), (1290, 1500))
        self.assertEqual(
            sum(self.contract.statement_ids.line_ids.mapped("pages")), 1600 - 1290
        )

    def test_i2_a_cancelled_correction_comes_again(self):
        march = self._invoice("2026-03-01")
        self._read(self.site, "A001", ("2026-04-30 08:00", {"mono": 1341}))
        april = self._bill("2026-04-01")
        told = [(line.pages, line.value_to) for line in april.line_ids]
        april.action_cancel()
        self.assertFalse(march.line_ids.settled)
        again = self._bill("2026-04-01")
        self.assertEqual([(ln.pages, ln.value_to) for ln in again.line_ids], told)
        self.assertTrue(march.line_ids.settled)
        again.unlink()
        self.assertFalse(march.line_ids.settled)

    def test_i2_what_a_later_statement_corrects_is_not_cancelled(self):
        march = self._bill("2026-03-01")
        self._read(self.site, "A001", ("2026-04-30 08:00", {"mono": 1341}))
        april = self._bill("2026-04-01")
        for refused in (march.action_cancel, march.unlink, march.action_measure_again):
            with self.assertRaisesRegex(UserError, f"{april.name} rests on"):
                refused()
        april.action_cancel()
        march.action_cancel()
        self.assertEqual(march.state, "cancel")

    def test_i2_a_draft_that_is_corrected_takes_new_prices(self):
        """The correction of a statement that is not invoiced follows its prices."""
        self._bill("2026-03-01")
        self._read(self.site, "A001", ("2026-04-30 08:00", {"mono": 1341}))
        april = self._bill("2026-04-01")
        self.contract.pricing_ids.price_mono = 0.02
        self.assertAlmostEqual(april.amount_untaxed, -2 * 2.49)

    def test_i2_the_database_holds_the_chain(self):
        self._invoice("2026-03-01")
        self._read(self.site, "A001", ("2026-04-30 08:00", {"mono": 1341}))
        april = self._bill("2026-04-01")
        correction = april.line_ids.filtered("settles_id")
        following = april.line_ids - correction
        first = correction.reading_from_id
        values = following.copy_data()[0]
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(UniqueViolation),
            self.env.cr.savepoint(),
        ):
            following.sudo().create(values | {"reading_to_id": first.id})
        for line, change in (
            (following, {"reading_to_id": False}),
            (correction, {"pages": -280}),
            (correction, {"settles_id": False, "origin_id": False}),
        ):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(CheckViolation),
                self.env.cr.savepoint(),
            ):
                line.sudo().write(change)
                line.flush_recordset()
            line.invalidate_recordset()

    def test_i2_who_may_void_what_is_invoiced(self):
        self._read(self.site, "A001", ("2026-03-31 08:00", {"mono": 2000}))
        march = self._bill()
        reading = self._reading("2026-03-31 08:00:00")
        technician, both = self._user("technician"), self._user("manager")
        march._create_invoices()
        with self.assertRaisesRegex(UserError, "ask an accountant"):
            reading.with_user(technician)._void("x")
        self.assertEqual(reading.state, "accepted")
        with self.assertRaisesRegex(UserError, "is billed"):
            # No request can say that it may.
            reading.with_context(focalist_voiding=True).with_user(
                technician
            )._check_unbilled({"mono": 2000})
        reading.with_user(both)._void("x")
        self.assertEqual((reading.state, march.line_ids.value_to), ("void", 2000))
        self.assertTrue(march.line_ids.to_settle)

    def test_i2_no_statement_to_come_no_void(self):
        self._read(self.site, "A001", ("2026-03-31 08:00", {"mono": 2000}))
        self._invoice("2026-03-01")
        self.contract.date_end = "2026-03-31"
        with self.assertRaisesRegex(UserError, "no later statement"):
            self._reading("2026-03-31 08:00:00")._void("x")

    def test_i2_a_technicians_right_reading_is_on_the_draft(self):
        self._read(self.site, "A001", ("2026-03-31 08:00", {"mono": 2000}))
        march = self._bill()
        self.assertEqual(march.pages, 720)
        wrong = self._reading("2026-03-31 08:00:00")
        wizard = (
            self.env["focalist.meter.entry"]
            .with_user(self._user("technician"))
            .with_context(active_model=wrong._name, active_id=wrong.id)
        )
        with Form(wizard) as form:
            with form.line_ids.edit(0) as line:
                line.value = "1500"
        form.record.action_enter()
        self.assertEqual(wrong.state, "void")
        self.assertEqual(march.pages, 220)
        self.assertEqual(march.line_ids.reading_to_id.meter_mono, 1500)
        self.assertAlmostEqual(march.amount_untaxed, 2.20)

    def test_i2_a_typed_reading_takes_the_place_of_an_estimate(self):
        self.contract.pricing_ids.missing = "ask"
        other = self._read(
            self.site,
            "B001",
            ("2026-02-28 08:00", {"mono": 100}),
            ("2026-03-31 08:00", {"mono": 200}),
        )
        march = self._bill()
        self.assertEqual(march.line_ids.device_id, other)
        self.assertEqual(march.missing_device_ids, self.device)
        action = march.action_type_reading()
        self.assertEqual(action["res_model"], "focalist.meter.entry")
        self.assertEqual(action["context"]["active_id"], self.device.id)
        self.device._enter_meters(
            {"mono": 1400},
            fields.Datetime.to_datetime("2026-03-30 08:00"),
            "technician",
        )
        march.action_measure_again()
        self.assertFalse(march.missing_note)
        self.assertEqual(march.pages, 220)
        march._create_invoices()
        with self.assertRaisesRegex(UserError, "no draft"):
            march.action_measure_again()

    def test_i2_readings_to_check_are_told_and_not_estimated_around(self):
        self._read(
            self.site,
            "B001",
            ("2026-02-28 08:00", {"mono": 100}),
            ("2026-03-31 08:00", {"mono": 200}),
        )
        self._read(
            self.site,
            "A001",
            ("2026-03-10 08:00", {"mono": 5}),
            ("2026-03-11 08:00", {"mono": 6}),
        )
        march = self._bill()
        self.assertNotIn(self.device, march.line_ids.device_id)
        self.assertIn("Readings to check: 2", march.to_check_note)
        self.assertIn("A001", march.to_check_note)
        self.assertIn("A001", march.missing_note)
        action = march.action_open_to_check()
        found = self.env["focalist.meter.reading"].search(action["domain"])
        self.assertEqual(set(found.mapped("state")), {"quarantined"})
        found._void("x")
        march.action_measure_again()
        self.assertTrue(march.line_ids.filtered("estimated"))
        self.assertFalse(march.to_check_note)

    def test_i2_the_last_statement_estimates_nothing(self):
        """No later one would correct it."""
        self.contract.date_end = "2026-03-31"
        self.assertFalse(self._bill())

    def test_i2_an_estimate_goes_with_its_device_into_another_contract(self):
        march = self._invoice("2026-03-01")
        other = self._make_contract(self.client)
        member = self.contract.member_ids
        member.end_at = "2026-04-10 00:00:00"
        self.env["focalist.contract.device"].create(
            {
                "contract_id": other.id,
                "device_id": self.device.id,
                "start_at": "2026-04-10 00:00:00",
            }
        )
        self._read(self.site, "A001", ("2026-04-30 08:00", {"mono": 1341}))
        april = self._bill("2026-04-01", contract=other)
        pages = sum((march + april).line_ids.mapped("pages"))
        self.assertEqual(pages, 61)
        self.assertFalse(self._bill("2026-04-01").line_ids)

    def test_i2_corrections_are_found_with_few_queries(self):
        def correct(name, devices):
            client, site = self._make_client(name)
            contract = self._make_contract(client, missing="estimate")
            for number in range(devices):
                self._read(
                    site,
                    f"{name}{number}",
                    ("2026-01-31 08:00", {"mono": 1000}),
                    ("2026-02-28 08:00", {"mono": 1280}),
                )
            self._bill(contract=contract)._create_invoices().action_post()
            for number in range(devices):
                self._read(
                    site, f"{name}{number}", ("2026-04-30 08:00", {"mono": 1400})
                )
            self.env.flush_all()
            self.env.invalidate_all()
            # Who bills is known, or not, by what other tests have left in caches.
            self.env.user.fetch(["partner_id", "login"])
            self.env.user.partner_id.fetch(["name", "tz"])
            before = self.env.cr.sql_log_count
            statement = self._bill("2026-04-01", contract=contract)
            self.assertEqual(len(statement.line_ids), 2 * devices)
            return self.env.cr.sql_log_count - before

        correct("Warm", 1)
        self.assertEqual(correct("Few", 3), correct("Many", 12))

    def test_p2_a_shared_allowance_is_shared_anew(self):
        """Pages that A did not print are included for B: all is credited, no more."""
        self.contract.pricing_ids.write(
            {
                "has_allowance": True,
                "pool_ids": [
                    fields.Command.create({"name": "All", "included_mono": 300})
                ],
            }
        )
        self._read(
            self.site,
            "B001",
            ("2026-02-28 08:00", {"mono": 0}),
            ("2026-03-31 08:00", {"mono": 310}),
        )
        march = self._invoice("2026-03-01")
        self.assertEqual(sum(march.charge_ids.mapped("quantity")), 320)
        self._read(self.site, "A001", ("2026-04-30 08:00", {"mono": 1281}))
        april = self._bill("2026-04-01")
        charge = april.charge_ids.filtered("corrects_id")
        line = april.line_ids.filtered("settles_id")
        # A printed none in March: of B's 310 pages 300 are included.
        self.assertEqual(charge.quantity, 10 - 320)
        self.assertEqual(line.billable, charge.quantity)
