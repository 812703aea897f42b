from odoo import fields, models

from .focalist_panel_session import DEFAULT_MINUTES


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    focalist_panel_domain = fields.Char(
        "Panels' domain", config_parameter="focalist_agents.panel_domain"
    )
    focalist_panel_minutes = fields.Integer(
        "Minutes that a panel is open",
        config_parameter="focalist_agents.panel_minutes",
        default=DEFAULT_MINUTES,
    )
