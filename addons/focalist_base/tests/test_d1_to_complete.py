from lxml import etree

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import FocalistCase

TECHNICIAN = "focalist_base.group_focalist_technician"


@tagged("post_install", "-at_install")
class TestToComplete(FocalistCase):
    """What a scan found and nobody has taken into account yet."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.technician = cls.user("technician", TECHNICIAN)
        cls.find("NEW1", "NEW2", "NEW3")

    @classmethod
    def find(cls, *serials, hour=0):
        """What an agent of the client tells of devices."""
        return cls.ingest(
            *(cls.report(hour, serial) for serial in serials),
            site=cls.site_a,
            partner=cls.client_a,
        )

    def waiting(self):
        self.env.invalidate_all()
        return self.client_a.with_user(self.technician).focalist_to_complete_ids

    def serials(self):
        return sorted(self.waiting().mapped("serial_number"))

    def arch(self, model, xpath, kind="form"):
        view = self.env[model].with_user(self.technician).get_view(view_type=kind)
        return etree.fromstring(view["arch"]).xpath(xpath)

    def test_d1_they_wait_on_the_clients_tab_and_in_the_fleet(self):
        self.assertEqual(self.serials(), ["NEW1", "NEW2", "NEW3"])
        self.assertFalse(self.client_b.focalist_to_complete_ids)
        (tab,) = self.arch("res.partner", "//page[@name='focalist_to_complete']")
        self.assertTrue(tab.xpath(".//field[@name='focalist_to_complete_ids']"))
        client = self.client_a.with_user(self.technician)
        action = client.action_open_focalist_to_complete()
        found = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(found, self.waiting())

    def test_d1_one_is_activated_after_a_question(self):
        for xpath in (
            "//page[@name='focalist_to_complete']//button[@name='action_activate']",
            "//page[@name='focalist_to_complete']//button[@name='action_ignore']",
        ):
            (button,) = self.arch("res.partner", xpath)
            self.assertTrue(button.get("confirm"))
        (button,) = self.arch("focalist.device", "//button[@name='action_activate']")
        self.assertTrue(button.get("confirm"))
        device = self.waiting().filtered(lambda d: d.serial_number == "NEW1")
        device.action_activate()
        self.assertEqual(device.state, "active")
        self.assertEqual(device.site_id, self.site_a)
        self.assertEqual(self.serials(), ["NEW2", "NEW3"])

    def test_d1_several_are_deleted_and_come_back_when_found_again(self):
        (tree,) = self.arch("focalist.device", "/list", "list")
        # Odoo's own action deletes what is ticked, and asks first.
        self.assertNotEqual(tree.get("delete"), "0")
        (self.waiting().filtered(lambda d: d.serial_number != "NEW3")).unlink()
        self.assertEqual(self.serials(), ["NEW3"])
        self.find("NEW1", "NEW2", "NEW3", hour=1)
        self.assertEqual(self.serials(), ["NEW1", "NEW2", "NEW3"])

    def test_d1_an_ignored_one_does_not_come_back(self):
        self.waiting().filtered(lambda d: d.serial_number == "NEW1").action_ignore()
        self.assertEqual(self.serials(), ["NEW2", "NEW3"])
        results = self.find("NEW1", "NEW2", hour=1)
        self.assertEqual([one["status"] for one in results], ["ignored", "pending"])
        self.assertEqual(self.serials(), ["NEW2", "NEW3"])

    def test_d1_a_serial_number_of_another_client_goes_to_nobody_else(self):
        self.device("TAKEN", self.site_b)
        (result,) = self.find("TAKEN")
        self.assertEqual(result["status"], "rejected")
        self.assertEqual(self.serials(), ["NEW1", "NEW2", "NEW3"])

    def test_d1_one_in_service_is_not_deleted(self):
        device = self.waiting()[0]
        device.action_activate()
        self.ingest(self.report(1, device.serial_number, meters={"total": 5}))
        with self.assertRaises(UserError):
            device.unlink()
