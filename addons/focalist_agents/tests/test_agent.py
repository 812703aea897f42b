from datetime import timedelta

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import AgentCase


@tagged("post_install", "-at_install")
class TestAgent(AgentCase):
    def found(self, state):
        return self.env["focalist.agent"].search([("state", "=", state)])

    def test_a2_state_follows_what_was_heard(self):
        self.assertEqual(self.agent.state, "new")
        self.assertIn(self.agent, self.found("new"))
        start = fields.Datetime.now()
        collector, _key = self.install()
        self.assertEqual(self.agent.state, "connected")
        self.assertIn(self.agent, self.found("connected"))
        self.assertEqual(collector.state, "connected")
        # Two rounds of an hour each, and some minutes' grace.
        with freeze_time(start + timedelta(hours=2, minutes=4)):
            self.env.invalidate_all()
            self.assertEqual(self.agent.state, "connected")
        with freeze_time(start + timedelta(hours=2, minutes=6)):
            self.env.invalidate_all()
            self.assertEqual(self.agent.state, "disconnected")
            self.assertEqual(collector.state, "disconnected")
            self.assertIn(self.agent, self.found("disconnected"))
            self.assertNotIn(self.agent, self.found("connected"))
            self.agent.poll_interval = 7200
            self.assertEqual(self.agent.state, "connected")

    def test_a2_who_asks_for_tasks_is_missed_at_once(self):
        collector, key = self.install()
        self.agent.poll_interval = 86400
        collector._tasks({"schema": 1}, "192.0.2.1")
        start = collector.last_seen_at
        for seconds, state in ((315, "connected"), (316, "disconnected")):
            with freeze_time(start + timedelta(seconds=seconds)):
                self.env.invalidate_all()
                self.assertEqual(collector.state, state)
                self.assertEqual(self.agent.state, state)
                self.assertIn(self.agent, self.found(state))

    def test_a2_state_after_revocation(self):
        collector, _key = self.install()
        collector.action_revoke()
        self.assertEqual(collector.state, "revoked")
        self.assertEqual(self.agent.state, "disconnected")
        self.install()
        self.assertEqual(self.agent.state, "connected")

    def test_a2_state_is_ambiguous_where_collectors_disagree(self):
        collector, _key = self.install()
        other = self.env["focalist.collector"]._install(
            self.agent, {}, "192.0.2.2", "usb"
        )
        self.assertEqual(self.agent.state, "connected")
        other.last_seen_at = collector.last_seen_at - timedelta(days=1)
        self.assertEqual(self.agent.state, "ambiguous")
        self.assertIn(self.agent, self.found("ambiguous"))

    def test_state_can_be_searched_negatively(self):
        connected = self.make_agent(name="Other")
        self.install(connected)
        agents = self.env["focalist.agent"].search(
            [("state", "!=", "connected"), ("partner_id", "=", self.client.id)]
        )
        self.assertEqual(agents, self.agent)
        self.assertEqual(
            self.env["focalist.agent"].search(
                [
                    ("state", "in", ("new", "connected")),
                    ("partner_id", "=", self.client.id),
                ]
            ),
            self.agent | connected,
        )

    def test_state_of_many_agents_takes_no_more_queries(self):
        agents = self.env["focalist.agent"].browse()
        for number in range(12):
            agents |= self.make_agent(name=f"Agent {number}")
        self.install(agents[0])
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(3):
            agents.mapped("state")
            agents.mapped("last_seen_at")

    def test_only_one_live_network_collector(self):
        first, _key = self.install()
        with (
            self.assertRaises(IntegrityError),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.env["focalist.collector"]._install(self.agent, {}, "192.0.2.2")
        first.action_revoke()
        self.install()

    def test_bounds(self):
        for model, values in (
            ("focalist.agent", {"partner_id": self.client.id, "poll_interval": 9}),
            ("focalist.agent", {"partner_id": self.client.id, "poll_interval": 86401}),
            ("focalist.network", {"agent_id": self.agent.id, "snmp_port": 0}),
            ("focalist.network", {"agent_id": self.agent.id, "snmp_port": 65536}),
        ):
            with (
                self.subTest(model=model, values=values),
                self.assertRaises(IntegrityError),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.env[model].create({"name": "Wrong", **values})
                self.env.flush_all()

    def test_site_is_the_clients(self):
        other = self.make_client(name="Other")
        site = self.env["focalist.site"].create(
            {"name": "There", "partner_id": other.id}
        )
        with self.assertRaises(ValidationError):
            self.agent.site_id = site
        with self.assertRaises(ValidationError):
            self.env["focalist.network"].create(
                {"name": "N", "agent_id": self.agent.id, "site_id": site.id}
            )
        with self.assertRaises(ValidationError):
            self.make_agent(partner_id=self.make_client(is_focalist_client=False).id)

    def test_installed_agent_stays_with_its_client(self):
        other = self.make_client(name="Other")
        agent = self.make_agent(name="Wandering")
        agent.partner_id = other
        self.assertEqual(agent.partner_id, other)
        self.install(agent)
        with self.assertRaises(UserError):
            agent.partner_id = self.client
        agent.partner_id = other

    def test_client_with_an_agent_stays_with_its_dealer(self):
        company = self.env["res.company"].create({"name": "Other dealer"})
        client = self.make_client(name="Other")
        agent = self.make_agent(partner_id=client.id, active=False)
        for values in ({"focalist_company_id": company.id}, {"is_focalist_client": 0}):
            with self.assertRaisesRegex(UserError, "has agents"):
                client.write(values)
        with self.assertRaisesRegex(UserError, "has agents"):
            client.unlink()
        agent.unlink()
        client.focalist_company_id = company
        client.unlink()

    def test_archived_agent_gets_no_key(self):
        self.agent.active = False
        with self.assertRaisesRegex(UserError, "is archived"):
            self.agent.with_user(self.technician).action_new_key()
        self.assertFalse(self.agent.enrolment_key_expires_at)

    def test_installed_agent_is_not_deleted(self):
        collector, _key = self.install()
        with self.assertRaises(UserError):
            self.agent.unlink()
        collector.action_revoke()
        self.agent.unlink()
        self.assertFalse(collector.exists())


@tagged("post_install", "-at_install")
class TestPolledDevices(AgentCase):
    def polled(self, agent=None):
        return {d["address"] for d in (agent or self.agent)._polled_addresses()}

    def test_devices_at_home_that_nobody_reported(self):
        self.make_device(1)
        self.make_device(2, self.depot)
        self.make_device(3, ip_address=False)
        self.make_device(4).state = "ignored"
        self.make_device(5).state = "retired"
        waiting = self.make_device(6)
        waiting.state = "to_complete"
        self.assertEqual(self.polled(), {"10.1.0.1", "10.1.0.6"})

    def test_reported_devices_stay_the_reporters(self):
        other = self.make_agent(name="Depot", site_id=self.depot.id)
        self.install()
        self.install(other)
        mine = self.make_device(1, self.depot, agent_id=self.agent.id)
        self.make_device(2, agent_id=other.id)
        self.assertEqual(self.polled(), {"10.1.0.1"})
        self.assertEqual(self.polled(other), {"10.1.0.2"})
        mine.agent_id = False
        self.assertEqual(self.polled(), set())
        self.assertEqual(self.polled(other), {"10.1.0.1", "10.1.0.2"})

    def test_agent_without_site_has_what_no_other_is_at_home_for(self):
        general = self.make_agent(name="General")
        self.make_device(1)
        self.make_device(2, self.depot)
        self.assertEqual(self.polled(general), {"10.1.0.2"})
        self.agent.network_ids = [
            fields.Command.create({"name": "Depot", "site_id": self.depot.id})
        ]
        self.assertEqual(self.polled(general), set())
        self.assertEqual(self.polled(), {"10.1.0.1", "10.1.0.2"})

    def test_device_that_moved_to_another_client_is_not_told(self):
        other = self.make_client(name="Other")
        site = self.env["focalist.site"].create(
            {"name": "There", "partner_id": other.id}
        )
        self.make_device(1, site, agent_id=self.agent.id)
        self.make_device(2, site)
        self.assertEqual(self.polled(), set())

    def test_device_that_moved_is_the_new_clients_agents(self):
        other = self.make_client(name="Other")
        site = self.env["focalist.site"].create(
            {"name": "There", "partner_id": other.id}
        )
        theirs = self.make_agent(partner_id=other.id)
        self.install()
        device = self.make_device(1, agent_id=self.agent.id, hostname="acme-1")
        device._move(self.depot, fields.Datetime.now() - timedelta(days=2))
        self.assertEqual((device.agent_id, device.hostname), (self.agent, "acme-1"))
        device._move(site, fields.Datetime.now() - timedelta(days=1))
        self.assertFalse(device.agent_id)
        self.assertFalse(device.hostname)
        device.ip_address = "10.1.0.1"
        self.assertEqual(self.polled(theirs), {"10.1.0.1"})
        self.assertEqual(self.polled(), set())

    def test_device_of_an_agent_that_is_gone_is_polled_by_another(self):
        other = self.make_agent(name="Second", site_id=self.site.id)
        collector, _key = self.install(other)
        self.make_device(1, agent_id=other.id)
        self.assertEqual(self.polled(), set())
        other.active = False
        self.assertEqual(self.polled(), {"10.1.0.1"})
        other.active = True
        self.assertEqual(self.polled(), set())
        collector.action_revoke()
        self.assertEqual(self.polled(), {"10.1.0.1"})
        third = self.make_agent(partner_id=self.make_client(name="Other").id)
        self.install(third)
        self.env["focalist.device"].search([("agent_id", "=", other.id)]).write(
            {"agent_id": third.id}
        )
        self.assertEqual(self.polled(), {"10.1.0.1"})

    def test_nothing_for_the_deactivated(self):
        self.make_device(1)
        self.client.focalist_active = False
        self.assertEqual(self.polled(), set())
        self.client.focalist_active = True
        self.assertEqual(self.polled(), {"10.1.0.1"})
        self.agent.active = False
        self.assertEqual(self.polled(), set())

    def test_ports(self):
        self.make_device(1)
        self.make_device(2, self.depot, agent_id=self.agent.id)

        def ports():
            self.env.invalidate_all()
            return {d["address"]: d["port"] for d in self.agent._polled_addresses()}

        self.assertEqual(ports(), {"10.1.0.1": 161, "10.1.0.2": 161})
        self.agent.network_ids = [
            fields.Command.create({"name": "A", "snmp_port": 1161, "sequence": 1}),
            fields.Command.create(
                {
                    "name": "B",
                    "snmp_port": 2161,
                    "sequence": 2,
                    "site_id": self.depot.id,
                }
            ),
        ]
        self.assertEqual(ports(), {"10.1.0.1": 1161, "10.1.0.2": 2161})

    def test_one_address_is_told_once(self):
        self.make_device(1)
        self.make_device(2, ip_address="10.1.0.1")
        self.assertEqual(
            self.agent._polled_addresses(),
            [{"address": "10.1.0.1", "port": 161, "network": 0}],
        )

    def test_printers_on_usb_have_no_address(self):
        self.make_device(1, ip_address="usb")
        self.assertFalse(self.agent._polled_addresses())

    def test_queries_do_not_grow_with_devices(self):
        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.agent._polled_addresses()
            return self.env.cr.sql_log_count - before

        self.make_device(1)
        few = queries()
        for number in range(2, 40):
            self.make_device(number)
        self.assertEqual(queries(), few)
        self.assertEqual(len(self.agent._polled_addresses()), 39)
