from odoo import fields, models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    focalist_statement_line_ids = fields.One2many(
        "focalist.statement.line",
        "move_line_id",
        "Meters behind the line",
        readonly=True,
    )
