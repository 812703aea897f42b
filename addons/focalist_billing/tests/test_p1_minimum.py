from fractions import Fraction
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import BaseCase, tagged

from odoo.addons.focalist_base.tests.common import PROPERTY

from ..tools.minimum import Guarantee, true_up
from .common import BillingCommon

PAGES = st.integers(0, 20_000)


@tagged("post_install", "-at_install")
class TestTrueUp(BaseCase):
    """The arithmetic alone: what is short of a minimum."""

    @given(
        minimum=st.integers(1, 10_000),
        months=st.lists(PAGES, min_size=1, max_size=12),
    )
    @PROPERTY
    def test_p1_a_true_up_asks_for_what_is_short_and_no_more(self, minimum, months):
        found = true_up(
            [Guarantee("all", minimum, Fraction(1)) for _month in months],
            {"all": sum(months)},
        )["all"]
        billed = sum(months) + found.short
        self.assertGreaterEqual(billed, minimum * len(months))
        if found.short:
            self.assertEqual(billed, minimum * len(months))

    @given(
        minimum=st.integers(1, 10_000),
        months=st.lists(PAGES, min_size=1, max_size=12),
        order=st.randoms(use_true_random=False),
    )
    @PROPERTY
    def test_p1_overs_and_unders_are_set_off_whatever_their_order(
        self, minimum, months, order
    ):
        guarantees = [Guarantee("all", minimum, Fraction(1)) for _month in months]
        once = true_up(guarantees, {"all": sum(months)})["all"].short
        alone = sum(true_up(guarantees[:1], {"all": n})["all"].short for n in months)
        shuffled = order.sample(months, len(months))
        self.assertEqual(once, true_up(guarantees, {"all": sum(shuffled)})["all"].short)
        self.assertLessEqual(once, alone)

    @given(
        minimum=st.integers(1, 10_000),
        parts=st.lists(st.fractions(0, 1, max_denominator=31), max_size=12),
    )
    @PROPERTY
    def test_p1_parts_of_months_are_rounded_once(self, minimum, parts):
        found = true_up([Guarantee(1, minimum, part) for part in parts], {})
        if parts:
            exact = minimum * sum(parts)
            self.assertLessEqual(abs(found[1].guaranteed - exact), Fraction(1, 2))


