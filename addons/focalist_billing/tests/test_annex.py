import io
from datetime import datetime
from unittest.mock import patch

import openpyxl

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.base.models.ir_actions_report import _wkhtml

from ..tools import annex as tools_annex
from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestAnnex(BillingCommon, HttpCase):
    """I2: the receiver of a bill can check every cent of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for serial, first in (("A001", 1000), ("A002", 50)):
            cls._read(
                cls.site,
                serial,
                ("2026-02-28 23:30", {"mono": first, "color": 100}),
                ("2026-03-31 08:00", {"mono": first + 1234, "color": 433}),
            )
        cls.statement = cls._bill()
        cls.move = cls.statement._create_invoices()
        cls.move.action_post()

    def _book(self, content):
        return openpyxl.load_workbook(io.BytesIO(content), data_only=True)

    def _rows(self, sheet):
        return [list(row) for row in sheet.iter_rows(values_only=True)]

    def test_i2_annex_adds_up_to_the_cent(self):
        annex = self.statement._annex()
        self.assertEqual(annex.bill.total, self.move.amount_untaxed)
        self.assertIsNone(annex.bill.difference)
        for charge in annex.bill.charges:
            self.assertAlmostEqual(charge.quantity * charge.price, charge.amount, 2)
        self.assertEqual(
            sum(charge.quantity for charge in annex.bill.charges),
            sum(meter.billable for meter in annex.meters),
        )
        for meter in annex.meters:
            self.assertEqual(meter.to_value - meter.from_value, meter.pages)
            self.assertEqual(meter.pages - meter.included, meter.billable)
            self.assertEqual(meter.from_source, "Agent")

    def test_annex_has_the_sites_own_clock(self):
        meter = self.statement._annex().meters[0]
        self.assertEqual(meter.from_at, datetime(2026, 3, 1, 0, 30))

    def test_annex_tells_what_was_changed_by_hand(self):
        self.move.button_draft()
        self.move.invoice_line_ids[0].quantity -= 100
        bill = self.statement._annex_bill()
        reason, amount = bill.difference
        self.assertIn("by hand", reason)
        self.assertAlmostEqual(amount, -1)
        self.assertEqual(bill.total, self.move.amount_untaxed)

    def test_annex_as_a_workbook(self):
        name, content = self.statement._annex_xlsx()
        self.assertEqual(name, f"Meters {self.move.name.replace('/', '-')}.xlsx")
        book = self._book(content)
        self.assertEqual(book.sheetnames, ["Charges", "Meters"])
        charges = self._rows(book["Charges"])
        self.assertEqual(charges[-1][0], "Total without tax")
        self.assertAlmostEqual(charges[-1][5], self.move.amount_untaxed)
        heads, *meters, sums = self._rows(book["Meters"])
        self.assertEqual(len(meters), 4)
        row = dict(zip(heads, meters[0], strict=True))
        self.assertEqual(row["Serial number"], "A001")
        self.assertEqual(row["First meter"], 1000)
        self.assertEqual(row["Last meter"], 2234)
        self.assertEqual(row["Pages printed"], 1234)
        self.assertAlmostEqual(row["Unit price"], 0.01)
        self.assertEqual(sums[11], 2 * (1234 + 333))
        formulas = openpyxl.load_workbook(io.BytesIO(content))["Meters"]
        self.assertEqual(formulas["L2"].value, "=K2-H2", "it adds itself up")
        self.assertEqual(formulas["O2"].number_format, "#,##0.00####")
        # Excel's own, which follows the reader's country.
        self.assertEqual(formulas["F2"].number_format, "m/d/yy h:mm")

    def test_annex_writes_text_as_text(self):
        self.site.name = "=HYPERLINK(1)"
        _name, content = self.statement._annex_xlsx()
        cell = openpyxl.load_workbook(io.BytesIO(content))["Meters"]["A2"]
        self.assertEqual((cell.value, cell.data_type), ("=HYPERLINK(1)", "s"))

    def test_annex_is_in_the_payers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.client.lang = "fr_FR"
        name, content = self.statement._annex_xlsx()
        self.assertTrue(name.startswith("Compteurs "))
        heads = self._rows(self._book(content)["Compteurs"])[0]
        self.assertIn("Numéro de série", heads)

    def test_annex_of_tiers_and_totals(self):
        """A mono printer that tells its total alone: what was read is named."""
        self._read(
            self.site,
            "T001",
            ("2026-03-31 08:00", {"total": 10}),
            ("2026-04-30 08:00", {"total": 110}),
            model="B210",
        )
        statement = self._bill("2026-04-15")
        meter = statement._annex().meters[0]
        self.assertEqual((meter.meter, meter.counter), ("Mono", "Total"))

    def test_annex_goes_out_with_the_invoice(self):
        send = self.env["account.move.send"]
        self.client.email = "client@example.com"
        data = send._get_default_sending_settings(self.move)
        names = [item["name"] for item in data["mail_attachments_widget"]]
        self.assertIn(self.statement._annex_name(), names)
        self.assertIn("/my/statements/", data["mail_body"])
        send._generate_and_send_invoices(self.move, sending_methods=["email"])
        attachment = self.move.focalist_annex_id
        self.assertEqual(self._book(attachment.raw).sheetnames[0], "Charges")
        message = self.env["mail.message"].search(
            [("model", "=", "account.move"), ("res_id", "=", self.move.id)],
            order="id desc",
        )
        sent = message.attachment_ids.mapped("name")
        self.assertEqual(sent.count(attachment.name), 1)
        self.assertTrue(self.move.invoice_pdf_report_id)
        documents = self.move._get_invoice_legal_documents_all()
        self.assertNotIn(
            attachment.name,
            [document["filename"] for document in documents],
            "the legal document stays one file",
        )

    def test_annex_of_an_invoice_without_meters(self):
        move = self.move.copy()
        self.assertIsNone(move._focalist_annex())
        data = self.env["account.move.send"]._get_default_sending_settings(move)
        self.assertNotIn("/my/statements/", data["mail_body"])

    def test_annex_for_the_dealers_people(self):
        self._read(self.site, "A001", ("2026-04-30 08:00", {"mono": 9999}))
        draft = self._bill("2026-04-15")
        url = f"/focalist/statement/{draft.id}/xlsx"
        self.assertEqual(draft.action_annex_xlsx()["url"], url)
        for login, group in (
            ("annex_accountant", "focalist_base.group_focalist_accountant"),
            ("annex_technician", "focalist_base.group_focalist_technician"),
        ):
            new_test_user(
                self.env,
                login=login,
                groups=group,
                company_id=self.company.id,
                company_ids=[Command.set(self.company.ids)],
            )
        self.authenticate("annex_accountant", "annex_accountant")
        self.assertEqual(
            len(self._rows(self._book(self.url_open(url).content)["Meters"])), 3
        )
        self.authenticate("annex_technician", "annex_technician")
        self.assertEqual(self.url_open(url).status_code, 403)
        user = self.env["res.users"].search([("login", "=", "annex_technician")])
        with self.assertRaises(AccessError):
            draft.with_user(user).action_annex_xlsx()

    def test_annex_is_put_on_pages_of_paper(self):
        annex = self.statement._annex()
        many = annex._replace(
            bill=annex.bill._replace(charges=annex.bill.charges * 40),
            meters=annex.meters * 10,
        )
        for patched in (True, False):
            program = _wkhtml()._replace(is_patched_qt=patched)
            with patch.object(tools_annex, "_wkhtml", lambda p=program: p):
                self.assertEqual(annex.patched_qt, patched)
                self.assertEqual(annex.paper_pages(), [(False, annex.meters)])
                for count in (0, 19, 20, 21, 60, 500):
                    # Every second one has a third line: what there is to say of it.
                    meters = [
                        annex.meters[0]._replace(serial=number, note=number % 2 and "?")
                        for number in range(count)
                    ]
                    pages = annex._replace(meters=meters).paper_pages()
                    shown = [meter for _new, meters in pages for meter in meters]
                    self.assertEqual(shown, meters, count)
                    self.assertTrue(all(new for new, _meters in pages[1:]))
                    rows = tools_annex.ROWS_ON_PAPER
                    if not patched:
                        rows = tools_annex.ROWS_UNPATCHED
                    for _new, page in pages:
                        noted = sum(bool(meter.note) for meter in page)
                        self.assertLessEqual(len(page) + noted / 2, rows)
                self.assertTrue(many.paper_pages()[0][0], "no room below the charges")

    def test_annex_of_a_large_fleet_is_quick(self):
        """No query a line."""
        for number in range(20):
            self._read(
                self.site,
                f"B{number:03}",
                ("2026-03-31 08:00", {"mono": 10}),
                ("2026-04-30 08:00", {"mono": 20}),
            )
        lines = self._bill("2026-04-15").line_ids
        self.assertGreater(len(lines), 19)
        counts = []
        for some in (lines, lines[:2], lines):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.with_prefetch(some.ids)._annex_meters()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts[1:])
