from contextlib import contextmanager
from unittest import SkipTest
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID
from odoo.exceptions import ConcurrencyError, LockError
from odoo.tests import tagged

from odoo.addons.focalist_billing.tests.test_billing_run import RunCommon


@tagged("post_install", "-at_install")
class TestQueue(RunCommon):
    """Jobs as they are stored, performed here one after another."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "_work_in_job" not in dir(cls.env["focalist.billing.run.contract"]):
            raise SkipTest("focalist_queue is not installed: it needs OCA's queue_job")

    def setUp(self):
        super().setUp()
        self._in_background(batch=2)

    def _jobs(self, *states):
        jobs = self.env["queue.job"].sudo().search([], order="id")
        return jobs.filtered(lambda job: job.state in (states or ("pending",)))

    def _perform(self, jobs=None):
        """What a worker does, without its HTTP request."""
        from odoo.addons.queue_job.job import Job

        env = self.env(user=SUPERUSER_ID)
        for record in jobs or self._jobs():
            job = Job.load(env, record.uuid)
            job.set_started()
            job.perform()
            job.set_done()
            job.store()
            self.env.flush_all()
            job.enqueue_waiting()
        self.env.invalidate_all()

    @contextmanager
    def _no_tick(self):
        triggers = self.env["ir.cron.trigger"].sudo().search_count([])
        yield
        after = self.env["ir.cron.trigger"].sudo().search_count([])
        self.assertEqual(after, triggers)

    def test_i3_a_job_a_batch_and_one_after_all(self):
        run = self._run()
        with self._no_tick():
            run.action_start()
        self.assertEqual(run.state, "measuring")
        self.assertEqual([len(job.records) for job in self._jobs()], [2, 2])
        self.assertEqual(set(self._jobs().mapped("channel")), {"root.focalist"})
        end = self._jobs("wait_dependencies")
        self.assertEqual(end.records, run)

        self._perform()
        self.assertEqual(run.state, "review")
        self.assertEqual(len(self.contracts.statement_ids), 4)
        self.assertEqual(self._jobs(), end, "who comes last settles; it does no harm")
        self._perform()
        run.action_invoice()
        self._perform()
        self.assertEqual((run.state, run.invoice_count), ("done", 4))

    def test_two_batches_that_do_not_see_each_others_end(self):
        run = self._run()
        run.action_start()
        with patch.object(type(run), "_settle", lambda runs: None):
            self._perform()
        self.assertEqual(run.state, "measuring")
        self._perform()
        self.assertEqual(run.state, "review")

    def test_with_the_rights_of_who_asked_for_it(self):
        run = self._run()
        run.action_start()
        users = []

        def measure(rows):
            users.append((rows.env.user, rows.env.su))

        with patch.object(type(run.row_ids), "_measure", measure):
            self._perform(self._jobs()[:1])
        self.assertEqual(users, [(run.user_id, False)])

    def test_a_stopped_run_is_left_alone_and_goes_on(self):
        run = self._run()
        run.action_start()
        self._perform(self._jobs()[:1])
        run.action_stop()
        self._perform()
        self.assertEqual(run.state, "stopped")
        self.assertEqual(len(self.contracts.statement_ids), 2)
        run.action_resume()
        self._perform()
        self.assertEqual(run.state, "review")
        self.assertEqual(len(self.contracts.statement_ids), 4)

    def test_resumed_before_its_jobs_had_their_turn(self):
        run = self._run()
        run.action_start()
        jobs = self._jobs()
        run.action_stop()
        run.action_resume()
        self.assertEqual(self._jobs(), jobs, "they are not enqueued twice")

    def test_jobs_of_a_deleted_run_do_nothing(self):
        run = self._run()
        run.action_start()
        jobs = self._jobs()
        run.action_stop()
        run.unlink()
        self._perform(jobs)
        self.assertFalse(self.contracts.statement_ids)

    def test_what_meets_another_transaction_is_tried_again(self):
        from odoo.addons.queue_job.exception import RetryableJobError

        run = self._run()
        run.action_start()
        for error in (LockError, ConcurrencyError, SerializationFailure):

            def fails(rows, error=error):
                rows.sudo().message = "half of it"
                raise error("Somebody is at it")

            with (
                patch.object(type(run.row_ids), "_measure", fails),
                self.assertRaises(RetryableJobError),
            ):
                run.row_ids.sudo()._work_in_job()
        self.assertEqual(set(run.row_ids.mapped("message")), {False})

    def test_what_jobs_leave_the_scheduled_action_does(self):
        run = self._run()
        run.action_start()
        self._tick()
        self.assertEqual(run.state, "review")

    def test_few_contracts_need_no_job(self):
        self.startPatcher(
            patch("odoo.addons.focalist_billing.models.focalist_billing_run.AT_ONCE", 4)
        )
        run = self._run()
        run.action_start()
        self.assertEqual(run.state, "review")
        self.assertFalse(self._jobs())
