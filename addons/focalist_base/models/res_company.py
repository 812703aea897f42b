from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    focalist_silent_days = fields.Integer(
        "Silent after",
        default=3,
        required=True,
        help="Days without a report after which a device in service is silent.",
    )

    _focalist_silent_days = models.Constraint(
        "CHECK (focalist_silent_days > 0)",
        "A device is silent after one day at least.",
    )
