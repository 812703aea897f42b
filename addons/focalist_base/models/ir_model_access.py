from odoo import api, models


class IrModelAccess(models.Model):
    _inherit = "ir.model.access"

    @api.model
    def _get_allowed_models(self, mode="read"):
        """Give a collector no model, not even those open to every user.

        Some of Odoo's access rows name no group (currencies, countries, …). A
        collector's key is held on a stranger's network: it reaches Odoo through
        Focalist's own route alone, which works on its behalf after its checks.
        """
        if self.env.user._is_focalist_collector():
            return frozenset()
        return super()._get_allowed_models(mode)
