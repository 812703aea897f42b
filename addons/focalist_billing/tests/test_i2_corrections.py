from psycopg2.errors import CheckViolation, UniqueViolation

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .common_corrections import CorrectionsCommon


@tagged("post_install", "-at_install")
class TestCorrections(CorrectionsCommon):
    """What is estimated or voided is corrected, visibly, once, at its own prices."""

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

    def test_i2_what_was_read_before_an_estimate_has_no_days_estimated(self):
        self._tell(("2026-03-10 08:00", 1380))
        read, estimated = self._bill().line_ids.sorted("read_from_at")
        self.assertEqual((read.estimated, read.estimate_days), (False, 0))
        self.assertEqual((estimated.estimated, estimated.estimate_days), (True, 21))

    def test_i2_the_correction_names_what_it_corrects(self):
        march = self._invoice("2026-03-01")
        self._tell(("2026-04-30 08:00", 1341))
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
        self._tell(("2026-04-30 08:00", 1341))
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
        self._tell(("2026-04-10 08:00", 1290), ("2026-04-30 08:00", 1500))
        april = self._invoice("2026-04-01")
        [own] = april.line_ids.filtered(lambda line: not line.settles_id)
        self.assertEqual((own.value_from, own.value_to), (1287, 1500))
        self._reading("2026-04-10 08:00:00")._void("Typed wrongly")
        self._tell(("2026-05-31 08:00", 1600))
        corrections = self._bill("2026-05-01").line_ids.filtered("settles_id")
        self.assertEqual(corrections.origin_id, march.line_ids | own)
        moved = corrections.filtered(lambda line: line.settles_id == own)
        # 31.6 of the 61 days between the readings that are left.
        self.assertEqual((moved.value_from, moved.value_to), (1393, 1500))
        self.assertEqual(sorted(corrections.mapped("pages")), [-106, 106])

    def test_i2_a_draft_stays_where_what_is_invoiced_goes_on_from_its_estimate(self):
        """Though a later draft corrects both, and is measured anew itself."""
        february, march = self._bill("2026-02-01"), self._bill("2026-03-01")
        self._invoice("2026-04-01")
        self._tell(("2026-05-31 08:00", 1500))
        self._bill("2026-05-01")
        february.action_measure_again()
        self.assertEqual(march.line_ids.value_to, 1280 + 310)
        lines = self.contract.statement_ids.line_ids
        self.assertEqual(sum(lines.mapped("pages")), 1500 - 1000)

    def test_i2_a_draft_goes_on_from_a_correction_that_was_made_after_it(self):
        for month, value in ((3, 1500), (4, 1600), (5, 1700), (6, 1800), (7, 1900)):
            moment = fields.Date.end_of(
                fields.Date.to_date(f"2026-{month:02}-01"), "month"
            )
            self._tell((f"{moment} 08:00", value))
        for month in (2, 3, 4):
            self._invoice(f"2026-{month:02}-01")
        may = self._bill("2026-05-01")
        self._invoice("2026-06-01")
        self._reading("2026-03-31 08:00:00")._void("Typed wrongly")
        july = self._invoice("2026-07-01")
        self.assertEqual(len(july.line_ids.filtered("settles_id")), 2)
        may.action_measure_again()
        self.assertEqual((may.line_ids.value_from, may.line_ids.value_to), (1600, 1700))

    def test_i2_a_draft_that_begins_at_a_voided_reading_is_corrected_with_it(self):
        """What it goes on from is a correction that a later statement has."""
        self._tell(("2026-02-10 08:00", 1100))
        self._tell(("2026-02-20 08:00", 1180))
        for month, value in ((3, 1500), (4, 1600), (5, 1700)):
            day = fields.Date.end_of(
                fields.Date.to_date(f"2026-{month:02}-01"), "month"
            )
            self._tell((f"{day} 08:00", value))
        self._invoice("2026-02-01")
        march = self._bill("2026-03-01")
        self._reading("2026-01-31 08:00:00")._void("Of another device")
        april = self._invoice("2026-04-01")
        self.assertEqual(april.line_ids.filtered("settles_id").value_from, 1100)
        self._reading("2026-02-28 08:00:00")._void("Of another device, too")
        self.assertEqual(march.line_ids.value_from, 1280)
        self.assertTrue(march.line_ids.to_settle)
        self._bill("2026-05-01")
        lines = self.contract.statement_ids.line_ids
        self.assertEqual(sum(lines.mapped("pages")), 1700 - 1100)

    def test_i2_a_correction_that_begins_at_a_voided_reading_is_corrected_with_it(self):
        """April's draft corrects March from where June's statement ends February."""
        self.contract.pricing_ids.missing = "wait"
        self._tell(("2026-02-10 08:00", 1100))
        self._tell(("2026-03-20 08:00", 1450), ("2026-03-31 08:00", 1500))
        self._tell(("2026-04-30 08:00", 1600), ("2026-05-31 08:00", 1700))
        self._invoice("2026-02-01")
        self._invoice("2026-03-01")
        april = self._bill("2026-04-01")
        self._invoice("2026-05-01")
        self._reading("2026-03-31 08:00:00")._void("Typed wrongly")
        self._reading("2026-01-31 08:00:00")._void("Of another device")
        self._tell(("2026-06-30 08:00", 1800))
        june = self._invoice("2026-06-01")
        self.assertEqual(june.line_ids.filtered("settles_id").value_to, 1280)
        self._reading("2026-02-28 08:00:00")._void("Of another device, too")
        correction = april.line_ids.filtered("settles_id")
        self.assertEqual(correction.value_from, 1280)
        self.assertTrue(correction.to_settle)
        self._tell(("2026-07-31 08:00", 1900))
        self._bill("2026-07-01")
        self.assertEqual(correction.settled_by_ids.value_from, 1100)
        lines = self.contract.statement_ids.line_ids
        self.assertEqual(sum(lines.mapped("pages")), 1900 - 1100)

    def test_i2_what_goes_on_from_such_a_correction_is_corrected_with_it(self):
        """March's end, which April's draft calculates, is no lower than its start."""
        ends = ("03-31", "04-30", "05-31", "06-30", "07-31")
        self._tell(*((f"2026-{day} 08:00", 1300) for day in ends))

        def tell(*readings):
            told = [(f"2026-{day} 08:00", {"mono": mono}) for day, mono in readings]
            return self._read(self.site, "B001", *told)

        other = tell(("01-01", 800), ("01-10", 900))
        self._invoice("2026-01-01")
        tell(("02-10", 1100), ("02-28", 1590))
        self._invoice("2026-02-01")
        self._invoice("2026-03-01")
        tell(("04-30", 1600))
        self._bill("2026-04-01")
        tell(("05-31", 1700))
        self._invoice("2026-05-01")
        readings = other.reading_ids.sorted("read_at")
        readings[:2]._void("Of another device")
        tell(("06-30", 1800))
        self._invoice("2026-06-01")
        readings[3]._void("Typed wrongly")
        tell(("07-31", 1900))
        self._bill("2026-07-01")
        lines = self.contract.statement_ids.line_ids
        own = lines.filtered(lambda line: line.device_id == other)
        self.assertEqual(sum(own.mapped("pages")), 1900 - 1100)

    def test_i2_of_a_line_that_has_no_start_any_more_its_own_readings_count(self):
        self._invoice("2026-02-01")
        self._invoice("2026-03-01")
        self._tell(("2026-04-10 08:00", 1290), ("2026-04-30 08:00", 1500))
        april = self._invoice("2026-04-01")
        for moment in ("2026-01-31 08:00:00", "2026-02-28 08:00:00"):
            self._reading(moment)._void("Of another device")
        self._tell(("2026-05-31 08:00", 1600))
        may = self._bill("2026-05-01")
        [own] = april.line_ids.filtered(lambda line: not line.settles_id)
        [moved] = may.line_ids.filtered(lambda line: line.settles_id == own)
        self.assertEqual((moved.value_from, moved.value_to), (1290, 1500))
        self.assertEqual(
            sum(self.contract.statement_ids.line_ids.mapped("pages")), 1600 - 1290
        )

    def test_i2_what_was_calculated_from_readings_that_are_all_voided(self):
        """May took February back whole: then its last reading is voided, too."""
        self._invoice("2026-02-01")
        self._invoice("2026-03-01")
        self._tell(("2026-04-10 08:00", 1403), ("2026-04-30 08:00", 1500))
        april = self._invoice("2026-04-01")
        self._reading("2026-01-31 08:00:00")._void("Of another device")
        self._tell(("2026-05-31 08:00", 1600))
        self._invoice("2026-05-01")
        self._reading("2026-02-28 08:00:00")._void("Of another device")
        self._tell(("2026-06-30 08:00", 1700))
        june = self._bill("2026-06-01")
        [own] = april.line_ids.filtered(lambda line: not line.settles_id)
        [moved] = june.line_ids.filtered(lambda line: line.settles_id == own)
        self.assertEqual((moved.value_from, moved.value_to), (1403, 1500))
        self.assertEqual(
            sum(self.contract.statement_ids.line_ids.mapped("pages")), 1700 - 1403
        )

    def test_i2_what_was_taken_back_whole_has_no_page_whatever_moves_around_it(self):
        self._invoice("2026-03-01")
        self._tell(("2026-04-03 08:00", 1310))
        self._invoice("2026-04-01")
        self._reading("2026-04-03 08:00:00")._void("Typed wrongly")
        may = self._invoice("2026-05-01")
        moment = fields.Datetime.to_datetime("2026-03-31 21:59:59")
        [taken] = may.line_ids.filtered(
            lambda line: line.read_from_at == line.read_to_at == moment
        )
        self._tell(("2026-06-10 08:00", 1800), ("2026-06-30 08:00", 1900))
        self._invoice("2026-06-01")
        self._reading("2026-06-10 08:00:00")._void("Typed wrongly")
        self._tell(("2026-07-31 08:00", 2000))
        self._bill("2026-07-01")
        self.assertFalse(taken.settled)
        self.assertEqual(
            sum(self.contract.statement_ids.line_ids.mapped("pages")), 2000 - 1280
        )

    def test_i2_a_cancelled_correction_comes_again(self):
        march = self._invoice("2026-03-01")
        self._tell(("2026-04-30 08:00", 1341))
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
        self._tell(("2026-04-30 08:00", 1341))
        april = self._bill("2026-04-01")
        for refused in (march.action_cancel, march.unlink, march.action_measure_again):
            with self.assertRaisesRegex(UserError, f"{april.name} rests on"):
                refused()
        april.action_cancel()
        march.action_cancel()
        self.assertEqual(march.state, "cancel")

    def test_i2_what_was_taken_back_whole_rests_on_nothing_that_ends_there_later(self):
        """April takes February back, and May then March: both end on February 28th."""
        self.contract.pricing_ids.missing = "wait"
        self._invoice("2026-02-01")
        for month, day, value in ((3, 31, 1400), (4, 30, 1500)):
            moment = f"2026-{month:02}-{day} 08:00"
            self._tell((moment, value))
            if month == 4:
                self._reading("2026-01-31 08:00:00")._void("Of another device")
            self._invoice(f"2026-{month:02}-01")
        self._reading("2026-03-31 08:00:00")._void("Typed wrongly")
        self._tell(("2026-05-31 08:00", 1600))
        may = self._bill("2026-05-01")
        moment = fields.Datetime.to_datetime("2026-02-28 08:00:00")
        taken = self.contract.statement_ids.line_ids.filtered(
            lambda line: line.read_from_at == line.read_to_at == moment
        )
        self.assertEqual(len(taken.statement_id), 2)
        may.action_cancel()
        self.assertEqual(may.state, "cancel")

    def test_i2_a_draft_that_is_corrected_takes_new_prices(self):
        """The correction of a statement that is not invoiced follows its prices."""
        self._bill("2026-03-01")
        self._tell(("2026-04-30 08:00", 1341))
        april = self._bill("2026-04-01")
        self.contract.pricing_ids.price_mono = 0.02
        self.assertAlmostEqual(april.amount_untaxed, -2 * 2.49)

    def test_i2_the_database_holds_the_chain(self):
        self._invoice("2026-03-01")
        self._tell(("2026-04-30 08:00", 1341))
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
        self._tell(("2026-03-31 08:00", 2000))
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
        self._tell(("2026-03-31 08:00", 2000))
        self._invoice("2026-03-01")
        self.contract.date_end = "2026-03-31"
        with self.assertRaisesRegex(UserError, "no later statement"):
            self._reading("2026-03-31 08:00:00")._void("x")

    def test_i2_a_technicians_right_reading_is_on_the_draft(self):
        self._tell(("2026-03-31 08:00", 2000))
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
        self._tell(("2026-03-10 08:00", 5), ("2026-03-11 08:00", 6))
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
        self._tell(("2026-04-30 08:00", 1341))
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
                "pool_ids": [Command.create({"name": "All", "included_mono": 300})],
            }
        )
        self._read(
            self.site,
            "B001",
            ("2026-02-28 08:00", {"mono": 0, "color": 0}),
            ("2026-03-31 08:00", {"mono": 310, "color": 7}),
        )
        march = self._invoice("2026-03-01")
        mono = march.charge_ids.filtered(lambda c: c.meter == "mono")
        self.assertEqual(mono.quantity, 320)
        self._tell(("2026-04-30 08:00", 1281))
        april = self._bill("2026-04-01")
        charge = april.charge_ids.filtered("corrects_id")
        line = april.line_ids.filtered("settles_id")
        # A printed none in March: of B's 310 pages 300 are included.
        self.assertEqual(charge.quantity, 10 - 320)
        self.assertEqual(line.billable, charge.quantity)
        self.assertAlmostEqual(line.amount, charge.amount)

    # -- which lines a voided reading is beside ---------------------------------------

    def _around(self, moment):
        """The statements of the lines whose ends may rest on a reading."""
        lines = self.env["focalist.statement.line"]
        return lines._calculated_around(self._reading(moment)).statement_id

    def test_i2_only_the_calculated_ends_next_to_a_reading_rest_on_it(self):
        """Those that hold: neither the ones before, nor what was corrected since."""
        self._invoice("2026-03-01")
        statements = []
        for month, value in (("04", 1290), ("05", 1400), ("06", 1600), ("07", 1700)):
            self._tell((f"2026-{month}-10 08:00", value))
            cancelled = self._bill(f"2026-{month}-01")
            cancelled.action_cancel()
            statements.append(self._invoice(f"2026-{month}-01"))
        april, may, june, july = statements
        # The end of March is held by April's correction of it, and so on.
        self.assertEqual(self._around("2026-04-10 08:00:00"), april | may)
        self.assertEqual(self._around("2026-05-10 08:00:00"), may | june)
        self.assertEqual(self._around("2026-07-10 08:00:00"), july)
        self.assertEqual(self._around("2026-01-31 08:00:00"), april)

    def test_i2_what_ends_with_a_reading_rests_on_no_other(self):
        self._tell(("2026-03-31 08:00", 1500))
        march = self._invoice("2026-03-01")
        self._tell(("2026-04-10 08:00", 1600))
        april = self._invoice("2026-04-01")
        self.assertTrue(march.line_ids.reading_to_id)
        self.assertEqual(self._around("2026-04-10 08:00:00"), april)

    def test_i2_calculated_ends_of_others_rest_on_no_reading_of_a_device(self):
        """Neither another device's, nor those of the client that had it before."""
        self._read(
            self.site,
            "B001",
            ("2026-01-31 08:00", {"mono": 0}),
            ("2026-02-28 08:00", {"mono": 280}),
            ("2026-03-31 08:00", {"mono": 500}),
        )
        march = self._invoice("2026-03-01")
        self.assertEqual(len(march.line_ids), 2)
        self.assertEqual(self._around("2026-02-28 08:00:00"), march)
        other = self.env["focalist.device"].search([("serial_number", "=", "B001")])
        lines = self.env["focalist.statement.line"]
        self.assertFalse(lines._calculated_around(other.reading_ids))
        _client, site = self._make_client("Next")
        self.device._move(site, fields.Datetime.to_datetime("2026-04-10 08:00"))
        self._read(site, "A001", ("2026-04-20 08:00", {"mono": 1500}))
        self.assertFalse(self._around("2026-04-20 08:00:00"))

    def test_i2_a_voided_reading_moves_the_end_after_it(self):
        """One of March, which came when March was billed: no line ends with it."""
        march = self._invoice("2026-03-01")
        self._tell(("2026-03-10 08:00", 1300), ("2026-04-30 08:00", 1500))
        self._invoice("2026-04-01")
        # 21.6 of 51 days: 84 of 200 pages.
        self.assertEqual(march.line_ids.settled_by_ids.value_to, 1300 + 84)
        self._reading("2026-03-10 08:00:00")._void("Typed wrongly")
        self._tell(("2026-05-31 08:00", 1600))
        may = self._bill("2026-05-01")
        moved = may.line_ids.filtered(lambda line: line.origin_id == march.line_ids)
        # 31.6 of 61 days: 113 of 220 pages.
        self.assertEqual(moved.value_to, 1280 + 113)

    def test_i2_a_voided_reading_within_a_month_and_the_right_one_after_it(self):
        """The line ends with the right one: there is nothing to calculate between."""
        self._tell(("2026-03-10 08:00", 1900))
        march = self._invoice("2026-03-01")
        [read, estimated] = march.line_ids.sorted("read_from_at")
        self.assertEqual((read.value_to, estimated.estimated), (1900, True))
        self._reading("2026-03-10 08:00:00")._void("Typed wrongly")
        self._tell(("2026-03-10 09:00", 1300), ("2026-04-30 08:00", 1500))
        april = self._bill("2026-04-01")
        self.assertEqual(read.settled_by_ids.value_to, 1300)
        self.assertEqual(
            read.settled_by_ids.reading_to_id, self._reading("2026-03-10 09:00:00")
        )
        self.assertEqual(estimated.settled_by_ids.value_from, 1300)
        pages = sum((march | april).line_ids.mapped("pages"))
        self.assertEqual(pages, 1500 - 1280)

    def test_i2_a_voided_reading_and_the_right_one_of_the_same_moment(self):
        self._tell(("2026-03-10 08:00", 1900))
        march = self._invoice("2026-03-01")
        read = march.line_ids.sorted("read_from_at")[0]
        wrong = self._reading("2026-03-10 08:00:00")
        wrong._void("Typed wrongly")
        self.device._enter_meters({"mono": 1300}, wrong.read_at, "technician")
        self._tell(("2026-04-30 08:00", 1500))
        self._bill("2026-04-01")
        right = self._reading("2026-03-10 08:00:00") - wrong
        self.assertEqual(read.settled_by_ids.reading_to_id, right)
        self.assertEqual(read.settled_by_ids.value_to, 1300)
