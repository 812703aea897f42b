from odoo import fields, models


class ResCompany(models.Model):
    """When a volume is unusual."""

    _name = "res.company"
    _inherit = ["res.company"]

    focalist_anomaly_factor = fields.Float(
        "Unusual volume",
        default=3,
        required=True,
        digits=(6, 2),
        help="A volume that is so many times what was to be expected, or less than that"
        " part of it, is an anomaly of its statement.",
    )
    focalist_anomaly_floor = fields.Integer(
        "Unusual from a difference of",
        default=500,
        required=True,
        help="Pages: a smaller difference is no anomaly, however large its part.",
    )

    _focalist_anomaly_factor = models.Constraint(
        "CHECK (focalist_anomaly_factor > 1)",
        "A volume is unusual from more than once what was to be expected.",
    )
    _focalist_anomaly_floor = models.Constraint(
        "CHECK (focalist_anomaly_floor >= 0)",
        "A difference that makes a volume unusual is not negative.",
    )
