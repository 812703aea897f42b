from datetime import timedelta

from odoo import models

from ..tools.presence import together


class FocalistStatement(models.Model):
    """Fixed fees: what they come to in a period."""

    _name = "focalist.statement"
    _inherit = ["focalist.statement"]

    def _fees(self):
        """The fees that each of these statements bills, if its days have any.

        :return: dict statement -> focalist.pricing.fee records
        """
        return {
            statement: statement.contract_id.pricing_ids.fee_ids.filtered(
                lambda fee, s=statement: fee.in_advance == (s.charge == "advance")
            )
            for statement in self
            if statement.charge in ("fees", "advance")
        }

    def _prepare_fee_charges(self):
        """Values of the charges of the fees of their periods."""
        charges = []
        for statement, fees in self._fees().items():
            versions, devices = (
                statement.contract_id.pricing_ids,
                statement.fee_device_ids,
            )
            charges += statement._prepare_fees(versions, fees, devices)
        return charges

    def _prepare_fees(self, versions, fees, devices):
        """Values of the charges of fees, as far as it is known now who was there.

        Each version of the prices for its own days. Whoever was there all the time is
        one charge; a site or device that came or went has one of its own, by its days.

        :param versions: focalist.pricing records
        :param fees: those of them that are charged
        :param devices: whose fees these are, on a statement of a site or cost centre
        """
        contract = self.contract_id
        charges = []
        for pricing, start, end in self._fee_spans(versions):
            months = contract._months(start, end, self.charge)
            for fee in pricing.fee_ids & fees:
                whole, parts = self._fee_places(fee, start, end, devices)
                values = {
                    "statement_id": self.id,
                    "fee_id": fee.id,
                    "date_start": start,
                    "date_end": end,
                }
                if whole and months.denominator == 1:
                    charges.append(
                        values
                        | {
                            "quantity": whole * months,
                            "printed": whole * months,
                            "price_unit": fee.amount,
                        }
                    )
                elif whole:
                    charges.append(values | self._part_of_fee(fee, months, whole))
                charges += [
                    values | place | self._part_of_fee(fee, months * part)
                    for place, part in parts
                ]
        return charges

    def _part_of_fee(self, fee, months, count=1):
        """Quantity and price of a fee for a part of a month, to the cent."""
        return {
            "quantity": count,
            "printed": count,
            "price_unit": self.currency_id.round(float(months) * fee.amount),
        }

    def _fee_spans(self, versions):
        """The versions of the prices in the period: list of (pricing, first, last)."""
        spans, end = [], self.service_end
        for pricing in versions.sorted("date_from", reverse=True):
            if pricing.date_from > end:
                continue
            start = max(pricing.date_from, self.service_start)
            spans.insert(0, (pricing, start, end))
            end = start - timedelta(days=1)
            if end < self.service_start:
                break
        return spans

    def _fee_places(self, fee, start, end, devices):
        """For how many a fee is charged.

        :param devices: see `_prepare_fees`
        :return: (number of those there all the time, list of (values of a charge that
            name another one and its days, Fraction of the time that it was there))
        """
        presences = self.contract_id._presences(start, end)
        if self.invoice_by != "client":
            by_place = fee.per == "device" or (
                fee.per == "site" and self.invoice_by == "site"
            )
            if by_place:
                own = set(devices.ids)
                presences = {d: stay for d, stay in presences.items() if d in own}
            elif self.site_id or self.cost_centre:
                return 0, []
        if fee.per == "contract":
            return 1, []
        name = f"{fee.per}_id"
        stays = presences
        if fee.per == "site" and self.site_id:
            stays = together((self.site_id.id, stay) for stay in presences.values())
        elif fee.per == "site":
            stays = self.contract_id._site_presences(presences, end)
        parts = [
            (
                {name: place, "date_start": stay.first, "date_end": stay.last},
                stay.share,
            )
            for place, stay in stays.items()
            if stay.share < 1
        ]
        return len(stays) - len(parts), parts
