from urllib.parse import urlsplit

from odoo import api, models
from odoo.exceptions import ValidationError

from ..tools import panel_host

DOMAIN, MINUTES, BASE = (
    "focalist_agents.panel_domain",
    "focalist_agents.panel_minutes",
    "web.base.url",
)
MAX_MINUTES = 240


class IrConfigParameter(models.Model):
    """Where panels live: never where Odoo does."""

    _inherit = "ir.config_parameter"

    @api.constrains("key", "value")
    def _check_focalist_panel(self):
        for parameter in self:
            if parameter.key == DOMAIN and parameter.value:
                self._check_focalist_panel_domain(parameter.value)
            if parameter.key == MINUTES and parameter.value:
                value = parameter.value
                if not value.isdigit() or not 1 <= int(value) <= MAX_MINUTES:
                    raise ValidationError(
                        self.env._(
                            "A panel is open from 1 to %(most)s minutes.",
                            most=MAX_MINUTES,
                        )
                    )

    def _check_focalist_panel_domain(self, domain):
        if not panel_host.check_domain(domain):
            raise ValidationError(
                self.env._(
                    "%(domain)s is no domain for panels: write it in small letters, as"
                    " panel.example.com or with a port.",
                    domain=domain,
                )
            )
        odoo = urlsplit(self.sudo().get_param(BASE) or "").hostname or ""
        if panel_host.are_related(panel_host.name_of(domain), odoo):
            raise ValidationError(
                self.env._(
                    "Panels cannot live at %(domain)s: it is Odoo's own host"
                    " (%(odoo)s), or above or below it, and a printer's page could"
                    " reach Odoo's cookies. Choose a domain beside it, best one that"
                    " is registered for panels alone.",
                    domain=domain,
                    odoo=odoo,
                )
            )
