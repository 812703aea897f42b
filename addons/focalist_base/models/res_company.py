from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    focalist_silent_days = fields.Integer(
        "Silent after",
        default=3,
        required=True,
        help="Days without a report after which a device in service is silent.",
    )
    focalist_lost_days = fields.Integer(
        "Lost after",
        default=30,
        required=True,
        help="Days without a report after which a silent device is lost.",
    )

    _focalist_silent_days = models.Constraint(
        "CHECK (focalist_silent_days > 0)",
        "A device is silent after one day at least.",
    )
    _focalist_lost_days = models.Constraint(
        "CHECK (focalist_lost_days > 0)",
        "A device is lost after one day at least.",
    )
