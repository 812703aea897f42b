from odoo import fields, models


class AccountMove(models.Model):
    """An entry of a cut-off knows it, and so does the one that reverses it."""

    _name = "account.move"
    _inherit = ["account.move"]

    focalist_cutoff_id = fields.Many2one(
        "focalist.cutoff",
        "Cut-off",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
