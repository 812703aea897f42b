import shutil
import subprocess
import unittest
from unittest.mock import patch

from odoo.tests import HttpCase, tagged

from odoo.addons.base.models.ir_actions_report import _wkhtml

from .common import BillingCommon


@unittest.skipUnless(
    shutil.which("wkhtmltopdf") and shutil.which("pdftotext"),
    "wkhtmltopdf or pdftotext is missing",
)
@tagged("post_install", "-at_install")
class TestPdf(BillingCommon, HttpCase):
    """The invoice as its receiver has it, by the wkhtmltopdf of this machine."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {
                "name": "Atelier Copie",
                "street": "14 rue des Imprimeurs",
                "city": "Lyon",
                "vat": "FR23334175221",
                "company_details": False,
                "report_footer": "<p>RCS Lyon 334 175 221</p>",
                "external_report_layout_id": cls.env.ref(
                    "web.external_layout_standard"
                ).id,
            }
        )
        cls.moves = cls.env["account.move"]
        for number in (1, 2):
            client, site = cls._make_client(f"Client {number}")
            contract = cls._make_contract(client)
            cls._read(
                site,
                f"A00{number}",
                ("2026-02-28 08:00", {"mono": 1234567}),
                ("2026-03-31 08:00", {"mono": 1236801}),
            )
            cls.moves += cls._bill(contract=contract)._create_invoices()
        cls.moves.action_post()

    def _text(self, moves):
        report = self.env["ir.actions.report"].with_context(force_report_rendering=True)
        content, kind = report._render_qweb_pdf("account.account_invoices", moves.ids)
        self.assertEqual(kind, "pdf")
        done = subprocess.run(
            ["pdftotext", "-layout", "-", "-"],
            input=content,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode()

    def test_pdf_names_the_seller(self):
        text = self._text(self.moves[0])
        for part in (
            "Atelier Copie",
            "14 rue des Imprimeurs",
            "FR23334175221",
            "RCS Lyon 334 175 221",
        ):
            self.assertIn(part, text, _wkhtml().version)

    def test_pdf_tells_the_tax_id_once(self):
        self.company.report_footer = "<p>RCS Lyon, TVA FR 23 334175221</p>"
        self.assertFalse(self.moves[0]._seller_tax_id_missing())
        self.assertNotIn("FR23334175221", self._text(self.moves[0]))

    def test_pdf_annex_has_both_meters(self):
        text = self._text(self.moves[0])
        for part in ("A001", "1,234,567", "1,236,801", "2,234", "0.010000", "22.34"):
            self.assertIn(part, text)
        first, annex = text.split("\f")[:2]
        self.assertIn("RCS Lyon", first, "the footer closes the invoice, not the annex")
        self.assertIn("A001", annex)

    def test_pdf_of_several_invoices(self):
        """Each keeps its own header and footer."""
        text = self._text(self.moves)
        self.assertEqual(text.count("14 rue des Imprimeurs"), 2)
        self.assertEqual(text.count("RCS Lyon 334 175 221"), 2)
        for serial in ("A001", "A002"):
            self.assertIn(serial, text)

    def test_i2_pdf_annex_cuts_no_row(self):
        """Each page of a large annex begins with the heads; whole rows follow."""
        self._check_large_annex()

    def test_i2_pdf_annex_cuts_no_row_with_a_note(self):
        """What there is to say of a meter makes its row higher, and pages shorter."""
        note = "Correction of MS/2026/00012: 1,978 pages billed before, and this"
        self._check_large_annex(lambda meter: meter._replace(note=note))

    def _check_large_annex(self, change=lambda meter: meter):
        lines = type(self.env["focalist.statement.line"])
        one = lines._annex_meters

        def many(lines):
            return [change(meter) for meter in one(lines)] * 100

        with patch.object(lines, "_annex_meters", many):
            pages = self._text(self.moves[0]).split("\f")[1:-1]
        self.assertGreater(len(pages), 2)
        for page in pages:
            self.assertIn("First reading", page)
            self.assertIn("price", page)
            self.assertEqual(page.count("A001"), page.count("1,236,801"))
        self.assertEqual(sum(page.count("A001") for page in pages), 100)
