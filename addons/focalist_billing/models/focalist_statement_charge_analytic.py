from collections import defaultdict
from fractions import Fraction

from odoo import models


class FocalistStatementCharge(models.Model):
    """To which analytic accounts a charge goes: those of its sites."""

    _name = "focalist.statement.charge"
    _inherit = ["focalist.statement.charge"]

    def _analytic_distribution(self):
        """The analytic distribution of a line of these charges.

        Each site has its share of what they come to; what a site without a distribution
        has, goes nowhere.

        :return: dict of analytic account ids -> percentage, as Odoo has it
        """
        sites = self.partner_id.focalist_site_ids
        if not any(sites.mapped("analytic_distribution")):
            return {}
        amounts = defaultdict(Fraction)
        for charge in self:
            for site, amount in charge._amount_by_site().items():
                amounts[site] += amount
        return self.env["focalist.site"]._focalist_distribution(amounts)

    def _amount_by_site(self):
        """How much of the charge each site has.

        A fee of the contract, which is no site's, is shared by none.

        :return: dict focalist.site record -> Fraction
        """
        self.ensure_one()
        statement = self.statement_id
        site = self.site_id or statement.site_id or self._site_of(self.device_id)
        if site:
            return {site: Fraction(str(self.amount))}
        if self.meter:
            weights = [
                (line.site_id, Fraction(str(line.amount)))
                for line in self._statement_lines()
            ]
        elif self.supply_model_id:
            weights = [(supply.site_id, Fraction(1)) for supply in self._supplies()]
        else:
            weights = self._fee_weights()
        whole = sum(weight for _site, weight in weights)
        amounts = defaultdict(Fraction)
        for site, weight in weights if whole else ():
            amounts[site] += Fraction(str(self.amount)) * weight / whole
        return amounts

    def _supplies(self):
        """The replacements that a charge of a supply adds up."""
        return self.statement_id.supply_ids.filtered(
            lambda supply: (
                supply.supply_model_id == self.supply_model_id
                and supply.price_unit == self.price_unit
                and (not self.site_id or supply.site_id == self.site_id)
            )
        )

    def _fee_weights(self):
        """The sites that a fee is for, once for each of them or of their devices."""
        if self.fee_id.per == "contract":
            return []
        statement = self.statement_id
        contract = statement.contract_id
        end = self.date_end or statement.service_end
        presences = contract._presences(self.date_start or statement.service_start, end)
        if own := set(statement.fee_device_ids.ids):
            presences = {d: stay for d, stay in presences.items() if d in own}
        places = self.env["focalist.device"]
        if self.fee_id.per == "site":
            presences = contract._site_presences(presences, end)
            places = self.env["focalist.site"]
        # Who came or went has a charge of its own.
        whole = places.browse(p for p, stay in presences.items() if stay.share == 1)
        if self.fee_id.per == "device":
            whole = map(self._site_of, whole)
        return [(site, Fraction(1)) for site in whole]

    def _site_of(self, device):
        """Where a device stood on the charge's last day."""
        statement = self.statement_id
        day = self.date_end or statement.service_end
        return statement.contract_id._site_on(day, device)
