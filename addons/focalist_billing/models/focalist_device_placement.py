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

    def _reopen(self):
        """A device that did not leave stays in the contract, too.

        Technicians undo moves and have no rights on contracts: sudo, for the
        placements that they were allowed to reopen.
        """
        self._members_at("end_at")._go_on()
        return super()._reopen()

    def _withdraw(self, before):
        """A device that never came is in no contract there; see `_reopen`."""
        stood_there = (
            before.partner_id == self.partner_id and before.end_at == self.start_at
        )
        self._members_at("start_at", "=" if stood_there else ">=").unlink()
        return super()._withdraw(before)

    def _members_at(self, field, operator="="):
        """What devices are in at these clients, begun or ended with the placement."""
        members = self.env["focalist.contract.device"].sudo()
        found = members.browse()
        for placement in self:
            found |= members.search(
                [
                    ("device_id", "=", placement.device_id.id),
                    ("contract_id.partner_id", "=", placement.partner_id.id),
                    (field, operator, placement[field]),
                ]
            )
        return found
