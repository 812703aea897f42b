import io
import zipfile
from datetime import date, datetime, timedelta
from random import Random
from unittest.mock import patch

import openpyxl
from freezegun import freeze_time
from lxml import html

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, TransactionCase, tagged

from ..models import focalist_statistics_mixin
from ..tools.statistics_period import find_period, split_months
from ..tools.statistics_xlsx import write_statistics
from .common import FocalistCase

TODAY = date(2026, 4, 20)


def at(day, hour=12):
    return datetime.fromisoformat(f"2026-{day}T{hour:02}:00:00")


@tagged("post_install", "-at_install")
class TestStatisticsPeriod(TransactionCase):
    def test_named_periods(self):
        for name, first, before in (
            ("30d", date(2026, 3, 22), (date(2026, 2, 20), date(2026, 3, 21))),
            ("3m", date(2026, 2, 1), (date(2025, 11, 1), date(2026, 1, 20))),
            ("12m", date(2025, 5, 1), (date(2024, 5, 1), date(2025, 4, 20))),
            ("year", date(2026, 1, 1), (date(2025, 1, 1), date(2025, 4, 20))),
        ):
            with self.subTest(period=name):
                period = find_period(name, TODAY)
                self.assertEqual((period.first, period.last), (first, TODAY))
                self.assertEqual((period.before_first, period.before_last), before)

    def test_free_period(self):
        period = find_period("free", TODAY, date(2026, 1, 10), date(2026, 1, 19))
        self.assertEqual(period.before_first, date(2025, 12, 31))
        self.assertEqual(period.before_last, date(2026, 1, 9))
        for wrong in (
            ("free", None, None),
            ("free", date(2026, 1, 2), date(2026, 1, 1)),
            ("free", date(1900, 1, 1), date(2026, 1, 1)),
            ("decade", date(2026, 1, 1), date(2026, 1, 2)),
        ):
            with self.assertRaises(ValueError):
                find_period(wrong[0], TODAY, *wrong[1:])

    def test_step_of_the_chart(self):
        self.assertEqual(find_period("30d", TODAY).by, "day")
        self.assertEqual(find_period("30d", TODAY, by="month").by, "month")
        self.assertEqual(find_period("12m", TODAY).by, "month")
        self.assertEqual(len(list(find_period("12m", TODAY).moments())), 12)
        long = find_period("free", TODAY, date(2020, 1, 1), date(2026, 1, 1), "day")
        self.assertEqual(long.by, "month")

    def test_months_and_the_rest_are_all_days_once(self):
        random = Random(1)
        for _number in range(300):
            first = date(2025, 1, 1) + timedelta(days=random.randrange(480))
            last = min(TODAY, first + timedelta(days=random.randrange(400)))
            if last < first:
                continue
            day, spans = first, split_months(first, last, TODAY)
            for monthly, start, end in spans:
                self.assertEqual(start, day)
                if monthly:
                    self.assertEqual(start.day, 1)
                    following = end + timedelta(days=1)
                    self.assertTrue(following.day == 1 or end == TODAY)
                day = end + timedelta(days=1)
            self.assertEqual(day, last + timedelta(days=1))


