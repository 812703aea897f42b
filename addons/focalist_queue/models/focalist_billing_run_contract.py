import psycopg2

from odoo import models
from odoo.exceptions import ConcurrencyError, LockError

#: Seconds until a batch that met another transaction is tried again.
RETRY = 5


class FocalistBillingRunContract(models.Model):
    """Rows as the argument of a job."""

    _name = "focalist.billing.run.contract"
    _inherit = ["focalist.billing.run.contract"]

    def _work_in_job(self):
        """Do what waits of these rows, in the transaction of their job.

        What became of them since is looked at: the run may be stopped or deleted. What
        meets another transaction is tried again; a job that fails leaves its rows to
        the scheduled action, which does each alone and tells in the row what happened.
        """
        waiting = self.exists().filtered_domain(self._waiting_domain())
        try:
            with self.env.cr.savepoint():
                return waiting._work()
        except (LockError, ConcurrencyError, psycopg2.OperationalError) as error:
            # Not above: where there is no queue_job, the tests are read, and say so.
            from odoo.addons.queue_job.exception import RetryableJobError

            raise RetryableJobError(str(error), seconds=RETRY) from error
