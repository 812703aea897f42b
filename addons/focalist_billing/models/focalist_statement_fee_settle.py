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

    def _prepare_fee_charges(self):
        charges = super()._prepare_fee_charges()
        statements = self.filtered(
            lambda s: s.charge == "fees" and s.contract_id._has_fees("advance")
        )
        if not statements:
            return charges
        in_advance = self.search(
            [
                ("contract_id", "in", statements.contract_id.ids),
                ("charge", "=", "advance"),
                ("date_start", "in", statements.mapped("date_start")),
                ("cancelled", "=", False),
            ]
        ).grouped(lambda s: (s.contract_id, s.date_start))
        twice, settled = set(), []
        for statement in statements:
            key = statement.contract_id, statement.date_start
            if siblings := in_advance.get(key):
                fees = statement._fees_billed_ahead(siblings)
                twice |= {(statement.id, fee.id) for fee in fees}
                if statement._settles_fees():
                    settled += statement._prepare_settled_fees(siblings)
        once = [
            values
            for values in charges
            if (values["statement_id"], values.get("fee_id")) not in twice
        ]
        return once + settled

    def _settled_ones(self, siblings):
        """Of a period's statements in advance, those that this one settles.

        :param siblings: each site's or centre's
        :return: (those of its own site or centre, those that are invoiced: of another
            one where it is new since, and has none)
        """
        invoiced = siblings.filtered(lambda s: s.state == "invoiced")
        own = siblings.filtered(lambda s: s._group_key() == self._group_key())
        return own, own & invoiced if own else invoiced[:1]

    def _fees_billed_ahead(self, siblings):
        """The fees in arrears of which the days are invoiced in advance already.

        Those that a version of the prices moved which came after the invoice: for its
        days, that is settled by the version before it.

        :param siblings: see `_settled_ones`
        :return: focalist.pricing.fee records
        """
        _own, billed = self._settled_ones(siblings)
        beside = self._versions_beside(billed.charge_ids.filtered("fee_id"))
        fees = beside.fee_ids.browse()
        for version in self.contract_id.pricing_ids - beside:
            before = beside.filtered(lambda v, w=version: v.date_from < w.date_from)
            names = {True: set(), False: set()}
            for fee in before.sorted("date_from")[-1:].fee_ids:
                names[fee.in_advance].add(fee._what())
            fees |= version.fee_ids.filtered(
                lambda fee, n=names: (
                    not fee.in_advance and fee._what() in n[True] - n[False]
                )
            )
        return fees

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
        for values in self._prepare_fees(versions, True, devices):
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

    def _settling(self):
        """The statements in which these fees in advance are settled, or could be."""
        in_advance = self.filtered(lambda s: s.charge == "advance")
        if not in_advance:
            return self.browse()
        periods = {(s.contract_id, s.date_start) for s in in_advance}
        return self.search(
            [
                ("contract_id", "in", in_advance.contract_id.ids),
                ("charge", "=", "fees"),
                ("date_start", "in", in_advance.mapped("date_start")),
                ("cancelled", "=", False),
            ]
        ).filtered(lambda s: (s.contract_id, s.date_start) in periods)

    def _create_invoices(self):
        moves = super()._create_invoices()
        # Who makes invoices was checked; drafts are written by nobody's hand: sudo.
        self.sudo()._settling()._not_invoiced()._rate()
        return moves
