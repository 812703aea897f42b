from odoo import fields, models
from odoo.exceptions import UserError

TEMPLATE = "focalist_base.mail_template_reading_asked"


class FocalistDevice(models.Model):
    """A device whose meters the client is asked to type."""

    _name = "focalist.device"
    _inherit = ["focalist.device"]

    reading_asked_at = fields.Datetime(
        "Reading asked for",
        readonly=True,
        copy=False,
        groups="focalist_base.group_focalist_user",
        help="The client was asked for the meters, and nobody has read them since.",
    )

    def action_ask_readings(self):
        """Ask the client, by e-mail and in its portal, for these devices' meters."""
        self.check_access("write")
        return self._ask_readings()

    def _ask_readings(self):
        """Write one e-mail to each coordinator, whatever the number of devices.

        The caller has checked the rights.

        :return: the action that says so
        :raise UserError: where nobody can be asked
        """
        devices = self.sudo()
        for device in devices:
            self._check_can_be_asked(device)
        devices.reading_asked_at = fields.Datetime.now()
        template = self.env.ref(TEMPLATE).sudo()
        asked = devices.grouped(lambda device: device.site_id.coordinator_id)
        for person, theirs in asked.items():
            template.with_context(focalist_devices=theirs).send_mail(person.id)
        names = ", ".join(person.name for person in asked)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Asked for the meters: %(names)s", names=names),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _check_can_be_asked(self, device):
        if device.state != "active":
            raise UserError(
                self.env._("%(device)s is not in service.", device=device.display_name)
            )
        if not device.partner_id.focalist_active:
            raise UserError(
                self.env._(
                    "%(client)s is deactivated: nobody is written to there.",
                    client=device.partner_id.name,
                )
            )
        if not device.site_id.coordinator_id.email:
            raise UserError(
                self.env._(
                    "%(site)s has no coordinator with an e-mail address: give it one,"
                    " or type the meters yourself.",
                    site=device.site_id.display_name,
                )
            )

    def _is_reading_asked(self):
        """Whether the client's reading is still wanted."""
        self.ensure_one()
        asked, read = self.reading_asked_at, self.last_reading_at
        return bool(asked and (not read or read < asked))

    def _reading_url(self, person):
        """Where a person types the device's meters: its portal, or else the label's."""
        if person.user_ids:
            return f"{self.get_base_url()}/my/devices/{self.id}#reading"
        return self._label_urls()[self]

    def _take_portal_reading(self, meters):
        """Take what a client typed; it waits for a technician before it counts.

        Called with superuser rights, after the right to the device was checked, as the
        user who typed.

        :param dict meters: meter -> value
        """
        self.ensure_one()
        self._enter_meters(meters, fields.Datetime.now(), "portal", "portal")
        self.reading_asked_at = False
