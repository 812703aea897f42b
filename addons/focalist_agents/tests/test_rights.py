from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import AgentCase, pack, report

MODELS = ("focalist.agent", "focalist.network", "focalist.collector")


@tagged("post_install", "-at_install")
class TestRights(AgentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector, cls.key = cls.install()
        cls.network = cls.env["focalist.network"].create(
            {"name": "LAN", "agent_id": cls.agent.id}
        )
        cls.records = [cls.agent, cls.network, cls.collector]

    def test_readers_read(self):
        for record in self.records:
            own = record.with_user(self.reader)
            own.read()
            for operation in ("write", "create", "unlink"):
                self.assertFalse(own.has_access(operation), (record, operation))
        agent = self.agent.with_user(self.reader)
        with self.assertRaises(AccessError):
            agent.action_new_key()
        with self.assertRaises(AccessError):
            self.collector.with_user(self.reader).action_revoke()
        with self.assertRaises(AccessError):
            self.env["focalist.agent.key"].with_user(self.reader).create(
                {"name": "A", "partner_id": self.client.id}
            ).action_add()

    def test_technicians_manage_agents(self):
        agents = self.env["focalist.agent"].with_user(self.technician)
        agent = agents.create({"name": "New", "partner_id": self.client.id})
        agent.network_ids.create({"name": "LAN", "agent_id": agent.id})
        self.assertTrue(agent.action_new_key())
        agent.unlink()
        self.collector.with_user(self.technician).action_revoke()
        self.assertTrue(self.collector.revoked_at)

    def test_collectors_come_by_enrolment_alone(self):
        collector = self.collector.with_user(self.technician)
        for operation in ("write", "create", "unlink"):
            self.assertFalse(collector.has_access(operation))

    def test_nobody_reads_the_keys_hash(self):
        self.agent._new_enrolment_key()
        for user in (self.reader, self.technician, self.env.ref("base.user_admin")):
            agent = self.agent.with_user(user)
            with self.assertRaises(AccessError):
                agent.read(["enrolment_key_hash"])
            self.assertNotIn("enrolment_key_hash", agent.read()[0])
            self.assertNotIn("enrolment_key_hash", agent.fields_get())
            with self.assertRaises(AccessError):
                agent.search([("enrolment_key_hash", "like", "a%")])
            with self.assertRaises(AccessError):
                agent.write({"enrolment_key_hash": "a"})

    def test_what_only_buttons_write(self):
        company = self.env["res.company"].create({"name": "Other dealer"})
        later = "2099-01-01 00:00:00"
        device = self.make_device(1)
        written = (
            (self.agent, {"enrolment_key_expires_at": later}),
            (self.agent, {"company_id": company.id}),
            (self.network, {"company_id": company.id}),
            (self.collector, {"last_seen_at": later}),
            (device, {"agent_id": self.agent.id}),
        )
        for record, values in written:
            with self.subTest(values=values), self.assertRaises(AccessError):
                record.with_user(self.technician).write(values)
            with self.subTest(values=values), self.assertRaises(AccessError):
                record.with_user(self.technician).create(values)

    def test_others_see_nothing(self):
        for groups in ("base.group_user", "base.group_portal", "base.group_public"):
            user = new_test_user(self.env, f"other {groups}", groups)
            for model in (*MODELS, "focalist.agent.key"):
                for operation in ("read", "write", "create", "unlink"):
                    self.assertFalse(
                        self.env[model].with_user(user).has_access(operation),
                        (groups, model, operation),
                    )

    def test_companies_do_not_see_each_other(self):
        company = self.env["res.company"].create({"name": "Other dealer"})
        user = new_test_user(
            self.env,
            "other tech",
            "focalist_base.group_focalist_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        for record in self.records:
            with self.assertRaises(AccessError):
                record.with_user(user).read()
            self.assertNotIn(record, self.env[record._name].with_user(user).search([]))
        with self.assertRaises(AccessError):
            self.agent.with_user(user).action_new_key()
        with self.assertRaises(AccessError):
            self.collector.with_user(user).action_revoke()
        client = self.make_client(focalist_company_id=company.id)
        agent = self.make_agent(partner_id=client.id)
        self.assertEqual(agent.company_id, company)
        collector, _key = self.install(agent)
        self.assertEqual(collector.company_id, company)
        self.assertEqual(collector.user_id.company_ids, company)
        self.assertIn(agent, self.env["focalist.agent"].with_user(user).search([]))

    def test_two_dealers_may_have_one_serial_number(self):
        """A collector's reports are its own dealer's devices."""
        company = self.env["res.company"].create({"name": "Other dealer"})
        client = self.make_client(focalist_company_id=company.id)
        ours = self.make_device(1)
        theirs, _key = self.install(self.make_agent(partner_id=client.id))
        answer = (
            theirs.with_user(theirs.user_id)
            .sudo()
            ._receive(pack([report(1)]), "192.0.2.9")
        )
        self.assertEqual(answer["results"][0]["status"], "pending")
        self.assertFalse(ours.agent_id)
        device = self.env["focalist.device"].search([("company_id", "=", company.id)])
        self.assertEqual(device.serial_number, "E000001")
        self.assertEqual(device.agent_id, theirs.agent_id)
