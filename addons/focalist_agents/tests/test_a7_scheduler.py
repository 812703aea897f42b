from datetime import timedelta

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..models import focalist_agent_task as task_module
from .common import ABOUT, RPC, AgentCase, AgentMixin, RouteMixin


class SchedulerMixin(AgentMixin):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector, cls.key = cls.install()
        cls.network = cls.env["focalist.network"].create(
            {"name": "LAN", "agent_id": cls.agent.id, "ranges": "10.1.0.0/24"}
        )
        cls.tasks = cls.env["focalist.agent.task"]

    def schedule(self, action, agent=None):
        schedules = (agent or self.agent).schedule_ids
        return schedules.filtered(lambda schedule: schedule.action == action)

    def settle(self):
        """What the cron does, by its own door."""
        cron = self.env.ref("focalist_agents.ir_cron_agent_task")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()

    def scan_now(self):
        self.schedule("scan").with_user(self.technician).action_run_now()
        return self.tasks._open_of(self.agent)


@tagged("post_install", "-at_install")
class TestSchedules(SchedulerMixin, AgentCase):
    def test_a7_an_agent_has_its_three_schedules_from_the_start(self):
        agents = self.env["focalist.agent"].with_user(self.technician)
        agent = agents.create({"name": "New", "partner_id": self.client.id})
        self.assertRecordValues(
            agent.schedule_ids,
            [
                {"action": "supplies", "is_on": True, "interval": 60},
                {"action": "alerts", "is_on": True, "interval": 15},
                {"action": "scan", "is_on": True, "interval": 1440},
            ],
        )
        before = self.env["focalist.agent.schedule"].search_count([])
        self.env["focalist.agent.schedule"]._create_missing()
        self.assertEqual(self.env["focalist.agent.schedule"].search_count([]), before)

    def test_a7_agents_of_before_there_were_plans_keep_their_interval(self):
        """What each update of the module does."""
        self.agent.schedule_ids.unlink()
        self.agent.poll_interval = 1800
        self.env["focalist.agent.schedule"]._create_missing()
        self.assertEqual(self.schedule("supplies").interval, 30)
        self.assertEqual(self.agent.poll_interval, 1800)

    def test_a7_technicians_set_the_plan_and_no_more(self):
        schedule = self.schedule("alerts").with_user(self.technician)
        schedule.write({"is_on": False, "interval": 30, "saturday": False})
        for values in ({"action": "scan"}, {"last_run_at": fields.Datetime.now()}):
            with self.assertRaises(AccessError):
                schedule.write(values)
        with self.assertRaises(AccessError):
            schedule.unlink()
        with self.assertRaises(AccessError):
            schedule.with_user(self.reader).is_on = True
        with self.assertRaises(AccessError):
            schedule.with_user(self.reader).action_run_now()

    def test_a7_plans_that_never_run_are_refused(self):
        days = dict.fromkeys(
            "monday tuesday wednesday thursday friday saturday sunday".split(), False
        )
        for values in (
            days,
            {"interval": 0},
            {"interval": 10081},
            {"hour_from": 24},
            {"hour_to": 25},
        ):
            with (
                self.subTest(values=values),
                self.assertRaises(IntegrityError),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.schedule("scan").write(values)
                self.env.flush_all()

    def test_a7_plan_is_in_the_time_zone_of_the_site(self):
        self.site.tz = "Europe/Paris"
        self.assertEqual(self.agent.tz, "Europe/Paris")
        agent = self.make_agent(name="Whole client")
        self.depot.write({"tz": "Asia/Tokyo", "is_main": True})
        self.assertEqual(agent.tz, "Asia/Tokyo")
        self.network.copy({"agent_id": agent.id, "site_id": self.site.id})
        self.assertEqual(agent.tz, "Europe/Paris")

    def test_a7_reading_interval_is_the_agents(self):
        """Its state waits for two rounds of readings (A2)."""
        self.schedule("supplies").interval = 120
        self.assertEqual(self.agent.poll_interval, 7200)
        self.schedule("supplies").interval = 10080
        self.assertEqual(self.agent.poll_interval, 86400)


@tagged("post_install", "-at_install")
class TestTasks(SchedulerMixin, AgentCase):
    def test_a7_scan_now_waits_for_the_collector(self):
        task = self.scan_now()
        self.assertRecordValues(
            task,
            [
                {
                    "action": "scan",
                    "state": "waiting",
                    "user_id": self.technician.id,
                    "partner_id": self.client.id,
                    "company_id": self.env.company.id,
                }
            ],
        )
        self.assertEqual(self.schedule("scan").task_state, "waiting")
        self.assertEqual(self.scan_now(), task, "asked for twice, done once")

    def test_a7_scan_now_that_nobody_would_do_is_refused(self):
        self.network.ranges = False
        with self.assertRaisesRegex(UserError, "no addresses"):
            self.scan_now()
        self.schedule("supplies").action_run_now()
        self.collector.action_revoke()
        with self.assertRaisesRegex(UserError, "no collector"):
            self.schedule("alerts").action_run_now()
        self.agent.active = False
        with self.assertRaisesRegex(UserError, "archived"):
            self.schedule("alerts").action_run_now()

    def test_a7_task_of_a_dead_collector_is_done_again_then_failed(self):
        task = self.scan_now()
        start = fields.Datetime.now()
        for attempt in range(task_module.MAX_ATTEMPTS):
            with freeze_time(start + timedelta(hours=attempt)):
                self.assertEqual(self.tasks._claim(self.collector, []), task)
                self.assertTrue(
                    self.tasks._tell(self.collector, task.uid, {"state": "running"})
                )
                self.settle()
                self.assertEqual(task.state, "running", "its lease is not over")
            with freeze_time(start + timedelta(hours=attempt, minutes=6)):
                self.settle()
        self.assertRecordValues(task, [{"state": "failed", "attempts": 3}])
        self.assertIn("not heard of", task.result)
        self.assertTrue(task.ended_at)

    def test_a7_task_of_a_collector_that_was_started_anew_is_given_again(self):
        task = self.scan_now()
        start = fields.Datetime.now()
        self.tasks._claim(self.collector, [])
        with freeze_time(start + timedelta(seconds=20)):
            # Its answer may be on its way.
            self.assertFalse(self.tasks._claim(self.collector, []))
        with freeze_time(start + timedelta(seconds=40)):
            self.assertFalse(self.tasks._claim(self.collector, [task.uid]))
            self.assertEqual(self.tasks._claim(self.collector, []), task)

    def test_a7_task_that_nobody_takes_fails_in_the_end(self):
        task = self.scan_now()
        with freeze_time(fields.Datetime.now() + timedelta(hours=23)):
            self.settle()
            self.assertEqual(task.state, "waiting")
        with freeze_time(fields.Datetime.now() + timedelta(hours=25)):
            self.settle()
        self.assertEqual(task.state, "failed")
        self.assertIn("did not call", task.result)

    def test_a7_cancelled_task_stops_and_can_be_asked_for_again(self):
        task = self.scan_now()
        self.tasks._claim(self.collector, [])
        with self.assertRaises(AccessError):
            task.with_user(self.reader).action_cancel()
        task.with_user(self.technician).action_cancel()
        self.assertEqual(task.state, "failed")
        self.assertFalse(
            self.tasks._tell(self.collector, task.uid, {"state": "running"})
        )
        self.assertEqual(task.state, "failed")
        task.with_user(self.technician).action_again()
        self.assertEqual(self.tasks._open_of(self.agent).state, "waiting")

    def test_a7_task_is_told_of_by_who_has_it(self):
        task = self.scan_now()
        other, _key = self.install(self.make_agent(name="Other"))
        self.assertFalse(self.tasks._claim(other, []))
        self.tasks._claim(self.collector, [])
        self.assertFalse(self.tasks._tell(other, task.uid, {"state": "done"}))
        self.assertEqual(task.state, "taken")

    def test_a7_old_tasks_go(self):
        old, new = self.scan_now(), self.tasks
        old.action_cancel()
        with freeze_time(fields.Datetime.now() + timedelta(days=80)):
            new = self.scan_now()
            new.action_cancel()
        with freeze_time(fields.Datetime.now() + timedelta(days=100)):
            self.tasks._gc_tasks()
        self.assertFalse(old.exists())
        self.assertTrue(new.exists())

    def test_a7_plans_and_tasks_are_their_dealers(self):
        company = self.env["res.company"].create({"name": "Other dealer"})
        user = new_test_user(
            self.env,
            "other tech",
            "focalist_base.group_focalist_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        for record in (self.schedule("scan"), self.scan_now()):
            with self.assertRaises(AccessError):
                record.with_user(user).read()

    def test_a7_many_agents_take_no_more_queries(self):
        agents = self.agent
        for number in range(10):
            agents |= self.make_agent(name=f"Agent {number}")
        names = ["is_on", "task_id", "task_state", "last_result"]

        def queries(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.schedule_ids.read(names)
            return self.env.cr.sql_log_count - before

        queries(agents)
        self.assertEqual(queries(agents), queries(agents[:2]))

    def test_a7_call_for_tasks_is_cheap(self):
        """Each collector calls a few times a minute: as much for many settings."""

        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.collector._tasks({"schema": 1}, "192.0.2.1")
            return self.env.cr.sql_log_count - before

        few = queries()
        for number in range(20):
            self.network.copy({"name": f"LAN {number}"})
        self.assertLessEqual(queries(), few)
        self.assertLess(few, 20)


@tagged("post_install", "-at_install")
class TestClaims(TransactionCase):
    """Two calls at once, in two transactions."""

    def test_a7_each_task_goes_to_one_of_two_calls(self):
        with self.registry.cursor() as cr:
            env = self.env(cr=cr)
            client = AgentMixin.make_client.__func__(type("C", (), {"env": env}))
            agent = env["focalist.agent"].create(
                {"name": "Agent", "partner_id": client.id}
            )
            agent._enroll(ABOUT, "192.0.2.1")
            collector = agent._live_collectors()
            for action in ("supplies", "alerts"):
                env["focalist.agent.task"]._ask(agent, action)
        self.addCleanup(self.remove, collector.id)
        with self.registry.cursor() as one, self.registry.cursor() as two:
            taken = [
                self.env(cr=cr)["focalist.agent.task"]._claim(
                    self.env(cr=cr)["focalist.collector"].browse(collector.id), []
                )
                for cr in (one, two)
            ]
            self.assertEqual([len(tasks) for tasks in taken], [2, 0])

    def remove(self, collector_id):
        with self.registry.cursor() as cr:
            collector = self.env(cr=cr)["focalist.collector"].browse(collector_id)
            agent, user = collector.agent_id, collector.user_id
            collector.unlink()
            client = agent.partner_id
            agent.unlink()
            user.unlink()
            client.unlink()


@tagged("post_install", "-at_install")
class TestTasksOnTheLine(SchedulerMixin, RouteMixin, HttpCase):
    def ask(self, **told):
        return self.call(RPC, self.key, "tasks", {"schema": 1, **told})

    def test_a7_settings_on_the_line(self):
        self.site.tz = "Europe/Paris"
        self.network.write({"exclusions": "10.1.0.1, 10.1.0.9-12", "snmp_port": 1161})
        self.schedule("alerts").write(
            {"is_on": False, "hour_from": 7.5, "hour_to": 18, "sunday": False}
        )
        self.make_device(1)
        answer = self.call(RPC, self.key, "configuration", ABOUT)
        self.assertEqual(answer["schema"], 1)
        self.assertEqual(answer["tz"], "Europe/Paris")
        self.assertEqual(
            answer["schedules"][1],
            {
                "action": "alerts",
                "on": False,
                "interval": 900,
                "days": [0, 1, 2, 3, 4, 5],
                "from": 450,
                "to": 1080,
            },
        )
        self.assertEqual(
            answer["networks"],
            [
                {
                    "id": self.network.id,
                    "name": "LAN",
                    "ranges": ["10.1.0.0/24"],
                    "exclude": ["10.1.0.1", "10.1.0.9-12"],
                    "port": 1161,
                    "credentials": [],
                }
            ],
        )
        self.assertEqual(
            answer["devices"],
            [{"address": "10.1.0.1", "port": 1161, "network": self.network.id}],
        )
        # A call for tasks tells whether they must be asked for again.
        self.assertEqual(self.ask()["revision"], answer["revision"])
        self.schedule("alerts").is_on = True
        self.assertNotEqual(self.ask()["revision"], answer["revision"])

    def test_a7_resting_agent_does_nothing(self):
        self.client.action_focalist_deactivate()
        answer = self.call(RPC, self.key, "configuration", ABOUT)
        self.assertFalse(any(told["on"] for told in answer["schedules"]))
        self.assertEqual((answer["networks"], answer["devices"]), ([], []))

    def test_a7_task_from_question_to_result(self):
        task = self.scan_now()
        answer = self.ask(held=[])
        self.assertEqual(answer["tasks"], [{"uid": task.uid, "action": "scan"}])
        self.assertTrue(5 <= answer["wait"] <= 60)
        self.assertEqual(self.ask(held=[task.uid])["tasks"], [])
        told = {"schema": 1, "uid": task.uid, "done": 64, "total": 256, "found": 3}
        self.assertTrue(self.call(RPC, self.key, "progress", told)["go_on"])
        task.invalidate_recordset()
        self.assertRecordValues(
            task,
            [{"state": "running", "progress": 25, "collector_id": self.collector.id}],
        )
        self.assertEqual(self.schedule("scan").task_progress, 25)
        told |= {"state": "done", "done": 256, "found": 12, "message": ""}
        self.call(RPC, self.key, "result", told)
        task.invalidate_recordset()
        self.assertRecordValues(
            task,
            [
                {
                    "state": "done",
                    "progress": 100,
                    "result": "12 printers at 256 addresses",
                }
            ],
        )
        schedule = self.schedule("scan")
        self.assertEqual(schedule.last_run_at, task.ended_at)
        self.assertEqual(schedule.last_result, "12 printers at 256 addresses")
        self.assertFalse(schedule.task_state)
        # Told twice, because an answer was lost: nothing changes, and it stops.
        told |= {"state": "failed", "message": "late"}
        self.assertFalse(self.call(RPC, self.key, "result", told)["go_on"])
        task.invalidate_recordset()
        self.assertEqual(task.state, "done")

    def test_a7_runs_of_the_plan_are_told(self):
        self.ask(
            runs=[
                {
                    "action": "scan",
                    "at": "2026-01-02T03:04:05Z",
                    "total": 9,
                    "found": 2,
                },
                {"action": "coffee", "at": "2026-01-02T03:04:05Z"},
                {"action": "alerts", "at": "yesterday"},
                {"action": "supplies", "at": "2999-01-01T00:00:00Z", "total": -1},
                "rubbish",
            ]
        )
        self.env.invalidate_all()
        scan = self.schedule("scan")
        self.assertEqual(str(scan.last_run_at), "2026-01-02 03:04:05")
        self.assertEqual(scan.last_result, "2 printers at 9 addresses")
        self.assertFalse(self.schedule("alerts").last_run_at)
        supplies = self.schedule("supplies")
        self.assertLessEqual(supplies.last_run_at, fields.Datetime.now())
        self.assertEqual(supplies.last_total, 0)

    def test_a7_odd_messages_are_refused(self):
        task = self.scan_now()
        self.ask()
        for method, told in (
            ("tasks", "rubbish"),
            ("tasks", {}),
            ("tasks", {"schema": 2}),
            ("progress", {"schema": 1}),
            ("progress", {"schema": 1, "uid": 7}),
            ("result", {"schema": 1, "uid": task.uid}),
            ("result", {"schema": 1, "uid": task.uid, "state": "waiting"}),
            ("result", []),
        ):
            with self.subTest(method=method, told=told):
                with self.assertRaises(Exception) as caught:
                    self.call(RPC, self.key, method, told)
                self.assertEqual(caught.exception.faultCode, 400)
        odd = {"done": "x", "total": True, "found": -4, "message": ["a"]}
        self.call(RPC, self.key, "progress", {"schema": 1, "uid": task.uid, **odd})
        task.invalidate_recordset()
        self.assertEqual(
            (task.done_count, task.total_count, task.found_count), (0,) * 3
        )
