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

    def test_p0_a_draft_of_one_day_is_left(self):
        """A fee of 28 in February: 1 a day."""
        statements = self._february()
        self.contract.date_end = "2026-02-01"
        self.assertEqual(statements.mapped("amount_untaxed"), [0, 1])
        self.assertEqual(set(statements.mapped("state")), {"empty", "draft"})

    def test_p0_an_end_that_lies_ahead_leaves_drafts_as_they_are(self):
        statements = self._february()
        [pages] = statements.filtered(lambda s: s.charge == "pages")
        made = pages.charge_ids, pages.line_ids
        for end in ("2026-12-31", "2026-02-28", False):
            self.contract.date_end = end
            self.assertEqual(
                {str(day) for day in statements.mapped("service_end")}, {"2026-02-28"}
            )
            self.assertEqual((pages.charge_ids, pages.line_ids), made)
            self.assertEqual(statements.mapped("amount_untaxed"), [5, 28])
            self.assertEqual(set(statements.mapped("state")), {"draft"})

    def test_p0_drafts_after_an_end_go_with_those_that_rest_on_them(self):
        """The later ones first: they begin where an estimate ended."""
        self.contract.pricing_ids.missing = "estimate"
        self._read(self.site, "A001", ("2026-02-28 09:00", {"mono": 500}))
        march, april = self._bill("2026-03-01"), self._bill("2026-04-01")
        drafts = (march | april).filtered(lambda s: s.charge == "pages")
        self.assertEqual(drafts.mapped("line_ids.estimated"), [True, True])
        self.contract.date_end = "2026-02-28"
        self.assertEqual(set(drafts.mapped("state")), {"cancel"})

    def test_p0_a_contract_that_ends_today_has_its_last_statement(self):
        statements = self._february()
        with freeze_time("2026-02-14 10:00"):
            self.contract.date_end = "2026-02-14"
        self.assertEqual(statements.mapped("amount_untaxed"), [2, 14])
        self.assertEqual(set(statements.mapped("state")), {"draft"})

    def _year_in_advance(self):
        self.contract.fee_period = "year"
        self.contract.pricing_ids.fee_ids = [
            Command.clear(),
            Command.create({"name": "Rent", "amount": 30, "in_advance": True}),
        ]
        with freeze_time("2026-02-01 10:00"):
            made = self._bill("2026-01-01")
        return made.filtered(lambda s: s.charge == "advance")

    def test_p0_fees_in_advance_end_with_a_contract_that_is_to_end(self):
        """Before their time is over, too: they are asked for as it begins."""
        advance = self._year_in_advance()
        self.assertEqual(advance.amount_untaxed, 360)
        with freeze_time("2026-02-20 10:00"):
            self.contract.date_end = "2026-04-10"
        self.assertEqual(advance.state, "draft")
        self.assertEqual(str(advance.service_end), "2026-04-10")
        self.assertEqual(advance.amount_untaxed, 98.63, "100 of 365 days")

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
        # On its last day, later, or not at all.
        for end in ("2026-02-28", "2026-06-30", False):
            self.contract.date_end = end
        move.unlink()
        self.contract.date_end = "2026-02-14"
        self.assertEqual(statements.mapped("amount_untaxed"), [2, 14])

    def test_p0_a_contract_ends_before_what_was_invoiced_in_advance(self):
        advance = self._year_in_advance()
        advance._create_invoices()
        self.contract.date_end = "2026-02-14"
        self.assertEqual(str(advance.service_end), "2026-12-31")

    def test_p0_a_currency_stays_with_its_statements(self):
        dollar = self.env.ref("base.EUR")
        if self.contract.currency_id == dollar:
            dollar = self.env.ref("base.USD")
        dollar.active = True
        statements = self._bill("2026-02-01")
        # The one that it has is never refused, such as to an import.
        self.contract.write({"currency_id": self.contract.currency_id.id})
        with self.assertRaisesRegex(ValidationError, "make a new contract"):
            self.contract.currency_id = dollar
        statements.action_cancel()
        self.contract.currency_id = dollar
        self.assertEqual(self._bill("2026-02-01").currency_id, dollar)
