from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import MODELS, START, FocalistCase

GROUPS = (
    "focalist_base.group_focalist_manager",
    "focalist_base.group_focalist_sales",
    "focalist_base.group_focalist_technician",
    "focalist_base.group_focalist_accountant",
)
SHARED = ("focalist.device.model", "focalist.manufacturer")


@tagged("post_install", "-at_install")
class TestCompany(FocalistCase):
    """Two dealers in one database."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.printer = cls.device()
        cls.ingest(cls.metered(0, total=1), cls.metered(24, total=9))
        cls.other = cls.env["res.company"].create({"name": "Other dealer"})
        cls.env.user.company_ids |= cls.other
        cls.client_o = cls.client("Omega", focalist_company_id=cls.other.id)
        cls.site_o = cls.site(cls.client_o, "Oslo")
        cls.printer_o = cls.device("E100", cls.site_o, company_id=cls.other.id)
        cls.ingest(
            cls.metered(0, total=3), cls.metered(24, total=700), company=cls.other
        )
        for printer in (cls.printer, cls.printer_o):
            company = printer.company_id
            cls.ingest(cls.metered(48, total=2), company=company)
            printer.reading_ids.filtered("is_question")._void("Misread")

    def test_company_is_that_of_the_client(self):
        self.assertEqual(self.site_o.company_id, self.other)
        for records in (
            self.printer_o,
            self.printer_o.placement_ids,
            self.printer_o.reading_ids,
            self.env["focalist.volume"].search([("device_id", "=", self.printer_o.id)]),
            self.env["focalist.volume.month"].search(
                [("device_id", "=", self.printer_o.id)]
            ),
        ):
            self.assertTrue(records)
            self.assertEqual(records.company_id, self.other)

    def test_company_of_another_dealer_is_not_seen(self):
        for group in GROUPS:
            user = self.user(group, group)
            for model in MODELS:
                if model in SHARED:
                    continue
                with self.subTest(group=group, model=model):
                    everything = self.env[model].search([])
                    hidden = everything.filtered(lambda r: r.company_id == self.other)
                    self.assertTrue(hidden)
                    seen = self.env[model].with_user(user).search([])
                    self.assertEqual(seen.sudo(), everything - hidden)
                    with self.assertRaises(AccessError):
                        hidden.with_user(user).read(["company_id"])
                    self.assertFalse(hidden[:1].with_user(user).has_access("write"))

    def test_company_switch(self):
        user = self.user(
            "both",
            "focalist_base.group_focalist_manager",
            company_ids=(self.dealer | self.other).ids,
        )
        devices = self.env["focalist.device"].with_user(user)
        for companies in (self.dealer, self.other, self.dealer | self.other):
            seen = devices.with_context(allowed_company_ids=companies.ids).search([])
            self.assertEqual(seen.company_id, companies)

    def test_company_of_device_and_site_agree(self):
        with self.assertRaises(UserError):
            self.printer._move(self.site_o, START.replace(day=20))
        with self.assertRaises(UserError):
            self.env["focalist.device"].create(
                {"model_id": self.model.id, "proposed_site_id": self.site_o.id}
            )

    def test_company_does_not_share_volumes(self):
        user = self.user("manager", GROUPS[0])
        total = (
            self.env["focalist.volume.month"]
            .with_user(user)
            ._read_group([], [], ["pages_total:sum"])
        )
        self.assertEqual(total, [(8,)])

    def test_company_of_the_client_list(self):
        user = self.user("manager", GROUPS[0])
        action = self.env.ref("focalist_base.focalist_client_action")
        domain = action._fields["domain"] and action.domain
        self.assertIn("allowed_company_ids", domain)
        clients = (
            self.env["res.partner"]
            .with_user(user)
            .search(
                [
                    ("is_focalist_client", "=", True),
                    ("focalist_company_id", "in", self.dealer.ids),
                ]
            )
        )
        self.assertIn(self.client_a, clients)
        self.assertNotIn(self.client_o, clients)
