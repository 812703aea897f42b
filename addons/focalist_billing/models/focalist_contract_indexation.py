from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date, formatLang

from ..tools.indexation import capped, of_index, of_rate, percent_of


class FocalistContract(models.Model):
    """Indexation: how prices change by what was agreed, and from when on."""

    _name = "focalist.contract"
    _inherit = ["focalist.contract"]

    indexation = fields.Selection(
        [("none", "No"), ("rate", "By a fixed rate"), ("index", "By an index")],
        "Prices are indexed",
        required=True,
        default="none",
        tracking=True,
    )
    indexation_date = fields.Date(
        "Next indexation",
        copy=False,
        tracking=True,
        help="Prices change with the first billing period that begins then or later.",
    )
    indexation_months = fields.Integer(
        "Every so many months", required=True, default=12, tracking=True
    )
    indexation_rate = fields.Float(
        "Rate in %", digits=(8, 4), tracking=True, help="2.5: prices rise by 2.5 %."
    )
    indexation_index_id = fields.Many2one(
        "focalist.price.index",
        "Index",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        tracking=True,
    )
    indexation_base = fields.Date(
        "Base month",
        tracking=True,
        help="The present prices are of this month's value of the index: new price ="
        " price × new value / value of the base month. Indexation moves it on.",
    )
    indexation_lag = fields.Integer(
        "Months of delay",
        required=True,
        default=3,
        tracking=True,
        help="The new value is that of so many months before the indexation: an index"
        " is published later than its month.",
    )
    indexation_cap = fields.Float(
        "No more than, in %", digits=(8, 4), tracking=True, help="0: without a limit."
    )
    indexation_notice = fields.Integer(
        "Announced days before", required=True, default=60, tracking=True
    )
    indexes_pages = fields.Boolean("Prices of pages", default=True, tracking=True)
    indexes_tiers = fields.Boolean("Prices of tiers", default=True, tracking=True)
    indexes_fees = fields.Boolean("Fixed fees indexed", default=True, tracking=True)
    indexes_supplies = fields.Boolean("Prices of supplies", default=True, tracking=True)
    indexation_announce_on = fields.Date(
        "Announced on",
        compute="_compute_indexation_announce_on",
        store=True,
        index="btree_not_null",
    )

    _indexation_numbers = models.Constraint(
        "CHECK (indexation_months > 0 AND indexation_lag >= 0"
        " AND indexation_notice >= 0 AND indexation_cap >= 0"
        " AND indexation_rate > -100)",
        "Indexation: months are one or more, days and limits are not negative.",
    )

    @api.depends("indexation", "indexation_date", "indexation_notice")
    def _compute_indexation_announce_on(self):
        for contract in self:
            day = contract.indexation != "none" and contract.indexation_date
            contract.indexation_announce_on = day and day - timedelta(
                days=contract.indexation_notice
            )

    @api.constrains(
        "indexation",
        "indexation_date",
        "indexation_rate",
        "indexation_index_id",
        "indexation_base",
    )
    def _check_indexation(self):
        for contract in self:
            missing = {
                "none": [],
                "rate": ["indexation_date", "indexation_rate"],
                "index": ["indexation_date", "indexation_index_id", "indexation_base"],
            }[contract.indexation]
            titles = [
                contract._fields[name]._description_string(self.env)
                for name in missing
                if not contract[name]
            ]
            if titles:
                raise ValidationError(
                    self.env._(
                        "Prices that are indexed need: %(fields)s.",
                        fields=", ".join(titles),
                    )
                )

    def _indexed_from(self):
        """From when on the next indexation holds: a billing period's first day.

        Never one that has begun already: it was to be announced.
        """
        self.ensure_one()
        tomorrow = fields.Date.context_today(self) + timedelta(days=1)
        day = max(self.indexation_date, tomorrow, self._change_date())
        start, end = self._period_of(day)
        return day if day in (start, self.date_start) else end + timedelta(days=1)

    def _indexation_month(self):
        """The month whose value of the index the next prices are of."""
        self.ensure_one()
        return fields.Date.start_of(self.indexation_date, "month") - relativedelta(
            months=self.indexation_lag
        )

    def _indexation_factor(self):
        """By how much prices change next.

        :return: (Fraction, why in a sentence)
        :raise ValidationError: where a value of the index is missing
        """
        self.ensure_one()
        source = ""
        if self.indexation == "rate":
            wanted = of_rate(self.indexation_rate)
        else:
            months = self.indexation_base, self._indexation_month()
            values = [self.indexation_index_id._value_of(month) for month in months]
            for month, value in zip(months, values, strict=True):
                if not value:
                    raise ValidationError(
                        self.env._(
                            "%(index)s has no value of %(month)s yet: enter it, and"
                            " the new prices are announced the day after.",
                            index=self.indexation_index_id.name,
                            month=format_date(self.env, month, date_format="MMMM yyyy"),
                        )
                    )
            wanted = of_index(*values)
            source = self.env._(
                "%(index)s from %(base)s to %(new)s",
                index=self.indexation_index_id.name,
                base=self._told_number(values[0]),
                new=self._told_number(values[1]),
            )
        factor = capped(wanted, self.indexation_cap)
        if factor < wanted:
            limit = self.env._(
                "limited, instead of %(percent)s %%",
                percent=self._told_number(percent_of(wanted)),
            )
            source = ", ".join(filter(None, [source, limit]))
        reason = self.env._(
            "Indexed by %(percent)s %%",
            percent=self._told_number(percent_of(factor)),
        )
        return factor, f"{reason} ({source})" if source else reason

    @api.model
    def _told_number(self, number):
        """A percentage or a value of an index, with the decimals that it has."""
        decimals = f"{number:.4f}".rstrip("0").partition(".")[2]
        return formatLang(self.env, number, digits=len(decimals))
