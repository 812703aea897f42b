from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestClientInvoices(BillingCommon):
    """I1: invoices by hand, their files and payments, from the client's tab."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(
            cls.env,
            login="invoicing",
            groups="focalist_base.group_focalist_accountant,account.group_account_invoice",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.env = cls.env(user=cls.user, context={})
        cls.client = cls.client.with_env(cls.env)

    def _invoice(self, amount, due="2026-03-31"):
        """A posted invoice by hand, as the tab's button opens it."""
        action = self.client.action_focalist_new_invoice()
        move = self.env[action["res_model"]].with_context(**action["context"])
        with Form(move) as form:
            form.invoice_date = "2026-03-01"
            form.invoice_payment_term_id = self.env["account.payment.term"]
            form.invoice_date_due = due
            with form.invoice_line_ids.new() as line:
                line.name = "Paper"
                line.price_unit = amount
                line.tax_ids.clear()
        return form.save()

    def _pay(self, action, amount):
        wizard = self.env[action["res_model"]].with_context(**action["context"])
        with Form(wizard) as form:
            form.amount = amount
        form.save().action_create_payments()

    def test_i1_invoice_by_hand_with_part_payments(self):
        move = self._invoice(120)
        self.assertEqual(move.partner_id, self.client)
        self.assertFalse(self.client.focalist_amount_due, "a draft is not due")
        move.invoice_line_ids.price_unit = 100
        move.message_post(body="The order", attachments=[("order.pdf", b"%PDF-1.4")])
        self.assertEqual(move.attachment_ids.raw, b"%PDF-1.4")
        move.action_post()
        self.client.invalidate_recordset()
        self.assertIn(move, self.client.focalist_invoice_ids)
        self.assertEqual(self.client.focalist_amount_due, 100)
        self.assertEqual(self.client.focalist_amount_overdue, 100)
        self._pay(self.client.action_focalist_register_payment(), 30)
        self._pay(move.action_register_payment(), 20)
        self.client.invalidate_recordset()
        self.assertEqual(self.client.focalist_amount_due, 50)
        self.assertEqual(sorted(move.matched_payment_ids.mapped("amount")), [20, 30])
        self.assertEqual(move.amount_residual, 50)

    def test_i1_all_that_is_due_is_paid_at_once(self):
        moves = self._invoice(100) + self._invoice(40, due="2999-01-01")
        moves.action_post()
        self.assertEqual(self.client.focalist_amount_due, 140)
        self.assertEqual(self.client.focalist_amount_overdue, 100)
        action = self.client.action_focalist_register_payment()
        wizard = (
            self.env[action["res_model"]].with_context(**action["context"]).create({})
        )
        wizard.group_payment = True
        wizard.action_create_payments()
        self.client.invalidate_recordset()
        self.assertFalse(self.client.focalist_amount_due)
        with self.assertRaisesRegex(UserError, "is unpaid"):
            self.client.action_focalist_register_payment()

    def test_i1_a_draft_is_deleted_a_posted_one_credited(self):
        draft, posted = self._invoice(10), self._invoice(20)
        posted.action_post()
        draft.unlink()
        with self.assertRaises(UserError):
            posted.unlink()
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=posted.ids)
            .create({"journal_id": posted.journal_id.id, "date": fields.Date.today()})
        )
        wizard.refund_moves()
        wizard.new_move_ids.action_post()
        self.client.invalidate_recordset()
        self.assertFalse(self.client.focalist_amount_due)

    def test_i1_amounts_are_of_those_who_see_invoices(self):
        technician = new_test_user(
            self.env(su=True),
            login="no_invoices",
            groups="focalist_base.group_focalist_technician",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        client = self.client.with_user(technician)
        with self.assertRaises(AccessError):
            client.read(["focalist_amount_due"])
        with self.assertRaises(AccessError):
            client.action_focalist_register_payment()
