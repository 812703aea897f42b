from odoo import models


class ResPartner(models.Model):
    """Sales' simulation, from the client's tab of prices."""

    _name = "res.partner"
    _inherit = ["res.partner"]

    def action_focalist_simulate(self):
        """Try prices on the past year: of its contract, or of the client without one.

        Of several contracts, the first active one; each has its own button.
        """
        self.check_access("read")
        self.ensure_one()
        contracts = self.env["focalist.contract"].search(
            [("partner_id", "=", self.id)], order="id"
        )
        active = contracts.filtered(lambda contract: contract.state == "active")
        contract = (active or contracts.sorted(lambda c: c.state == "closed"))[:1]
        return self.env["focalist.pricing"]._action_simulate(self, contract)
