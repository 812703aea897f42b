from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from odoo import Command
from odoo.tests import tagged

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.focalist_base.tests.common import PROPERTY

from ..tools.percentages import percentages
from .common import BillingCommon


class SitesCommon(BillingCommon):
    """Two sites: 1,000 pages at Lyon on two devices, 500 at Nice on one."""

    def setUp(self):
        super().setUp()
        self.site.name = "Lyon"
        self.nice = self.env["focalist.site"].create(
            {"name": "Nice", "partner_id": self.client.id, "tz": "Europe/Paris"}
        )
        self.lyon_1 = self._print(self.site, "A001", 700)
        self.lyon_2 = self._print(self.site, "A002", 300)
        self.nice_1 = self._print(self.nice, "B001", 500)

    def _print(self, site, serial, *mono):
        """Pages of March and then of the months after it."""
        last, meters = 0, [("2026-02-28 08:00", {"mono": 0})]
        days = ("2026-03-31", "2026-04-30", "2026-05-31")
        for day, pages in zip(days, mono, strict=False):
            last += pages
            meters.append((f"{day} 08:00", {"mono": last}))
        return self._read(site, serial, *meters)

    def _accounts(self, *names):
        plan = self.env["account.analytic.plan"].create({"name": "Sites"})
        return self.env["account.analytic.account"].create(
            [{"name": name, "plan_id": plan.id} for name in names]
        )


@tagged("post_install", "-at_install")
class TestAccounting(SitesCommon):
    """Journal, terms, products and analytic accounts of the invoices."""

    def test_i2_the_company_s_journal_product_and_terms(self):
        journal = self.company_data["default_journal_sale"].copy({"name": "Clicks"})
        term = self.env.ref("account.account_payment_term_30days")
        other = self.env["product.product"].create(
            {
                "name": "Clicks",
                "property_account_income_id": (
                    self.company_data["default_account_revenue"].copy().id
                ),
            }
        )
        self.company.write(
            {
                "focalist_journal_id": journal.id,
                "focalist_payment_term_id": term.id,
                "focalist_charge_product_ids": [
                    Command.create({"charge": "mono", "product_id": other.id})
                ],
            }
        )
        self.client.property_payment_term_id = False
        move = self._bill()._create_invoices()
        self.assertEqual(move.journal_id, journal)
        self.assertEqual(move.invoice_payment_term_id, term)
        line = move.invoice_line_ids
        self.assertEqual(line.product_id, other)
        self.assertEqual(line.account_id, other.property_account_income_id)
        self.assertIn("Clicks", line.name)

    def test_i2_terms_of_the_contract_then_of_the_client(self):
        now = self.env.ref("account.account_payment_term_immediate")
        month = self.env.ref("account.account_payment_term_30days")
        later = self.env.ref("account.account_payment_term_45days")
        self.company.focalist_payment_term_id = later
        self.client.property_payment_term_id = month
        statement = self._bill()
        move = statement._create_invoices()
        self.assertEqual(move.invoice_payment_term_id, month)
        move.unlink()
        self.contract.payment_term_id = now
        self.assertEqual(statement._create_invoices().invoice_payment_term_id, now)

    def test_i2_lines_tell_their_service_period_and_so_does_a_credit_note(self):
        move = self._bill()._create_invoices()
        move.action_post()
        credit = move._reverse_moves()
        for line in (move + credit).invoice_line_ids:
            self.assertEqual(str(line.focalist_service_start), "2026-03-01")
            self.assertEqual(str(line.focalist_service_end), "2026-03-31")

    def test_i2_analytic_distribution_by_what_each_site_has(self):
        lyon, nice = self._accounts("Lyon", "Nice")
        self.site.analytic_distribution = {str(lyon.id): 100}
        self.nice.analytic_distribution = {str(nice.id): 100}
        line = self._bill()._create_invoices().invoice_line_ids
        # 1,000 and 500 of 1,500 pages of one price
        self.assertEqual(
            line.analytic_distribution, {str(lyon.id): 66.67, str(nice.id): 33.33}
        )
        line.move_id.action_post()
        self.assertAlmostEqual(sum(line.analytic_line_ids.mapped("amount")), 15)

    def test_i2_a_site_without_distribution_leaves_its_part(self):
        [nice] = self._accounts("Nice")
        self.nice.analytic_distribution = {str(nice.id): 100}
        line = self._bill()._create_invoices().invoice_line_ids
        self.assertEqual(line.analytic_distribution, {str(nice.id): 33.33})

    def test_i2_analytic_distribution_of_tiers_and_fees(self):
        lyon, nice = self._accounts("Lyon", "Nice")
        self.site.analytic_distribution = {str(lyon.id): 100}
        self.nice.analytic_distribution = {str(nice.id): 100}
        self.contract.date_start = "2026-03-01"
        pricing = self.contract.pricing_ids
        pricing.write(
            {
                "date_from": "2026-03-01",
                "tier_ids": [
                    Command.create({"kind": kind, "page_from": page, "price": price})
                    for kind, page, price in (
                        ("mono", 1, 0.1),
                        ("mono", 601, 0.05),
                        ("color", 1, 1),
                    )
                ],
                "fee_ids": [
                    Command.create({"name": "Service", "amount": 9, "per": "device"}),
                    Command.create({"name": "Base", "amount": 9}),
                ],
            }
        )
        pricing.model = "tiered"
        made, _problems = self.contract._bill_month(
            *map(
                self.contract._fields["date_start"].to_date,
                ("2026-03-01", "2026-03-31"),
            )
        )
        move = made._create_invoices()
        both = {str(lyon.id): 66.67, str(nice.id): 33.33}
        found = {
            line.name.split(",")[0]: line.analytic_distribution
            for line in move.invoice_line_ids
        }
        self.assertEqual(found, {"Mono pages": both, "Service": both, "Base": False})

    @given(st.lists(st.integers(0, 10**6), min_size=1, max_size=12))
    @PROPERTY
    def test_i2_percentages_add_up_to_a_hundred(self, amounts):
        whole = sum(amounts) or 1
        shares = {n: Fraction(amount, whole) for n, amount in enumerate(amounts)}
        found = percentages(shares)
        self.assertAlmostEqual(sum(found.values()), 100 if sum(amounts) else 0, 9)
        for key, share in shares.items():
            self.assertLess(abs(found.get(key, 0) - share * 100), 0.01)


