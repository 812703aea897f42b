from odoo import models


class ResUsers(models.Model):
    _inherit = "res.users"

    def _is_focalist_collector(self):
        """Whether this user is an installed collector, not a person."""
        return bool(self) and self._has_group("focalist_base.group_focalist_collector")

    def read(self, fields=None, load="_classic_read"):
        """Odoo lets all users read some of their own record: not a collector."""
        self._check_focalist_person()
        return super().read(fields, load)

    def write(self, vals):
        """Odoo lets all users change some of their own record: not a collector."""
        self._check_focalist_person()
        return super().write(vals)
