from odoo import api, models


class FocalistDevicePlacement(models.Model):
    _inherit = "focalist.device.placement"

    @api.model_create_multi
    def create(self, vals_list):
        """A device that comes to a client joins its contract.

        Technicians move devices and have no rights on contracts: sudo, for the
        placements that they were allowed to make.
        """
        placements = super().create(vals_list)
        self.env["focalist.contract.device"].sudo()._follow(placements.sudo())
        return placements

    def write(self, vals):
        """A device that leaves a client leaves its contract; see create."""
        result = super().write(vals)
        if vals.get("end_at"):
            self.env["focalist.contract.device"].sudo()._leave(self.sudo())
        return result