@tagged("post_install", "-at_install")
class TestMinimum(BillingCommon):
    """Minimum volumes with unders and overs, and their own true-up period (P1)."""

    def setUp(self):
        super().setUp()
        self.pricing = self.contract.pricing_ids
        self.contract.true_up_period = "quarter"

    def _minimum(self, pages=4000, **values):
        self.pricing.write(
            {
                "has_minimum": True,
                "minimum_ids": [Command.create({"pages": pages, **values})],
            }
        )

    def _print(self, *months, serial="A001", site=None):
        """So many mono pages a month, from January on."""
        moments = ["2025-12-31", "2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]
        meter, readings = 0, [("2025-12-31 08:00", {"mono": 0})]
        for day, pages in zip(moments[1:], months, strict=False):
            meter += pages
            readings.append((f"{day} 08:00", {"mono": meter}))
        return self._read(site or self.site, serial, *readings)

    def _month(self, month="2026-03-01", contract=None):
        run = self.env["focalist.billing.run"].create({"month": month})
        known = self.env["focalist.statement"].search([])
        run.contract_ids = contract or self.contract
        run.action_start()
        return self.env["focalist.statement"].search([]) - known

    def _quarter(self):
        """The quarter's statements: those of pages, and the true-up."""
        statements = self.env["focalist.statement"]
        for month in ("2026-01-01", "2026-02-01", "2026-03-01"):
            statements += self._month(month)
        true_up = statements.filtered(lambda s: s.charge == "true_up")
        return statements - true_up, true_up

    def test_p1_pages_short_of_the_minimum_are_billed(self):
        self._minimum()
        self._print(3000, 3500, 4000)
        pages, true_up = self._quarter()
        self.assertEqual(pages.mapped("amount_untaxed"), [30, 35, 40])
        [charge] = true_up.charge_ids
        self.assertEqual(
            (charge.guaranteed, charge.printed, charge.quantity, charge.amount),
            (12000, 10500, 1500, 15),
        )
        self.assertEqual(charge._included_note(), "12,000 guaranteed, 10,500 printed")
        self.assertEqual(sum(charge._statement_lines().mapped("pages")), 10500)
        move = (pages.sorted("date_start")[-1] + true_up)._create_invoices()
        self.assertEqual(len(move), 1, "on the invoice of the last month")
        self.assertEqual(move.amount_untaxed, 55)
        self.assertIn(
            "Mono pages short of the minimum, from 01/01/2026 to 03/31/2026\n"
            "12,000 guaranteed, 10,500 printed",
            move.invoice_line_ids.mapped("name"),
        )

    def test_p1_overs_of_a_month_make_good_unders_of_another(self):
        self._minimum()
        self._print(1000, 9000, 2500)
        _pages, true_up = self._quarter()
        self.assertEqual(true_up.state, "empty")
        self.assertEqual(true_up.charge_ids.quantity, 0)
        self.assertEqual(true_up.charge_ids.printed, 12500)

    def test_p1_a_true_up_is_made_by_one_statement_of_its_period(self):
        self._minimum()
        self._print(3000, 3500, 4000, 0)
        _pages, true_up = self._quarter()
        self.assertEqual(len(true_up), 1)
        self.assertFalse(self._month("2026-03-01"))
        self.assertFalse(
            self._month("2026-04-01").filtered(lambda s: s.charge == "true_up")
        )

    def test_p1_a_true_up_of_pages_that_are_billed_anew(self):
        self._minimum()
        self._print(3000, 3500, 4000)
        pages, true_up = self._quarter()
        february = pages.filtered(lambda s: s.date_start.month == 2)
        february.action_cancel()
        self.assertEqual(true_up.charge_ids.quantity, 5000, "February is not billed")
        self.contract._bill(february.date_start)
        self.assertEqual(true_up.charge_ids.quantity, 1500)

    def test_p1_a_true_up_that_is_invoiced_stays_and_asks_for_its_correction(self):
        self._minimum()
        self._print(3000, 3500, 4000)
        pages, true_up = self._quarter()
        move = true_up._create_invoices()
        move.action_post()
        pages.filtered(lambda s: s.date_start.month == 2).action_cancel()
        self.assertEqual(true_up.charge_ids.quantity, 1500)
        self.assertEqual(len(true_up.activity_ids), 1)
        self.contract._price_drafts()
        told = [body for body in true_up.message_ids.mapped("body") if "1500" in body]
        self.assertEqual(len(told), 1, "once, until it is done")
        wizard = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=move.ids
        )
        wizard = wizard.create({"journal_id": move.journal_id.id})
        wizard.refund_moves()
        wizard.new_move_ids.action_post()
        self.assertEqual(true_up.state, "draft")
        self.contract._price_drafts()
        self.assertEqual(true_up.charge_ids.quantity, 5000)

    def test_p1_a_contract_that_ends_is_trued_up_by_its_months(self):
        self._minimum()
        self._print(3000, 1000, 4000)
        self.contract.date_end = "2026-02-14"
        made = self._month("2026-02-01")
        [charge] = made.filtered(lambda s: s.charge == "true_up").charge_ids
        # A month and half of one: 4,000 + 2,000; February's pages lie in no reading.
        self.assertEqual(charge.guaranteed, 6000)
        self.assertEqual(str(charge.date_end), "2026-02-14")

    def test_p1_a_minimum_that_changes_within_its_true_up(self):
        self._minimum(per="contract")
        self.contract.pricing_ids = [
            Command.create(
                {
                    "date_from": "2026-03-01",
                    "price_mono": 0.02,
                    "has_minimum": True,
                    "minimum_ids": [Command.create({"pages": 1000})],
                }
            )
        ]
        self._print(3000, 3500, 1000)
        _pages, true_up = self._quarter()
        [charge] = true_up.charge_ids
        # 4,000 + 4,000 + 1,000, at what a page costs in the end.
        self.assertEqual((charge.guaranteed, charge.quantity), (9000, 1500))
        self.assertEqual(charge.price_unit, 0.02)

    def test_p1_a_minimum_of_each_device(self):
        self._minimum(1000, per="device")
        self._print(2000, 2000, 2000)
        other = self._print(100, 100, 100, serial="A002")
        member = self.contract.member_ids.filtered(lambda m: m.device_id == other)
        member.start_at = "2026-01-31 23:30:00"  # February by the clock of the site
        _pages, true_up = self._quarter()
        [charge] = true_up.charge_ids
        self.assertEqual(charge.device_id, other)
        self.assertEqual((charge.guaranteed, charge.quantity), (2000, 1800))
        self.assertIn("A002", charge._title())

    def test_p1_a_true_up_follows_a_device_that_left(self):
        self._minimum(1000, per="device")
        self._print(2000, 2000, 2000)
        other = self._print(100, 0, 0, serial="A002")
        _pages, true_up = self._quarter()
        self.assertEqual(true_up.charge_ids.quantity, 2900)
        member = self.contract.member_ids.filtered(lambda m: m.device_id == other)
        member.end_at = "2026-01-31 23:30:00"  # in February by the clock of the site
        self.assertEqual(true_up.charge_ids.quantity, 900)
        true_up._create_invoices()
        member.end_at = False
        self.assertEqual(true_up.charge_ids.quantity, 900, "what is invoiced stays")

    def test_p1_a_minimum_of_a_site(self):
        annex = self.env["focalist.site"].create(
            {"name": "Annex", "partner_id": self.client.id, "tz": "Europe/Paris"}
        )
        self._minimum(500, per="site", site_id=annex.id, price=0.03)
        self._print(9000, 9000, 9000)
        self._print(100, 100, 100, serial="A002", site=annex)
        _pages, true_up = self._quarter()
        [charge] = true_up.charge_ids
        self.assertEqual((charge.guaranteed, charge.quantity), (1500, 1200))
        self.assertEqual((charge.price_unit, charge.amount), (0.03, 36))
        self.assertIn("Annex: Mono pages", charge._title())

    def test_p1_a_minimum_that_nobody_printed_anything_of(self):
        self._minimum()
        contract = self.contract
        made = self._month("2026-03-01")
        self.assertEqual(made.mapped("charge"), ["true_up"])
        self.assertEqual(made.contract_id, contract)
        self.assertEqual(made.amount_untaxed, 120)

    def test_p1_pages_that_cannot_be_billed_are_not_short_of_the_minimum(self):
        self._minimum()
        self._print(3000, 3500, 4000)
        lines = type(self.env["focalist.statement.line"])
        with patch.object(lines, "_insert", side_effect=UserError("No")):
            self.assertFalse(self._month())

    def test_p1_minimums_are_stored_for_what_has_pages(self):
        with self.assertRaisesRegex(ValidationError, "not both"):
            self._minimum(kind="total", price=0.01)
            self._minimum(kind="mono")

    def test_p1_a_missing_page_has_a_price(self):
        with self.assertRaisesRegex(ValidationError, "short of the minimum of: All"):
            self._minimum(kind="total")

    def test_p1_a_true_up_is_no_shorter_than_the_bill(self):
        self._minimum()
        self.contract.true_up_period = "month"
        with self.assertRaisesRegex(ValidationError, "less often"):
            self.contract.period = "quarter"

    def test_p1_a_true_up_period_stays_once_it_is_billed(self):
        self._minimum()
        self._print(3000, 3500, 4000)
        self._quarter()
        with self.assertRaisesRegex(ValidationError, "has statements"):
            self.contract.true_up_period = "year"

    def test_p1_a_minimum_stays_once_it_is_invoiced(self):
        self._minimum()
        self._print(3000, 3500, 4000)
        _pages, true_up = self._quarter()
        true_up._create_invoices()
        with self.assertRaisesRegex(UserError, "invoiced with these prices"):
            self.pricing.minimum_ids.pages = 1

    def test_p1_a_minimum_that_is_deleted_leaves_the_drafts(self):
        self._minimum()
        self._print(3000, 3500, 4000)
        _pages, true_up = self._quarter()
        self.pricing.minimum_ids.unlink()
        self.assertEqual(true_up.state, "empty")

    def test_p1_a_true_up_has_the_product_that_the_company_chose(self):
        """With its account; and the usual one has those of services, as the others."""
        usual = self.env.ref("focalist_billing.product_minimum")
        self.assertIn(usual.product_tmpl_id, self.company._focalist_charge_templates())
        account = self.company_data["default_account_revenue"].copy()
        own = self.env["product.product"].create(
            {"name": "Guarantees", "property_account_income_id": account.id}
        )
        self.company.focalist_charge_product_ids = [
            Command.create({"charge": "minimum", "product_id": own.id})
        ]
        self._minimum()
        self._print(3000, 3500, 4000)
        _pages, true_up = self._quarter()
        line = true_up._create_invoices().invoice_line_ids
        self.assertEqual((line.product_id, line.account_id), (own, account))
        self.assertIn("Mono pages short of the minimum", line.name)

    def test_p1_true_ups_of_many_contracts_are_made_together(self):
        self._minimum()
        contracts = self.contract
        for number in range(4):
            client, _site = self._make_client(f"More {number}")
            contracts += self._make_contract(
                client,
                has_minimum=True,
                minimum_ids=[Command.create({"pages": 10})],
            )
        contracts.true_up_period = "quarter"
        contracts._bill_month(
            *self.env["focalist.billing.run"].create({"month": "2026-03-01"})._days()
        )
        true_ups = contracts.statement_ids.sudo()
        self.assertEqual(len(true_ups), 5)
        true_ups[:1]._true_up()
        self.assertEqual(self._queries(true_ups), self._queries(true_ups[:1]))

    def _queries(self, true_ups):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        true_ups.browse(true_ups.ids)._true_up()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    # -- together with estimates and corrections --------------------------------------

    def test_p1_a_correction_counts_in_the_time_that_it_corrects(self):
        """1,000 a month from April on: nothing is short of 1,000.

        Not by the pages of March that are taken back in April, either.
        """
        self._minimum(1000)
        self.pricing.missing = "estimate"
        self._print(2000, 2000)
        _pages, first = self._quarter()
        self.assertEqual(first.charge_ids.quantity, 0)
        self._invoice_all(_pages)
        # 36 pages in March, 1,000 a month from then on.
        self._read(
            self.site,
            "A001",
            ("2026-03-31 09:00", {"mono": 4036}),
        )
        april = self._read_and_bill("2026-04-30", 5036, "2026-04-01")
        may = self._read_and_bill("2026-05-31", 6036, "2026-05-01")
        june = self._read_and_bill("2026-06-30", 7036, "2026-06-01")
        everything = april + may + june
        second = everything.filtered(lambda s: s.charge == "true_up")
        self.assertTrue(everything.line_ids.filtered("settles_id"))
        self.assertEqual(
            (second.charge_ids.printed, second.charge_ids.quantity), (3000, 0)
        )

    def test_p1_a_true_up_follows_a_correction(self):
        """Short of nothing by an estimate, of 1,964 pages in truth."""
        self._minimum(2000)
        self.pricing.missing = "estimate"
        self._print(2000, 2000)
        pages, true_up = self._quarter()
        self.assertEqual(true_up.charge_ids.quantity, 0)
        self._invoice_all(pages)
        self._read(self.site, "A001", ("2026-03-31 09:00", {"mono": 4036}))
        self._read_and_bill("2026-04-30", 5036, "2026-04-01")
        self.assertEqual(true_up.charge_ids.quantity, 6000 - 4036)

    def test_p1_an_invoiced_true_up_that_a_correction_changes_is_told(self):
        self._minimum(2500)
        self.pricing.missing = "estimate"
        self._print(2000, 2000)
        pages, true_up = self._quarter()
        self.assertGreater(true_up.charge_ids.quantity, 0)
        self._invoice_all(pages + true_up)
        self._read(self.site, "A001", ("2026-03-31 09:00", {"mono": 4036}))
        self._read_and_bill("2026-04-30", 5036, "2026-04-01")
        self.assertEqual(true_up.state, "invoiced")
        self.assertTrue(true_up.activity_ids)

    def _invoice_all(self, statements):
        statements.filtered(
            lambda s: s.state == "draft"
        )._create_invoices().action_post()

    def _read_and_bill(self, day, mono, month):
        self._read(self.site, "A001", (f"{day} 08:00", {"mono": mono}))
        return self._month(month)
