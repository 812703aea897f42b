from odoo import Command, fields, models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    """Credit and rebill: what a credit note takes back, is billed anew or never."""

    _name = "account.move"
    _inherit = ["account.move"]

    focalist_credited_ids = fields.Many2many(
        "focalist.statement",
        "focalist_statement_credited_rel",
        "move_id",
        "statement_id",
        "Statements taken back",
        readonly=True,
        copy=False,
        help="Those of the invoice that this credit note reverses as a whole.",
    )

    def _post(self, soft=True):
        posted = super()._post(soft)
        for credit in posted:
            if credit._focalist_reverses_all():
                statements = credit.reversed_entry_id.sudo().focalist_statement_ids
                credit.sudo().focalist_credited_ids = [Command.set(statements.ids)]
                statements.move_id = False
        return posted

    def _focalist_reverses_all(self):
        """Whether this takes a whole invoice back; a part of it leaves its pages."""
        self.ensure_one()
        original = self.reversed_entry_id
        return (
            self.move_type == "out_refund"
            and original.currency_id == self.currency_id
            and not self.currency_id.compare_amounts(
                original.amount_total, self.amount_total
            )
        )

    def button_draft(self):
        self._focalist_give_back()
        return super().button_draft()

    def button_cancel(self):
        self._focalist_give_back()
        return super().button_cancel()

    def _focalist_give_back(self):
        """A credit note that is undone gives its invoice the statements back.

        :raise UserError: where they are billed by another invoice since
        """
        for credit in self.sudo().filtered("focalist_credited_ids"):
            statements = credit.focalist_credited_ids
            for statement in statements:
                if statement.cancelled or statement.move_id:
                    raise UserError(
                        self.env._(
                            "%(statement)s is billed anew since, or cancelled: this"
                            " credit note stays.",
                            statement=statement.name,
                        )
                    )
            statements.move_id = credit.reversed_entry_id
            credit.focalist_credited_ids = [Command.clear()]

    def _focalist_take_over(self, original, statements):
        """Bill statements in the place of an invoice that was reversed.

        This is its copy: its lines are in the same order.
        """
        self.ensure_one()
        move = self.sudo()
        statements.sudo().move_id = move
        move.write({"focalist_origin_ids": [Command.set(statements.ids)]})
        for old, new in zip(
            original.sudo().invoice_line_ids, move.invoice_line_ids, strict=True
        ):
            old.focalist_charge_ids.move_line_id = new
        statements.sudo()._settling()._not_invoiced()._rate()
