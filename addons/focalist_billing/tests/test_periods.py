from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time, new_test_user, tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestPeriods(BillingCommon):
    """When a period is billed, at which prices, and that it is billed once."""

    def setUp(self):
        super().setUp()
        self._read(
            self.site,
            "A001",
            *(
                (f"2026-{month:02}-28 08:00", {"mono": 1000 * month})
                for month in range(1, 11)
            ),
        )

    def test_a_skipped_period_is_billed_first(self):
        self._bill("2026-02-01")
        self.contract.pricing_ids = [
            Command.create({"date_from": "2026-04-01", "price_mono": 0.03})
        ]
        statements, problems = self.contract._bill(
            self.contract.date_start.replace(month=4)
        )
        self.assertFalse(problems)
        self.assertEqual(
            [
                (str(statement.date_start), statement.pages, statement.amount_untaxed)
                for statement in statements.sorted("date_start")
            ],
            [("2026-03-01", 1000, 10.0), ("2026-04-01", 1000, 30.0)],
        )

    def test_a_period_is_billed_when_it_is_over(self):
        with freeze_time("2026-03-20"):
            statements, problems = self.contract._bill(
                self.contract.date_start.replace(month=3)
            )
        self.assertFalse(statements)
        self.assertIn("ends on", problems[self.contract])

    def test_the_last_period_is_due_when_the_contract_ends(self):
        self.contract.period = "quarter"
        self.contract.date_end = "2026-05-10"
        run = self.env["focalist.billing.run"]
        due = [
            month
            for month in range(1, 10)
            if self.contract in run.new({"month": f"2026-{month:02}-15"})._contracts()
        ]
        self.assertEqual(due, [3, 5])

    def test_one_contract_that_fails_holds_up_no_other(self):
        client, site = self._make_client("Second")
        second = self._make_contract(client)
        self._read(
            site,
            "B001",
            ("2026-02-28 08:00", {"mono": 10}),
            ("2026-03-31 08:00", {"mono": 110}),
        )
        measure = type(self.env["focalist.statement.line"])._measure

        def twice(lines, periods):
            found = measure(lines, periods)
            found[self.contract] *= 2
            return found

        with patch.object(type(self.env["focalist.statement.line"]), "_measure", twice):
            statements, problems = (self.contract + second)._bill(
                self.contract.date_start.replace(month=3)
            )
        self.assertEqual(statements.contract_id, second)
        self.assertEqual(list(problems), [self.contract])

    def test_a_meter_at_its_largest(self):
        largest = 2**31 - 1
        for number in (1, 2):
            self._read(
                self.site,
                f"L00{number}",
                ("2026-02-28 08:00", {"mono": 0}),
                ("2026-03-28 08:00", {"mono": largest}),
            )
        statement = self._bill()
        self.assertEqual(statement.pages, 2 * largest + 1000)

    def test_new_prices_reach_the_draft_they_cover(self):
        statement = self._bill()
        self.contract.pricing_ids = [
            Command.create({"date_from": "2026-03-01", "price_mono": 1})
        ]
        version = self.contract.pricing_ids.sorted("date_from")[-1]
        self.assertEqual(statement.pricing_id, version)
        self.assertAlmostEqual(statement.amount_untaxed, 1000)
        version.date_from = "2026-04-01"
        self.assertAlmostEqual(statement.amount_untaxed, 10)
        version.date_from = "2026-03-01"
        version.unlink()
        self.assertAlmostEqual(statement.amount_untaxed, 10)

    def test_prices_of_a_cancelled_statement_can_go(self):
        self._bill().action_cancel()
        self.contract.pricing_ids.unlink()

    def test_an_invoice_that_was_replaced_stays_cancelled(self):
        statement = self._bill()
        first = statement._create_invoices()
        first.action_post()
        first.button_draft()
        first.button_cancel()
        second = statement._create_invoices()
        second.action_post()
        for revive in (first.button_draft, first.action_post):
            with self.assertRaisesRegex(UserError, "twice"):
                revive()
        # The one that bills it goes back and forth as Odoo has it.
        second.button_draft()
        second.action_post()

    def test_an_invoice_of_a_cancelled_statement_stays_cancelled(self):
        statement = self._bill()
        move = statement._create_invoices()
        move.button_cancel()
        statement.action_cancel()
        with self.assertRaisesRegex(UserError, "twice"):
            move.button_draft()

    def test_an_invoice_changed_by_hand_is_told(self):
        statement = self._bill()
        move = statement._create_invoices()
        self.assertFalse(move.focalist_differs)
        move.invoice_line_ids.quantity = 900
        self.assertTrue(statement.differs)
        self.assertTrue(move.focalist_differs)
        move.invoice_line_ids.quantity = 1000
        self.assertFalse(statement.differs)
        move.invoice_line_ids.unlink()
        self.assertTrue(statement.differs)

    def test_invoices_of_many_statements_leave_out_what_cannot_be(self):
        self._bill("2026-02-01")
        self._bill("2026-03-01")._create_invoices()
        statements = self.contract.statement_ids
        statements.action_create_invoice()
        self.assertEqual(set(statements.mapped("state")), {"invoiced"})
        with self.assertRaises(UserError):
            statements.action_create_invoice()

    def test_the_run_names_devices_in_no_contract(self):
        self.contract.member_ids.unlink()
        client, site = self._make_client("Second")
        self._make_contract(client)
        self._read(
            site,
            "B001",
            ("2026-02-28 08:00", {"mono": 10}),
            ("2026-03-31 08:00", {"mono": 110}),
        )
        run = self.env["focalist.billing.run"].create({"month": "2026-03-01"})
        run.action_start()
        rows = run.row_ids.filtered(lambda row: "A001" in (row.message or ""))
        self.assertEqual(rows.contract_id, self.contract)
        self.assertEqual(rows.outside_count, 1)

    def test_periods_stay_once_billed(self):
        self._bill("2026-02-28")
        for values in ({"period": "quarter"}, {"date_start": "2026-02-10"}):
            with self.assertRaises(ValidationError):
                self.contract.write(values)

    def test_a_planned_end_survives_closing(self):
        self.contract.date_end = "2027-08-31"
        self.contract.action_close()
        self.contract.action_reopen()
        self.assertEqual(str(self.contract.date_end), "2027-08-31")

    def test_the_payer_on_a_form_is_the_client(self):
        self.env["res.partner"].create(
            {"name": "A person", "parent_id": self.client.id}
        )
        with Form(self.env["focalist.contract"]) as form:
            form.partner_id = self.client
            self.assertEqual(form.payer_id, self.client)

    def test_first_prices_begin_with_the_contract(self):
        with Form(self.env["focalist.contract"]) as form:
            form.partner_id = self.client
            form.date_start = "2026-09-01"
            with form.pricing_ids.new() as pricing:
                pricing.price_mono = 0.01
        contract = form.record
        self.assertEqual(str(contract.pricing_ids.date_from), "2026-09-01")
        contract.date_start = "2026-10-01"
        self.assertEqual(str(contract.pricing_ids.date_from), "2026-10-01")

    def test_another_clients_device_is_refused(self):
        _other, site = self._make_client("Other")
        device = self._read(site, "B001", ("2026-01-10 08:00", {"mono": 1}))
        with self.assertRaisesRegex(ValidationError, "never stood"):
            self.contract.member_ids = [Command.create({"device_id": device.id})]

    def test_rights_what_is_billed_is_written_by_nobody(self):
        statement = self._bill()
        sales, accountant = (
            new_test_user(
                self.env,
                login=group,
                groups=f"focalist_base.group_focalist_{group}",
                company_id=self.company.id,
                company_ids=[Command.set(self.company.ids)],
            )
            for group in ("sales", "accountant")
        )
        draft = self._make_contract(self._make_client("Draft")[0], active=False)
        for record, user, values in (
            (draft, sales, {"state": "active"}),
            (statement, accountant, {"cancelled": True}),
            (statement.line_ids, accountant, {"price_unit": 0.5}),
            (statement.line_ids, accountant, {"pages": 1}),
            (self.contract, accountant, {"state": "closed"}),
        ):
            with self.assertRaises(AccessError, msg=values):
                record.with_user(user).write(values)
        with self.assertRaises(UserError):
            draft.pricing_ids.with_user(sales).contract_id = self.contract
