from collections import defaultdict
from fractions import Fraction

from odoo import api, fields, models

from ..tools.percentages import percentages


class FocalistSite(models.Model):
    """A site's share of what is billed, in analytic accounting."""

    _name = "focalist.site"
    _inherit = ["focalist.site", "analytic.mixin"]

    # Clients read their sites in the portal: not what the dealer makes of them.
    analytic_distribution = fields.Json(
        groups="base.group_user",
        help="Where lines of invoices go in analytic accounting; those over several"
        " sites, by what each site has of them.",
    )

    @api.model
    def _focalist_distribution(self, amounts):
        """The analytic distribution of an amount that several sites share.

        Exact to the hundredth of a percent: the accounts of each plan have together
        what their sites have.

        :param dict amounts: focalist.site record -> amount, a Fraction
        :return: dict of analytic account ids -> percentage
        """
        whole = sum(amounts.values())
        shares = defaultdict(Fraction)
        for site, amount in amounts.items() if whole else ():
            for accounts, percentage in (site.analytic_distribution or {}).items():
                part = Fraction(str(percentage)) / 100
                shares[accounts] += Fraction(amount) / whole * part
        by_plan = defaultdict(dict)
        for accounts, share in shares.items():
            by_plan[self._plans_of(accounts)][accounts] = share
        distribution = {}
        for some in by_plan.values():
            distribution |= percentages(some)
        return distribution

    @api.model
    def _plans_of(self, accounts):
        """The plans of accounts, as a distribution's key names these."""
        ids = [int(part) for part in accounts.split(",") if part.isdigit()]
        found = self.env["account.analytic.account"].browse(ids).exists()
        return tuple(sorted(found.root_plan_id.ids))
