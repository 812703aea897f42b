from odoo import models
from odoo.tools import SQL


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
