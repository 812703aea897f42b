from odoo import fields, models
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

    def action_unlock_focalist_panel(self):
        """Let technicians open the panels of these clients' devices."""
        self._switch_focalist_panel(True)

    def action_lock_focalist_panel(self):
        """Open no panel of these clients any more, and close those that are open."""
        self._switch_focalist_panel(False)

    def _switch_focalist_panel(self, unlocked):
        self.check_access("read")
        if not self.env.user.has_group("focalist_base.group_focalist_support"):
            raise AccessError(
                self.env._("Only Focalist's support unlocks the remote panel.")
            )
        # Support reads clients, and writes this alone.
        clients = self.sudo().filtered("is_focalist_client")
        clients.focalist_panel_unlocked = unlocked
        if not unlocked:
            sessions = self.env["focalist.panel.session"]
            sessions._end_all([("partner_id", "in", clients.ids)])
