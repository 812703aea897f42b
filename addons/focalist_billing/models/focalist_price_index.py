from odoo import fields, models


class FocalistPriceIndex(models.Model):
    """An index that prices follow, with its values as they are published."""

    _name = "focalist.price.index"
    _description = "Price Index"
    _inherit = ["focalist.guarded.mixin"]
    _order = "name, id"

    name = fields.Char(required=True)
    source = fields.Char(help="Where its values are published.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    value_ids = fields.One2many("focalist.price.index.value", "index_id", "Values")

    def _value_of(self, month):
        """Its value of a month; 0 where none was entered.

        :param date month: any day of the month
        """
        self.ensure_one()
        first = fields.Date.start_of(month, "month")
        return sum(self.value_ids.filtered(lambda v: v.month == first).mapped("value"))
