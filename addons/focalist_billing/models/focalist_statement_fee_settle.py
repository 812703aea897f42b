from collections import defaultdict

from odoo import models


class FocalistStatement(models.Model):
    """Fees in advance are settled with those in arrears of the same period.

    They are billed by who is there when they are. Until their period is over, devices
    join and leave, and contracts end: what they come to by then, less what was billed,
    is charged or credited; at the prices that they were invoiced with.
    """

    _name = "focalist.statement"
    _inherit = ["focalist.statement"]

    def _prepare_fee_charges(self):
        charges = super()._prepare_fee_charges()
        if self.charge == "fees":
            charges += self._prepare_settled_fees()
        return charges

    def _prepare_settled_fees(self):
        """Values of the charges of what fees in advance lack, or had too much of."""
        contract = self.contract_id
        if not contract._fee_versions("advance"):
            return []
        _start, end = contract._period_of(self.date_start, self.charge)
        if self.service_end < min(end, contract.date_end or end):
            # A cut-off counts until its day.
            return []
        siblings = self.search(
            [
                ("contract_id", "=", contract.id),
                ("charge", "=", "advance"),
                ("date_start", "=", self.date_start),
                ("cancelled", "=", False),
            ]
        )
        billed = siblings.filtered(
            lambda s: s.state == "invoiced" and s._group_key() == self._group_key()
        )
        if not billed:
            return []
        # A device that moved has its fee where it was billed.
        devices = billed.fee_device_ids | self.fee_device_ids - siblings.fee_device_ids
        fees = billed.charge_ids.filtered("fee_id")
        versions = billed.pricing_id | fees.fee_id.pricing_id
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
