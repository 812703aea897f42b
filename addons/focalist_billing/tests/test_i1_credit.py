from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestCredit(BillingCommon):
    """I1: an invoice is credited, corrected and billed anew; the next one is right."""

    def setUp(self):
        super().setUp()
        self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 1000, "color": 100}),
            ("2026-03-31 08:00", {"mono": 2234, "color": 433}),
            ("2026-04-30 08:00", {"mono": 3234, "color": 533}),
        )
        self.statement = self._bill()
        self.move = self.statement._create_invoices()
        self.move.action_post()

    def _reverse(self, modify=False):
        """The credit note, or the corrected copy, as the wizard of Odoo makes it."""
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=self.move.ids)
            .create({"journal_id": self.move.journal_id.id})
        )
        wizard.reverse_moves(is_modify=modify)
        return wizard.new_move_ids

    def test_i1_credit_and_rebill(self):
        credit = self._reverse()
        self.assertEqual(self.statement.state, "invoiced", "a draft credits nothing")
        credit.action_post()
        self.assertEqual(self.statement.state, "draft")
        self.contract.pricing_ids.price_mono = 0.02
        again = self.statement._create_invoices()
        again.action_post()
        self.assertAlmostEqual(again.amount_untaxed, 1234 * 0.02 + 33.3)
        # The next one begins where the corrected one ends.
        april = self._bill("2026-04-15")
        self.assertEqual(
            {line.meter: line.pages for line in april.line_ids},
            {"mono": 1000, "color": 100},
        )

    def test_i1_a_credited_invoice_does_not_come_back(self):
        self._reverse().action_post()
        with self.assertRaisesRegex(UserError, "not billed by this invoice any more"):
            self.move.button_draft()

    def test_i1_a_part_credited_frees_no_page(self):
        credit = self._reverse()
        credit.invoice_line_ids[1].unlink()
        credit.action_post()
        self.assertEqual(self.statement.state, "invoiced")
        self.assertFalse(credit.focalist_credited_ids)

    def test_i1_a_credit_note_undone_gives_the_statement_back(self):
        credit = self._reverse()
        credit.action_post()
        credit.button_draft()
        self.assertEqual(self.statement.move_id, self.move)
        credit.action_post()
        self.assertEqual(self.statement.state, "draft")
        self.statement._create_invoices()
        for undo in (credit.button_draft, credit.button_cancel):
            with self.assertRaisesRegex(UserError, "billed anew since"):
                undo()

    def test_i1_reverse_and_correct(self):
        corrected = self._reverse(modify=True)
        self.assertEqual(self.statement.move_id, corrected)
        self.assertEqual(
            self.statement.charge_ids.move_line_id, corrected.invoice_line_ids
        )
        self.assertFalse(self.statement.differs)
        corrected.invoice_line_ids[0].price_unit = 0.5
        self.assertTrue(self.statement.differs)
        corrected.action_post()
        self.assertEqual(self.statement.state, "invoiced")

    def test_i1_correct_one_at_a_time(self):
        april = self._bill("2026-04-15")._create_invoices()
        april.action_post()
        self.move += april
        with self.assertRaisesRegex(UserError, "one at a time"):
            self._reverse(modify=True)

    def test_i1_a_statement_taken_back_can_be_cancelled(self):
        self._reverse().action_post()
        self.statement.action_cancel()
        self.assertEqual(self._bill().pages, self.statement.pages)
