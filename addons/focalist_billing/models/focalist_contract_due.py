from datetime import timedelta

from odoo import fields, models

from .focalist_contract import _local_day


class FocalistContract(models.Model):
    """What is due and has no statement yet."""

    _name = "focalist.contract"
    _inherit = ["focalist.contract"]

    def _due(self):
        """Those of these contracts of which a period is over and not billed.

        Of pages where devices have been in the contract since the last bill, of fees
        where there are some.
        """
        billed = {
            (contract, charge): start
            for contract, charge, start in self.env["focalist.statement"]._read_group(
                [("contract_id", "in", self.ids), ("cancelled", "=", False)],
                ["contract_id", "charge"],
                ["date_start:max"],
            )
        }
        # The moment at which the last device left; False while one is in it.
        left = {
            contract: count == ended and last
            for contract, count, ended, last in self.env[
                "focalist.contract.device"
            ]._read_group(
                [("contract_id", "in", self.ids)],
                ["contract_id"],
                ["__count", "end_at:count", "end_at:max"],
            )
        }
        today = fields.Date.context_today(self)

        def is_due(contract, charge):
            start = contract._last_due(charge, today)
            last = billed.get((contract, charge))
            return start and (not last or last < start)

        def has_pages(contract):
            last, end = billed.get((contract, "pages")), left.get(contract)
            if not last or not end:
                return contract in left
            _start, until = contract._period_of(last)
            # Who leaves as a day begins has printed nothing in it.
            moment = end - timedelta(seconds=1)
            return _local_day(moment, contract._zone()) > until

        return self.filtered(
            lambda contract: (
                contract.state != "draft"
                and (
                    (is_due(contract, "pages") and has_pages(contract))
                    or any(
                        contract._has_fees(charge) and is_due(contract, charge)
                        for charge in ("fees", "advance")
                    )
                )
            )
        )

    def _last_due(self, charge, today):
        """The first day of the last period that can be billed; None where none can."""
        self.ensure_one()
        day = min(today, self.date_end or today)
        if self._due_on(day, charge) > today:
            start, _end = self._period_of(day, charge)
            day = start - timedelta(days=1)
        if day < self.date_start:
            return None
        start, _end = self._period_of(day, charge)
        return start
