from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import AgentCase


@tagged("post_install", "-at_install")
class TestAgentNotification(AgentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector, _key = cls.install()
        cls.person = cls.env["res.partner"].create(
            {"name": "Technician", "email": "tech@example.com"}
        )

    def switch_on(self, code):
        setting = self.env["focalist.notification.setting"].search(
            [
                ("partner_id", "=", self.client.id),
                ("type_id.code", "=", code),
            ]
        )
        self.env["focalist.notification.rule"].create(
            setting._prepare_rule()
            | {"enabled": True, "recipient_ids": self.technician.partner_id.ids}
        )

    def scan(self):
        """What the job finds, and has found before."""
        with self.enter_registry_test_mode():
            self.env.ref(
                "focalist_base.ir_cron_notification_scan"
            ).method_direct_trigger()
        return self.env["focalist.notification"].search([], order="id")

    def silence(self, collector, hours):
        collector.sudo().last_seen_at = fields.Datetime.now() - timedelta(hours=hours)

    def test_n1_agent_disconnected(self):
        self.switch_on("agent_offline")
        self.assertFalse(self.scan())
        self.silence(self.collector, 5)
        told = self.scan()
        self.assertEqual(told.type_id.code, "agent_offline")
        self.assertEqual(told.partner_id, self.client)
        self.assertEqual(told.record_name, self.agent.display_name)
        self.assertEqual(told.recipient_id, self.technician.partner_id)
        self.assertEqual(self.scan(), told)
        # Another silence is told again.
        self.silence(self.collector, 3)
        self.assertEqual(len(self.scan()), 2)

    def test_n1_agent_that_asks_for_tasks_is_missed_within_minutes(self):
        self.switch_on("agent_offline")
        self.collector.sudo().asks_tasks = True
        self.silence(self.collector, 5 / 60)
        self.assertFalse(self.scan())
        self.silence(self.collector, 6 / 60)
        self.assertEqual(self.scan().type_id.code, "agent_offline")

    def test_n1_agent_ambiguous(self):
        self.switch_on("agent_ambiguous")
        other = self.env["focalist.collector"]._install(
            self.agent, {}, "192.0.2.2", "usb"
        )
        self.assertFalse(self.scan())
        self.silence(other, 5)
        told = self.scan()
        self.assertEqual(told.type_id.code, "agent_ambiguous")
        self.assertEqual(self.scan(), told)

    def test_an_old_silence_is_no_news(self):
        self.switch_on("agent_offline")
        self.silence(self.collector, 24 * 8)
        self.assertFalse(self.scan())
