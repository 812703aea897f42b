from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    focalist_silent_days = fields.Integer(
        related="company_id.focalist_silent_days", readonly=False
    )
    focalist_lost_days = fields.Integer(
        related="company_id.focalist_lost_days", readonly=False
    )
