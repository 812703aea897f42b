from odoo import Command, fields
from odoo.tests import tagged

from odoo.addons.focalist_billing.tests.common import BillingCommon


@tagged("post_install", "-at_install")
class EdiCommon(BillingCommon):
    """An invoice of March, made on 1 May and due on the 31st, between two companies."""

    edi_format = None
    country = "base.fr"
    seller_vat = "FR23334175221"
    client_vat = "FR40303265045"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        country = cls.env.ref(cls.country)
        cls.company.write(
            {
                "name": "Atelier Copie",
                "street": "14 rue des Imprimeurs",
                "zip": "69001",
                "city": "Lyon",
                "country_id": country.id,
                "vat": cls.seller_vat,
                "phone": "+33 4 72 00 00 00",
                "email": "factures@copie.example.com",
            }
        )
        cls.company.partner_id.bank_ids = [
            Command.create({"acc_number": "FR1420041010050500013M02606"})
        ]
        cls.client.write(
            {
                "street": "1 place du Marché",
                "zip": "75001",
                "city": "Paris",
                "country_id": country.id,
                "vat": cls.client_vat,
                "email": "client@client.example.com",
                "invoice_edi_format": cls.edi_format,
            }
        )
        cls.contract.client_reference = "PO-4711"
        cls._read(
            cls.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 1000, "color": 100}),
            ("2026-03-31 08:00", {"mono": 2234, "color": 433}),
        )
        cls.move = cls._bill()._create_invoices()
        cls.move.write(
            {
                "invoice_date": fields.Date.to_date("2026-05-01"),
                "invoice_payment_term_id": False,
                "invoice_date_due": fields.Date.to_date("2026-05-31"),
                "partner_bank_id": cls.company.partner_id.bank_ids.id,
            }
        )
        cls.move.action_post()

    @classmethod
    def _credit(cls):
        """A posted credit note of the invoice."""
        wizard = (
            cls.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=cls.move.ids)
            .create({"journal_id": cls.move.journal_id.id})
        )
        wizard.refund_moves()
        wizard.new_move_ids.action_post()
        return wizard.new_move_ids

    def _texts(self, tree, path):
        """What is written at a path, whatever the namespaces: `{*}Name/{*}Other`."""
        return [node.text for node in tree.findall(path)]
