from lxml import etree

from odoo.tests import tagged

from .common import EdiCommon


@tagged("post_install", "-at_install")
class TestUbl(EdiCommon):
    """UBL BIS 3, as a Belgian client gets it by Peppol."""

    edi_format = "ubl_bis3"
    country = "base.be"
    seller_vat = "BE0477472701"
    client_vat = "BE0202239951"

    def _export(self, move):
        content, errors = self.env["account.edi.xml.ubl_bis3"]._export_invoice(move)
        self.assertFalse(errors)
        return etree.fromstring(content)

    def _check_period(self, tree, line):
        self.assertEqual(
            self._texts(tree, "{*}InvoicePeriod/{*}StartDate"), ["2026-03-01"]
        )
        self.assertEqual(
            self._texts(tree, "{*}InvoicePeriod/{*}EndDate"), ["2026-03-31"]
        )
        lines = f"{{*}}{line}/{{*}}InvoicePeriod"
        self.assertEqual(
            self._texts(tree, f"{lines}/{{*}}StartDate"), ["2026-03-01"] * 2
        )
        self.assertEqual(self._texts(tree, f"{lines}/{{*}}EndDate"), ["2026-03-31"] * 2)

    def test_i2_ubl_bis3_has_period_and_references(self):
        tree = self._export(self.move)
        self._check_period(tree, "InvoiceLine")
        self.assertEqual(self._texts(tree, "{*}OrderReference/{*}ID"), ["PO-4711"])
        self.assertEqual(
            self._texts(tree, "{*}ContractDocumentReference/{*}ID"),
            [self.contract.name],
        )

    def test_ubl_bis3_of_a_credit_note_has_the_period_credited(self):
        self._check_period(self._export(self._credit()), "CreditNoteLine")

    def test_ubl_bis3_of_a_fee_in_advance_has_its_own_period(self):
        fee, _pages = self.move.focalist_statement_ids.charge_ids.sudo()
        fee.write({"date_start": "2026-04-01", "date_end": "2026-04-30"})
        self.assertIn("04/01/2026", fee._annex_title())
        tree = self._export(self.move)
        path = "{*}InvoicePeriod/{*}"
        self.assertEqual(self._texts(tree, f"{path}StartDate"), ["2026-03-01"])
        self.assertEqual(self._texts(tree, f"{path}EndDate"), ["2026-04-30"])
        self.assertEqual(
            self._texts(tree, f"{{*}}InvoiceLine/{path}StartDate"),
            ["2026-04-01", "2026-03-01"],
        )
