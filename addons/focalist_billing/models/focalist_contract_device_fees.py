from datetime import timedelta

from odoo import api, models


class FocalistContractDevice(models.Model):
    """Statements that are not invoiced follow who is in the contract."""

    _name = "focalist.contract.device"
    _inherit = ["focalist.contract.device"]

    @api.model_create_multi
    def create(self, vals_list):
        members = super().create(vals_list)
        members._drafts_to_rate()._rate()
        return members

    def write(self, vals):
        if not vals.keys() & {"contract_id", "device_id", "start_at", "end_at"}:
            return super().write(vals)
        drafts = self._drafts_to_rate()
        result = super().write(vals)
        (drafts | self._drafts_to_rate())._rate()
        return result

    def unlink(self):
        drafts = self._drafts_to_rate()
        result = super().unlink()
        drafts._rate()
        return result

    def _drafts_to_rate(self):
        """Drafts of which the charges depend on when these are in the contract: fees,
        minimums, and pages of which some are included.

        Whoever changes members was checked; drafts are written by nobody's hand: sudo.
        """
        drafts = self.sudo().contract_id._drafts()
        if not drafts:
            return drafts
        # A day earlier, for the clocks of all time zones.
        since = min(self.mapped("start_at")).date() - timedelta(days=1)
        return drafts.filtered(
            lambda s: (
                s.service_end >= since
                and (s.charge != "pages" or s.pricing_id.has_allowance)
            )
        )
