from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import freeze_time, tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestContractUntil(BillingCommon):
    """Statements follow the end of their contract, until they are invoiced."""

    def setUp(self):
        super().setUp()
        self.contract.pricing_ids.fee_ids = [
            Command.create({"name": "Service", "amount": 28})
        ]
        self._read(
            self.site,
            "A001",
            ("2026-01-31 08:00", {"mono": 0}),
            ("2026-02-14 08:00", {"mono": 200}),
            ("2026-02-28 08:00", {"mono": 500}),
        )

    def _february(self):
        statements = self._bill("2026-02-01")
        return statements.filtered(lambda s: str(s.date_start) == "2026-02-01").sorted(
            "charge", reverse=True
        )

    def test_p0_an_end_set_back_is_that_of_the_drafts(self):
        statements = self._february()
        self.assertEqual(statements.mapped("amount_untaxed"), [5, 28])
        self.contract.date_end = "2026-02-14"
        self.assertEqual(statements.mapped("amount_untaxed"), [2, 14])
        self.assertEqual(
            {str(day) for day in statements.mapped("service_end")}, {"2026-02-14"}
        )
        self.contract.date_end = "2026-02-28"
        self.assertEqual(statements.mapped("amount_untaxed"), [5, 28])

    def test_p0_no_draft_begins_after_the_end(self):
        statements = self._february()
        self.contract.date_end = "2026-01-31"
        self.assertEqual(set(statements.mapped("state")), {"cancel"})

    def test_p0_a_last_statement_is_none_once_the_contract_goes_on(self):
        self.contract.date_end = "2026-02-14"
        statements = self._february()
        self.assertEqual(statements.mapped("amount_untaxed"), [2, 14])
        with freeze_time("2026-02-20"):
            self.contract.date_end = False
        self.assertEqual(set(statements.mapped("state")), {"cancel"})
        self.assertEqual(self._february().mapped("amount_untaxed"), [5, 28])

    def test_p0_no_contract_ends_before_what_was_invoiced(self):
        statements = self._february()
        move = statements._create_invoices()
        with self.assertRaisesRegex(ValidationError, "is invoiced until 02/28/2026"):
            self.contract.date_end = "2026-02-14"
        move.unlink()
        self.contract.date_end = "2026-02-14"
        self.assertEqual(statements.mapped("amount_untaxed"), [2, 14])

    def test_p0_a_currency_stays_with_its_statements(self):
        dollar = self.env.ref("base.EUR")
        if self.contract.currency_id == dollar:
            dollar = self.env.ref("base.USD")
        dollar.active = True
        statements = self._bill("2026-02-01")
        with self.assertRaisesRegex(ValidationError, "make a new contract"):
            self.contract.currency_id = dollar
        statements.action_cancel()
        self.contract.currency_id = dollar
        self.assertEqual(self._bill("2026-02-01").currency_id, dollar)
