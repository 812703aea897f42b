from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import FocalistCase


@tagged("post_install", "-at_install")
class TestPartnerMerge(FocalistCase):
    """Odoo's merge of contacts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.printer = cls.device("MERGE1", cls.site_a)
        for hour in (0, 24):
            told = {"total": 100 + hour}
            supplies = [cls.supply(80.0 - hour)]
            cls.ingest(cls.report(hour, "MERGE1", meters=told, supplies=supplies))
        cls.duplicate = cls.env["res.partner"].create(
            {"name": "Alpha again", "is_company": True, "phone": "+33 1 23 45 67 89"}
        )

    def merge(self, contacts, kept, env=None):
        wizard = (env or self.env)["base.partner.merge.automatic.wizard"]
        wizard.create(
            {
                "state": "selection",
                "partner_ids": [Command.set(contacts.ids)],
                "dst_partner_id": kept.id,
            }
        ).action_merge()

    def test_client_takes_another_contact_in(self):
        stat = self.client_a.focalist_stat_id
        before = self.ledger(self.printer)
        self.merge(self.client_a + self.duplicate, self.client_a)
        self.assertFalse(self.duplicate.exists())
        self.assertEqual(self.client_a.phone, "+33 1 23 45 67 89")
        self.assertTrue(self.client_a.is_focalist_client)
        self.assertEqual(self.client_a.focalist_stat_id, stat)
        self.assertEqual(self.printer.partner_id, self.client_a)
        self.assertEqual(self.ledger(self.printer), before)

    def test_client_goes_into_no_other_contact(self):
        """What both have once, Odoo would delete of one: nothing is touched."""
        levels = self.env["focalist.supply.level"].search([])
        self.assertTrue(levels)
        for kept in (self.duplicate, self.client_b):
            with (
                self.subTest(kept=kept.name),
                self.assertRaisesRegex(UserError, "merged into no other contact"),
            ):
                self.merge(self.client_a + kept, kept)
        self.assertTrue(self.client_a.exists())
        self.assertEqual(levels.partner_id, self.client_a)

    def test_client_stays_where_nobody_chooses(self):
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.duplicate + self.client_a).ids)
        self.assertTrue(self.client_a.exists())
        self.assertFalse(self.duplicate.exists())

    def test_another_dealers_client_is_not_touched(self):
        other = self.env["res.company"].create({"name": "Other dealer"})
        stranger = self.user(
            "stranger",
            "base.group_partner_manager",
            company_id=other.id,
            company_ids=other.ids,
        )
        with self.assertRaises(AccessError):
            self.merge(
                self.client_a + self.duplicate,
                self.client_a,
                self.env(user=stranger),
            )
