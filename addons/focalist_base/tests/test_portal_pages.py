import re
from datetime import timedelta
from io import BytesIO
from unittest.mock import patch
from zipfile import ZipFile

from lxml import html
from openpyxl import load_workbook

import odoo.sql_db
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.focalist_base.tools.portal_chart import Pages, month_bars

from .common import START, FocalistCase

TODAY = (START + timedelta(days=5)).date()


class PortalPagesCase(FocalistCase, HttpCase):
    """Printers of A in Paris and Lyon, of B in Lille; one has moved from A to B."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")
        cls.anna = cls.portal("anna", cls.contact(cls.client_a))
        cls.bert = cls.portal("bert", cls.contact(cls.client_b, "Bert"))
        cls.carl = cls.portal(
            "carl",
            cls.coordinator(
                cls.client_a,
                "Carl",
                focalist_coordinator_scope="sites",
                focalist_coordinated_site_ids=cls.site_a2.ids,
            ),
        )
        for user in cls.anna + cls.bert + cls.carl:
            user.password = user.login
            user.tz = "Europe/Paris"
        cls.at_paris = cls.device("PARIS1", cls.site_a)
        cls.at_lyon = cls.device("LYON1", cls.site_a2)
        cls.at_lille = cls.device("LILLE1", cls.site_b)
        cls.moved = cls.device("MOVED1", cls.site_a)
        cls.found = cls.env["focalist.device"].create(
            {
                "company_id": cls.dealer.id,
                "model_id": cls.model.id,
                "serial_number": "FOUND1",
                "proposed_site_id": cls.site_a.id,
            }
        )
        for hour, cartridge in ((0, "CRUM-A1"), (24, "CRUM-A2")):
            cls.tell_all(cls.at_paris + cls.at_lyon + cls.at_lille, hour, cartridge)
            cls.tell_all(cls.moved, hour, f"OLD-{cartridge}", hostname="hall-of-a")
        cls.moved._move(cls.site_b, START + timedelta(hours=30))
        for hour in (40, 60):
            cls.ingest(
                cls.report(
                    hour,
                    "MOVED1",
                    meters={"total": 5_000 + hour},
                    hostname="secret-of-b",
                    supplies=[cls.supply(77.0, description="Toner Zeta")],
                    alerts=[cls.alert(description="Jam Zeta")],
                )
            )

    @classmethod
    def tell_all(cls, devices, hour, cartridge, **values):
        cls.ingest(
            *(
                cls.report(
                    hour,
                    device.serial_number,
                    meters={"total": 4000 + 7 * hour, "mono": 3000 + 5 * hour},
                    **cls.tables(cartridge),
                    **values,
                )
                for device in devices
            )
        )

    def setUp(self):
        super().setUp()
        today = patch(
            "odoo.addons.focalist_base.controllers.portal.FocalistPortal"
            "._focalist_today",
            return_value=TODAY,
        )
        today.start()
        self.addCleanup(today.stop)

    def page(self, url, login=None, status=200):
        """The text of a page's own part, in one line."""
        if login:
            self.authenticate(login, login)
        answer = self.url_open(url)
        self.assertEqual(answer.status_code, status, url)
        wrap = html.fromstring(answer.text).xpath("//div[@id='wrap']")
        return " ".join(wrap[0].text_content().split()) if wrap else answer.text

    def serials(self, url, login=None):
        """The serial numbers that a list shows, in its order."""
        text = self.page(url, login)
        known = ("PARIS1", "LYON1", "LILLE1", "MOVED1", "FOUND1")
        return sorted(filter(text.__contains__, known), key=text.index)

    def sheets(self, login):
        self.authenticate(login, login)
        answer = self.url_open("/my/devices/export")
        self.assertEqual(answer.status_code, 200)
        self.assertIn(".xlsx", answer.headers["Content-Disposition"])
        book = load_workbook(BytesIO(answer.content))
        return [list(sheet.values) for sheet in book.worksheets]


