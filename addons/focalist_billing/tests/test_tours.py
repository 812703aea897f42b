from odoo import Command, fields
from odoo.tests import HttpCase, new_test_user, tagged

from .common import BillingCommon
from .test_portal import PortalCommon


@tagged("post_install", "-at_install")
class TestAccountantTour(BillingCommon, HttpCase):
    def test_tour_accountant_bills_a_month(self):
        self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 1000, "color": 100}),
            ("2026-03-31 08:00", {"mono": 2234, "color": 433}),
        )
        new_test_user(
            self.env,
            login="accountant",
            groups="focalist_base.group_focalist_accountant",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.start_tour("/odoo", "focalist_billing_accountant", login="accountant")
        statement = self.contract.statement_ids
        self.assertEqual(statement.move_id.state, "posted")
        self.assertAlmostEqual(statement.move_id.amount_untaxed, 45.64)

    def test_tour_accountant_is_paid_in_parts_credits_and_bills_anew(self):
        self.client.email = "client@example.com"
        self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 1000, "color": 100}),
            ("2026-03-31 08:00", {"mono": 2234, "color": 433}),
        )
        statement = self._bill()
        new_test_user(
            self.env,
            login="accountant",
            groups="focalist_base.group_focalist_accountant",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.start_tour(
            "/odoo", "focalist_billing_accountant_credit", login="accountant"
        )
        again = statement.move_id
        self.assertEqual(again.state, "posted")
        self.assertAlmostEqual(again.amount_untaxed, 1234 * 0.02 + 33.3)
        moves = self.env["account.move"].search(
            [("partner_id", "=", self.client.id), ("move_type", "like", "out_%")],
            order="id",
        )
        first, credit, second = moves
        self.assertEqual(second, again)
        self.assertEqual(credit.reversed_entry_id, first)
        self.assertAlmostEqual(credit.amount_untaxed, 45.64)
        self.assertTrue(first.is_move_sent)
        self.assertEqual(sorted(first.matched_payment_ids.mapped("amount")), [10, 20])


@tagged("post_install", "-at_install")
class TestPortalTour(PortalCommon):
    def test_i3_tour_portal_finds_the_meters_and_disputes(self):
        self.start_tour("/my", "focalist_billing_portal", login="coordinator")
        messages = self.move.focalist_statement_ids.message_ids
        self.assertIn("It was off all month", str(messages.mapped("body")))


@tagged("post_install", "-at_install")
class TestSimulationTour(BillingCommon, HttpCase):
    def test_tour_sales_simulates_and_uses_the_prices(self):
        prospect, site = self._make_client("Prospect")
        month = fields.Date.start_of(fields.Date.today(), "month")
        first, last = (
            fields.Date.subtract(month, days=days).isoformat() for days in (15, 5)
        )
        self._read(
            site,
            "P001",
            (f"{first} 08:00", {"mono": 0}),
            (f"{last} 08:00", {"mono": 900}),
        )
        draft = self._make_contract(prospect, active=False)
        new_test_user(
            self.env,
            login="sales",
            groups="focalist_base.group_focalist_sales",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.start_tour("/odoo", "focalist_billing_simulation", login="sales")
        self.assertEqual(draft.pricing_ids.price_mono, 0.02)
        self.assertEqual(draft.state, "draft")
        self.assertFalse(draft.statement_ids)
