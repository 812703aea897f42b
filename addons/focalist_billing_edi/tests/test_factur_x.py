import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

from lxml import etree

from odoo.tests import tagged
from odoo.tools import config

from .common import EdiCommon

PERIOD = ".//{*}BillingSpecifiedPeriod"
DAY = "/{*}DateTimeString"


@tagged("post_install", "-at_install")
class TestFacturX(EdiCommon):
    """What the client's accounting programme reads in the invoice's PDF."""

    edi_format = "facturx"

    @unittest.skipUnless(shutil.which("wkhtmltopdf"), "wkhtmltopdf is missing")
    def test_i2_factur_x_in_the_pdf(self):
        """Sent as Odoo sends it, extracted again and checked against its XSD."""
        send = self.env["account.move.send"].with_context(force_report_rendering=True)
        # Odoo leaves the XML beside the PDF while it is tested.
        with patch.dict(config.options, {"test_enable": False}):
            send._generate_and_send_invoices(self.move, sending_methods=["manual"])
        pdf, xml = self.folder / "invoice.pdf", self.folder / "extracted.xml"
        pdf.write_bytes(self.move.invoice_pdf_report_id.raw)
        self._run("facturx-pdfextractxml", pdf, xml)
        tree = etree.fromstring(xml.read_bytes())
        self._check_period(tree)
        self.assertEqual(
            self._texts(tree, ".//{*}BuyerOrderReferencedDocument/{*}IssuerAssignedID"),
            ["PO-4711"],
        )
        self.assertEqual(
            self._texts(tree, ".//{*}ContractReferencedDocument/{*}IssuerAssignedID"),
            [self.contract.name],
        )

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def _run(self, *command):
        """A programme of factur-x, which fails where the XSD is not met.

        Programmes, since the library does not load beside Odoo's patch of stdnum.
        """
        done = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, f"{done.stdout}{done.stderr}")

    def _export(self, move):
        content, errors = self.env["account.edi.xml.cii"]._export_invoice(move)
        self.assertFalse(errors)
        xml = self.folder / "exported.xml"
        xml.write_bytes(content)
        self._run("facturx-xmlcheck", xml)
        return etree.fromstring(content)

    def _check_period(self, tree):
        """March, on both lines and on the document."""
        starts = self._texts(tree, f"{PERIOD}/{{*}}StartDateTime{DAY}")
        ends = self._texts(tree, f"{PERIOD}/{{*}}EndDateTime{DAY}")
        self.assertEqual(starts, ["20260301"] * 3)
        self.assertEqual(ends, ["20260331"] * 3)

    def test_factur_x_names_no_order_that_there_is_none_of(self):
        self.move.ref = False
        tree = self._export(self.move)
        self.assertFalse(tree.findall(".//{*}BuyerOrderReferencedDocument"))
        self._check_period(tree)

    def test_factur_x_of_a_credit_note_has_the_period_credited(self):
        self._check_period(self._export(self._credit()))

    def test_factur_x_of_other_invoices_is_odoos(self):
        move = self.move.copy({"invoice_date": "2026-05-01"})
        move.action_post()
        starts = self._texts(self._export(move), f"{PERIOD}/{{*}}StartDateTime{DAY}")
        self.assertEqual(starts, ["20260501"])
