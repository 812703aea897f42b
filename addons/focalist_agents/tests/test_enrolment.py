import hashlib
import logging
from datetime import timedelta
from xmlrpc import client as xmlrpc_client

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

from .common import ABOUT, ENROLL, RPC, SEEN, RouteMixin


@tagged("post_install", "-at_install")
class TestEnrolment(RouteMixin, HttpCase):
    def enroll(self, key):
        return self.call(ENROLL, key, "enroll", ABOUT)

    def refused(self, key, url=ENROLL):
        body = xmlrpc_client.dumps((ABOUT,), "enroll").encode()
        answer = self.post(url, body, key)
        self.assertEqual(answer.status_code, 401)
        return answer

    def test_key_makes_a_collector_once(self):
        key = self.agent._new_enrolment_key()
        answer = self.enroll(key)
        self.assertEqual(
            set(answer),
            {"collector", "key", "certificate", "ends_at", "agent", "server_time"},
        )
        self.assertEqual(answer["agent"], self.agent.name)
        collector = self.agent.collector_ids
        self.assertRecordValues(
            collector,
            [
                {
                    **SEEN,
                    "name": ABOUT["hostname"],
                    "partner_id": self.client.id,
                    "company_id": self.agent.company_id.id,
                    "address": "127.0.0.1",
                    "revoked_at": False,
                }
            ],
        )
        self.assertEqual(
            self.call(RPC, answer["key"], "configuration", ABOUT)["devices"], []
        )
        self.refused(key)
        self.assertEqual(self.agent.collector_ids, collector)

    def test_expired_key(self):
        with freeze_time(fields.Datetime.now() - timedelta(days=7, seconds=1)):
            key = self.agent._new_enrolment_key()
        self.refused(key)
        with freeze_time(fields.Datetime.now() - timedelta(days=6)):
            key = self.agent._new_enrolment_key()
        self.enroll(key)

    def test_refusals_are_all_alike(self):
        expired = self.make_agent()._new_enrolment_key()
        self.env["focalist.agent"].search(
            [("enrolment_key_expires_at", "!=", False)]
        ).enrolment_key_expires_at = fields.Datetime.now() - timedelta(days=1)
        archived = self.make_agent(name="Archived")
        archived_key = archived._new_enrolment_key()
        archived.active = False
        _collector, rpc_key = self.install()
        answers = {
            (answer.content, answer.headers.get("WWW-Authenticate"))
            for answer in map(
                self.refused,
                ("", "wrong", expired, archived_key, rpc_key, "é", "x" * 5000),
            )
        }
        self.assertEqual(len(answers), 1)

    def test_newer_key_replaces_the_older(self):
        old = self.agent._new_enrolment_key()
        new = self.agent._new_enrolment_key()
        self.refused(old)
        self.enroll(new)

    def test_second_collector_is_refused_and_told_what_to_do(self):
        collector, _key = self.install()
        key = self.agent._new_enrolment_key()
        with self.assertRaisesRegex(xmlrpc_client.Fault, "revoke"):
            self.enroll(key)
        self.assertEqual(self.agent.collector_ids, collector)
        with self.assertRaisesRegex(UserError, "revoke"):
            self.agent.action_new_key()
        collector.action_revoke()
        # The refused key was not used up.
        self.enroll(key)
        self.assertEqual(len(self.agent.collector_ids), 2)

    def test_keys_are_kept_hashed_only_and_never_logged(self):
        root = logging.getLogger()
        lines = []
        handler = logging.Handler(logging.DEBUG)
        handler.emit = lambda record: lines.append(record.getMessage())
        loggers = [root, logging.getLogger("odoo.http"), logging.getLogger("werkzeug")]
        levels = [logger.level for logger in loggers]
        self.addCleanup(root.removeHandler, handler)
        root.addHandler(handler)
        for logger in loggers:
            self.addCleanup(logger.setLevel, levels[loggers.index(logger)])
            logger.setLevel(logging.DEBUG)
        action = self.agent.action_new_key()
        key = action["context"]["default_key"]
        collector_key = self.enroll(key)["key"]
        self.refused(key)
        self.call(RPC, collector_key, "configuration", ABOUT)
        self.refused(collector_key[:-1] + "x", RPC)
        self.assertTrue([line for line in lines if ENROLL in line], "nothing was heard")
        text = "\n".join(lines)
        self.assertNotIn(key, text)
        self.assertNotIn(collector_key, text)
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type IN"
            " ('character varying', 'text', 'jsonb') AND (table_name LIKE 'focalist_%'"
            " OR table_name IN ('res_users', 'res_users_apikeys', 'mail_message',"
            " 'mail_tracking_value', 'res_partner'))"
        )
        columns = self.env.cr.fetchall()
        self.assertIn(("focalist_agent", "enrolment_key_hash"), columns)
        for table, column in columns:
            self.env.cr.execute(
                f'SELECT 1 FROM "{table}" WHERE strpos("{column}"::text, %s) > 0'
                f' OR strpos("{column}"::text, %s) > 0',
                [key, collector_key],
            )
            self.assertFalse(self.env.cr.rowcount, f"{table}.{column}")

    def test_key_has_256_bits_and_is_stored_as_sha256(self):
        key = self.agent._new_enrolment_key()
        self.assertGreaterEqual(len(key), 43)
        self.assertEqual(
            self.agent.sudo().enrolment_key_hash,
            hashlib.sha256(key.encode()).hexdigest(),
        )
        self.assertNotEqual(key, self.agent._new_enrolment_key())

    def test_collectors_user_is_nobody(self):
        collector, _key = self.install()
        user = collector.user_id
        self.assertEqual(
            user.all_group_ids,
            self.env.ref("focalist_base.group_focalist_collector"),
        )
        self.assertTrue(user.active)
        self.assertTrue(user.share)
        self.assertFalse(user.email)
        self.env.cr.execute("SELECT password FROM res_users WHERE id = %s", [user.id])
        self.assertFalse(self.env.cr.fetchone()[0])
        # Not among people: its contact is archived.
        self.assertFalse(user.partner_id.active)
        self.assertNotIn(
            user.partner_id, self.env["res.partner"].search([("name", "=", user.name)])
        )

    def test_what_it_tells_of_itself_is_cleaned(self):
        key = self.agent._new_enrolment_key()
        about = ABOUT | {"version": "x" * 5000, "hostname": "a\nb<c>", "platform": 7}
        self.call(ENROLL, key, "enroll", about)
        self.assertRecordValues(
            self.agent.collector_ids,
            [{"version": "x" * 128, "hostname": "ab<c>", "platform": False}],
        )

    def test_a6_revocation_cuts_off_at_once(self):
        collector, key = self.install()
        self.call(RPC, key, "configuration", ABOUT)
        collector.with_user(self.technician).action_revoke()
        self.refused(key, RPC)
        self.assertTrue(collector.revoked_at)
        self.assertFalse(collector.user_id.active)
        self.env.cr.execute(
            "SELECT 1 FROM res_users_apikeys WHERE user_id = %s", [collector.user_id.id]
        )
        self.assertFalse(self.env.cr.rowcount)
        # The user's return alone, or the key's, opens nothing.
        collector.user_id.active = True
        self.refused(key, RPC)
        again = (
            self.env["res.users.apikeys"]
            .with_user(collector.user_id)
            .sudo()
            ._generate("focalist.collector", "again", None)
        )
        self.refused(again, RPC)
        collector.key_number = collector._key_number(collector.user_id.id, again)
        self.refused(again, RPC)

    def test_wrong_method_here(self):
        key = self.agent._new_enrolment_key()
        with self.assertRaises(xmlrpc_client.Fault):
            self.call(ENROLL, key, "configuration", ABOUT)
        with self.assertRaises(xmlrpc_client.Fault):
            self.call(ENROLL, key, "enroll")
        self.enroll(key)
