from odoo import fields, models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    focalist_charge_ids = fields.One2many(
        "focalist.statement.charge",
        "move_line_id",
        "Charges behind the line",
        readonly=True,
    )
