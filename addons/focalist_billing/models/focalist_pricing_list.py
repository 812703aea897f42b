from odoo import models


class FocalistPricing(models.Model):
    """A version's prices as a list to read, for the client's table."""

    _name = "focalist.pricing"
    _inherit = ["focalist.pricing"]

    def _price_list(self):
        """What there is to pay and what is included.

        :return: list of (title, number)
        """
        self.ensure_one()
        if self.model == "supply":
            prices = [
                (line.supply_model_id.display_name, line.price)
                for line in self.supply_ids
            ]
        else:
            prices = self._tier_list() + self._page_list() + self._minimum_list()
        pers = dict(self.fee_ids._fields["per"]._description_selection(self.env))
        return prices + [
            (
                self.env._(
                    "%(fee)s, a month: %(per)s", fee=fee.name, per=pers[fee.per]
                ),
                fee.amount,
            )
            for fee in self.fee_ids
        ]

    def _tier_list(self):
        if self.model != "tiered":
            return []
        kinds = dict(self.tier_ids._kinds())
        return [
            (
                self.env._(
                    "%(kind)s from page %(page)s on",
                    kind=kinds[tier.kind],
                    page=tier.page_from,
                ),
                tier.price,
            )
            for tier in self.tier_ids.sorted(lambda tier: (tier.kind, tier.page_from))
        ]

    def _minimum_list(self):
        """The pages that are guaranteed, and the price of those short of them."""
        prices = []
        for minimum in self._minimums():
            title = ": ".join(
                filter(None, [minimum.site_id.name, minimum._part_title()])
            )
            guaranteed = minimum._fields["pages"]._description_string(self.env)
            per = dict(minimum._fields["per"]._description_selection(self.env))
            prices += [
                (f"{title}, {guaranteed}, {per[minimum.per]}", minimum.pages),
                (title, minimum._price()),
            ]
        return prices

    def _page_list(self):
        """The default prices, those of models and devices, and shared pages."""
        included = self.has_allowance and self.model != "tiered"
        others = self.override_ids if self.model == "device" else ()
        meters = self._flat_meters()
        prices = self._rate_list(self, meters, included)
        for other in others:
            whose = (other.device_id or other.model_id).display_name
            prices += [
                (self.env._("%(whose)s: %(price)s", whose=whose, price=title), number)
                for title, number in self._rate_list(other, meters, included)
            ]
        if factor := self._prices({}).a3_factor:
            prices.append((self.env._("An A3 page, in A4 pages"), factor))
        for pool in self.pool_ids if included else ():
            prices += [
                (self.env._("%(pool)s: %(pages)s", pool=pool.name, pages=title), pages)
                for title, pages in self._included_list(pool)
                if pages
            ]
        return prices

    def _rate_list(self, rates, meters, included):
        """The prices of the pages of these meters, and the pages included."""
        prices = [
            (self._title_of(rates, f"price_{meter}"), rates[f"price_{meter}"])
            for meter in meters
        ]
        return prices + (self._included_list(rates) if included else [])

    def _included_list(self, rates):
        return [
            (self._title_of(rates, f"included_{meter}"), rates[f"included_{meter}"])
            for meter in self._meters()
        ]

    def _title_of(self, rates, name):
        return rates._fields[name]._description_string(self.env)
