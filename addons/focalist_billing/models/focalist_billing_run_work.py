import logging

import psycopg2

from odoo import models
from odoo.exceptions import LockError
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

#: Contracts of one transaction.
BATCH = 25


class FocalistBillingRunContract(models.Model):
    """Batches: what one transaction does with some rows, whoever calls it.

    Rows are claimed by locks that end with the transaction: one that dies leaves them
    as they were. Contracts are claimed with them, and touched, so that a transaction
    that began before another one's end cannot bill what it does not see: PostgreSQL
    makes it begin anew. Called with superuser rights, after a check of the run's user.
    """

    _name = "focalist.billing.run.contract"
    _inherit = ["focalist.billing.run.contract"]

    def _measure_batch(self):
        """Make or find the statements of those of these rows that wait for it.

        :return: the rows that were worked at; others are somebody else's now
        """
        return self._batch("to_do", "_measure")

    def _invoice_batch(self):
        """Make, post and send the invoices of those of these rows that wait for it.

        :return: the rows that were worked at; others are somebody else's now
        """
        return self._batch("to_invoice", "_invoice")

    def _batch(self, state, method):
        rows = self._claim(state)
        for run, own in rows.grouped("run_id").items():
            getattr(own._as_user_of(run), method)()
        rows.run_id._settle()
        return rows

    def _claim(self, state):
        """Those of these rows in a state that no other transaction works at, locked.

        Nor at their contracts: two runs may have the same one.
        """
        if not self:
            return self
        self.env.flush_all()
        claimed = self.env.execute_query(
            SQL(
                """
                WITH claimed AS (
                    SELECT line.id, contract.id AS contract_id
                      FROM focalist_billing_run_contract line
                      JOIN focalist_contract contract ON contract.id = line.contract_id
                     WHERE line.id IN %s AND line.state = %s
                  ORDER BY line.id
                       FOR UPDATE SKIP LOCKED
                ), touched AS (
                    UPDATE focalist_contract contract
                       SET write_date = contract.write_date
                      FROM claimed
                     WHERE contract.id = claimed.contract_id
                )
                SELECT id FROM claimed ORDER BY id
                """,
                tuple(self.ids),
                state,
            )
        )
        return self.browse(row_id for (row_id,) in claimed)

    def _as_user_of(self, run):
        """These rows with the rights, company and language of who has started it."""
        user = run.user_id
        return self.with_user(user).with_context(
            lang=user.lang, tz=user.tz, allowed_company_ids=run.company_id.ids
        )

    def _work(self):
        """Do what these rows wait for, in this transaction; return how many."""
        return len(self._measure_batch()) + len(self._invoice_batch())

    def _work_alone(self):
        """Do it in a transaction that is the caller's to commit, whatever happens.

        Another transaction that was faster leaves these rows for later; what nobody
        foresaw is told in the row that it happened to.

        :return: how many rows were worked at
        """
        try:
            worked = self._work()
            self.env.flush_all()
            return worked
        except (LockError, psycopg2.OperationalError) as error:
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
        worked = 0
        for row in self:
            worked += row._work_alone()
            self.env.cr.commit()
        return worked
