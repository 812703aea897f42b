from lxml import etree

from odoo.exceptions import UserError
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from .common import AgentCase


@tagged("post_install", "-at_install")
class TestScreens(AgentCase):
    def test_a8_new_agent_gets_key_and_command(self):
        wizards = self.env["focalist.agent.key"].with_user(self.technician)
        with Form(wizards) as form:
            form.name = "Headquarters"
            form.partner_id = self.client
        action = form.record.action_add()
        agent = self.client.focalist_agent_ids.filtered(
            lambda a: a.name == "Headquarters"
        )
        self.assertEqual(action["target"], "new")
        shown = Form(wizards.with_context(**action["context"]))
        key = shown.key
        self.assertEqual(shown.agent_id, agent)
        self.assertEqual(self.env["focalist.agent"]._of_enrolment_key(key), agent)
        self.assertIn("/focalist/install/agent.sh | sudo sh -s -- ", shown.command)
        self.assertIn(f"--database {self.env.cr.dbname}", shown.command)
        self.assertNotIn(key, shown.command)
        self.assertEqual(shown.expires_at, agent.enrolment_key_expires_at)
        # Even where the dialog is saved, the key is not.
        wizard = shown.save()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertFalse(self.env[wizard._name].browse(wizard.id).key)
        self.env.cr.execute("SELECT * FROM focalist_agent_key")
        self.assertNotIn(key, str(self.env.cr.dictfetchall()))

    def test_a1_only_agent_opens_directly(self):
        client = self.client.with_user(self.reader)
        action = client.action_open_focalist_agents()
        self.assertEqual(action["res_id"], self.agent.id)
        self.make_agent(name="Second")
        action = client.action_open_focalist_agents()
        self.assertFalse(action.get("res_id"))
        self.assertEqual(action["domain"], [("partner_id", "=", self.client.id)])

    def test_a1_list_has_name_and_state_and_is_edited(self):
        self.make_agent(name="Second")
        action = self.client.with_user(self.technician).action_open_focalist_agents()
        agents = self.env["focalist.agent"].with_user(self.technician)
        views = agents.get_views([(False, "list")])["views"]
        columns = etree.fromstring(views["list"]["arch"]).xpath("/list/field/@name")
        self.assertLessEqual({"name", "state"}, set(columns))
        second = agents.search(action["domain"] + [("name", "=", "Second")])
        self.assertEqual(second.state, "new")
        with Form(second) as form:
            form.name = "Renamed"
        self.assertEqual(second.name, "Renamed")
        second.unlink()
        self.assertEqual(agents.search(action["domain"]), self.agent)

    def test_a5_form_tells_of_the_collector(self):
        collector, _key = self.install()
        agent = self.agent.with_user(self.reader)
        self.assertEqual(Form(agent).name, self.agent.name)
        arch = etree.fromstring(
            agent.get_views([(False, "form")])["views"]["form"]["arch"]
        )
        shown = arch.xpath("//field[@name='collector_ids']/list/field/@name")
        wanted = {"name", "platform", "version", "address", "last_seen_at", "state"}
        self.assertLessEqual(wanted, set(shown))
        self.assertRecordValues(
            agent.collector_ids,
            [
                {
                    "name": "prn-server",
                    "platform": "Linux",
                    "version": "1.0",
                    "address": "192.0.2.1",
                    "state": "connected",
                }
            ],
        )
        # The key is needed once: there is none to show while it is installed.
        self.assertFalse(arch.xpath("//button[@name='action_new_key']"))
        form = self.agent.with_user(self.technician).get_views([(False, "form")])
        arch = etree.fromstring(form["views"]["form"]["arch"])
        (button,) = arch.xpath("//button[@name='action_new_key']")
        self.assertIn("has_collector", button.get("invisible"))
        self.assertTrue(self.agent.has_collector)
        collector.action_revoke()
        self.assertFalse(self.agent.has_collector)

    def test_c1_agent_heard_of_last(self):
        self.assertEqual(self.client.focalist_last_agent_id, self.agent)
        self.assertEqual(self.client.focalist_last_agent_state, "new")
        second = self.make_agent(name="Second")
        self.install(self.agent)
        self.agent.collector_ids.sudo().last_seen_at = "2020-01-01 00:00:00"
        self.install(second)
        self.env["focalist.client.stat"]._cron_refresh()
        self.assertRecordValues(
            self.client,
            [
                {
                    "focalist_agent_count": 2,
                    "focalist_last_agent_id": second.id,
                    "focalist_last_agent_state": "connected",
                    "focalist_last_agent_seen_at": second.last_seen_at,
                }
            ],
        )

    def test_c1_last_agent_with_its_date_and_state(self):
        """The columns are optional, sortable, and of everybody who reads the fleet."""
        clients = self.env["res.partner"].with_user(self.reader)
        view = self.env.ref("focalist_base.focalist_client_view_list")
        arch = etree.fromstring(clients.get_view(view.id, "list")["arch"])
        names = (
            "focalist_last_agent_id",
            "focalist_last_agent_seen_at",
            "focalist_last_agent_state",
        )
        for name in names:
            (column,) = arch.xpath(f"//field[@name='{name}']")
            self.assertEqual(column.get("optional"), "show")
        self.install(self.agent)
        quiet = self.make_client(name="Quiet")
        self.env["focalist.client.stat"]._cron_refresh()
        rows = clients.web_search_read(
            [("id", "in", (self.client | quiet).ids)],
            {name: {} for name in names},
            order="focalist_last_agent_seen_at desc nulls last",
        )["records"]
        self.assertEqual([row["id"] for row in rows], [self.client.id, quiet.id])
        self.assertEqual(rows[0]["focalist_last_agent_id"], self.agent.id)
        self.assertEqual(rows[0]["focalist_last_agent_state"], "connected")
        self.assertTrue(rows[0]["focalist_last_agent_seen_at"])
        self.assertFalse(rows[1]["focalist_last_agent_id"])

    def test_c1_filters_by_agent(self):
        view = self.env.ref("focalist_base.focalist_client_view_search")
        clients = self.env["res.partner"].with_user(self.reader)
        arch = etree.fromstring(clients.get_view(view.id, "search")["arch"])
        quiet = self.make_client(name="Quiet")

        def found(name):
            (node,) = arch.xpath(f"//filter[@name='{name}']")
            return clients.search(
                safe_eval(node.get("domain"))
                + [("id", "in", (self.client | quiet).ids)]
            )

        self.assertEqual(found("without_agent").ids, quiet.ids)
        self.assertFalse(found("agent_disconnected"))
        self.install(self.agent)
        self.agent.collector_ids.sudo().last_seen_at = "2020-01-01 00:00:00"
        self.assertEqual(found("agent_disconnected").ids, self.client.ids)
        # People's changes count at once.
        self.agent.active = False
        self.assertEqual(found("without_agent").ids, (self.client | quiet).ids)
        self.assertFalse(self.client.focalist_last_agent_id)

    def test_c4_agents_have_their_tab(self):
        clients = self.env["res.partner"].with_user(self.reader)
        view = self.env.ref("base.view_partner_form")
        arch = etree.fromstring(clients.get_view(view.id, "form")["arch"])
        pages = [page.get("name") for page in arch.xpath("//notebook/page")]
        wanted = ["focalist_notifications", "focalist_agents", "focalist_custom_fields"]
        self.assertEqual([name for name in pages if name in wanted], wanted)
        (rows,) = arch.xpath("//page[@name='focalist_agents']//list")
        self.assertLessEqual(
            {"name", "state", "last_seen_at"}, {node.get("name") for node in rows}
        )

    def test_c5_agents_of_a_deactivated_client_poll_nothing(self):
        self.make_device(1)
        before = self.agent._polled_addresses()
        self.assertTrue(before)
        self.client.action_focalist_deactivate()
        self.assertFalse(self.agent._polled_addresses())
        self.client.action_focalist_reactivate()
        self.assertEqual(self.agent._polled_addresses(), before)

    def test_s3_refusal_names_the_agents_of_a_site(self):
        site = self.env["focalist.site"].create(
            {"name": "Dock", "partner_id": self.client.id}
        )
        self.make_agent(name="Dock's agent", site_id=site.id)
        with self.assertRaisesRegex(UserError, r"agents \(Dock's agent\)"):
            site.unlink()

    def test_client_list_takes_as_many_queries_for_many_clients(self):
        fields_ = [
            "focalist_last_agent_id",
            "focalist_last_agent_state",
            "focalist_last_agent_seen_at",
        ]
        clients = self.client
        for number in range(20):
            client = self.make_client(name=f"Client {number}")
            self.install(self.make_agent(partner_id=client.id))
            clients |= client

        def queries(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.read(fields_)
            return self.env.cr.sql_log_count - before

        queries(clients)
        self.assertEqual(queries(clients), queries(clients[:2]))

    def test_forms(self):
        with Form(self.env["focalist.agent"].with_user(self.technician)) as form:
            form.name = "By hand"
            form.partner_id = self.client
            form.site_id = self.site
            with form.network_ids.new() as network:
                network.name = "LAN"
                network.snmp_port = 1161
        self.assertEqual(form.record.network_ids.snmp_port, 1161)
        self.install(form.record)
        for user in (self.reader, self.technician):
            Form(form.record.with_user(user))
            Form(self.client.with_user(user), "base.view_partner_form")
            Form(self.make_device(len(user.login)).with_user(user))
