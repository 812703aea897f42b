from datetime import timedelta
from fractions import Fraction

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .focalist_contract import PERIOD_MONTHS


class FocalistContract(models.Model):
    """When minimum volumes are trued up."""

    _name = "focalist.contract"
    _inherit = ["focalist.contract"]

    true_up_period = fields.Selection(
        [
            ("month", "Each month"),
            ("quarter", "Each quarter"),
            ("half_year", "Each half-year"),
            ("year", "Each year"),
        ],
        "Minimums trued up",
        required=True,
        default="year",
        tracking=True,
        help="Within this time, pages over the minimum of a month make good those that"
        " another month is short of. What is short in the end is billed.",
    )
    has_minimum = fields.Boolean(compute="_compute_has_minimum")

    @api.depends("pricing_ids.has_minimum")
    def _compute_has_minimum(self):
        for contract in self:
            contract.has_minimum = any(contract.pricing_ids.mapped("has_minimum"))

    @api.constrains("true_up_period")
    def _check_true_up_billed(self):
        self._check_nothing_billed()

    @api.constrains("true_up_period", "period", "pricing_ids")
    def _check_true_up_period(self):
        for contract in self.filtered("has_minimum"):
            if contract._period_months("true_up") < contract._period_months("pages"):
                raise ValidationError(
                    self.env._(
                        "%(contract)s is billed less often than its minimums are trued"
                        " up: choose a longer time for these.",
                        contract=contract.name,
                    )
                )

    def _period_months(self, charge):
        if charge == "true_up":
            return PERIOD_MONTHS[self.true_up_period]
        return super()._period_months(charge)

    def _fee_versions(self, charge):
        """Those with minimums, of a true-up."""
        if charge != "true_up":
            return super()._fee_versions(charge)
        self.ensure_one()
        return self.pricing_ids.filtered(lambda pricing: pricing._minimums()).sorted(
            "date_from", reverse=True
        )

    def _periods_until(self, charge, day, done):
        """Without the true-ups that were over before pages were billed here at all."""
        periods = super()._periods_until(charge, day, done)
        if charge != "true_up":
            return periods
        pages = self.statement_ids.filtered(
            lambda statement: statement.charge == "pages" and not statement.cancelled
        )
        first = min(pages.mapped("date_start"), default=periods[-1][0])
        return [period for period in periods if period[1] >= first]

    def _each_month(self, start, end):
        """The months between two days, the first and the last one perhaps in part.

        :return: list of (first day, last day, Fraction of the month)
        """
        self.ensure_one()
        months = []
        while start <= end:
            first, last = self._period_around(start, 1)
            until = min(last, end)
            days = Fraction((until - start).days + 1, (last - first).days + 1)
            months.append((start, until, days))
            start = until + timedelta(days=1)
        return months
