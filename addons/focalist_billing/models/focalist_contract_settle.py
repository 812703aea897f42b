from odoo import api, models
from odoo.tools import SQL


class FocalistContract(models.Model):
    """Fees in advance, once their period is over: see focalist_statement_fee_settle."""

    _name = "focalist.contract"
    _inherit = ["focalist.contract"]

    def _fees_to_settle(self):
        """The periods of which fees in advance may be others than they were billed as.

        Where the contract ends on another day than it did then, or a device came or
        went; a day around it, for the clocks of all time zones.

        :return: dict contract -> set of their first days
        """
        self.env.flush_all()
        found = {}
        for contract, start in self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT s.contract_id, s.date_start
                  FROM focalist_statement s
                  JOIN focalist_contract c ON c.id = s.contract_id
                 WHERE s.contract_id = ANY (%s) AND s.charge = 'advance'
                   AND s.state = 'invoiced'
                   AND NOT EXISTS (
                       SELECT FROM focalist_statement settled
                        WHERE settled.contract_id = s.contract_id
                          AND settled.charge = 'fees'
                          AND settled.date_start = s.date_start
                          AND settled.cancelled IS NOT TRUE)
                   AND (s.service_end <> LEAST(s.date_end, c.date_end) OR EXISTS (
                       SELECT FROM focalist_contract_device m
                        WHERE m.contract_id = s.contract_id
                          AND (m.start_at >= s.service_start - INTERVAL '1 day'
                               AND m.start_at < s.service_end + INTERVAL '2 days'
                               OR m.end_at >= s.service_start - INTERVAL '1 day'
                               AND m.end_at < s.service_end + INTERVAL '2 days')
                          AND EXISTS (
                              SELECT FROM focalist_pricing p
                                JOIN focalist_pricing_fee f ON f.pricing_id = p.id
                               WHERE p.contract_id = s.contract_id
                                 AND f.in_advance AND f.per <> 'contract')))
                """,
                self.ids,
            )
        ):
            found.setdefault(self.browse(contract), set()).add(start)
        return found

    @api.model
    def _periods_to_bill(self, charge, asked):
        """Without fees in arrears, those alone in which fees in advance are settled."""
        only = {}
        if charge == "fees":
            only = {
                contract: day
                for contract, (day, _done) in asked.items()
                if not contract._has_fees(charge)
            }
        found = super()._periods_to_bill(
            charge, {c: asked_ for c, asked_ in asked.items() if c not in only}
        )
        for contract, starts in self.browse().union(*only)._fees_to_settle().items():
            due = sorted(start for start in starts if start <= only[contract])
            if due:
                found[contract] = [contract._period_of(start, charge) for start in due]
        return found
