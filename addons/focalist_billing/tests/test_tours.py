from odoo import Command
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


@tagged("post_install", "-at_install")
class TestPortalTour(PortalCommon):
    def test_i3_tour_portal_finds_the_meters_and_disputes(self):
        self.start_tour("/my", "focalist_billing_portal", login="coordinator")
        messages = self.move.focalist_statement_ids.message_ids
        self.assertIn("It was off all month", str(messages.mapped("body")))
