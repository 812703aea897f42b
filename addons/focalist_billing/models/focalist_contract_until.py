from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date


class FocalistContract(models.Model):
    """What is billed and what is not, where a contract's end or currency changes."""

    _name = "focalist.contract"
    _inherit = ["focalist.contract"]

    @api.constrains("currency_id")
    def _check_currency_of_statements(self):
        """Prices are in one currency: that of what was billed with them."""
        for contract in self:
            other = contract.statement_ids.filtered(
                lambda s, c=contract: not s.cancelled and s.currency_id != c.currency_id
            )
            if other:
                raise ValidationError(
                    self.env._(
                        "%(statement)s is in %(currency)s: cancel the statements of"
                        " %(contract)s first, or close it and make a new contract.",
                        statement=other[0].name,
                        currency=other[0].currency_id.name,
                        contract=contract.name,
                    )
                )

    @api.constrains("date_end")
    def _check_end_of_invoiced(self):
        """No contract ends before what was invoiced; fees in advance may go on."""
        for contract in self.filtered("date_end"):
            beyond = contract.statement_ids.filtered(
                lambda s, end=contract.date_end: (
                    s.state == "invoiced"
                    and s.charge != "advance"
                    and s.service_end > end
                )
            )
            if beyond:
                raise ValidationError(
                    self.env._(
                        "%(statement)s is invoiced until %(date)s: credit its invoice"
                        " first, or let %(contract)s end then.",
                        statement=beyond[0].name,
                        date=format_date(self.env, beyond[0].service_end),
                        contract=contract.name,
                    )
                )

    def write(self, vals):
        result = super().write(vals)
        if "date_end" in vals:
            # Who writes the contract was checked; its drafts are nobody's hand: sudo.
            self.sudo()._end_drafts()
        return result

    def _end_drafts(self):
        """Let statements that are not invoiced follow the end of their contracts.

        Those of periods that the contract does not hold in any more, or that are not
        over now that it goes on, are cancelled: the run of their month makes them.
        """
        today = fields.Date.context_today(self)
        moved = self.env["focalist.statement"]
        for statement in self._drafts().sorted("date_start", reverse=True):
            contract = statement.contract_id
            end = min(statement.date_end, contract.date_end or statement.date_end)
            if end == statement.service_end:
                continue
            due = statement.charge == "advance" or end <= today
            if end < statement.service_start or not due:
                statement.action_cancel()
            else:
                statement.service_end = end
                moved += statement
        moved.filtered(lambda s: s.charge == "pages")._measure_again()
        moved.filtered(lambda s: s.charge != "pages")._rate()
