import json

from odoo.fields import Domain
from odoo.tests import HttpCase, tagged

from odoo.addons.spreadsheet.utils.validate_data import (
    fields_in_spreadsheet,
    menus_xml_ids_in_spreadsheet,
    odoo_charts,
    odoo_view_links,
)

from .common import FocalistCase


@tagged("post_install", "-at_install")
class TestDashboard(FocalistCase, HttpCase):
    """The fleet on one page: Odoo's own dashboard."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dashboard = cls.env.ref("focalist_base.focalist_dashboard_fleet")
        cls.snapshot = json.loads(cls.dashboard.spreadsheet_data)
        cls.seller = cls.user("seller", "focalist_base.group_focalist_sales")

    def test_everything_it_names_is_there(self):
        for model, names in fields_in_spreadsheet(self.snapshot).items():
            for path in names:
                records = self.env[model]
                for name in path.split(":")[0].split("."):
                    self.assertIn(name, records._fields, path)
                    if records._fields[name].relational:
                        records = records[name]
        for menu in menus_xml_ids_in_spreadsheet(self.snapshot):
            self.assertTrue(self.env.ref(menu).action, menu)

    def test_every_question_has_an_answer(self):
        """As its reader, with the filters that it opens with."""
        asked = [
            *((pivot["model"], pivot["domain"]) for pivot in self.parts("pivots")),
            *((part["model"], part["domain"]) for part in self.parts("lists")),
            *(
                (chart["metaData"]["resModel"], chart["searchParams"]["domain"])
                for chart in odoo_charts(self.snapshot)
            ),
            *(
                (link["action"]["modelName"], link["action"]["domain"])
                for link in odoo_view_links(self.snapshot)
            ),
        ]
        self.assertGreater(len(asked), 15)
        for model, domain in asked:
            records = self.env[model].with_user(self.seller)
            self.assertGreaterEqual(records.search_count(Domain(domain)), 0)

    def parts(self, name):
        return self.snapshot[name].values()

    def test_it_counts_what_it_says(self):
        device = self.device()
        self.ingest(
            self.report(
                0,
                supplies=[self.supply(5.0), self.supply(60.0, index="1.2")]
                + [self.supply(95.0, index="1.3", kind="waste_toner")],
                alerts=[self.alert()],
            )
        )
        mine = Domain("company_id", "=", self.dealer.id)
        names = {pivot["name"]: pivot for pivot in self.parts("pivots")}
        for name, count in (
            ("Devices in service", 1),
            ("Silent devices", 1),
            ("Open alerts", 1),
            ("Supplies running out", 2),
        ):
            pivot = names[name]
            found = self.env[pivot["model"]].search_count(
                mine & Domain(pivot["domain"])
            )
            self.assertEqual(found, count, name)
        self.assertTrue(device.is_silent)

    def test_only_for_those_who_read_the_fleet(self):
        stranger = self.user("stranger", "base.group_user")
        seen = self.env["spreadsheet.dashboard"].with_user(stranger).search([])
        self.assertNotIn(self.dashboard, seen)
        self.assertIn(self.dashboard, seen.with_user(self.seller).search([]))

    def test_dashboard_opens(self):
        device = self.device()
        self.ingest(self.metered(0, total=10), self.metered(24, total=500))
        self.assertTrue(device)
        self.browser_js(
            f"/odoo/dashboards?dashboard_id={self.dashboard.id}",
            "console.log('test successful');",
            ready="document.querySelector('.o_spreadsheet_dashboard_action"
            " .o-scorecard') !== null",
            login="seller",
            timeout=120,
        )