@tagged("post_install", "-at_install")
class TestStatistics(FocalistCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time("2026-04-20 10:00:00"))
        cls.colored = cls.env["focalist.device.model"].create(
            {"name": "C300", "manufacturer_id": cls.maker.id, "is_color": True}
        )
        # Paris: mono and colour; Lyon: a mono device that tells its total only.
        cls.color_device = cls.device("COLOR1", at=at("01-01"), model_id=cls.colored.id)
        cls.mono_device = cls.device("MONO1", cls.site_a2, at=at("01-01"))
        cls.ingest(
            cls.color_report("03-10", mono=1000, color=500),
            cls.color_report("03-20", mono=1400, color=700),
            cls.color_report("04-10", mono=1500, color=720),
            cls.metered(at("03-31"), "MONO1", total=100),
            cls.metered(at("04-01"), "MONO1", total=160),
            cls.metered(at("04-15"), "MONO1", total=190),
        )
        cls.seller = cls.user("seller", "focalist_base.group_focalist_sales")

    @classmethod
    def color_report(cls, day, **meters):
        total = meters["mono"] + meters["color"]
        return cls.report(
            at(day), "COLOR1", model="C300", meters={"total": total, **meters}
        )

    def statistics(self, record, *args, user=None, **kwargs):
        self.env.flush_all()
        return record.with_user(user or self.seller).focalist_statistics(
            *args, **kwargs
        )

    def pages(self, row):
        return row["mono"], row["color"], row["total"]

    # A client

    def test_t1_totals_by_mono_and_colour(self):
        found = self.statistics(self.client_a, "3m")
        self.assertEqual(self.pages(found["totals"]), (500 + 90, 220, 810))
        self.assertEqual(found["totals"]["unsplit"], 0)

    def test_t1_chart_by_day_or_by_month(self):
        by_month = self.statistics(self.client_a, "3m", by="month")["series"]
        self.assertEqual(
            [str(point["date"]) for point in by_month],
            ["2026-02-01", "2026-03-01", "2026-04-01"],
        )
        self.assertEqual(self.pages(by_month[0]), (0, 0, 0))
        by_day = self.statistics(self.client_a, "3m", by="day")["series"]
        self.assertEqual(len(by_day), 28 + 31 + 20)
        for number, month in enumerate(by_month, 2):
            days = [point for point in by_day if point["date"].month == number]
            self.assertEqual(month["total"], sum(point["total"] for point in days))
        self.assertEqual(sum(point["total"] for point in by_day), 810)

    def test_t1_devices_with_model_and_sites(self):
        found = self.statistics(self.client_a, "3m")
        self.assertEqual(
            [
                (row["id"], row["model"], row["site"], *self.pages(row))
                for row in found["devices"]
            ],
            [
                (self.color_device.id, "Ricoh C300", "Paris", 500, 220, 720),
                (self.mono_device.id, "Ricoh MP C4503", "Lyon", 90, 0, 90),
            ],
        )
        self.assertEqual(
            [(row["name"], *self.pages(row)) for row in found["sites"]],
            [("Paris", 500, 220, 720), ("Lyon", 90, 0, 90)],
        )

    def test_t1_coordinates(self):
        self.client_a.write({"street": "1 rue Haute", "city": "Paris", "phone": "01"})
        found = self.statistics(self.client_a)["coordinates"]
        self.assertEqual((found["name"], found["phone"]), ("Alpha", "01"))
        self.assertIn("1 rue Haute", found["address"])

    def test_t1_colour_device_that_tells_its_total_only(self):
        """Nobody knows which of its pages were colour: they are neither."""
        self.device("TOTAL1", at=at("01-01"), model_id=self.colored.id)
        self.ingest(
            self.report(at("04-02"), "TOTAL1", model="C300", meters={"total": 10}),
            self.report(at("04-03"), "TOTAL1", model="C300", meters={"total": 50}),
        )
        totals = self.statistics(self.client_a, "3m")["totals"]
        self.assertEqual(totals["unsplit"], 40)
        self.assertEqual(self.pages(totals), (590, 220, 850))

    def test_t1_compared_with_the_period_before(self):
        self.ingest(self.color_report("02-25", mono=900, color=480))
        before = self.statistics(self.client_a, "free", "2026-03-10", "2026-03-19")
        self.assertEqual(str(before["period"]["before_first"]), "2026-02-28")
        self.assertEqual(str(before["period"]["before_last"]), "2026-03-09")
        now, then = before["totals"], before["before"]
        self.assertGreater(then["total"], 0)
        self.assertAlmostEqual(
            before["change"]["total"], (now["total"] - then["total"]) / then["total"]
        )

    def test_t1_nothing_to_compare_with(self):
        """A period that was measured in part only is no measure of growth."""
        found = self.statistics(self.client_a, "30d")
        self.assertGreater(found["before"]["total"], 0)
        self.assertEqual(str(found["since"]), "2026-03-10")
        self.assertIsNone(found["change"]["total"])

    def test_t1_unused_devices(self):
        idle = self.device("IDLE1", at=at("01-01"))
        self.device("LATE1", at=at("04-19"))
        found = self.statistics(self.client_a, "free", "2026-04-01", "2026-04-10")
        self.assertEqual([row["id"] for row in found["unused"]], [idle.id])
        found = self.statistics(self.client_a, "free", "2026-01-01", "2026-01-10")
        self.assertEqual(found["unused_count"], 3)
        idle.action_retire()
        found = self.statistics(self.client_a, "free", "2026-04-01", "2026-04-10")
        self.assertFalse(found["unused"])

    def test_t1_voided_reading_counts_no_more(self):
        self.color_device.reading_ids.filtered(
            lambda reading: reading.read_at == at("04-10")
        )._void("Misread")
        totals = self.statistics(self.client_a, "3m")["totals"]
        self.assertEqual(self.pages(totals), (400 + 90, 200, 690))

    def test_t1_screen_shows_the_first_rows(self):
        with patch.object(focalist_statistics_mixin, "LIMIT", 1):
            found = self.statistics(self.client_a, "3m")
        self.assertEqual((len(found["devices"]), found["device_count"]), (1, 2))
        self.assertEqual((len(found["sites"]), found["site_count"]), (1, 2))
        self.assertEqual(found["totals"]["total"], 810)

    def test_t1_wrong_choices_are_told(self):
        for choice in (
            ("free",),
            ("free", "2026-02-01", "2026-01-01"),
            ("free", "0001-01-01", "2026-01-01"),
            ("free", "yesterday", "today"),
            ("century",),
        ):
            with self.subTest(choice=choice), self.assertRaises(UserError):
                self.statistics(self.client_a, *choice)

    # Rights

    def test_t1_other_people_see_nothing(self):
        for user in (
            self.user("internal", "base.group_user"),
            self.user("collector", "focalist_base.group_focalist_collector"),
            self.env.ref("base.public_user"),
        ):
            for record in (self.client_a, self.site_a):
                with self.subTest(user=user.login), self.assertRaises(AccessError):
                    self.statistics(record, user=user)

    def test_t1_portal_reads_its_own_client(self):
        portal = self.portal("beta", self.contact(self.client_b))
        for record in (self.client_a, self.site_a):
            with self.assertRaises(AccessError):
                self.statistics(record, user=portal)
        moved = self.color_device
        moved._move(self.site_b, at("04-16"))
        self.ingest(self.color_report("04-17", mono=1500, color=720))
        found = self.statistics(self.client_b, "3m", user=portal)
        self.assertEqual(found["totals"]["total"], 0)
        own = self.portal("alpha", self.contact(self.client_a))
        found = self.statistics(self.client_a, "3m", user=own)
        self.assertEqual(found["totals"]["total"], 810)

    def test_t1_coordinator_of_a_site_sees_that_one(self):
        person = self.coordinator(
            self.client_a,
            focalist_coordinator_scope="sites",
            focalist_coordinated_site_ids=[Command.set(self.site_a2.ids)],
        )
        portal = self.portal("lyon", person)
        found = self.statistics(self.client_a, "3m", user=portal)
        self.assertEqual([row["name"] for row in found["sites"]], ["Lyon"])
        self.assertEqual(found["totals"]["total"], 90)
        with self.assertRaises(AccessError):
            self.statistics(self.site_a, user=portal)

    def test_t1_another_dealer_sees_nothing(self):
        other = self.env["res.company"].create({"name": "Other dealer"})
        user = self.user(
            "other",
            "focalist_base.group_focalist_manager",
            company_id=other.id,
            company_ids=other.ids,
        )
        site, client = (
            record.with_context(allowed_company_ids=other.ids)
            for record in (self.site_a, self.client_a)
        )
        with self.assertRaises(AccessError):
            self.statistics(site, user=user)
        # Contacts are shared; what was printed is not.
        found = self.statistics(client, "3m", user=user)
        self.assertEqual(found["totals"]["total"], 0)
        self.assertFalse(found["devices"] + found["sites"] + found["unused"])

    # Cost

    def test_t1_queries_do_not_grow_with_devices(self):
        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            found = self.statistics(self.client_b, "30d")
            return self.env.cr.sql_log_count - before, found["device_count"]

        def add(first, last):
            serials = [f"MANY{number}" for number in range(first, last)]
            for serial in serials:
                self.device(serial, self.site_b, at=at("01-01"))
            self.ingest(
                *(
                    self.metered(at(day), serial, total=pages)
                    for day, pages in (("04-01", 1), ("04-11", 99))
                    for serial in serials
                )
            )
            for number in range(first, last, 4):
                self.device(f"IDLE{number}", self.site_b, at=at("01-01"))

        add(0, 10)
        queries()
        few, count = queries()
        self.assertEqual(count, 10)
        add(10, 200)
        queries()
        many, count = queries()
        self.assertEqual(count, 200)
        # Some are of the user alone, who is read anew or not.
        self.assertLessEqual(max(few, many), 15)

    # Files

    def workbook(self, record, **choice):
        data = record._focalist_statistics(**choice)
        book = openpyxl.load_workbook(io.BytesIO(write_statistics(record, data)))
        return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}

    def test_t1_workbook(self):
        idle = self.device("IDLE1", at=at("01-01"))
        sheets = self.workbook(self.client_a, period="3m", by="month")
        self.assertEqual(
            list(sheets),
            ["Summary", "By month", "Devices", "Sites", "Unused devices"],
        )
        self.assertIn(("Total", 810, 0, None), sheets["Summary"])
        self.assertEqual(
            sheets["By month"][1:],
            [
                (datetime(2026, 2, 1), 0, 0, 0),
                *(
                    (datetime(2026, m, 1), *sheets["By month"][m - 1][1:])
                    for m in (3, 4)
                ),
            ],
        )
        self.assertEqual(sum(row[3] for row in sheets["By month"][1:]), 810)
        self.assertEqual(
            sheets["Devices"][1], ("Ricoh C300", "COLOR1", "Paris", 500, 220, 720)
        )
        self.assertEqual(sheets["Sites"][2], ("Lyon", 90, 0, 90))
        self.assertEqual(sheets["Unused devices"][1][1], idle.serial_number)

    def test_t1_workbook_has_no_formula(self):
        evil = '=HYPERLINK("http://evil.example";"x")'
        self.site_a.name = evil
        self.colored.name = "+C300"
        self.client_a.name = "@Alpha"
        data = self.client_a._focalist_statistics("3m")
        content = write_statistics(self.client_a, data)
        book = openpyxl.load_workbook(io.BytesIO(content))
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        self.assertIn(evil, [cell.value for cell in cells])
        self.assertNotIn("f", {cell.data_type for cell in cells if cell.value != evil})
        # openpyxl calls any text that begins so a formula: the file itself tells.
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            sheets = [name for name in parts.namelist() if "worksheets/" in name]
            self.assertFalse([name for name in sheets if b"<f>" in parts.read(name)])

    # A site

    def test_t2_statistics_of_a_site(self):
        found = self.statistics(self.site_a, "3m")
        self.assertEqual(self.pages(found["totals"]), (500, 220, 720))
        self.assertEqual([r["id"] for r in found["devices"]], [self.color_device.id])
        self.assertEqual([row["id"] for row in found["sites"]], [self.site_a.id])
        self.assertEqual(found["coordinates"]["name"], "Alpha, Paris")
        self.assertEqual(sum(point["total"] for point in found["series"]), 720)

    def test_t2_opened_from_its_row(self):
        for record in (self.site_a, self.client_a):
            action = record.with_user(self.seller).action_open_statistics()
            self.assertEqual(action["res_id"], record.id)
            view = self.env["ir.ui.view"].browse(action["views"][0][0])
            self.assertIn("focalist_statistics", view.arch)

    # A device that moves

    def test_t3_moved_device_takes_no_pages_along(self):
        device = self.color_device
        device._move(self.site_b, at("04-12"))
        self.ingest(
            self.color_report("04-13", mono=1500, color=720),
            self.color_report("04-16", mono=1533, color=731),
        )
        found = self.statistics(self.client_a, "3m")
        self.assertEqual(found["totals"]["total"], 810)
        self.assertIn(device.id, [row["id"] for row in found["devices"]])
        self.assertNotIn(device.id, [row["id"] for row in found["unused"]])
        found = self.statistics(self.client_b, "3m")
        self.assertEqual(self.pages(found["totals"]), (33, 11, 44))
        self.assertEqual([row["name"] for row in found["sites"]], ["Lille"])

    def test_t3_moved_within_the_client(self):
        """A row for each site where the device printed."""
        self.color_device._move(self.site_a2, at("04-12"))
        self.ingest(
            self.color_report("04-13", mono=1500, color=720),
            self.color_report("04-16", mono=1533, color=731),
        )
        rows = self.statistics(self.client_a, "3m")["devices"]
        self.assertEqual(
            {(row["site"], row["total"]) for row in rows if row["serial"] == "COLOR1"},
            {("Paris", 720), ("Lyon", 44)},
        )
        self.assertEqual(self.statistics(self.site_a, "3m")["totals"]["total"], 720)


