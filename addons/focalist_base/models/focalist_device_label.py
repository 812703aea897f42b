import base64
import io
import secrets
from urllib.parse import urlsplit

import qrcode

from odoo import fields, models


class FocalistDevice(models.Model):
    """The device's label: whoever scans it says what is the matter."""

    _name = "focalist.device"
    _inherit = ["focalist.device"]

    label_token = fields.Char(
        copy=False,
        readonly=True,
        groups=fields.NO_ACCESS,
        help="What the label's address ends with. Whoever has it may report.",
    )

    _label_token_uniq = models.UniqueIndex("(label_token)")

    def _label_tokens(self):
        """The token of each device, made where it has none yet: {device: token}."""
        # Who prints a label shows its token to whoever sees the device.
        for device in self.sudo().filtered(lambda device: not device.label_token):
            device.label_token = secrets.token_urlsafe(12)
        return {device: device.sudo().label_token for device in self}

    def _label_urls(self):
        """What each label's code says: {device: URL}."""
        base = self.get_base_url() if len(self) == 1 else self.browse().get_base_url()
        return {
            device: f"{base}/focalist/d/{token}"
            for device, token in self._label_tokens().items()
        }

    def _prepare_labels(self, paths=()):
        """What the labels show, for any number of devices.

        :param paths: of the custom fields to print, see `_custom_values`
        :return: list of dict, one a device
        """
        urls = self._label_urls()
        custom = self._custom_values() if paths else {}
        return [
            {
                "device": device,
                "model": f"{model.manufacturer_id.name} {model.name}",
                "serial": device.serial_number or device.mac_address or "",
                "site": device.site_id.name or "",
                "custom": [
                    value
                    for value in custom.get(device, ())
                    if value.path in paths and value.text
                ],
                "dealer": device.company_id.sudo(),
                "qr": self._qr_code(urls[device]),
                "url": urlsplit(urls[device]).netloc + urlsplit(urls[device]).path,
            }
            for device in self
            for model in device.model_id
        ]

    def _qr_code(self, text):
        """The text as a QR code: a PNG in a data URI."""
        code = qrcode.QRCode(
            error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=8, border=0
        )
        code.add_data(text)
        stream = io.BytesIO()
        code.make_image().save(stream, format="PNG")
        encoded = base64.b64encode(stream.getvalue()).decode()
        return f"data:image/png;base64,{encoded}"

    def action_renew_labels(self):
        """Revoke the labels of these devices: what they lead to is gone."""
        self.check_access("write")
        for device in self:
            device.sudo().label_token = secrets.token_urlsafe(12)
            device.message_post(
                body=self.env._(
                    "The label was revoked: print a new one and stick it over the old."
                )
            )
        return self._print_labels()

    def _print_labels(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_base.focalist_label_print_action"
        )
        return action | {
            "context": {"active_model": self._name, "active_ids": self.ids}
        }
