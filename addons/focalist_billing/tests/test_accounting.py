from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from odoo import Command, fields
from odoo.tests import Form, tagged

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

    def _both(self):
        """Analytic accounts of Lyon and Nice: their ids as a distribution has them."""
        lyon, nice = self._accounts("Lyon", "Nice")
        self.site.analytic_distribution = {str(lyon.id): 100}
        self.nice.analytic_distribution = {str(nice.id): 100}
        return str(lyon.id), str(nice.id)

    def _fees(self, *fees, **contract):
        """The statement of March's fees."""
        self.contract.write({"date_start": "2026-03-01", **contract})
        self.contract.pricing_ids.write(
            {
                "date_from": "2026-03-01",
                "fee_ids": [Command.create({"name": "Fee", **fee}) for fee in fees],
            }
        )
        return self._bill().filtered(lambda s: s.charge == "fees")

    def _distributions(self, statement):
        return [charge._analytic_distribution() for charge in statement._billable()]

    def test_i2_analytic_distribution_by_what_is_billed_and_not_by_pages(self):
        """100 pages of each device are included: 800 at Lyon and 1,300 at Nice."""
        lyon, nice = self._both()
        self._print(self.nice, "B002", 1000)
        self.contract.pricing_ids.write({"has_allowance": True, "included_mono": 100})
        [distribution] = self._distributions(self._bill())
        self.assertEqual(distribution, {lyon: 38.1, nice: 61.9})

    def test_i2_analytic_distribution_of_lines_for_each_site(self):
        lyon, nice = self._both()
        self.contract.lines_by_site = True
        statement = self._bill()
        self.assertEqual(self._distributions(statement), [{lyon: 100}, {nice: 100}])
        # Several charges together, by what they come to.
        self.assertEqual(
            statement.charge_ids._analytic_distribution(), {lyon: 66.67, nice: 33.33}
        )
        self._read(self.site, "A001", ("2026-03-31 09:00", {"mono": 700, "scan": 1}))
        self._read(self.nice, "B001", ("2026-02-28 09:00", {"mono": 0, "color": 0}))
        self._read(self.nice, "B001", ("2026-03-31 09:00", {"mono": 500, "color": 50}))
        statement.action_measure_again()
        # 5.00 of pages in mono and 5.00 of those in colour.
        self.assertEqual(
            statement.charge_ids._analytic_distribution(), {lyon: 50, nice: 50}
        )
        self.contract.lines_by_site = False
        statement.action_measure_again()
        self.assertEqual(len(statement.charge_ids), 2)
        self.assertEqual(
            statement.charge_ids._analytic_distribution(), {lyon: 50, nice: 50}
        )

    def test_i2_analytic_distribution_of_supplies(self):
        """One toner was replaced at Lyon and two at Nice."""
        lyon, nice = self._both()
        for site, serial in (
            (self.site, "A001"),
            (self.nice, "B001"),
            (self.nice, "B002"),
        ):
            for day, cartridge in (("01", "OLD"), ("10", "NEW")):
                moment = f"2026-03-{day} 08:00"
                self._read_toner(site, serial, moment, f"{cartridge} {serial}")
        with Form(self.contract.pricing_ids) as form:
            form.model = "supply"
            with form.supply_ids.edit(0) as supply:
                supply.price = 80
        statement = self._bill()
        self.assertEqual(statement.amount_untaxed, 240)
        self.assertEqual(self._distributions(statement), [{lyon: 33.33, nice: 66.67}])

    def test_i2_analytic_distribution_of_supplies_at_their_own_prices(self):
        """Lyon's toner was told of late, and has the price of its month."""
        lyon, nice = self._both()
        for site, serial in ((self.site, "A001"), (self.nice, "B001")):
            self._read_toner(site, serial, "2026-03-31 09:00", f"OLD {serial}")
        pricing = self.contract.pricing_ids
        with Form(pricing) as form:
            form.model = "supply"
            with form.supply_ids.edit(0) as supply:
                supply.price = 80
        self._bill()
        new = pricing.copy({"date_from": "2026-04-01"})
        new.supply_ids.price = 100
        self._read_toner(self.site, "A001", "2026-03-31 20:00", "NEW A001")
        self._read_toner(self.nice, "B001", "2026-04-10 08:00", "NEW B001")
        april = self._bill("2026-04-15")
        self.assertEqual(
            {
                charge.price_unit: charge._analytic_distribution()
                for charge in april._billable()
            },
            {80: {lyon: 100}, 100: {nice: 100}},
        )

    def test_i2_analytic_distribution_of_what_nobody_printed(self):
        """Guaranteed pages of nobody are no site's."""
        self._both()
        self.contract.true_up_period = "month"
        self.contract.pricing_ids.write(
            {"has_minimum": True, "minimum_ids": [Command.create({"pages": 100})]}
        )
        for site, serial in ((self.site, "A001"), (self.nice, "B001")):
            self._read(site, serial, ("2026-04-30 08:00", {"mono": 700}))
        self._bill()
        self._read(self.nice, "B001", ("2026-05-31 08:00", {"mono": 700}))
        made = self._bill("2026-05-01")
        true_up = made.filtered(
            lambda s: s.charge == "true_up" and s.date_start.month == 5
        )
        self.assertEqual(true_up.charge_ids._statement_lines().mapped("pages"), [0])
        self.assertEqual(true_up.charge_ids._analytic_distribution(), {})

    def test_i2_analytic_distribution_of_a_fee_for_each_site(self):
        """Once each, however many devices stand there."""
        lyon, nice = self._both()
        fees = self._fees({"amount": 9, "per": "site"})
        self.assertEqual(self._distributions(fees), [{lyon: 50, nice: 50}])

    def test_i2_analytic_distribution_of_the_fees_of_who_came(self):
        """A site of which the device came within the month has fees of its own."""
        lyon, nice = self._both()
        member = self.contract.member_ids.filtered(lambda m: m.device_id == self.nice_1)
        member.start_at = "2026-03-15 00:00:00"
        fees = self._fees({"amount": 9, "per": "site"}, {"amount": 9, "per": "device"})
        self.assertEqual(self._distributions(fees), [{lyon: 100}, {nice: 100}] * 2)

    def test_i2_analytic_distribution_of_the_fees_of_who_left(self):
        """For another client, on the last day."""
        lyon, nice = self._both()
        _client, elsewhere = self._make_client("Another")
        self.nice_1._move(elsewhere, fields.Datetime.to_datetime("2026-03-31 12:00"))
        fees = self._fees({"amount": 9, "per": "site"}, {"amount": 9, "per": "device"})
        self.assertEqual(self._distributions(fees), [{lyon: 100}, {nice: 100}] * 2)

    def test_i2_analytic_distribution_of_fees_by_the_days_of_their_prices(self):
        """Nice's other device left as other prices came, and its first one joined.

        One of three went from Lyon to Nice after that.
        """
        lyon, nice = self._both()
        moving = self._read(self.site, "A003", ("2026-02-28 08:00", {"mono": 0}))
        moving._move(self.nice, fields.Datetime.to_datetime("2026-04-10 08:00"))
        leaving = self._print(self.nice, "B002", 10)
        members = {member.device_id: member for member in self.contract.member_ids}
        members[leaving].end_at = "2026-03-31 22:00:00"
        members[self.nice_1].start_at = "2026-03-31 22:00:00"
        self.contract.fee_period = "half_year"
        self.contract.date_start = "2026-01-01"
        fee = Command.create({"name": "Fee", "amount": 9, "per": "device"})
        self.contract.pricing_ids.fee_ids = [fee]
        self.contract.pricing_ids = [
            Command.create({"date_from": "2026-04-01", "fee_ids": [fee]})
        ]
        fees = self._bill("2026-06-30").filtered(lambda s: s.charge == "fees")
        self.assertEqual(
            self._distributions(fees), [{lyon: 75, nice: 25}, {lyon: 50, nice: 50}]
        )

    def test_i2_analytic_distribution_of_fees_where_devices_stood(self):
        """They may have moved, or left, before the invoice is made."""
        lyon, nice = self._both()
        moving = self._read(self.site, "A003", ("2026-02-28 08:00", {"mono": 0}))
        moving._move(self.nice, fields.Datetime.to_datetime("2026-03-10 08:00"))
        fees = self._fees({"amount": 9, "per": "device"})
        self.assertEqual(self._distributions(fees), [{lyon: 50, nice: 50}])
        _client, elsewhere = self._make_client("Another")
        # In April by the clock of the site.
        moved = fields.Datetime.to_datetime("2026-03-31 22:30")
        self.nice_1._move(elsewhere, moved)
        self.lyon_1._move(self.nice, moved)
        self.assertEqual(self._distributions(fees), [{lyon: 50, nice: 50}])
        # On the last day of March.
        moved = fields.Datetime.to_datetime("2026-03-31 12:00")
        self.lyon_2._move(self.nice, moved)
        self.assertEqual(self._distributions(fees), [{lyon: 25, nice: 75}])

    def test_i2_analytic_distribution_of_a_site_s_own_invoice(self):
        """That of the site, though its device has moved since."""
        _lyon, nice = self._both()
        fees = self._fees({"amount": 9, "per": "device"}, invoice_by="site")
        own = fees.filtered(lambda s: s.site_id == self.nice)
        self.nice_1._move(self.site, fields.Datetime.to_datetime("2026-03-31 12:00"))
        self.assertEqual(self._distributions(own), [{nice: 100}])

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
