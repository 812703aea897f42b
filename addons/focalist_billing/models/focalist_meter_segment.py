from odoo import api, models
from odoo.exceptions import UserError


class FocalistMeterSegment(models.Model):
    _inherit = "focalist.meter.segment"

    @api.model
    def _check_unbilled(self, device, meter, at):
        line = self.env["focalist.statement.line"]._billing(
            [
                ("device_id", "=", device.id),
                ("counter", "=", meter),
                ("read_from_at", "<", at),
                ("read_to_at", ">=", at),
                # An estimate is corrected, up to the end of the old counter.
                ("estimated", "=", False),
            ]
        )
        if line:
            raise UserError(
                self.env._(
                    "%(device)s is billed across that moment by %(statement)s. Cancel"
                    " that statement, or its invoice, first.",
                    device=device.display_name,
                    statement=line.statement_id.name,
                )
            )
        return super()._check_unbilled(device, meter, at)
