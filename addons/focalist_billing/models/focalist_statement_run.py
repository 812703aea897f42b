from odoo import fields, models

from .focalist_billing_run_contract import OPEN_ROWS, OPEN_RUNS


class FocalistStatement(models.Model):
    """The run that a statement is reviewed and invoiced in."""

    _name = "focalist.statement"
    _inherit = ["focalist.statement"]

    run_row_id = fields.Many2one(
        "focalist.billing.run.contract",
        "Contract in a billing run",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    run_id = fields.Many2one(
        related="run_row_id.run_id",
        string="Billing run",
        store=True,
        index="btree_not_null",
    )

    def _held_by_another_run(self, row):
        """Whether another row is still to invoice this."""
        holder = self.sudo().run_row_id
        return (
            holder != row
            and holder.state in OPEN_ROWS
            and holder.run_id.state in OPEN_RUNS
        )