@tagged("post_install", "-at_install")
class TestPortalPages(PortalPagesCase):
    # Lists

    def test_portal_list_of_each(self):
        for login, serials in (
            ("anna", ["PARIS1", "LYON1"]),
            ("bert", ["LILLE1", "MOVED1"]),
            ("carl", ["LYON1"]),
        ):
            with self.subTest(login=login):
                self.assertEqual(
                    set(self.serials("/my/devices", login)), set(serials), login
                )

    def test_portal_list_sorts_filters_and_searches(self):
        low = self.report(
            30, "LYON1", supplies=[self.supply(5.0, serial="CRUM-A2")], alerts=[]
        )
        self.ingest(low)
        self.authenticate("anna", "anna")
        both = ["PARIS1", "LYON1"]  # the main site first
        for query, serials in (
            ("", both),
            ("groupby=none&sortby=toner", ["LYON1", "PARIS1"]),
            ("groupby=none&sortby=alerts", ["PARIS1", "LYON1"]),
            ("groupby=none&sortby=contact", ["LYON1", "PARIS1"]),
            ("groupby=none&sortby=model", ["LYON1", "PARIS1"]),
            ("filterby=alerts", ["PARIS1"]),
            ("filterby=toner", ["LYON1"]),
            ("filterby=silent", both),
            (f"filterby=site-{self.site_a.id}", ["PARIS1"]),
            (f"filterby=site-{self.site_b.id}", both),
            ("filterby=no-such&sortby=no&groupby=no&search_in=no", both),
            ("search=lyon", ["LYON1"]),
            ("search=PARIS1&search_in=serial", ["PARIS1"]),
            ("search=ricoh&search_in=model", both),
            ("search=C4503", both),
            ("search=Paris&search_in=place", ["PARIS1"]),
            ("search=secret-of-b", []),
            ("search=Lille", []),
        ):
            with self.subTest(query=query):
                self.assertEqual(self.serials(f"/my/devices?{query}"), serials)

    def test_portal_list_has_pages(self):
        for number in range(90):
            self.device(f"MANY{number:03}", self.site_a2)
        seen = []
        self.authenticate("carl", "carl")
        for page, count in ((1, 80), (2, 11)):
            text = self.page(f"/my/devices/page/{page}?groupby=none&sortby=site")
            found = re.findall(r"MANY\d+|LYON1", text)
            self.assertEqual(len(found), count)
            seen += found
        self.assertEqual(len(set(seen)), 91)
        text = self.page("/my/devices/page/1?search=MANY08&search_in=serial")
        self.assertEqual(text.count("MANY"), 10)

    def test_portal_list_asks_no_device_apart(self):
        def queries():
            before = odoo.sql_db.sql_counter
            self.page("/my/devices")
            return odoo.sql_db.sql_counter - before

        self.page("/my/devices", "carl")
        few = queries()
        for number in range(40):
            self.device(f"MANY{number:03}", self.site_a2)
        self.tell_all(
            self.env["focalist.device"].search([("serial_number", "like", "MANY")]),
            24,
            "CRUM-A9",
        )
        self.page("/my/devices")
        self.assertLessEqual(queries(), few + 3)

    def test_portal_home_counts(self):
        for login, count in (("anna", 2), ("bert", 2), ("carl", 1)):
            self.authenticate(login, login)
            answer = self.make_jsonrpc_request(
                "/my/counters",
                {"counters": ["focalist_device_count", "focalist_volume_count"]},
            )
            self.assertEqual(
                answer, {"focalist_device_count": count, "focalist_volume_count": 1}
            )
            self.assertEqual(
                self.make_jsonrpc_request("/my/counters", {"counters": []}), {}
            )

    def test_portal_empty_states(self):
        stranger = self.portal(
            "stranger", self.env["res.partner"].create({"name": "Stranger"})
        )
        stranger.password = "stranger"
        text = self.page("/my/devices", "stranger")
        self.assertIn("No printer is in service yet", text)
        self.assertIn("Nothing printed was counted yet", self.page("/my/volumes"))
        self.assertIn("No printer has left", self.page("/my/devices/former"))
        self.assertIn(
            "No printer matches", self.page("/my/devices?search=xyzzy", "anna")
        )
        self.at_paris.supply_ids.active = False
        fresh = self.device("FRESH1", self.site_a)
        text = self.page(f"/my/devices/{fresh.id}")
        for sentence in (
            "Nothing printed was counted",
            "has told of no supply",
            "No meter was read here yet",
            "No alert is open",
        ):
            self.assertIn(sentence, text)

    # A device

    def test_portal_device_page(self):
        text = self.page(f"/my/devices/{self.at_paris.id}", "anna")
        for told in (
            *("MP C4503", "PARIS1", "Paris", "10.1.2.3"),
            *("Toner, black", "60 %", "Toner low"),
            *("Total 4,168", "Mono 3,120", "Read on"),
            *("Cartridges changed", "3/3/26"),
            "168",  # pages, 120 of them mono
        ):
            self.assertIn(told, text)
        # 08:00 UTC is 09:00 where the reader is.
        self.assertIn("9:00", text)

    def test_portal_device_page_is_read_only(self):
        self.authenticate("anna", "anna")
        page = html.fromstring(self.url_open(f"/my/devices/{self.at_paris.id}").text)
        self.assertFalse(page.xpath("//div[@id='wrap']//form"))

    def test_portal_device_pages_of_others(self):
        for login, device in (
            ("anna", self.at_lille),
            ("carl", self.at_paris),
            ("carl", self.moved),
            ("bert", self.at_paris),
            ("anna", self.found),
        ):
            with self.subTest(login=login, device=device.serial_number):
                self.authenticate(login, login)
                answer = self.url_open(f"/my/devices/{device.id}")
                self.assertTrue(answer.url.endswith("/my/devices"))
        self.assertTrue(self.url_open("/my/devices/999999").url.endswith("/my/devices"))

    def test_portal_pages_need_a_login(self):
        self.authenticate(None, None)
        for url in (
            *("/my/devices", "/my/devices/former", "/my/volumes"),
            *("/my/devices/export", f"/my/devices/{self.at_paris.id}"),
        ):
            self.assertIn("/web/login", self.url_open(url).url)

    @mute_logger("odoo.http")
    def test_portal_pages_are_no_way_round_for_staff(self):
        self.user("internal", "base.group_user").password = "internal"
        self.user("sales", "focalist_base.group_focalist_sales").password = "sales"
        for login in ("internal", "sales"):
            self.authenticate(login, login)
            for url in (
                *("/my/devices", "/my/devices/former", "/my/volumes"),
                *("/my/devices/export", f"/my/devices/{self.at_paris.id}"),
            ):
                with self.subTest(login=login, url=url):
                    answer = self.url_open(url)
                    self.assertEqual(answer.status_code, 200)
                    self.assertNotIn("PARIS1", answer.text)

    # After a move

    def test_portal_pages_after_a_move(self):
        """A keeps the past, page by page; B has the present and none of the past."""
        url = f"/my/devices/{self.moved.id}"
        text = self.page(url, "anna")
        for told in (
            *("No longer here", "Paris", "4,168", "3,120", "Toner low", "168"),
            *("Cartridges changed", "MOVED1"),
        ):
            self.assertIn(told, text)
        for secret in ("5,0", "Zeta", "secret-of-b", "Lille", "77", "Beta"):
            self.assertNotIn(secret, text)
        text = self.page(url, "bert")
        for told in ("secret-of-b", "5,060", "Jam Zeta", "77 %", "Lille"):
            self.assertIn(told, text)
        for secret in (
            *("4,168", "4,000", "Toner low", "hall-of-a", "Paris", "Alpha"),
            *("Cartridges changed", "No longer here"),
        ):
            self.assertNotIn(secret, text)

    def test_portal_lists_after_a_move(self):
        text = self.page("/my/devices/former", "anna")
        self.assertIn("MOVED1", text)
        self.assertNotIn("PARIS1", text)
        self.assertIn("No longer here 1", self.page("/my/devices"))
        self.assertNotIn("No longer here", self.page("/my/devices", "bert"))
        self.assertNotIn("MOVED1", self.page("/my/devices/former"))
        self.moved._move(self.site_a, START + timedelta(hours=70))
        self.assertNotIn("MOVED1", self.page("/my/devices/former", "anna"))
        self.assertIn("MOVED1", self.page("/my/devices"))

    def test_t3_portal_charts_after_a_move(self):
        for login, pages in (("anna", 3 * 168), ("bert", 168 + 20), ("carl", 168)):
            text = self.page("/my/volumes", login)
            self.assertIn(f"Last twelve months {pages}", text)
        self.assertIn("MOVED1", self.page("/my/volumes", "anna"))
        text = self.page(f"/my/volumes?filterby=site-{self.site_a2.id}")
        self.assertIn("Last twelve months 168", text)
        self.assertNotIn("MOVED1", text)

    def test_portal_export_after_a_move(self):
        devices, volumes = self.sheets("anna")
        self.assertEqual([row[3] for row in devices[1:]], ["PARIS1", "LYON1"])
        pages = {row[2]: row[5] for row in volumes[1:]}
        self.assertEqual(
            pages,
            {f"MP C4503 ({name})": 168 for name in ("PARIS1", "LYON1", "MOVED1")},
        )
        devices, volumes = self.sheets("bert")
        self.assertEqual({row[3] for row in devices[1:]}, {"LILLE1", "MOVED1"})
        pages = {row[2]: row[5] for row in volumes[1:]}
        self.assertEqual(pages["MP C4503 (MOVED1)"], 20)
        for text in ("Alpha", "Paris", "hall-of-a"):
            self.assertNotIn(text, str((devices, volumes)))
        devices, volumes = self.sheets("carl")
        self.assertEqual([row[3] for row in devices[1:]], ["LYON1"])
        self.assertEqual(len(volumes), 2)

    def test_portal_export_of_a_device_that_has_just_come(self):
        """What was last heard of it at its former client is not the next one's."""
        self.at_paris._move(self.site_b, START + timedelta(hours=50))
        devices, _volumes = self.sheets("bert")
        row = next(row for row in devices if row[3] == "PARIS1")
        self.assertEqual(set(row[8:12]), {None})
        self.assertIsNone(row[12])

    def test_portal_export_holds_no_formula(self):
        self.at_paris.write(
            {"serial_number": "=1+1", "location": "@SUM(A1)", "hostname": "+cmd"}
        )
        self.site_a.name = '=HYPERLINK("http://evil.example")'
        self.authenticate("anna", "anna")
        answer = self.url_open("/my/devices/export")
        with ZipFile(BytesIO(answer.content)) as archive:
            for name in archive.namelist():
                if name.startswith("xl/worksheets/"):
                    self.assertNotIn(b"<f>", archive.read(name))
                    self.assertNotIn(b"hyperlink", archive.read(name).lower()[-300:])
        devices, _volumes = self.sheets("anna")
        self.assertIn("=1+1", [row[3] for row in devices])

    # In the reader's language

    def test_portal_pages_in_french(self):
        self.anna.lang = "fr_FR"
        self.authenticate("anna", "anna")
        text = self.page(f"/my/devices/{self.at_paris.id}")
        for word in ("Consommables", "Compteurs", "Alertes", "Noir", "mars"):
            self.assertIn(word.lower(), text.lower())
        for word in ("Supplies", "Alerts", "Latest", "Read on"):
            self.assertNotIn(word, text)
        sheets = self.sheets("anna")
        self.assertIn("Numéro de série", sheets[0][0])

    # The chart

    def test_portal_chart_of_a_year(self):
        month = TODAY.replace(day=1)
        bars = month_bars({month: Pages(30, 10, 0)}, TODAY)
        self.assertEqual(len(bars), 13)
        self.assertEqual(bars[0]["month"], month.replace(year=2025))
        self.assertEqual(bars[-1]["stack"], [("color", 25.0), ("mono", 75.0)])
        self.assertFalse(bars[5]["stack"])
        self.assertFalse(month_bars({}, TODAY)[0]["stack"])

    def test_portal_chart_tells_colours_apart(self):
        for told, is_color, pages in (
            ((100, 60, 40), True, (60, 40, 0)),
            ((100, None, None), True, (0, 0, 100)),
            ((100, None, None), False, (100, 0, 0)),
            ((None, 60, 40), True, (60, 40, 0)),
            ((90, 60, 40), True, (60, 40, 0)),
            ((None, None, None), True, (0, 0, 0)),
        ):
            self.assertEqual(Pages.told(*told, is_color), pages)
