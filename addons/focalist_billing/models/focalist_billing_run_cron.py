from odoo import api, models

from .focalist_billing_run_work import BATCH


class FocalistBillingRun(models.Model):
    """Runs in the background."""

    _name = "focalist.billing.run"
    _inherit = ["focalist.billing.run"]

    @api.model
    def _cron_work(self):
        """Do what waits, a batch a transaction; the next tick goes on with the rest."""
        cron = self.env["ir.cron"]
        rows = self.env["focalist.billing.run.contract"]
        cron._commit_progress(remaining=rows.search_count(rows._waiting_domain()))
        last = 0
        while batch := rows._next_batch(last):
            last = max(batch.ids)
            if not cron._commit_progress(batch._work_alone()):
                break
        # A step that two workers end at once is over for neither of them.
        self.search([("state", "in", ("measuring", "invoicing"))])._settle()


class FocalistBillingRunContract(models.Model):
    """Rows that wait."""

    _name = "focalist.billing.run.contract"
    _inherit = ["focalist.billing.run.contract"]

    @api.model
    def _waiting_domain(self):
        return [
            "|",
            "&",
            ("state", "=", "to_do"),
            ("run_id.state", "=", "measuring"),
            "&",
            ("state", "=", "to_invoice"),
            ("run_id.state", "=", "invoicing"),
        ]

    @api.model
    def _next_batch(self, last):
        """Some rows of one run that wait, in their order.

        :param int last: the id up to which this tick has tried them
        """
        found = self.search(
            [*self._waiting_domain(), ("id", ">", last)], limit=BATCH, order="id"
        )
        return found.filtered(lambda row: row.run_id == found[:1].run_id)
