import base64

from markupsafe import Markup

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html

from ..tools.meters import METERS, parse_pages, reading_field
from ..tools.people import least_busy, of_group

# What a person reads from a display; the others are for those who know the machine.
ASKED_METERS = ("total", "mono", "color", "scan")


class FocalistDevice(models.Model):
    """What people without a login say of a device whose label they scanned."""

    _name = "focalist.device"
    _inherit = ["focalist.device"]

    @api.model
    def _of_label(self, token):
        """The device in service that has this label, or none.

        Called with superuser rights: the token is the right to report, and no more.
        """
        if not token or len(token) > 64:
            return self.browse()
        return self.search([("label_token", "=", token), ("state", "=", "active")])

    def _public_meters(self):
        """The meters that a person is asked for."""
        told = [meter for meter in ASKED_METERS if meter in (self.last_meters or {})]
        usual = ("total", "mono", "color") if self.is_color else ("total",)
        return [meter for meter in METERS if meter in (told or usual)]

    def _asked_meter_labels(self):
        """The meters that a person is asked for: {meter: label}."""
        asked = self._public_meters()
        described = (
            self.env["focalist.meter.reading"]
            .sudo()
            .fields_get([reading_field(meter) for meter in asked], ["string"])
        )
        return {meter: described[reading_field(meter)]["string"] for meter in asked}

    def _typed_meters(self, typed):
        """The meters that a person typed, checked.

        :param dict typed: what a form sent: `meter_total` and such
        :return: dict meter -> value
        :raise UserError: with what is wrong, for the person who typed it
        """
        meters = {}
        for meter, label in self._asked_meter_labels().items():
            said = typed.get(f"meter_{meter}")
            try:
                value = parse_pages(said if isinstance(said, str) else "")
            except ValueError as error:
                raise UserError(
                    self.env._(
                        "%(meter)s: “%(said)s” is no number of pages.",
                        meter=label,
                        said=said[:30],
                    )
                ) from error
            if value is not None:
                meters[meter] = value
        if not meters:
            raise UserError(self.env._("Enter at least one meter."))
        return meters

    def _take_public_report(self, who="", text="", meters=None, photo=None):
        """Take what somebody without a login reports of this device.

        Called with superuser rights, after the label's token and the limits were
        checked. A reading waits for a technician before it counts.

        :param str who: name and e-mail as typed; nobody knows whether they are true
        :param str text: what the problem is; beside meters, a remark
        :param dict meters: meter -> value, where it is a reading
        :param bytes photo: a JPEG
        """
        self.ensure_one()
        device = self.with_user(SUPERUSER_ID).with_company(self.company_id)
        device = device.with_context(lang=self.company_id.partner_id.lang)
        if meters:
            reading = device._enter_meters(
                meters, fields.Datetime.now(), "public", uid_prefix="public"
            )
            if photo:
                reading.photo = base64.b64encode(photo)
        if text or not meters:
            device._post_public_report(who, text, None if meters else photo)
        if not meters:
            device._ask_technician()

    def _post_public_report(self, who, text, photo):
        """What was typed, as it was typed, among the internal notes."""
        who = who or self.env._("somebody without a login")
        head = self.env._("Reported by the label, by %(who)s:", who=who)
        self.message_post(
            body=Markup("<p>%s</p>%s") % (head, plaintext2html(text)),
            attachments=[("photo.jpg", photo)] if photo else None,
            subtype_xmlid="mail.mt_note",
        )

    def _ask_technician(self):
        """Give a technician something to do; one thing, however many report it."""
        kind = "focalist_base.mail_activity_type_public_report"
        if self.activity_search([kind], only_automated=False):
            return
        self.activity_schedule(kind, user_id=self._least_busy_technician().id)

    def _least_busy_technician(self):
        """The dealer's technician with the fewest activities on devices."""
        group = "focalist_base.group_focalist_technician"
        return least_busy(of_group(self.env, group, self.company_id), self._name)
