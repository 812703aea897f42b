from odoo import api, fields, models
from odoo.exceptions import UserError

#: Those who see invoices.
INVOICES = "account.group_account_invoice,account.group_account_readonly"
SOLD = ("out_invoice", "out_refund", "out_receipt")


class ResPartner(models.Model):
    """The client's tab Invoices: what is due, and the way to its payment."""

    _name = "res.partner"
    _inherit = ["res.partner"]

    focalist_amount_due = fields.Monetary(
        "To be paid",
        compute="_compute_focalist_amounts",
        groups=INVOICES,
        help="Of posted invoices, less credit notes, in the company's currency.",
    )
    focalist_amount_overdue = fields.Monetary(
        "Overdue", compute="_compute_focalist_amounts", groups=INVOICES
    )

    @api.depends_context("company")
    def _compute_focalist_amounts(self):
        """What is not paid yet; of it, what should have been."""
        open_moves = self._focalist_open_domain()
        late = [*open_moves, ("invoice_date_due", "<", fields.Date.context_today(self))]
        due, overdue = (
            dict(
                self.env["account.move"]._read_group(
                    domain, ["commercial_partner_id"], ["amount_residual_signed:sum"]
                )
            )
            for domain in (open_moves, late)
        )
        for partner in self:
            partner.focalist_amount_due = due.get(partner, 0)
            partner.focalist_amount_overdue = overdue.get(partner, 0)

    def _focalist_open_domain(self):
        """The posted invoices of these clients that are not paid."""
        return [
            ("commercial_partner_id", "in", self.ids),
            ("company_id", "in", self.env.companies.ids),
            ("move_type", "in", SOLD),
            ("state", "=", "posted"),
            ("payment_state", "in", ("not_paid", "partial")),
        ]

    def action_focalist_register_payment(self):
        """Open Odoo's own wizard on all that the client owes."""
        self.check_access("read")
        moves = self.env["account.move"].search(self._focalist_open_domain())
        if not moves:
            raise UserError(
                self.env._(
                    "No posted invoice of %(client)s is unpaid.", client=self.name
                )
            )
        return moves.action_register_payment()

    def action_focalist_new_invoice(self):
        """Open an invoice by hand, to this client."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["account.move"]._focalist_open()
        return action | {
            "views": [(False, "form")],
            "context": {
                "default_move_type": "out_invoice",
                "default_partner_id": self.id,
            },
        }
