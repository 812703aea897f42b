from odoo import api, fields, models


class FocalistDevice(models.Model):
    """A device knows which agent is behind it."""

    _inherit = "focalist.device"

    agent_id = fields.Many2one(
        "focalist.agent",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
        groups="focalist_base.group_focalist_user",
        help="The agent that reported it last.",
    )

    @api.model
    def _prepare_client_left(self):
        """The former client's agent neither shows nor keeps the device."""
        return super()._prepare_client_left() | {"agent_id": False}

    @api.model
    def _prepare_device_state(self, device, report):
        """Who brings the newest report is who is asked to poll from now on."""
        values = super()._prepare_device_state(device, report)
        agent_id = self.env.context.get("focalist_agent_id")
        if agent_id and agent_id != device.agent_id.id:
            values["agent_id"] = agent_id
        return values
