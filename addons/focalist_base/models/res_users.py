from odoo import models
from odoo.exceptions import AccessError


class ResUsers(models.Model):
    _inherit = "res.users"

    def _is_focalist_collector(self):
        """Whether this user is an installed collector, not a person."""
        return self.has_group("focalist_base.group_focalist_collector")

    def _check_focalist_person(self):
        """Raise an AccessError for a collector: it has no use for screens."""
        if not self.env.su and self.env.user._is_focalist_collector():
            raise AccessError(self.env._("A collector has no access to records."))
