from odoo import api, models

from ..tools.meters import METERS, reading_field


class FocalistMeterReading(models.Model):
    """Readings as rows of a spreadsheet."""

    _name = "focalist.meter.reading"
    _inherit = ["focalist.meter.reading", "focalist.export.mixin"]

    @api.model
    def _export_columns(self):
        """See `focalist.export.mixin`."""
        return [
            *self._field_columns(
                "read_at", "device_id", "partner_id", "site_id", "source", "state"
            ),
            *self._field_columns(*(reading_field(meter) for meter in METERS)),
            *self._field_columns("held_text"),
        ]
