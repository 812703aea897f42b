from collections import defaultdict

from odoo import models


class FocalistStatement(models.Model):
    """Fees in advance are settled with those in arrears of the same period.

    They are billed by who is there when they are. Until their period is over, devices
    join and leave, and contracts end: what they come to by then, less what was billed,
    is charged or credited; at the prices that they were invoiced with. A statement that
    settles them and is a draft follows what becomes of their invoices.
    """

    _name = "focalist.statement"
    _inherit = ["focalist.statement"]

    def _fees(self):
        fees = super()._fees()
        for statement, siblings in self._in_advance().items():
            fees[statement] = statement._fees_in_arrears(siblings)
        return fees

    def _prepare_fee_charges(self):
        charges = super()._prepare_fee_charges()
        for statement, siblings in self._in_advance().items():
            if statement._settles_fees():
                charges += statement._prepare_settled_fees(siblings)
        return charges

    def _in_advance(self):
        """The statements of fees in advance of the same period, if there are any.

        :return: dict statement of fees in arrears -> each site's or centre's in advance
        """
        statements = self.filtered(
            lambda s: s.charge == "fees" and s.contract_id._has_fees("advance")
        )
        in_advance = statements._of_same_periods("advance")
        return {
            statement: siblings
            for statement in statements
            if (siblings := in_advance.get(statement._period_key()))
        }

    def _of_same_periods(self, charge):
        """The statements of another charge, of the same periods of the contracts.

        :return: dict `_period_key` -> statements that are not cancelled
        """
        if not self:
            return {}
        found = self.search(
            [
                ("contract_id", "in", self.contract_id.ids),
                ("charge", "=", charge),
                ("date_start", "in", self.mapped("date_start")),
                ("cancelled", "=", False),
            ]
        ).grouped(lambda s: s._period_key())
        periods = {statement._period_key() for statement in self}
        return {key: some for key, some in found.items() if key in periods}

    def _period_key(self):
        return self.contract_id, self.date_start

    def _settled_ones(self, siblings):
        """Of a period's statements in advance, those that this one settles.

        :param siblings: each site's or centre's
        :return: (those of its own site or centre, those that are invoiced: of another
            one where it is new since, and has none)
        """
        invoiced = siblings.filtered(lambda s: s.state == "invoiced")
        own = siblings.filtered(lambda s: s._group_key() == self._group_key())
        return own, own & invoiced if own else invoiced[:1]

    def _fees_in_arrears(self, siblings):
        """The fees that are billed in arrears, beside those that are in advance.

        A version of the prices that came after these were invoiced can move a fee. One
        that it moves to arrears is settled by the version before it, for its days. One
        that it moves to advance is in arrears until the period is over.

        :param siblings: see `_settled_ones`
        :return: focalist.pricing.fee records
        """
        _own, billed = self._settled_ones(siblings)
        beside = self._versions_beside(billed.charge_ids.filtered("fee_id"))
        found = beside.fee_ids.browse()
        before, ahead, both = set(), set(), set()
        for version in self.contract_id.pricing_ids.sorted("date_from"):
            in_arrears = version.fee_ids.filtered(lambda fee: not fee.in_advance)
            if version in beside:
                ahead = {fee._what() for fee in version.fee_ids - in_arrears}
                both = ahead & {fee._what() for fee in in_arrears}
            else:
                late = (version.fee_ids - in_arrears).filtered(
                    lambda fee, before=before - ahead: fee._what() in before
                )
                in_arrears = late | in_arrears.filtered(
                    lambda fee, ahead=ahead - both: fee._what() not in ahead
                )
            found |= in_arrears
            before = {fee._what() for fee in in_arrears}
        return found

    def _rest_on(self):
        """The statements in advance beside which alone these are right as they stand.

        Those that they settle, or by which they bill fees that were moved.

        :return: dict statement -> statements
        """
        in_advance, found = self._in_advance(), {}
        for statement in self:
            found[statement] = statement.charge_ids.corrects_id
            if siblings := in_advance.get(statement):
                fees = statement.contract_id.pricing_ids.fee_ids
                in_arrears = fees.filtered(lambda fee: not fee.in_advance)
                if statement._fees_in_arrears(siblings) != in_arrears:
                    own, billed = statement._settled_ones(siblings)
                    found[statement] |= billed if own else siblings
        return found

    def _settles_fees(self):
        """Whether it is the one in which fees in advance are settled, if there are any.

        A cut-off is not: it counts until its day.
        """
        contract = self.contract_id
        _start, end = contract._period_of(self.date_start, self.charge)
        return self.service_end >= min(end, contract.date_end or end)

    def _prepare_settled_fees(self, siblings):
        """Values of the charges of what fees in advance lack, or had too much of.

        :param siblings: see `_settled_ones`
        """
        own, billed = self._settled_ones(siblings)
        if not billed:
            return []
        # A device that moved has its fee where it was billed.
        devices = own.fee_device_ids | self.fee_device_ids - siblings.fee_device_ids
        fees = own.charge_ids.filtered("fee_id")
        versions = self._versions_beside(billed.charge_ids.filtered("fee_id"))
        quantities = defaultdict(int)
        in_advance = versions.fee_ids.filtered("in_advance")
        for values in self._prepare_fees(versions, in_advance, devices):
            place = values.get("site_id", False), values.get("device_id", False)
            days = values["date_start"], values["date_end"]
            key = values["fee_id"], *place, *days, round(values["price_unit"], 6)
            quantities[key] += int(values["quantity"])
        for fee in fees:
            place = fee.site_id.id, fee.device_id.id
            days = fee.date_start, fee.date_end
            key = fee.fee_id.id, *place, *days, round(fee.price_unit, 6)
            quantities[key] -= int(fee.quantity)
        return [
            {
                "statement_id": self.id,
                "corrects_id": billed.id,
                "fee_id": fee,
                "site_id": site,
                "device_id": device,
                "date_start": start,
                "date_end": end,
                "quantity": quantity,
                "printed": quantity,
                "price_unit": price,
            }
            for (fee, site, device, start, end, price), quantity in quantities.items()
            if quantity
        ]

    def _versions_beside(self, charges):
        """The versions of the prices of a period of which fees are invoiced.

        What is invoiced keeps its prices; those that came later hold for days that are
        not. One that was known then ends the one before it, though it has no such fees.

        :param charges: of the fees that were invoiced
        :return: focalist.pricing records
        """
        return self.contract_id.pricing_ids.filtered(
            lambda version: (
                not any(
                    charge.fee_id.pricing_id.date_from < version.date_from
                    and version.date_from <= charge.date_end
                    for charge in charges
                )
            )
        )

    def _has_later_prices(self):
        """Whether prices came for days of which these fees in advance are charged."""
        charges = self.charge_ids.filtered("fee_id")
        versions = self._versions_beside(charges)
        return self.charge == "advance" and versions != self.contract_id.pricing_ids

    def _settling(self):
        """The statements in which these fees in advance are settled, or could be."""
        in_advance = self.filtered(lambda s: s.charge == "advance")
        found = in_advance._of_same_periods("fees")
        return self.browse().union(*found.values())

    def _create_invoices(self):
        moves = super()._create_invoices()
        # Who makes invoices was checked; drafts are written by nobody's hand: sudo.
        self.sudo()._settling()._not_invoiced()._rate()
        return moves
