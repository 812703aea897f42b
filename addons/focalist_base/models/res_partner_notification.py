from odoo import fields, models

from .res_partner import FOCALIST_USERS


class ResPartner(models.Model):
    """What a client is told, and who may know of it."""

    _name = "res.partner"
    _inherit = ["res.partner"]

    focalist_notification_device_ids = fields.One2many(
        "focalist.notification.setting",
        "partner_id",
        "Device notifications",
        domain=[("category", "=", "device")],
        groups=FOCALIST_USERS,
    )
    focalist_notification_supply_ids = fields.One2many(
        "focalist.notification.setting",
        "partner_id",
        "Supply notifications",
        domain=[("category", "=", "supply")],
        groups=FOCALIST_USERS,
    )
    focalist_notification_snmp_ids = fields.One2many(
        "focalist.notification.setting",
        "partner_id",
        "SNMP alert notifications",
        domain=[("category", "=", "snmp")],
        groups=FOCALIST_USERS,
    )
    focalist_notification_agent_ids = fields.One2many(
        "focalist.notification.setting",
        "partner_id",
        "Agent notifications",
        domain=[("category", "=", "agent")],
        groups=FOCALIST_USERS,
    )
    focalist_notification_other_ids = fields.One2many(
        "focalist.notification.setting",
        "partner_id",
        "Other notifications",
        domain=[("category", "=", "other")],
        groups=FOCALIST_USERS,
    )

    def write(self, vals):
        result = super().write(vals)
        if vals.get("focalist_active") is False:
            self.env["focalist.notification"]._drop(self)
        return result

    def _focalist_tz(self):
        """The clock that a client lives by."""
        self.ensure_one()
        main = self.focalist_site_ids.filtered("is_main")
        dealer = self.focalist_company_id.partner_id
        return self.tz or main.tz or dealer.tz or "UTC"

    def _focalist_may_be_told(self, client, site):
        """Whether this person may know of what happened at a client's site.

        People of the dealer may, and the client's own; one who looks after given
        sites, of those alone.
        """
        self.ensure_one()
        if not self.active:
            return False
        if self.commercial_partner_id == client.commercial_partner_id:
            return self.focalist_coordinator_scope != "sites" or (
                bool(site)
                and (
                    site in self.focalist_coordinated_site_ids
                    or site.coordinator_id == self
                )
            )
        return any(
            user._is_internal() and client.focalist_company_id in user.company_ids
            for user in self.user_ids
        )

    def action_open_focalist_notifications(self):
        """Open the log of what the client was told."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_base.focalist_notification_action"
        )
        return action | {"domain": [("partner_id", "=", self.id)], "context": {}}
