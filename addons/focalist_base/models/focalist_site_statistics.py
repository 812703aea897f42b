from odoo import models


class FocalistSite(models.Model):
    """A site's statistics."""

    _name = "focalist.site"
    _inherit = ["focalist.site", "focalist.statistics.mixin"]
    _statistics_field = "site_id"

    def _statistics_view(self):
        return self.env.ref("focalist_base.focalist_site_view_statistics")

    def _focalist_client(self):
        return self.partner_id

    def _focalist_coordinates(self):
        address, person = self.address_id or self.partner_id, self.coordinator_id
        lines = address._display_address(without_company=True).splitlines()
        return {
            "name": f"{self.partner_id.name}, {self.name}",
            "address": [line.strip() for line in lines if line.strip()],
            "phone": person.phone or address.phone,
            "email": person.email or address.email,
            "person": person.name,
            "logo": self.partner_id.id if self.partner_id.image_128 else False,
        }
