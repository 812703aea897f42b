from odoo import models


class ResPartner(models.Model):
    """A client's statistics."""

    _name = "res.partner"
    _inherit = ["res.partner", "focalist.statistics.mixin"]
    _statistics_field = "partner_id"

    def _statistics_view(self):
        return self.env.ref("focalist_base.focalist_client_view_statistics")

    def _focalist_client(self):
        return self

    def _focalist_coordinates(self):
        lines = self._display_address(without_company=True).splitlines()
        person = self.focalist_main_coordinator_id
        return {
            "name": self.name,
            "address": [line.strip() for line in lines if line.strip()],
            "phone": self.phone,
            "email": self.email,
            "person": person.name,
            "logo": self.id if self.image_128 else False,
        }
