from odoo import api, fields, models
from odoo.exceptions import UserError


class FocalistDevice(models.Model):
    """Devices of one client that another client's agent tells of.

    What that agent tells is not taken, and its client is shown nothing: a person sees
    that it happened, and moves the device or lets it stay.
    """

    _name = "focalist.device"
    _inherit = ["focalist.device"]

    stray_partner_id = fields.Many2one(
        "res.partner",
        "Seen at client",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        copy=False,
        groups="focalist_base.group_focalist_user",
        help="Another client, whose agent told of this device.",
    )
    stray_site_id = fields.Many2one(
        "focalist.site",
        "Seen at site",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        copy=False,
        groups="focalist_base.group_focalist_user",
    )
    stray_at = fields.Datetime(
        "Last seen there",
        readonly=True,
        copy=False,
        groups="focalist_base.group_focalist_user",
    )
    is_stray = fields.Boolean(
        "Seen at another client",
        readonly=True,
        copy=False,
        groups="focalist_base.group_focalist_user",
        help="Nobody has decided yet whether it moved there.",
    )

    _is_stray_idx = models.Index("(company_id) WHERE is_stray")

    @api.model
    def _told_of_strays(self, reports, origin):
        """Where devices of other clients were seen.

        :param list reports: (device, DeviceReport) in the order of their moments
        :return: dict device -> values of its record
        """
        told = {}
        for device, report in reports:
            if device.state != "active" or device.partner_id == origin.partner:
                continue
            told[device] = {"stray_at": report.read_at}
            # What was decided of that client stays decided.
            if device.stray_partner_id != origin.partner:
                told[device] |= {"stray_partner_id": origin.partner.id}
                told[device] |= {"is_stray": True}
            if origin.site and device.stray_site_id != origin.site:
                told[device] |= {"stray_site_id": origin.site.id}
        return told

    @api.model
    def _prepare_client_left(self):
        """Where it was seen before it moved is no business of its next client."""
        seen = ("stray_partner_id", "stray_site_id", "stray_at", "is_stray")
        return super()._prepare_client_left() | dict.fromkeys(seen, False)

    def action_move_stray(self):
        """Ask for a move to where the device was seen."""
        self.check_access("write")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_base.focalist_device_move_action"
        )
        return action | {
            "context": {
                "active_ids": self.ids,
                "default_kind": "move",
                "default_site_id": self.stray_site_id.id,
            }
        }

    def action_keep_stray(self):
        """Let devices stay where they are, also when they are seen there again."""
        self.check_access("write")
        if any(not device.is_stray for device in self):
            raise UserError(self.env._("It was seen at no other client."))
        # Checked just now: who may move the device may let it stay.
        self.sudo().is_stray = False
