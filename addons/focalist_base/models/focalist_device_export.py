from odoo import api, models


class FocalistDevice(models.Model):
    """Devices as rows of a spreadsheet."""

    _name = "focalist.device"
    _inherit = ["focalist.device", "focalist.export.mixin"]

    @api.model
    def _export_columns(self):
        """See `focalist.export.mixin`."""
        return [
            *self._field_columns("manufacturer_id"),
            (
                self.fields_get(["model_id"], ["string"])["model_id"]["string"],
                lambda devices: [device.model_id.name for device in devices],
            ),
            *self._field_columns(
                "serial_number",
                "state",
                "partner_id",
                "site_id",
                "ip_address",
                "mac_address",
                "hostname",
                "location",
                "firmware",
                "total_meter",
                "mono_meter",
                "color_meter",
                "last_reading_at",
                "last_report_at",
                "status_text",
                "toner_percent",
                "alert_count",
            ),
            *self._custom_columns(),
        ]
