from lxml import etree

from odoo import fields
from odoo.tests import new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from .common import BillingCommon

GROUP = "focalist_base.group_focalist_"


@tagged("post_install", "-at_install")
class TestClientList(BillingCommon):
    """What billing adds to the list of clients."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bare, _site = cls._make_client("Bare")
        cls.users = {
            group: new_test_user(
                cls.env,
                group,
                GROUP + group,
                company_id=cls.company.id,
                company_ids=cls.company.ids,
            )
            for group in ("sales", "accountant", "technician")
        }

    def arch(self, view, kind, group="sales"):
        view = self.env.ref(f"focalist_base.focalist_client_view_{view}")
        clients = self.env["res.partner"].with_user(self.users[group])
        return etree.fromstring(clients.get_view(view.id, kind)["arch"])

    def test_c1_pricing_model(self):
        clients = self.env["res.partner"].with_user(self.users["sales"])
        (column,) = self.arch("list", "list").xpath(
            "//field[@name='focalist_pricing_model']"
        )
        self.assertEqual(column.get("optional"), "show")
        domain = [("id", "in", (self.client | self.bare).ids)]
        rows = clients.web_search_read(
            domain,
            {"focalist_pricing_model": {}},
            order="focalist_pricing_model desc nulls last",
        )["records"]
        self.assertEqual(
            [row["focalist_pricing_model"] for row in rows], ["simple", False]
        )
        groups = clients.web_read_group(domain, ["focalist_pricing_model"])["groups"]
        self.assertEqual(len(groups), 2)

    def test_c1_pricing_is_for_those_who_see_prices(self):
        for kind, view in (("list", "list"), ("search", "search")):
            arch = self.arch(view, kind, "technician")
            self.assertFalse(arch.xpath("//*[@name='focalist_pricing_model']"))
            self.assertFalse(arch.xpath("//filter[@name='no_pricing']"))
        self.assertTrue(
            self.arch("list", "list", "accountant").xpath(
                "//field[@name='focalist_pricing_model']"
            )
        )

    def test_c1_filter_no_pricing(self):
        (node,) = self.arch("search", "search").xpath("//filter[@name='no_pricing']")
        clients = self.env["res.partner"].with_user(self.users["sales"])

        def found():
            return clients.search(
                safe_eval(node.get("domain"))
                + [("id", "in", (self.client | self.bare).ids)]
            ).ids

        self.assertEqual(found(), self.bare.ids)
        # A contract's start, prices and end count at once.
        contract = self._make_contract(self.bare, active=False)
        self.assertEqual(found(), self.bare.ids)
        contract.action_activate()
        self.assertFalse(found())
        contract.pricing_ids.date_from = fields.Date.add(
            fields.Date.start_of(fields.Date.today(), "month"), months=1
        )
        self.assertEqual(found(), self.bare.ids)
