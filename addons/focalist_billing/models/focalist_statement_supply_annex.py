from odoo import models

from ..tools import annex


class FocalistStatementSupply(models.Model):
    _name = "focalist.statement.supply"
    _inherit = ["focalist.statement.supply"]

    def _annex_supplies(self):
        """These supplies as they are shown: focalist_billing.tools.annex.Supply."""
        return [
            annex.Supply(
                supply.site_id.name,
                supply.device_id.model_id.display_name,
                supply.device_id.serial_number or "",
                supply.supply_model_id.display_name,
                annex.local(supply.replaced_at, supply.site_id.tz),
                supply.price_unit,
            )
            for supply in self
        ]
