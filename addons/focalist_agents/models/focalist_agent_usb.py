from odoo import fields, models
from odoo.exceptions import AccessError, UserError


class FocalistAgent(models.Model):
    """Collectors of printers at computers' own USB: off until support unlocks them."""

    _name = "focalist.agent"
    _inherit = ["focalist.agent"]

    usb_unlocked = fields.Boolean(
        "USB collectors",
        readonly=True,
        copy=False,
        tracking=True,
        help="Whether printers at the USB of computers are taken, and collectors for"
        " them installed. Support switches it.",
    )

    def action_unlock_usb(self):
        """Let this agent have USB collectors."""
        self._switch_usb(True)

    def action_lock_usb(self):
        """Take nothing more of this agent's USB collectors."""
        self._switch_usb(False)

    def _switch_usb(self, unlocked):
        self.check_access("read")
        if not self.env.user.has_group("focalist_base.group_focalist_support"):
            raise AccessError(
                self.env._("Only Focalist's support unlocks USB collectors.")
            )
        # Support reads agents, and writes this alone.
        self.sudo().usb_unlocked = unlocked

    def action_new_usb_key(self):
        """Make a key to install one more USB collector with, and show it this once."""
        self.ensure_one()
        self.check_access("write")
        self._check_works()
        if not self.usb_unlocked:
            raise UserError(self._usb_locked_message())
        key = self._new_enrolment_key("usb")
        return self.env["focalist.agent.key"]._show(self, key)

    def _usb_locked_message(self):
        return self.env._(
            "%(agent)s takes no printers at USB: ask support to unlock it.",
            agent=self.name,
        )
