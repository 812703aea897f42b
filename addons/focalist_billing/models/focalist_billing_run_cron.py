import logging

import psycopg2

from odoo import api, models
from odoo.exceptions import ConcurrencyError, LockError

_logger = logging.getLogger(__name__)

#: Contracts of one transaction.
BATCH = 50


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

    def _work_alone(self):
        """Do it in a transaction that is the caller's to commit, whatever happens.

        Another transaction that was faster leaves these rows for later; what nobody
        foresaw is told in the row that it happened to.

        :return: how many rows were worked at and are not committed yet
        """
        try:
            worked = self._work()
            self.env.flush_all()
            return worked
        except (LockError, ConcurrencyError, psycopg2.OperationalError) as error:
            self.env.cr.rollback()
            _logger.info("Rows of a billing run are left for later: %s", error)
            return 0
        except Exception as error:
            self.env.cr.rollback()
            if len(self) > 1:
                return self._work_one_by_one()
            _logger.exception("Row %s of a billing run failed", self.id)
            message = self.env._(
                "Something went wrong, and the server's log says more: %(error)s",
                error=error,
            )
            self.write({"state": "problem", "message": message})
            self.run_id._settle()
            self.env.flush_all()
            return 1

    def _work_one_by_one(self):
        """Each in a transaction of its own; that they are done is told at once."""
        cron = self.env["ir.cron"]
        for row in self:
            cron._commit_progress(row._work_alone())
        return 0
