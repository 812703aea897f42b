from odoo import fields, models

#: What a line is part of: the first entry of a cut-off, or the second.
KINDS = [("accrued", "Invoices to be made"), ("deferred", "Income billed ahead")]


class FocalistCutoffLine(models.Model):
    """What is behind an entry of a cut-off: pages or a fee of a contract."""

    _name = "focalist.cutoff.line"
    _description = "Line of a Cut-Off"
    _inherit = ["focalist.guarded.mixin", "analytic.mixin"]
    _order = "cutoff_id, kind, partner_id, contract_id, date_start, id"
    _rec_name = "label"

    cutoff_id = fields.Many2one(
        "focalist.cutoff", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="cutoff_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    kind = fields.Selection(KINDS, required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner", "Invoice to", required=True, readonly=True, ondelete="restrict"
    )
    contract_id = fields.Many2one(
        "focalist.contract", readonly=True, ondelete="restrict"
    )
    statement_id = fields.Many2one(
        "focalist.statement",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Empty: what no statement charges yet.",
    )
    move_line_id = fields.Many2one(
        "account.move.line",
        "Invoice line",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    label = fields.Char(required=True, readonly=True)
    date_start = fields.Date("From", required=True, readonly=True)
    date_end = fields.Date(
        "To",
        required=True,
        readonly=True,
        help="Of what is to be invoiced, the cut-off's day at the latest; of what was"
        " billed ahead, the day until which it was.",
    )
    pages = fields.Float(digits=(16, 0), readonly=True)
    account_id = fields.Many2one(
        "account.account",
        "Income account",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    amount = fields.Monetary(readonly=True)
    analytic_distribution = fields.Json(readonly=True)
