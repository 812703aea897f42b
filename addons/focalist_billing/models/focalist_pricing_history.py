from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, formatLang

from ..tools.billed_meters import A4_OF, BILLED_METERS
from ..tools.indexation import indexed

#: Parts of a version -> (what of the contract's says that they are indexed, field).
PARTS = {
    "tier_ids": ("indexes_tiers", "price"),
    "supply_ids": ("indexes_supplies", "price"),
    "minimum_ids": ("indexes_pages", "price"),
    "fee_ids": ("indexes_fees", "amount"),
}
PAGES = [f"price_{meter}" for meter in BILLED_METERS]


class FocalistPricing(models.Model):
    """Why a version of the prices is there, and what of them changed."""

    _name = "focalist.pricing"
    _inherit = ["focalist.pricing"]

    reason = fields.Char(copy=False, help="Why the prices change, for the history.")
    status = fields.Selection(
        [
            ("past", "Past"),
            ("present", "Present"),
            ("planned", "Planned"),
            ("announced", "Announced"),
        ],
        compute="_compute_status",
    )
    announced_on = fields.Date(
        "Announced on",
        readonly=True,
        copy=False,
        help="When the client was told of these prices, which were indexed.",
    )
    indexed_from_id = fields.Many2one(
        "focalist.pricing",
        "Indexed from",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    indexed_base = fields.Date(
        "Base month before", readonly=True, copy=False, help="Of the index."
    )

    indexed_by = fields.Json(
        readonly=True,
        copy=False,
        help="The factor, what was indexed, and the prices that came of it.",
    )

    @api.depends("date_from", "announced_on", "contract_id.pricing_ids.date_from")
    def _compute_status(self):
        today = fields.Date.context_today(self)
        for pricing in self:
            if pricing.date_from and pricing.date_from > today:
                pricing.status = "announced" if pricing.announced_on else "planned"
            else:
                present = pricing.contract_id._pricing_at(today) if pricing.id else None
                pricing.status = "present" if present in (None, pricing) else "past"

    def _prepare_indexed(self, day, factor, reason):
        """Values of the version that follows this one, by a factor.

        :param date day: its first day
        """
        self.ensure_one()
        contract = self.contract_id
        switches = sorted({"indexes_pages", *(switch for switch, _f in PARTS.values())})
        what = [switch for switch in switches if contract[switch]]
        return self._indexed_values(factor, what) | {
            "date_from": day,
            "reason": reason,
            "announced_on": fields.Date.context_today(self),
            "indexed_from_id": self.id,
            "indexed_base": contract.indexation_base,
            "indexed_by": {"factor": str(factor), "what": what},
        }

    def _indexed_values(self, factor, what):
        """These prices by a factor.

        :param what: names of the contract's fields that say what is indexed
        """
        [values] = self.copy_data()
        if "indexes_pages" in what:
            overrides = [command[2] for command in values["override_ids"]]
            for rates in [values, *overrides]:
                rates.update({name: indexed(rates[name], factor) for name in PAGES})
        for name, (switch, field) in PARTS.items():
            if switch in what:
                money = name == "fee_ids"
                places = self.currency_id.decimal_places if money else 6
                for _command, _id, part in values[name]:
                    part[field] = indexed(part[field], factor, places)
        return values

    def _price_changes(self):
        """What each price was before and is now, for people, in their language.

        :return: list of (title, price before, price now), where they differ
        """
        self.ensure_one()
        return [
            (title, self._shown(old), self._shown(new))
            for title, old, new in self._price_pairs()
            if old != new
        ]

    def _changes_note(self, head):
        """A sentence, and under it what each price was before and is now."""
        rows = Markup().join(
            Markup("<li>%s: %s → %s</li>") % change for change in self._price_changes()
        )
        return Markup("<p>%s</p><ul>%s</ul>") % (head, rows)

    def _price_pairs(self):
        """All prices that count: (title, before, now)."""
        priced = [(self.indexed_from_id, self, "")]
        if self.model == "device":
            priced += [
                (old, new, new.device_id.display_name or new.model_id.display_name)
                for old, new in self._both("override_ids")
            ]
        for meter in self._flat_meters():
            name = f"price_{meter}"
            title = self._fields[name]._description_string(self.env)
            for old, new, whose in priced:
                yield ", ".join(filter(None, [whose, title])), old[name], new[name]
        counting = {
            "tier_ids": self.model == "tiered",
            "supply_ids": self.model == "supply",
            "minimum_ids": self._minimums(),
            "fee_ids": True,
        }
        for name, (_switch, field) in PARTS.items():
            for old, new in self._both(name) if counting[name] else ():
                yield new._part_title(), old[field], new[field]

    def _flat_meters(self):
        """The meters that have a price of their own."""
        if self.model == "supply":
            return []
        prices = self._prices({})
        return [
            meter
            for meter in self._meters()
            if not prices.tier_kind(meter) and not (prices.a3_factor and meter in A4_OF)
        ]

    def _both(self, name):
        """Parts of the version before, and what became of them, in their order."""
        before, now = self.indexed_from_id[name], self[name]
        return zip(before.sorted("id"), now.sorted("id"), strict=False)

    def _shown(self, price):
        """A price with as many decimals as it has, two at least."""
        decimals = f"{price:.6f}".rstrip("0").partition(".")[2]
        number = formatLang(self.env, price, digits=max(len(decimals), 2))
        return f"{number}\N{NO-BREAK SPACE}{self.currency_id.symbol}"

    def action_cancel_indexation(self):
        """Take announced prices back; those before go on."""
        self.check_access("unlink")
        self.ensure_one()
        if self.status != "announced":
            raise UserError(
                self.env._("These prices hold already, or were not announced.")
            )
        contract = self.contract_id
        self.unlink()
        return {
            "type": "ir.actions.act_window",
            "res_model": contract._name,
            "res_id": contract.id,
            "views": [(False, "form")],
        }

    def action_announce(self):
        """Tell the client of announced prices again, which were changed."""
        self.check_access("write")
        self.ensure_one()
        if self.status != "announced":
            raise UserError(
                self.env._("These prices hold already, or were not announced.")
            )
        self.contract_id._tell_of_indexation()

    def unlink(self):
        """An indexation that is taken back is noted; an index goes on from its base."""
        for pricing in self.filtered(lambda version: version.status == "announced"):
            contract = pricing.contract_id
            contract._message_log(
                body=self.env._(
                    "The prices announced from %(date)s were cancelled: %(reason)s."
                    " Tell the client, who was told of them.",
                    date=format_date(self.env, pricing.date_from),
                    reason=pricing.reason,
                )
            )
            if pricing.indexed_base and contract.indexation == "index":
                contract.indexation_base = pricing.indexed_base
        return super().unlink()
