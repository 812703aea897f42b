from odoo import models
from odoo.tools import split_every

from odoo.addons.focalist_billing.models import (
    focalist_billing_run,
    focalist_billing_run_cron,
)


class FocalistBillingRun(models.Model):
    """A step as a graph of jobs: one a batch, and one after all of them."""

    _name = "focalist.billing.run"
    _inherit = ["focalist.billing.run"]

    def _begin_batches(self, cron):
        """Enqueue what waits, for as many workers as the channel lets at it."""
        # Not above: where there is no queue_job, the tests are read, and say so.
        from odoo.addons.queue_job.delay import group

        self.ensure_one()
        state = focalist_billing_run.PHASES[self.state]
        waiting = self.row_ids.filtered(lambda row: row.state == state).sudo()
        batches = split_every(
            focalist_billing_run_cron.BATCH, sorted(waiting.ids), waiting.browse
        )
        jobs = [
            # What an interrupted step has left in the queue is not put there again.
            batch.delayable(
                description=f"{self.name} ({len(batch)})",
                identity_key=f"{self.name} {state} {batch.ids}",
            )._work_in_job()
            for batch in batches
        ]
        # Two batches that end at once do not see each other's end.
        end = self.sudo().delayable(description=self.name)._settle()
        group(*jobs).on_done(end).delay()
