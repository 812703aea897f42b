from odoo import api, fields, models


class FocalistPriceIndexValue(models.Model):
    _name = "focalist.price.index.value"
    _description = "Value of a Price Index"
    _inherit = ["focalist.guarded.mixin"]
    _order = "index_id, month desc"
    _rec_name = "month"

    index_id = fields.Many2one(
        "focalist.price.index", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="index_id.company_id", store=True, precompute=True, index=True
    )
    month = fields.Date(required=True, help="Any day of the month that it is of.")
    value = fields.Float(digits=(16, 4), required=True)

    _month_uniq = models.UniqueIndex(
        "(index_id, month)", "The index has its value of this month already."
    )
    _value_positive = models.Constraint(
        "CHECK (value > 0)", "A value of an index is more than nothing."
    )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._of_month(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._of_month(vals))

    @api.model
    def _of_month(self, vals):
        """A value is its whole month's."""
        if not vals.get("month"):
            return vals
        month = fields.Date.to_date(vals["month"])
        return vals | {"month": fields.Date.start_of(month, "month")}
