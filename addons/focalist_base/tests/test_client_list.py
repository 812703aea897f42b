from lxml import etree

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from .common import FocalistCase

GROUP = "focalist_base.group_focalist_"
LIST = "focalist_base.focalist_client_view_list"
SEARCH = "focalist_base.focalist_client_view_search"


@tagged("post_install", "-at_install")
class TestClientList(FocalistCase):
    """The list of clients, read as the web client reads it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sales = cls.user("the sales", GROUP + "sales")
        cls.device()
        cls.device("E200")
        cls.device("B100", cls.site_b)
        cls.ingest(cls.report(0, alerts=[cls.alert()]))
        cls.env["focalist.client.stat"]._cron_refresh()

    def clients(self, user=None):
        action = self.env.ref("focalist_base.focalist_client_action")
        domain = safe_eval(action.domain, {"allowed_company_ids": self.dealer.ids})
        return self.env["res.partner"].with_user(user or self.sales), domain

    def arch(self, view=LIST, kind="list"):
        clients, _domain = self.clients()
        return etree.fromstring(clients.get_view(self.env.ref(view).id, kind)["arch"])

    def specification(self):
        """What the list reads: its columns, and what its widgets need."""
        names = {
            node.get("name")
            for node in self.arch().iter("field")
            if node.get("column_invisible") != "True"
        }
        fields_ = self.env["res.partner"]._fields
        return {
            name: {"fields": {"display_name": {}}}
            if fields_[name].type == "many2one"
            else {}
            for name in names | {"focalist_main_site_id"}
        }

    def search(self, order=None, domain=(), **options):
        clients, of_action = self.clients()
        return clients.web_search_read(
            [*of_action, *domain], self.specification(), order=order, **options
        )["records"]

    def names(self, **options):
        return [record["name"] for record in self.search(**options)]

    def filtered_names(self, name):
        (node,) = self.arch(SEARCH, "search").xpath(f"//filter[@name='{name}']")
        return self.names(domain=safe_eval(node.get("domain")), order="name")

    # C1

    def test_c1_columns(self):
        (alpha,) = self.search(domain=[("name", "=", "Alpha")])
        self.assertEqual(alpha["focalist_main_site_id"]["display_name"], "Paris")
        for name, value in (
            ("focalist_prefix", "ALP"),
            ("focalist_site_count", 2),
            ("focalist_device_count", 2),
            ("focalist_alert_count", 1),
            ("focalist_last_month_pages", 0),
        ):
            self.assertEqual(alpha[name], value, name)
        columns = {node.get("name"): node for node in self.arch().iter("field")}
        for name in columns.keys() - {"name"}:
            self.assertTrue(columns[name].get("optional"), name)
        self.assertEqual(columns["name"].get("widget"), "focalist_name_with_site")
        for name in ("focalist_site_count", "focalist_device_count"):
            self.assertEqual(columns[name].get("widget"), "focalist_count_link")
            method = safe_eval(columns[name].get("options"))["action"]
            action = getattr(self.client_a.with_user(self.sales), method)()
            found = self.env[action["res_model"]].search_count(action["domain"])
            self.assertEqual(found, alpha[name])

    def test_c1_sorts_by_each_counter(self):
        clients, _domain = self.clients()
        described = clients.fields_get()
        for name in (
            "focalist_site_count",
            "focalist_device_count",
            "focalist_silent_count",
            "focalist_alert_count",
            "focalist_last_month_pages",
            "focalist_last_contact_at",
        ):
            self.assertTrue(described[name]["sortable"], name)
            up = self.search(order=f"{name} asc, id")
            values = [record[name] for record in up if record[name] is not False]
            self.assertEqual(values, sorted(values), name)
            down = self.search(order=f"{name} desc, id")
            values = [record[name] for record in down if record[name] is not False]
            self.assertEqual(values, sorted(values, reverse=True), name)
        self.assertEqual(self.names(order="focalist_site_count desc")[0], "Alpha")
        self.assertEqual(self.names(order="focalist_site_count asc")[-1], "Alpha")

    def test_c1_totals_of_groups(self):
        clients, domain = self.clients()
        self.client_a.city = self.client_b.city = "Paris"
        sums = ["focalist_site_count:sum", "focalist_device_count:sum"]
        for node in self.arch().xpath("//field[@sum]"):
            name = node.get("name")
            self.assertEqual(clients.fields_get([name])[name]["aggregator"], "sum")
        (group,) = clients.web_read_group(
            [*domain, ("city", "=", "Paris")], ["city"], sums
        )["groups"]
        self.assertEqual(group["focalist_site_count:sum"], 3)
        self.assertEqual(group["focalist_device_count:sum"], 3)
        ways = self.arch(SEARCH, "search").xpath("//group/filter")
        self.assertGreaterEqual(len(ways), 4)
        for node in ways:
            by = safe_eval(node.get("context"))["group_by"]
            self.assertTrue(clients.web_read_group(domain, [by], sums)["groups"])

    def test_c1_a_page_costs_as_many_queries_with_80_clients_as_with_10(self):
        many = self.env["res.partner"].create(
            [
                {
                    "name": f"Client {number:03}",
                    "is_company": True,
                    "is_focalist_client": True,
                }
                for number in range(80)
            ]
        )
        sites = self.env["focalist.site"].create(
            [{"name": "S", "partner_id": client.id} for client in many]
        )
        for number, site in enumerate(sites):
            self.device(f"M{number}00", site)
            self.coordinator(site.partner_id)

        def queries(limit):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            records = self.search(order="focalist_device_count desc", limit=limit)
            self.assertEqual(len(records), limit)
            return self.env.cr.sql_log_count - before

        queries(80)
        few = queries(10)
        with self.assertQueryCount(few):
            self.env.flush_all()
            self.env.invalidate_all()
            self.search(order="focalist_device_count desc", limit=80)

    def test_c1_row_actions(self):
        client = self.client_a.with_user(self.sales)
        buttons = {node.get("name") for node in self.arch().xpath("/list/button")}
        self.assertEqual(
            buttons,
            {
                "action_open_statistics",
                "action_open_focalist_client",
                "action_focalist_deactivate",
                "action_focalist_reactivate",
            },
        )
        for node in self.arch().xpath("/list/button"):
            for active in (True, False):
                hidden = safe_eval(
                    node.get("invisible", "False"), {"focalist_active": active}
                )
                of_the_other = {
                    "action_focalist_deactivate": not active,
                    "action_focalist_reactivate": active,
                }
                self.assertIs(hidden, of_the_other.get(node.get("name"), False))
        action = client.action_open_focalist_client()
        self.assertEqual(action["res_id"], client.id)
        self.assertEqual(action["views"], [(False, "form")])

    def test_c1_filters(self):
        self.assertEqual(self.filtered_names("alerts"), ["Alpha"])
        self.assertEqual(self.filtered_names("silent"), ["Alpha"])
        self.assertEqual(self.filtered_names("deactivated"), [])
        self.assertEqual(self.filtered_names("followed"), ["Alpha", "Beta"])
        self.client("Gamma", focalist_active=False)
        self.assertEqual(self.filtered_names("deactivated"), ["Gamma"])
        self.assertEqual(self.filtered_names("without_site"), ["Gamma"])
        self.assertIn("Beta", self.filtered_names("without_coordinator"))

    def test_c1_counters_of_another_dealer_are_not_seen(self):
        other = self.env["res.company"].create({"name": "Other dealer"})
        stranger = self.client("Omega", focalist_company_id=other.id)
        self.assertTrue(stranger.focalist_stat_id)
        stats = self.env["focalist.client.stat"].with_user(self.sales)
        self.assertNotIn(stranger, stats.search([]).partner_id)
        with self.assertRaises(AccessError):
            stats.search([], limit=1).write({"site_count": 5})

    # C2

    def test_c2_search_in_name_and_prefix(self):
        (node,) = self.arch(SEARCH, "search").xpath("//field[@name='name']")
        for text, found in (
            ("lph", ["Alpha"]),
            ("bet", ["Beta"]),
            ("ALP", ["Alpha"]),
            ("X9", ["Beta"]),
            ("nothing", []),
        ):
            self.client_b.focalist_prefix = "X9"
            domain = safe_eval(node.get("filter_domain"), {"self": text})
            self.assertEqual(self.names(domain=domain), found, text)

    # C3

    def test_c3_display_options_are_stored_for_the_user(self):
        settings = self.env["res.users.settings"].with_user(self.sales)
        own = settings._find_or_create_for_user(self.sales).with_user(self.sales)
        options = {"res.partner": {"rows": 20, "columns": {"focalist_prefix": False}}}
        own.set_res_users_settings({"focalist_lists": options})
        self.env.invalidate_all()
        found = own._res_users_settings_format()
        self.assertEqual(found["focalist_lists"], options)
        technician = self.user("the technician", GROUP + "technician")
        other = settings._find_or_create_for_user(technician)
        self.assertFalse(other._res_users_settings_format()["focalist_lists"])
        with self.assertRaises(AccessError):
            other.with_user(self.sales).set_res_users_settings(
                {"focalist_lists": options}
            )

    def test_c3_display_options_are_checked(self):
        own = self.env["res.users.settings"]._find_or_create_for_user(self.sales)
        own = own.with_user(self.sales)
        for wrong in (
            [],
            {"res.partner": 20},
            {"res.partner": {"rows": 0}},
            {"res.partner": {"rows": "20"}},
            {"res.partner": {"rows": 1_000_000}},
            {"res.partner": {"columns": ["name"]}},
            {"res.partner": {"columns": {"name": "yes"}}},
            {"res.partner": {"other": 1}},
            {"x" * 1000: {"rows": 20}},
        ):
            with self.subTest(wrong=wrong), self.assertRaises(ValidationError):
                own.set_res_users_settings({"focalist_lists": wrong or [1]})

    # C5

    def test_c5_deactivated_and_reactivated_without_loss(self):
        clients = (self.client_a | self.client_b).with_user(self.sales)
        tracked = clients.with_context(tracking_disable=False)
        before = self.ledger(self.client_a.focalist_device_ids)
        counts = self.client_a.focalist_device_count, self.client_a.focalist_site_count
        tracked.action_focalist_deactivate()
        self.assertFalse(any(clients.mapped("focalist_active")))
        self.assertEqual(self.filtered_names("followed"), [])
        self.assertEqual(self.filtered_names("silent"), [], "nobody waits for them")
        self.flush_tracking()
        (note,) = self.client_a.message_ids.filtered("tracking_value_ids")
        self.assertEqual(note.author_id, self.sales.partner_id)
        self.assertEqual(note.tracking_value_ids.field_id.name, "focalist_active")
        self.assertTrue(note.date)
        # What was printed before, and what is still reported, counts.
        self.ingest(self.metered(0.5, total=9))
        self.assertTrue(self.client_a.focalist_device_ids.reading_ids)
        tracked.action_focalist_reactivate()
        self.assertTrue(all(clients.mapped("focalist_active")))
        self.assertEqual(self.filtered_names("followed"), ["Alpha", "Beta"])
        after = self.ledger(self.client_a.focalist_device_ids)
        self.assertGreaterEqual(len(after["readings"]), len(before["readings"]))
        self.assertEqual(
            (self.client_a.focalist_device_count, self.client_a.focalist_site_count),
            counts,
        )

    def flush_tracking(self):
        self.env.flush_all()
        self.env.cr.precommit.run()

    def test_c5_is_for_sales(self):
        for group in ("technician", "accountant"):
            user = self.user(group, GROUP + group)
            with self.assertRaises(AccessError):
                self.client_a.with_user(user).action_focalist_deactivate()
        manager = self.user("manager", GROUP + "manager")
        self.client_a.with_user(manager).action_focalist_deactivate()
        self.assertFalse(self.client_a.focalist_active)

    def test_c5_asks_first(self):
        form = etree.fromstring(
            self.env["res.partner"]
            .with_user(self.sales)
            .get_view(self.env.ref("base.view_partner_form").id, "form")["arch"]
        )
        for arch in (self.arch(), form):
            buttons = arch.xpath("//button[@name='action_focalist_deactivate']")
            self.assertTrue(buttons)
            for button in buttons:
                self.assertIn("Nothing of", button.get("confirm"))

    # C4

    def test_c4_tabs_in_their_order(self):
        arch = etree.fromstring(
            self.env["res.partner"]
            .with_user(self.sales)
            .get_view(self.env.ref("base.view_partner_form").id, "form")["arch"]
        )
        pages = [page.get("name") for page in arch.xpath("//notebook/page")]
        wanted = [
            "focalist",
            "focalist_statistics",
            "focalist_sites",
            "focalist_devices",
            "focalist_coordinators",
            "focalist_notifications",
            "focalist_to_complete",
            "focalist_custom_fields",
            "contact_addresses",
        ]
        self.assertEqual([name for name in pages if name in wanted], wanted)
        fields_ = {node.get("name") for node in arch.iter("field")}
        self.assertLessEqual(
            {"name", "vat", "lang", "street", "zip", "city", "country_id"}, fields_
        )
        for page, names in (
            (
                "focalist",
                {"focalist_prefix", "focalist_currency_id", "industry_id"},
            ),
            ("focalist_statistics", {"focalist_statistics"}),
            ("focalist_sites", {"focalist_site_ids"}),
            ("focalist_devices", {"focalist_device_ids"}),
            ("focalist_coordinators", {"focalist_coordinator_ids"}),
            ("focalist_notifications", {"focalist_notification_device_ids"}),
            ("focalist_to_complete", {"focalist_to_complete_ids"}),
            ("focalist_custom_fields", {"focalist_custom_fields"}),
        ):
            (tab,) = arch.xpath(f"//notebook/page[@name='{page}']")
            found = {node.get("name") for node in tab.iter("field", "widget")}
            self.assertLessEqual(names, found, page)
        stats = {
            node.get("name") for node in arch.xpath("//div[@name='button_box']/button")
        }
        self.assertLessEqual(
            {"action_open_focalist_devices", "action_open_focalist_sites"}, stats
        )
