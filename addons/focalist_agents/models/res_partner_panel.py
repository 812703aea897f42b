from odoo import api, fields, models
from odoo.exceptions import AccessError

from .res_partner import FOCALIST_USERS


class ResPartner(models.Model):
    """The remote panel of a client's devices: off until support unlocks it."""

    _name = "res.partner"
    _inherit = ["res.partner"]

    focalist_panel_unlocked = fields.Boolean(
        "Remote panel",
        readonly=True,
        copy=False,
        tracking=True,
        groups=FOCALIST_USERS,
        help="Whether the devices' own web pages can be opened from here. Support"
        " switches it.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_panel_switch(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_panel_switch(vals)
        return super().write(vals)

    @api.model
    def _check_panel_switch(self, vals):
        """Read-only is a matter of views alone: nobody switches it by RPC."""
        if "focalist_panel_unlocked" in vals and not self.env.su:
            raise AccessError(self._panel_switch_message())

    @api.model
    def _panel_switch_message(self):
        return self.env._("Only Focalist's support unlocks the remote panel.")

    def action_unlock_focalist_panel(self):
        """Let technicians open the panels of these clients' devices."""
        self._switch_focalist_panel(True)

    def action_lock_focalist_panel(self):
        """Open no panel of these clients any more, and close those that are open."""
        self._switch_focalist_panel(False)

    def _switch_focalist_panel(self, unlocked):
        self.check_access("read")
        if not self.env.user.has_group("focalist_base.group_focalist_support"):
            raise AccessError(self._panel_switch_message())
        # Support reads clients, and writes this alone.
        clients = self.sudo().filtered("is_focalist_client")
        clients.focalist_panel_unlocked = unlocked
        if not unlocked:
            sessions = self.env["focalist.panel.session"]
            sessions._end_all([("partner_id", "in", clients.ids)])