@tagged("post_install", "-at_install")
class TestStatisticsFiles(FocalistCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.printer = cls.device(at=datetime(2026, 1, 1))
        cls.now = datetime.now().replace(microsecond=0)
        cls.ingest(
            cls.metered(cls.now - timedelta(days=5), total=1000),
            cls.metered(cls.now - timedelta(days=1), total=2234),
        )
        cls.env["res.lang"]._activate_lang("fr_FR")
        cls.seller = cls.user("seller", "focalist_base.group_focalist_sales")
        cls.client_a.street = "1 rue Haute"

    def download(self, record, kind, login="seller", **choice):
        self.authenticate(login, login)
        query = "&".join(f"{name}={value}" for name, value in choice.items())
        return self.url_open(
            f"/focalist/statistics/{record._name}/{record.id}/{kind}?{query}"
        )

    def test_t1_download_of_the_workbook(self):
        answer = self.download(self.client_a, "xlsx", period="30d", by="day")
        self.assertEqual(answer.status_code, 200)
        book = openpyxl.load_workbook(io.BytesIO(answer.content))
        self.assertEqual(book["Devices"]["F2"].value, 1234)
        self.assertEqual(len(list(book["By day"].rows)), 31)

    def test_t1_files_are_in_the_clients_language(self):
        self.client_a.lang = "fr_FR"
        answer = self.download(self.client_a, "xlsx")
        book = openpyxl.load_workbook(io.BytesIO(answer.content))
        self.assertIn("Périphériques", book.sheetnames)
        answer = self.download(self.client_a, "pdf")
        self.assertIn("Numéro de série", answer.content.decode())

    def test_t1_pdf(self):
        self.client_a.image_1920 = (
            b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
            b"awAAAABJRU5ErkJggg=="
        )
        for record in (self.client_a, self.site_a):
            answer = self.download(record, "pdf", period="12m")
            self.assertEqual(answer.status_code, 200)
            # Tests render the document that wkhtmltopdf is given.
            for text in ("Alpha", "1 rue Haute", "Ricoh MP C4503", "E100", "<svg"):
                self.assertIn(text, answer.text)
            self.assertIn('name="client_logo"', answer.text)
            rows = [
                [cell.text_content().strip() for cell in row.iter("td")]
                for row in html.fromstring(answer.content).iter("tr")
            ]
            pages = ["1,234", "0", "1,234"]
            self.assertIn(["Ricoh MP C4503", "E100", "Paris", *pages], rows)
            self.assertEqual(record == self.client_a, ["Paris", *pages] in rows)

    def test_t1_pdf_is_one(self):
        report = self.env["ir.actions.report"].with_context(force_report_rendering=True)
        if report.get_wkhtmltopdf_state() not in ("ok", "workers"):
            self.skipTest("no wkhtmltopdf")
        content, ending = report._render_qweb_pdf(
            "focalist_base.focalist_statistics_report",
            self.client_a.ids,
            {"statistics_of": "res.partner", "choice": {"period": "30d"}},
        )
        self.assertEqual((content[:4], ending), (b"%PDF", "pdf"))

    def test_t1_files_of_others_are_refused(self):
        self.user("internal", "base.group_user")
        self.portal("beta", self.contact(self.client_b)).password = "beta"
        for login in ("internal", "beta"):
            for kind in ("xlsx", "pdf"):
                for record in (self.client_a, self.site_a):
                    with self.subTest(login=login, kind=kind, record=record):
                        answer = self.download(record, kind, login=login)
                        self.assertGreaterEqual(answer.status_code, 400)
                        self.assertNotIn("E100", answer.text)
        for path in ("res.users/2/xlsx", "res.partner/0/xlsx", "res.partner/1/doc"):
            answer = self.url_open(f"/focalist/statistics/{path}")
            self.assertEqual(answer.status_code, 404)
        answer = self.download(self.client_a, "xlsx", period="century")
        self.assertEqual(answer.status_code, 400)

    def test_t1_tour_of_the_statistics(self):
        self.start_tour("/odoo", "focalist_base_statistics", login="seller", timeout=90)

    def test_t2_tour_of_a_sites_statistics(self):
        self.start_tour(
            "/odoo", "focalist_base_site_statistics", login="seller", timeout=90
        )
