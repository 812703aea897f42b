import ipaddress

from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from ..tools import ranges as ranges_

DEFAULT_WEB_PORT = 80


class FocalistDevice(models.Model):
    """A device's own web page, opened by way of its agent."""

    _name = "focalist.device"
    _inherit = ["focalist.device"]

    panel_session_ids = fields.One2many(
        "focalist.panel.session",
        "device_id",
        "Remote panels",
        groups="focalist_base.group_focalist_technician,"
        "focalist_base.group_focalist_support",
    )

    def write(self, vals):
        result = super().write(vals)
        if {"active", "state"} & vals.keys():
            gone = self.filtered(lambda one: not one.active or one.state != "active")
            sessions = self.env["focalist.panel.session"]
            sessions._end_all([("device_id", "in", gone.ids)])
        return result

    def action_open_panel(self):
        """Open the device's own web page in a new tab of the browser."""
        self.check_access("read")
        self.ensure_one()
        user = self.env.user
        if not (
            user.has_group("focalist_base.group_focalist_technician")
            or user.has_group("focalist_base.group_focalist_support")
        ):
            raise AccessError(
                self.env._("Only technicians and support open a device's panel.")
            )
        # The device is the user's to read, and sessions are nobody's to write.
        device = self.sudo()
        if obstacle := device._panel_obstacle():
            raise UserError(obstacle)
        url = device.env["focalist.panel.session"]._open(device)
        return {"type": "ir.actions.act_url", "url": url, "target": "new"}

    def _panel_obstacle(self):
        """What keeps the panel from being opened, for people; None where nothing."""
        agent = self.agent_id
        collector = agent._network_collector()
        if not self.env["focalist.panel.session"]._domain():
            why = self.env._(
                "Panels have no domain yet: a manager sets it in the settings, under"
                " Remote panel."
            )
        elif self.state != "active":
            why = self.env._("Only a device in service has a remote panel.")
        elif not self.partner_id.focalist_panel_unlocked:
            why = self.env._(
                "The remote panel is locked for %(client)s: ask support to unlock it.",
                client=self.partner_id.name,
            )
        elif not self.partner_id.focalist_active:
            why = self.env._("%(client)s is deactivated.", client=self.partner_id.name)
        elif not _is_address(self.ip_address):
            why = self.env._(
                "The device has no IP address: nobody knows where its page is."
            )
        elif agent.partner_id != self.partner_id or not agent.active:
            why = self.env._("No agent of the client has reported this device.")
        elif collector.state != "connected":
            why = self.env._(
                "%(agent)s has no collector that is connected: its network cannot be"
                " reached.",
                agent=agent.name,
            )
        else:
            why = None
        return why

    def _panel_port(self):
        """The port of its page, by the network that has its address."""
        networks = self.agent_id.network_ids
        network = ranges_.find(networks._places(), self.ip_address.strip())
        return (network or networks[:1]).web_port or DEFAULT_WEB_PORT


def _is_address(text):
    try:
        return bool(ipaddress.ip_address((text or "").strip()))
    except ValueError:
        return False
