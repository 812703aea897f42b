import base64
import csv
import io
import zipfile
from datetime import datetime, timedelta

import openpyxl

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from ..models.focalist_export_mixin import BATCH
from ..tools import spreadsheet
from ..tools.sheet_values import parse_count, parse_moment
from .common import START, FocalistCase

DEVICES = [
    ["Manufacturer", "Model", "Serial number", "MAC", "IP", "Client", "Site", "Start"],
    ["Ricoh", "MP C4503", "I100", "", "10.0.0.1", "ALP", "Lyon", "2026-03-02"],
    ["RICOH", "Ricoh MP C4503", "I200", "00-26-73-AA-BB-CC", "", "beta", "", ""],
    ["HP", "M608", "I300", "", "", "BET", "Lille", "31/03/2026"],
]


def as_csv(rows, encoding="utf-8", delimiter=";"):
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows(rows)
    return file.getvalue().encode(encoding)


def as_xlsx(rows):
    file = io.BytesIO()
    spreadsheet.write_xlsx(file, rows[0], rows[1:])
    return file.getvalue()


class TransferCommon(FocalistCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.technician = cls.user("tech", "focalist_base.group_focalist_technician")

    def upload(self, rows, kind="devices", **values):
        data = rows if isinstance(rows, bytes) else as_csv(rows)
        return (
            self.env["focalist.import"]
            .with_user(self.technician)
            .create(
                {
                    "kind": kind,
                    "file": base64.b64encode(data),
                    "file_name": "fleet.csv",
                    "date_order": "dmy",
                    **values,
                }
            )
        )

    def messages(self, rows, kind="devices", **values):
        """The errors that a check shows: {row: message}."""
        wizard = self.upload(rows, kind, **values)
        wizard.action_check()
        return {
            line.number: line.message
            for line in wizard.line_ids
            if line.status == "error"
        }

    def named(self, serial):
        return self.env["focalist.device"].search([("serial_key", "=", serial)])

    def counts(self, wizard):
        return (wizard.new_count, wizard.known_count, wizard.error_count)


@tagged("post_install", "-at_install")
class TestImport(TransferCommon):
    def test_devices(self):
        wizard = self.upload(DEVICES)
        wizard.action_check()
        self.assertEqual(self.counts(wizard), (3, 0, 0))
        self.assertFalse(self.named("I100"), "nothing is written by a check")
        wizard.action_import()
        self.assertEqual(wizard.state, "done")
        device = self.named("I100")
        self.assertRecordValues(
            device,
            [
                {
                    "state": "active",
                    "site_id": self.site_a2.id,
                    "model_id": self.model.id,
                    "ip_address": "10.0.0.1",
                    "company_id": self.dealer.id,
                    "create_uid": self.technician.id,
                }
            ],
        )
        # Midnight in Paris.
        self.assertEqual(device.placement_ids.start_at, datetime(2026, 3, 1, 23))
        self.assertIn("fleet.csv", " ".join(device.message_ids.mapped("body")))
        self.assertEqual(self.named("I200").site_id, self.site_b, "the main site")
        self.assertEqual(self.named("I200").model_id, self.model)
        self.assertEqual(self.named("I200").mac_address, "00:26:73:aa:bb:cc")
        self.assertEqual(
            self.named("I300").placement_ids.start_at, datetime(2026, 3, 30, 22)
        )

    def test_the_same_file_again_changes_nothing(self):
        self.upload(DEVICES).action_import()
        before = self.env["focalist.device"].search_count([])
        wizard = self.upload(DEVICES)
        wizard.action_import()
        self.assertEqual(self.counts(wizard), (0, 3, 0))
        self.assertEqual(self.env["focalist.device"].search_count([]), before)

    def test_a_device_that_an_agent_found_is_activated(self):
        self.ingest(self.report(0, "I100"), site=self.site_a)
        self.upload(DEVICES).action_import()
        self.assertRecordValues(
            self.named("I100"), [{"state": "active", "site_id": self.site_a2.id}]
        )

    def test_errors_by_row(self):
        closed = self.site(self.client_b, "Old")
        closed.active = False
        self.client("Beta")
        twin = self.client("Twin")
        self.site(twin, "Here")
        self.site(self.client("Twin", focalist_prefix="TW2"), "There")
        self.device("E100")
        gone = self.device("E200")
        gone.action_retire()
        header, *_rest = DEVICES
        rows = [
            ["Ricoh", "X", "R1", "", "", "Nobody", "", ""],
            ["Ricoh", "X", "R2", "", "", "ALP", "Nowhere", ""],
            ["Ricoh", "X", "R3", "", "", "BET", "Old", ""],
            ["Ricoh", "X", "R4A", "", "", "ALP", "", "99/99/2026"],
            ["Ricoh", "X", "R5A5", "", "", "ALP", "", "2126-01-01"],
            ["", "X", "R6A6", "", "", "ALP", "", ""],
            ["Ricoh", "X", "0000", "", "", "ALP", "", ""],
            ["Ricoh", "X", "R8A8", "12:34", "", "ALP", "", ""],
            ["Ricoh", "X", "R9A9", "", "", "ALP", "", ""],
            ["Ricoh", "X", "r9-a9", "", "", "ALP", "", ""],
            ["Ricoh", "X", "E100", "", "", "BET", "", ""],
            ["Ricoh", "X", "E200", "", "", "ALP", "", ""],
            ["Ricoh", "X", "R13A", "", "", "Twin", "", ""],
        ]
        rows[0][2], rows[1][2], rows[2][2] = "R1A1", "R2A2", "R3A3"
        rows[3][2] = "R4A4"
        told = self.messages([header, *rows])
        for row, words in {
            2: "Nobody is no client",
            3: "no site Nowhere",
            4: "Old is closed",
            5: "99/99/2026 is no date",
            6: "a day that is past",
            7: "manufacturer or the model is missing",
            8: "cannot be told from others",
            9: "no MAC address",
            11: "stands in row 10",
            12: "stands at another site",
            13: "out of service",
            14: "Several clients",
        }.items():
            with self.subTest(row=row):
                self.assertIn(words, told.get(row, ""))
        self.assertNotIn(10, told)

    def test_a_file_with_errors_is_not_imported(self):
        wrong = [*DEVICES, ["Ricoh", "X", "R100", "", "", "Nobody", "", ""]]
        wizard = self.upload(wrong)
        wizard.action_check()
        with self.assertRaisesRegex(UserError, "nothing was imported"):
            wizard.action_import()
        self.assertFalse(self.named("I100"))
        wizard.action_import_good()
        self.assertEqual(self.counts(wizard), (3, 0, 1))
        self.assertTrue(self.named("I100"))
        sheet = openpyxl.load_workbook(
            io.BytesIO(base64.b64decode(wizard.refused_file))
        ).active
        rows = list(sheet.values)
        self.assertEqual(rows[0][:3], ("Manufacturer", "Model", "Serial number"))
        self.assertEqual(len(rows), 2)
        self.assertIn("Nobody is no client", rows[1][-1])

    def test_forms_of_files(self):
        named = [*DEVICES[:1], ["Ricoh", "Modèle é", "I900", "", "", "ALP", "", ""]]
        for data in (
            as_csv(named),
            as_csv(named, "utf-8-sig", ","),
            as_csv(named, "cp1252", "\t"),
            as_xlsx(named),
        ):
            wizard = self.upload(data)
            wizard.action_check()
            self.assertEqual(self.counts(wizard), (1, 0, 0), data[:40])
            self.assertIn("Modèle é", wizard.line_ids.content)

    def test_headers_in_french(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        rows = [
            ["Fabricant", "Modèle", "N° de série", "Préfixe", "Site", "Rien"],
            ["Ricoh", "MP C4503", "I100", "ALP", "Lyon", "x"],
        ]
        wizard = self.upload(rows)
        wizard.action_check()
        self.assertEqual(self.counts(wizard), (1, 0, 0))
        self.assertEqual(wizard.unknown_columns, "Rien")
        labels = wizard.with_context(lang="fr_FR")._labels("devices")
        self.assertEqual(labels["client"], "Client")
        names = wizard._column_names("devices")
        self.assertEqual(
            {names[k] for k in ("fabricant", "modele")}, {"manufacturer", "model"}
        )

    def test_files_that_are_refused(self):
        bomb = io.BytesIO()
        with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/workbook.xml", b"0" * (spreadsheet.MAX_INFLATED + 1))
        far = openpyxl.Workbook()
        far.active["XFD1048576"] = "x"
        out = io.BytesIO()
        far.save(out)
        for data, words in (
            (b"x" * (spreadsheet.MAX_BYTES + 1), "larger than"),
            (bomb.getvalue(), "larger than"),
            (out.getvalue(), "more than"),
            (b"a;b\n" * (spreadsheet.MAX_ROWS + 3), "more than"),
            (b"PK\x03\x04 no archive", "no CSV or XLSX"),
            (b"\xd0\xcf\x11\xe0\x00\x00", "no CSV or XLSX"),
            (as_csv(DEVICES[:1]), "no rows"),
            (as_csv([["Model", "Serial"], ["X", "1"]]), "lacks these columns"),
            (as_csv([["Serial", "Serial number"], ["X", "1"]]), "mean the same"),
        ):
            with self.subTest(words=words), self.assertRaisesRegex(UserError, words):
                self.upload(data).action_check()

    def test_ten_thousand_rows_are_looked_through_in_few_queries(self):
        """The queries of a check are the same for 10 rows and for 500."""
        counts = []
        for size in (10, 500):
            rows = [
                ["Ricoh", f"M{n % 7}", f"Q{size}X{n:05}", "", "", "ALP", "", ""]
                for n in range(size)
            ]
            wizard = self.upload([DEVICES[0], *rows])
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            wizard._checked_rows()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2)

    # Meters

    def meter_rows(self, *rows):
        return [["Serial number", "Date", "Total", "Mono", "Colour"], *rows]

    def test_meters(self):
        device = self.device()
        rows = self.meter_rows(
            ["E100", "2026-03-03 10:00", "1 000", "900", "100"],
            ["e-100", "04/03/2026 10:00:00", "1.100", "1,000", ""],
        )
        wizard = self.upload(rows, "meters")
        wizard.action_check()
        self.assertEqual(self.counts(wizard), (2, 0, 0))
        self.assertFalse(device.reading_ids)
        wizard.action_import()
        self.assertRecordValues(
            device.reading_ids.sorted("read_at"),
            [
                {
                    # 10:00 in Paris.
                    "read_at": datetime(2026, 3, 3, 9),
                    "source": "import",
                    "meter_total": 1000,
                    "meter_color": 100,
                    "create_uid": self.technician.id,
                },
                {
                    "read_at": datetime(2026, 3, 4, 9),
                    "source": "import",
                    "meter_total": 1100,
                    "meter_color": False,
                    "create_uid": self.technician.id,
                },
            ],
        )
        self.assertEqual(device.reading_ids[0].raw["file"], "fleet.csv")
        self.assertIn("fleet.csv", " ".join(device.message_ids.mapped("body")))
        wizard = self.upload(rows, "meters")
        wizard.action_import()
        self.assertEqual(self.counts(wizard), (0, 2, 0))
        self.assertEqual(len(device.reading_ids), 2)

    def test_meters_from_a_sheet_with_dates(self):
        device = self.device()
        data = as_xlsx(
            [
                ["Serial number", "Read on", "Total"],
                ["E100", datetime(2026, 3, 3, 10), 12345],
            ]
        )
        self.upload(data, "meters").action_import()
        self.assertEqual(device.reading_ids.read_at, datetime(2026, 3, 3, 9))
        self.assertEqual(device.total_meter, 12345)

    def test_meters_that_go_back_wait_for_a_person(self):
        device = self.device()
        self.ingest(self.metered(0, total=5000))
        wizard = self.upload(
            self.meter_rows(["E100", "2026-03-05", "12", "", ""]), "meters"
        )
        wizard.action_import()
        self.assertEqual(wizard.waiting_count, 1)
        self.assertTrue(device.to_check)
        self.assertEqual(device.total_meter, 5000)

    def test_meter_errors_by_row(self):
        self.device()
        self.ingest(self.report(0, "NEW1"), site=self.site_a)
        tomorrow = (datetime.now() + timedelta(days=2)).strftime("%Y-%m-%d")
        told = self.messages(
            self.meter_rows(
                ["NONE1", "2026-03-05", "1", "", ""],
                ["NEW1", "2026-03-05", "1", "", ""],
                ["E100", "yesterday", "1", "", ""],
                ["E100", tomorrow, "1", "", ""],
                ["E100", "2020-03-05", "1", "", ""],
                ["E100", "2026-03-05", "12.5", "", ""],
                ["E100", "2026-03-06", "3000000000", "", ""],
                ["E100", "2026-03-07", "-5", "", ""],
                ["E100", "2026-03-08", "", "", ""],
                ["E100", "2026-03-09", "10", "", ""],
                ["E100", "2026-03-09 00:00", "11", "", ""],
            ),
            "meters",
        )
        for row, words in {
            2: "no device with the serial number NONE1",
            3: "not in service",
            4: "yesterday is no date",
            5: "in the future",
            6: "stood at no site",
            7: "Total: 12.5 is no number of pages",
            8: "no number of pages",
            9: "no number of pages",
            10: "no meter",
            12: "Row 11 is of the same device and moment",
        }.items():
            with self.subTest(row=row):
                self.assertIn(words, told.get(row, ""))
        self.assertNotIn(11, told)

    def test_values(self):
        for text, count in (
            ("12345", 12345),
            ("12 345", 12345),
            ("12\u202f345", 12345),
            ("12\u00a0345", 12345),
            ("12,345", 12345),
            ("12.345", 12345),
            ("1.234.567", 1234567),
            ("1'234'567", 1234567),
            ("12345.0", 12345),
            ("12345,00", 12345),
            ("", None),
            (None, None),
        ):
            self.assertEqual(parse_count(text), count, text)
        for text in ("12.5", "1,23,456", "-1", "abc", "1.234,567", "1e5"):
            with self.subTest(text=text), self.assertRaises(ValueError):
                parse_count(text)
        self.assertEqual(parse_moment("07/08/2026", "dmy", "UTC"), datetime(2026, 8, 7))
        self.assertEqual(parse_moment("07/08/2026", "mdy", "UTC"), datetime(2026, 7, 8))

    def test_nobody_reads_the_file_of_another(self):
        wizard = self.upload(DEVICES)
        other = self.user("other", "focalist_base.group_focalist_technician")
        with self.assertRaises(AccessError):
            wizard.with_user(other).read(["file_name"])


@tagged("post_install", "-at_install")
class TestExport(TransferCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.technician.write({"password": "technician", "tz": "Europe/Paris"})
        cls.printer = cls.device()
        cls.other = cls.device("E200", cls.site_b, hostname="=1+1")
        cls.ingest(cls.metered(2, total=100), cls.metered(2, "E200", total=7))

    def export(self, model, user=None, ids=(), domain=(), **values):
        wizard = (
            self.env["focalist.export"]
            .with_user(user or self.technician)
            .with_context(
                active_model=model, active_ids=list(ids), active_domain=list(domain)
            )
            .create(values)
        )
        return wizard.action_download()["url"]

    def sheet(self, url):
        response = self.url_open(url)
        self.assertEqual(response.status_code, 200)
        book = openpyxl.load_workbook(io.BytesIO(response.content))
        return book.active

    def test_export_of_the_fleet(self):
        self.authenticate("tech", "technician")
        url = self.export("focalist.device")
        header, *rows = self.sheet(url).values
        column = {name: position for position, name in enumerate(header)}
        self.assertEqual(len(rows), 2)
        row = rows[0]
        self.assertEqual(row[column["Manufacturer"]], "Ricoh")
        self.assertEqual(row[column["Model"]], "MP C4503")
        self.assertEqual(row[column["Serial Number"]], "E100")
        self.assertEqual(row[column["State"]], "Active")
        self.assertEqual(row[column["Total"]], 100)
        self.assertIsNone(row[column["Mono"]], "unknown is not 0")
        # A date, by the user's clock.
        self.assertEqual(row[column["Last reading"]], START + timedelta(hours=3))

    def test_export_has_no_formula(self):
        self.authenticate("tech", "technician")
        sheet = self.sheet(self.export("focalist.device"))
        cells = [cell for row in sheet.rows for cell in row if cell.value == "=1+1"]
        self.assertEqual([cell.data_type for cell in cells], ["s"])
        url = self.export("focalist.device", file_format="csv")
        text = self.url_open(url).content.decode("utf-8-sig")
        self.assertIn("'=1+1", text)

    def test_export_of_what_is_shown_or_ticked(self):
        self.authenticate("tech", "technician")
        model = "focalist.meter.reading"
        domain = [("partner_id", "=", self.client_b.id)]
        _header, *rows = self.sheet(self.export(model, domain=domain)).values
        self.assertEqual([row[4] for row in rows], ["Agent"])
        self.assertIn("Beta", rows[0])
        ids = self.printer.reading_ids.ids
        _header, *rows = self.sheet(self.export(model, ids=ids, domain=domain)).values
        self.assertIn("Alpha", rows[0])
        self.assertEqual(len(rows), 1)

    def test_export_by_rights(self):
        """Each user's own export, with the records that it may read."""
        sales = self.user("seller", "focalist_base.group_focalist_sales")
        sales.password = "seller"
        url = self.export("focalist.device")
        self.authenticate("seller", "seller")
        self.assertEqual(self.url_open(url).status_code, 404)
        _header, *rows = self.sheet(self.export("focalist.device", sales)).values
        self.assertEqual(len(rows), 2)
        anna = self.coordinator(self.client_a)
        portal = self.portal("anna", anna)
        portal.password = "anna"
        with self.assertRaises(AccessError):
            self.export("focalist.device", portal)
        with self.assertRaises(ValueError):
            self.export("res.users")

    def test_export_in_french(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.technician.lang = "fr_FR"
        self.authenticate("tech", "technician")
        header, *rows = self.sheet(self.export("focalist.device")).values
        self.assertIn("Fabricant", header)
        self.assertIn("Actif", rows[0])

    def test_export_costs_the_same_for_each_batch(self):
        """No query a record: two batches cost twice what one does."""
        serials = [f"X{number:06}" for number in range(2 * BATCH)]
        self.env["focalist.device"].create(
            [
                {
                    "model_id": self.model.id,
                    "serial_number": serial,
                    "proposed_site_id": self.site_a.id,
                }
                for serial in serials
            ]
        )
        devices = self.env["focalist.device"].with_user(self.technician)
        costs = []
        for size in (BATCH - 1, 2 * BATCH - 1):
            domain = [("serial_number", "in", serials[:size])]
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(sum(1 for _row in devices._sheet_rows(domain)), size)
            costs.append(self.env.cr.sql_log_count - before)
        self.assertLess(costs[0], 40)
        self.assertLessEqual(costs[1], 2 * costs[0])

    def test_template(self):
        self.authenticate("tech", "technician")
        for kind, words in (("devices", "Serial number"), ("meters", "Duplex")):
            (header,) = self.sheet(f"/focalist/import/template/{kind}").values
            self.assertIn(words, header)
        self.assertEqual(
            self.url_open("/focalist/import/template/other").status_code, 404
        )