@tagged("post_install", "-at_install")
class TestFrenchCompany(BillingCommon):
    """A new French company bills without any settings."""

    @classmethod
    @AccountTestInvoicingCommon.setup_country("fr")
    def setUpClass(cls):
        super().setUpClass()

    def test_i2_a_new_french_company_bills_with_vat_and_the_account_of_services(self):
        self.assertEqual(self.company.chart_template, "fr")
        self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 0}),
            ("2026-03-31 08:00", {"mono": 10_000}),
        )
        move = self._bill()._create_invoices()
        move.action_post()
        line = move.invoice_line_ids
        self.assertEqual(line.account_id.code, "706000")
        self.assertEqual(line.tax_ids.mapped("amount"), [20])
        self.assertEqual(line.tax_ids.tax_scope, "service")
        self.assertEqual(
            (move.amount_untaxed, move.amount_tax, move.amount_total), (100, 20, 120)
        )

    def test_p1_a_true_up_is_a_service_as_the_pages_are(self):
        product = self.env.ref("focalist_billing.product_minimum").with_company(
            self.company
        )
        self.assertEqual(product.property_account_income_id.code, "706000")
        taxes = product.taxes_id._filter_taxes_by_company(self.company)
        self.assertEqual(taxes.tax_scope, "service")

    def test_i2_the_account_that_was_chosen_stays(self):
        product = self.env.ref("focalist_billing.product_mono").with_company(
            self.company
        )
        chosen = self.env["account.account"].search([("code", "=", "707000")])
        product.property_account_income_id = chosen
        self.company._set_focalist_charge_accounts()
        self.assertEqual(product.property_account_income_id, chosen)

    def test_i2_the_chart_has_the_accounts_of_a_cut_off(self):
        journal, accrued, deferred = self.company._focalist_cutoff_setup()
        self.assertEqual(journal.type, "general")
        self.assertEqual((accrued.code, deferred.code), ("418100", "487000"))
