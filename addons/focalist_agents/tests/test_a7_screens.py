from unittest.mock import patch

from odoo.tests import Form, HttpCase, tagged

from .test_a7_scheduler import SchedulerMixin


@tagged("post_install", "-at_install")
class TestSchedulerScreens(SchedulerMixin, HttpCase):
    def test_a7_tour_switches_off_and_scans_with_progress_on_screen(self):
        """The page reads anew by itself while the task is not over."""
        model = type(self.env["focalist.agent.schedule"])
        compute = model._compute_task
        ends = iter([("waiting", 0), ("running", 25), ("running", 25)])

        def moves_on(schedules):
            compute(schedules)
            for schedule in schedules:
                if schedule.task_id:
                    state, progress = next(ends, (False, 0))
                    schedule.task_state, schedule.task_progress = state, progress

        with patch.object(model, "_compute_task", moves_on):
            self.start_tour(
                f"/odoo/action-focalist_agents.focalist_agent_action/{self.agent.id}",
                "focalist_agents_scheduler",
                login="tech",
                timeout=60,
            )
        self.env.invalidate_all()
        self.assertFalse(self.schedule("alerts").is_on)
        task = self.tasks._open_of(self.agent)
        self.assertEqual((task.action, task.user_id), ("scan", self.technician))

    def test_a7_forms(self):
        with Form(self.agent.with_user(self.technician)) as form:
            with form.schedule_ids.edit(2) as schedule:
                schedule.interval = 720
                schedule.saturday = False
        self.assertEqual(self.schedule("scan").interval, 720)
        Form(self.agent.with_user(self.reader))
        action = self.agent.with_user(self.reader).action_open_tasks()
        task = self.scan_now()
        found = self.tasks.with_user(self.reader).search(action["domain"])
        self.assertEqual(found, task)
