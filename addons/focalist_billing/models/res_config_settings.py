from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    focalist_anomaly_factor = fields.Float(
        related="company_id.focalist_anomaly_factor", readonly=False
    )
    focalist_anomaly_floor = fields.Integer(
        related="company_id.focalist_anomaly_floor", readonly=False
    )
