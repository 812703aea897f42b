from xmlrpc import client as xmlrpc_client

import psycopg2

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import ABOUT, ENROLL, RPC, RouteMixin, report

SUPPORT = "focalist_base.group_focalist_support"


@tagged("post_install", "-at_install")
class TestUsb(RouteMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.support = new_test_user(cls.env, "support", SUPPORT)
        cls.collector, cls.key = cls.install()

    def unlock(self):
        self.agent.with_user(self.support).action_unlock_usb()

    def enroll(self):
        action = self.agent.with_user(self.technician).action_new_usb_key()
        key = action["context"]["default_key"]
        before = self.agent.collector_ids
        answer = self.call(ENROLL, key, "enroll", ABOUT)
        return self.agent.collector_ids - before, answer["key"]

    def test_a3_usb_is_off_until_support_unlocks_it(self):
        self.assertFalse(self.agent.usb_unlocked)
        with self.assertRaisesRegex(UserError, "support"):
            self.agent.with_user(self.technician).action_new_usb_key()
        for user in (self.technician, self.reader, self.env.ref("base.user_admin")):
            user.group_ids -= self.env.ref(SUPPORT)
            with self.assertRaises(AccessError):
                self.agent.with_user(user).action_unlock_usb()
        with self.assertRaises(AccessError):
            self.agent.with_user(self.technician).usb_unlocked = True
        self.unlock()
        self.assertTrue(self.agent.usb_unlocked)
        collector, _key = self.enroll()
        self.assertEqual(collector.kind, "usb")

    def test_a3_one_network_collector_and_any_number_of_usb_collectors(self):
        self.unlock()
        many = self.enroll()[0] | self.enroll()[0] | self.enroll()[0]
        self.assertEqual(len(many), 3)
        self.assertEqual(self.agent._live_collectors(), self.collector | many)
        # A second one of the network is refused, in words and in the database.
        with self.assertRaisesRegex(UserError, "revoke"):
            self.agent.action_new_key()
        key = self.agent._new_enrolment_key()
        with self.assertRaisesRegex(xmlrpc_client.Fault, "revoke"):
            self.call(ENROLL, key, "enroll", ABOUT)
        with (
            self.assertRaises(psycopg2.errors.UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.env["focalist.collector"]._install(self.agent, {}, "192.0.2.2")

    def test_a3_usb_collector_reads_usb_and_no_network(self):
        self.unlock()
        _collector, key = self.enroll()
        self.make_device(1)
        self.env["focalist.network"].create(
            {"name": "LAN", "agent_id": self.agent.id, "ranges": "10.1.0.0/24"}
        )
        told = self.call(RPC, key, "configuration", ABOUT)
        self.assertEqual((told["devices"], told["networks"]), ([], []))
        self.assertTrue(told["usb"])
        of_network = self.call(RPC, self.key, "configuration", ABOUT)
        self.assertEqual(len(of_network["devices"]), 1)
        self.assertFalse(of_network["usb"])

    def test_a3_locked_again_nothing_of_usb_is_taken(self):
        self.unlock()
        _collector, key = self.enroll()
        (result,) = self.send(key, [report(1, address="usb")])
        self.assertEqual(result["status"], "pending")
        pending = self.agent.with_user(self.technician).action_new_usb_key()
        self.agent.with_user(self.support).action_lock_usb()
        results = self.send(
            key, [report(2, address="usb"), report(3), report(1, 1500, address="usb")]
        )
        self.assertEqual(
            [one["status"] for one in results], ["ignored", "pending", "ignored"]
        )
        self.assertIn("support", results[0]["message"])
        serials = self.env["focalist.device"].search([]).mapped("serial_number")
        self.assertNotIn("E000002", serials)
        self.assertFalse(self.call(RPC, key, "configuration", ABOUT)["usb"])
        # A key that was made before is of no use either, and not used up.
        key = pending["context"]["default_key"]
        with self.assertRaisesRegex(xmlrpc_client.Fault, "support"):
            self.call(ENROLL, key, "enroll", ABOUT)
        self.unlock()
        self.call(ENROLL, key, "enroll", ABOUT)

    def test_a2_usb_collector_that_is_silent_makes_the_agent_ambiguous(self):
        self.unlock()
        collector, _key = self.enroll()
        self.assertEqual(self.agent.state, "connected")
        collector.sudo().last_seen_at = "2020-01-01"
        self.assertEqual(self.agent.state, "ambiguous")
