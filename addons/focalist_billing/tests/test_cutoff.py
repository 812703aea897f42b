from psycopg2 import IntegrityError

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .common_cutoff import CutoffCommon


@tagged("post_install", "-at_install")
class TestCutoff(CutoffCommon):
    """What a month earned is in that month's books: examples worked by hand."""

    # -- worked examples: invoices to be made -----------------------------------------

    def test_i2_pages_that_no_statement_charges(self):
        """1,000 pages of January at 0.01, no run yet."""
        self._print("A001", 1000, 500)
        cutoff = self._cut("2026-01-31")
        self.assertEqual(self._entries(cutoff), {"418100": 10, "706000": -10})
        [line] = cutoff.line_ids
        self.assertRecordValues(
            line, [{"pages": 1000, "amount": 10, "contract_id": self.contract.id}]
        )
        self.assertFalse(self.contract.statement_ids, "it makes no statement")

    def test_i2_until_its_invoice_is_posted(self):
        self._print("A001", 1000)
        statements = self._run("2026-01")
        cutoff = self._cut("2026-01-31")
        self.assertEqual(self._entries(cutoff), {"418100": 10, "706000": -10})
        self.assertEqual(cutoff.line_ids.statement_id, statements)
        move = self._invoice(statements, "2026-01-31", post=False)
        cutoff.action_make()
        self.assertEqual(cutoff.amount_accrued, 10)
        move.action_post()
        cutoff.action_make()
        self.assertEqual((cutoff.amount_accrued, self._entries(cutoff)), (0, {}))

    def test_i2_an_invoice_of_the_next_month_is_of_the_one_that_printed(self):
        self._print("A001", 1000)
        self._invoice(self._run("2026-01"), "2026-02-05")
        self.assertEqual(self._cut("2026-01-31").amount_accrued, 10)
        self.assertEqual(self._cut("2026-02-28").amount_accrued, 0)

    def test_i2_a_quarter_until_the_end_of_its_first_month(self):
        """300 pages read by 31 January, of which 100 × 3 × 31/90 = 103 are included."""
        self.contract.period = "quarter"
        self.pricing.write({"has_allowance": True, "included_mono": 100})
        self._print("A001", 300, 900, 900)
        cutoff = self._cut("2026-01-31")
        self.assertEqual(self._entries(cutoff), {"418100": 1.97, "706000": -1.97})

    def test_i2_tiers_until_the_day(self):
        """100 pages at 0.1 and 200 at 0.05."""
        self.pricing.write(
            {
                "tier_ids": [
                    Command.create({"kind": kind, "page_from": page, "price": price})
                    for kind, page, price in (
                        ("mono", 1, 0.1),
                        ("mono", 101, 0.05),
                        ("color", 1, 1),
                    )
                ],
                "model": "tiered",
            }
        )
        self._print("A001", 200)
        self._print("A002", 100)
        self.assertEqual(self._cut("2026-01-31").amount_accrued, 20)

    def test_i2_months_left_out_each_at_its_own_price(self):
        """100 pages of February at 0.01 and 200 of March at 0.02."""
        self._print("A001", 50, 100, 200)
        self._invoice(self._run("2026-01"), "2026-01-31")
        self.contract.pricing_ids = [
            Command.create({"date_from": "2026-03-01", "price_mono": 0.02})
        ]
        cutoff = self._cut("2026-03-31")
        self.assertEqual(
            [(line.pages, line.amount) for line in cutoff.line_ids],
            [(100, 1), (200, 4)],
        )

    def test_i2_a_fee_in_arrears_by_its_days(self):
        """30 a month, a quarter at a time: 90 × 31/90."""
        self.contract.fee_period = "quarter"
        self.pricing.fee_ids = [Command.create({"name": "Service", "amount": 30})]
        cutoff = self._cut("2026-01-31")
        self.assertEqual(self._entries(cutoff), {"418100": 31, "706000": -31})
        self.assertEqual(str(cutoff.line_ids.date_end), "2026-01-31")

    def test_i2_a_statement_across_the_day_by_its_days(self):
        """The same quarter once its statement was made."""
        self.contract.fee_period = "quarter"
        self.pricing.fee_ids = [Command.create({"name": "Service", "amount": 30})]
        self._run("2026-03")
        self.assertEqual(self._cut("2026-01-31").amount_accrued, 31)

    # -- worked examples: income billed ahead -----------------------------------------

    def _advance(self, day="2026-01-01", post=True):
        """120 a month, the year in advance: 1,440."""
        self.contract.fee_period = "year"
        self.pricing.fee_ids = [
            Command.create({"name": "Rent", "amount": 120, "in_advance": True})
        ]
        with freeze_time("2026-02-01"):
            statements = self._run("2026-01")
        return self._invoice(statements, day, post)

    def test_i2_a_year_in_advance_by_the_days_that_are_left(self):
        """275 of 365 days are left on 31 March: 1,084.93."""
        self._advance()
        cutoff = self._cut("2026-03-31")
        self.assertEqual(self._entries(cutoff), {"487000": -1084.93, "706000": 1084.93})
        self.assertRecordValues(
            cutoff.line_ids,
            [
                {
                    "kind": "deferred",
                    "amount": 1084.93,
                    "date_start": fields.Date.to_date("2026-04-01"),
                    "date_end": fields.Date.to_date("2026-12-31"),
                    "contract_id": self.contract.id,
                }
            ],
        )
        with freeze_time("2027-01-02"):
            self.assertEqual(self._cut("2026-12-31").amount_deferred, 0)

    def test_i2_what_is_billed_ahead_says_where_it_is_from(self):
        move = self._advance()
        [billed] = move.invoice_line_ids
        [account] = self._accounts("Lyon")
        billed.analytic_distribution = {str(account.id): 100}
        [line] = self._cut("2026-03-31").line_ids
        self.assertEqual(line.statement_id, move.focalist_origin_ids)
        self.assertEqual(line.move_line_id, billed)
        self.assertEqual(line.partner_id, self.client)
        self.assertEqual(line.label, billed.name)
        self.assertEqual(line.analytic_distribution, billed.analytic_distribution)
        # One that begins after the day is ahead as a whole, from its first day.
        billed.focalist_service_start = "2026-06-01"
        [line] = self._cut("2026-04-30").line_ids
        self.assertEqual((str(line.date_start), line.amount), ("2026-06-01", 1440))

    def test_i2_nothing_is_ahead_before_its_invoice_is_in_the_books(self):
        move = self._advance("2026-04-05", post=False)
        cutoff = self._cut("2026-03-31")
        self.assertEqual((cutoff.amount_deferred, cutoff.amount_accrued), (0, 355.07))
        move.action_post()
        cutoff.action_make()
        self.assertEqual((cutoff.amount_deferred, cutoff.amount_accrued), (0, 355.07))
        other = self.setup_other_company(name="Another dealer")["company"]
        self.env.user.company_ids += other
        theirs = self.env["focalist.cutoff"].create(
            {"date": "2026-04-30", "company_id": other.id}
        )
        theirs.action_make()
        self.assertFalse(theirs.line_ids)
        self.assertTrue(self._cut("2026-04-30").amount_deferred)

    def test_i2_a_year_in_advance_in_another_currency(self):
        """1,440 dollars are 720: 275 of 365 days of these."""
        self.contract.currency_id = self._dollar()
        self._advance()
        self.assertEqual(self._cut("2026-03-31").amount_deferred, 542.47)

    def test_i2_a_year_in_advance_is_not_settled_before_it_is_over(self):
        self.pricing.fee_ids = [Command.create({"name": "Care", "amount": 10})]
        self._advance()
        cutoff = self._cut("2026-03-31")
        self.assertEqual(cutoff.amount_deferred, 1084.93)
        # 90 of 365 days of the year's fee in arrears, and nothing else.
        self.assertEqual(cutoff.amount_accrued, 29.59)

    def test_i2_what_was_credited_is_not_ahead(self):
        move = self._advance()
        credit = move._reverse_moves([{"invoice_date": "2026-02-10"}])
        credit.action_post()
        cutoff = self._cut("2026-03-31")
        self.assertEqual(cutoff.amount_deferred, 0)
        # It is to be billed anew: 90 of 365 days are over.
        self.assertEqual(cutoff.amount_accrued, 355.07)

    # -- the entries ------------------------------------------------------------------

    def test_i2_the_books_have_each_month_s_income(self):
        self._print("A001", 1000, 500)
        self._cut("2026-01-31").action_post()
        self._invoice(self._run("2026-01"), "2026-02-05")
        self._invoice(self._run("2026-02"), "2026-02-28")
        self.assertEqual(self._income("2026-01-31"), 10)
        self.assertEqual(self._income("2026-02-28"), 15)

    def test_i2_entries_are_reversed_on_the_day_after(self):
        self._print("A001", 1000)
        cutoff = self._cut("2026-01-31")
        cutoff.action_post()
        self.assertEqual(cutoff.state, "posted")
        reversal = cutoff.move_ids.filtered("reversed_entry_id")
        self.assertEqual(str(reversal.date), "2026-02-01")
        self.assertEqual(reversal.state, "posted")
        self.assertEqual(sum(cutoff.move_ids.line_ids.mapped("balance")), 0)

    def test_i2_made_anew_it_never_doubles(self):
        self._print("A001", 1000)
        cutoff = self._cut("2026-01-31")
        first = cutoff.move_ids
        cutoff.action_make()
        self.assertFalse(first.exists())
        self.assertEqual(len(cutoff.move_ids), 1)
        self.assertEqual(len(cutoff.line_ids), 1)
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            with self.env.cr.savepoint():
                self.env["focalist.cutoff"].create({"date": "2026-01-31"})
        cutoff.action_post()
        with self.assertRaisesRegex(UserError, "undo it before"):
            cutoff.action_make()
        with self.assertRaisesRegex(UserError, "Undo a cut-off"):
            cutoff.unlink()
        cutoff.action_undo()
        self.assertEqual(self._income("2026-12-31"), 0)
        self.assertEqual((cutoff.state, len(cutoff.line_ids)), ("draft", 0))

    def test_i2_a_day_that_lies_ahead(self):
        with self.assertRaisesRegex(UserError, "not printed yet"):
            self._cut(fields.Date.add(fields.Date.today(), days=40))

    def test_i2_credit_and_rebill_keeps_each_month_right(self):
        self._print("A001", 1000)
        move = self._invoice(self._run("2026-01"), "2026-01-31")
        credit = move._reverse_moves([{"invoice_date": "2026-01-31"}])
        credit.action_post()
        cutoff = self._cut("2026-01-31")
        self.assertEqual(cutoff.amount_accrued, 10, "it is to be billed anew")
        again = self._invoice(self.contract.statement_ids, "2026-01-31")
        cutoff.action_make()
        self.assertEqual(cutoff.amount_accrued, 0)
        self.assertEqual(again.amount_untaxed, 10)

    def _accounts(self, *names):
        plan = self.env["account.analytic.plan"].create({"name": "Sites"})
        return self.env["account.analytic.account"].create(
            [{"name": name, "plan_id": plan.id} for name in names]
        )

    def test_i2_entries_have_the_sites_analytic_accounts(self):
        one, two = self._accounts("One", "Two")
        other = self.env["focalist.site"].create(
            {"name": "Two", "partner_id": self.client.id, "tz": "Europe/Paris"}
        )
        self.site.analytic_distribution = {str(one.id): 100}
        other.analytic_distribution = {str(two.id): 100}
        self._print("A001", 750)
        self._print("A002", 250, site=other)
        shares = {str(one.id): 75, str(two.id): 25}
        cutoff = self._cut("2026-01-31")
        self.assertEqual(cutoff.line_ids.analytic_distribution, shares)
        [income] = cutoff.move_ids.line_ids.filtered(
            lambda line: line.account_id.code == "706000"
        )
        self.assertEqual(income.analytic_distribution, shares)
        self._run("2026-01")
        cutoff.action_make()
        self.assertEqual(cutoff.line_ids.analytic_distribution, shares)

    def test_i2_an_invoice_for_each_site_is_cut_off_as_a_whole(self):
        other = self.env["focalist.site"].create(
            {"name": "Two", "partner_id": self.client.id, "tz": "Europe/Paris"}
        )
        self.contract.invoice_by = "site"
        self._print("A001", 700)
        self._print("A002", 300, site=other)
        cutoff = self._cut("2026-01-31")
        self.assertEqual(cutoff.amount_accrued, 10)
        statements = self._run("2026-01")
        statements.filtered(lambda s: s.site_id == other).action_cancel()
        cutoff.action_make()
        self.assertEqual(sorted(cutoff.line_ids.mapped("amount")), [3, 7])

    def test_i2_accounts_are_asked_for_where_the_chart_has_none(self):
        other = self.setup_other_company(name="No chart")["company"]
        self.env.user.company_ids += other
        cutoff = (
            self.env["focalist.cutoff"]
            .with_company(other)
            .create({"date": "2026-01-31", "company_id": other.id})
        )
        self.env["ir.model.data"].search(
            [("name", "in", [f"{other.id}_pcg_4181", f"{other.id}_pcg_487"])]
        ).unlink()
        with self.assertRaisesRegex(UserError, "Account of invoices to be made"):
            cutoff.action_make()

    def test_i2_an_accountant_cuts_off(self):
        self._print("A001", 1000)
        user = new_test_user(
            self.env,
            "the accountant",
            groups="focalist_base.group_focalist_accountant",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        cutoff = (
            self.env["focalist.cutoff"].with_user(user).create({"date": "2026-01-31"})
        )
        cutoff.action_make()
        cutoff.action_post()
        self.assertEqual(cutoff.state, "posted")
        self.assertEqual(len(cutoff.move_ids), 2)
        cutoff.action_undo()
        self.assertEqual(cutoff.state, "draft")

    def test_i2_an_account_is_that_of_where_its_invoice_is_delivered(self):
        """The client is in France; its site, and later all of it, in Belgium."""
        local, abroad = (
            self.company_data["default_account_revenue"],
            (self.company_data["default_account_revenue"].copy({"name": "Abroad"})),
        )
        belgium = self.env.ref("base.be")
        self.client.country_id = self.env.ref("base.fr")
        product = self.company._focalist_product("mono")
        product.with_company(self.company).property_account_income_id = local
        self.env["account.fiscal.position"].create(
            {
                "name": "Belgium",
                "company_id": self.company.id,
                "auto_apply": True,
                "country_id": belgium.id,
                "account_ids": [
                    Command.create(
                        {"account_src_id": local.id, "account_dest_id": abroad.id}
                    )
                ],
            }
        )
        address, delivery = self.env["res.partner"].create(
            [
                {
                    "name": "Brussels",
                    "parent_id": self.client.id,
                    "type": kind,
                    "country_id": belgium.id,
                }
                for kind in ("other", "delivery")
            ]
        )
        delivery.active = False
        other = self.env["focalist.site"].create(
            {
                "name": "Brussels",
                "partner_id": self.client.id,
                "tz": "Europe/Brussels",
                "address_id": address.id,
            }
        )
        self.contract.invoice_by = "site"
        self._print("A001", 700)
        self._print("A002", 300, site=other)
        cutoff = self._cut("2026-01-31")

        def accounts(lines, amount):
            return {round(line[amount], 2): line.account_id for line in lines}

        self.assertEqual(accounts(cutoff.line_ids, "amount"), {7: local, 3: abroad})
        delivery.active = True
        cutoff.action_make()
        self.assertEqual(accounts(cutoff.line_ids, "amount"), {7: abroad, 3: abroad})
        delivery.active = False
        moves = self._invoice(self._run("2026-01"), "2026-02-05")
        self.assertEqual(
            accounts(moves.invoice_line_ids, "price_subtotal"), {7: local, 3: abroad}
        )

    def _dollar(self):
        """Dollars, of which two are one of the company's currency."""
        dollar = self.env.ref("base.USD")
        dollar.active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": dollar.id,
                "company_id": self.company.id,
                "name": "2026-01-01",
                "rate": 2,
            }
        )
        return dollar

    def test_i2_estimates_and_corrections_by_site_in_another_currency(self):
        """In dollars, 310 pages at 0.01 estimated in March; 31 in truth."""
        self.contract.write({"currency_id": self._dollar().id, "invoice_by": "site"})
        self.pricing.missing = "estimate"
        self._read(
            self.site,
            "A001",
            ("2026-01-31 08:00", {"mono": 1000}),
            ("2026-02-28 08:00", {"mono": 1280}),
        )
        self.assertEqual(self._cut("2026-02-28").amount_accrued, 1.4)
        self._run("2026-03")
        cutoff = self._cut("2026-03-31")
        self.assertIn(1.55, cutoff.line_ids.mapped("amount"))
        cutoff.action_make()
        accrued = self.env["focalist.statement"].search(
            [("contract_id", "=", self.contract.id)]
        )
        self._invoice(accrued.filtered(lambda s: s.state == "draft"), "2026-04-05")
        self._read(self.site, "A001", ("2026-04-30 08:00", {"mono": 1341}))
        self._run("2026-04")
        april = self._cut("2026-04-30")
        # -279 and 30 pages, at half a cent: the credit note to be made.
        self.assertEqual(self._entries(april), {"418100": -1.25, "706000": 1.25})
        april.action_post()
        self.assertEqual(sum(april.move_ids.line_ids.mapped("balance")), 0)
        self.assertEqual(len(april.move_ids), 2)
        with self.assertRaisesRegex(UserError, "posted"):
            april.action_make()
