from datetime import timedelta

from lxml import etree

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import START, FocalistCase

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

    def ask(self, devices):
        """The dialog that Activate opens on devices that are ticked."""
        wizard = self.env["focalist.device.complete"].with_user(self.technician)
        return wizard.with_context(active_ids=devices.ids).create({})

    def test_d1_each_step_asks_first(self):
        """Activate opens a dialog, Ignore has a question, and so has Odoo's Delete."""
        action = self.env.ref("focalist_base.focalist_device_complete_action")
        self.assertEqual(action.target, "new")
        to_complete = "focalist_base.focalist_device_view_list_to_complete"
        listed = self.env["focalist.device"].get_view(self.env.ref(to_complete).id)
        arches = (
            self.arch("res.partner", "//page[@name='focalist_to_complete']")[0],
            self.arch("focalist.device", "/form")[0],
            self.arch("focalist.device", "/list", "list")[0],
            etree.fromstring(listed["arch"]),
        )
        for arch in arches:
            self.assertFalse(arch.xpath(".//button[@name='action_activate']"))
            self.assertTrue(arch.xpath(f".//button[@name='{action.id}']"))
            for button in arch.xpath(".//button[@name='action_ignore']"):
                self.assertTrue(button.get("confirm"))

    def test_d1_one_is_activated_after_a_question(self):
        device = self.waiting().filtered(lambda d: d.serial_number == "NEW1")
        wizard = self.ask(device)
        self.assertRecordValues(
            wizard.line_ids,
            [
                {
                    "device_id": device.id,
                    "told_model": "MP C4503",
                    "serial_number": "NEW1",
                    "ip_address": "10.1.2.3",
                    "model_id": self.model.id,
                    "is_proposed": False,
                    "site_id": self.site_a.id,
                }
            ],
        )
        # Nothing is stored before it is confirmed.
        self.assertEqual(self.serials(), ["NEW1", "NEW2", "NEW3"])
        wizard.action_apply()
        self.assertEqual(device.state, "active")
        self.assertEqual(device.site_id, self.site_a)
        self.assertEqual(self.serials(), ["NEW2", "NEW3"])

    def test_d1_many_are_activated_as_and_where_one_chose(self):
        other = self.env["focalist.device.model"].create(
            {"name": "IM 2702", "manufacturer_id": self.maker.id}
        )
        self.find("NOWHERE")
        homeless = self.waiting().filtered(lambda d: d.serial_number == "NOWHERE")
        homeless.proposed_site_id = False
        devices = self.waiting()
        wizard = self.ask(devices)
        self.assertEqual(wizard.homeless_count, 1)
        with self.assertRaisesRegex(UserError, "site of .*NOWHERE"):
            with self.env.cr.savepoint():
                wizard.action_apply()
        self.assertEqual(len(self.waiting()), 4)
        wizard.site_id = self.site_a2
        lines = {line.serial_number: line for line in wizard.line_ids}
        lines["NEW2"].model_id = other
        lines["NEW3"].site_id = self.site_a2
        wizard.action_apply()
        told = {d.serial_number: (d.model_id, d.site_id) for d in devices}
        self.assertEqual(
            told,
            {
                "NEW1": (self.model, self.site_a),
                "NEW2": (other, self.site_a),
                "NEW3": (self.model, self.site_a2),
                "NOWHERE": (self.model, self.site_a2),
            },
        )
        self.assertEqual(set(devices.mapped("state")), {"active"})
        with self.assertRaisesRegex(UserError, "None of these"):
            self.ask(devices).action_apply()

    def test_d1_activating_many_costs_no_query_a_device(self):
        def queries(count):
            serials = [f"Q{count}N{number:03}" for number in range(count)]
            self.find(*serials)
            devices = self.waiting().filtered(lambda d: d.serial_number in serials)
            wizard = self.ask(devices)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            wizard.action_apply()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        queries(1)
        few, many = queries(5), queries(45)
        self.assertLess(many, few + 40)

    def test_d1_model_is_proposed_by_its_name_but_for_the_last_letters(self):
        models = self.env["focalist.device.model"]
        plain = models.create({"name": "IM C300", "manufacturer_id": self.maker.id})
        expected = {
            "RICOH MP C4503 Series": self.model,
            "MP C4503SP": self.model,
            "IM C300F": plain,
            # Another number is another model.
            "IM C3000": None,
            "MP 4503": None,
            "IM C300ABCDE": None,
        }
        for number, told in enumerate(expected):
            report = self.report(0, f"MODEL{number}", model=told)
            self.ingest(report, site=self.site_a, partner=self.client_a)
        found = {d.told_model: d.model_id for d in self.waiting() if d.told_model}
        for told, model in expected.items():
            with self.subTest(told=told):
                if model:
                    self.assertEqual(found[told], model)
                else:
                    self.assertTrue(found[told].is_proposed)
                    self.assertEqual(found[told].name, told)

    def test_d1_new_model_joins_the_catalogue_as_it_is_activated(self):
        for serial in ("NEW7", "NEW8"):
            report = self.report(0, serial, model=f"Pro {serial[-1]}000", supplies=[])
            self.ingest(report, site=self.site_a, partner=self.client_a)
        found = {d.serial_number: d for d in self.waiting()}
        taken, refused = found["NEW7"].model_id, found["NEW8"].model_id
        self.assertTrue(taken.is_proposed and refused.is_proposed)
        # A proposal is not what another device is proposed for.
        report = self.report(0, "NEW9", model="Pro 7000SP")
        self.ingest(report, site=self.site_a, partner=self.client_a)
        self.assertEqual(len(self.waiting().model_id), 4)
        wizard = self.ask(found["NEW7"])
        self.assertTrue(wizard.line_ids.is_proposed)
        wizard.action_apply()
        self.assertFalse(taken.is_proposed)
        found["NEW8"].with_user(self.technician).unlink()
        self.env["focalist.device.model"]._gc_proposed()
        self.assertFalse(refused.exists())
        self.assertTrue(taken.exists())

    def test_d1_a_proposal_that_another_is_merged_into_stays(self):
        report = self.report(0, "NEW7", model="Pro 7000")
        self.ingest(report, site=self.site_a, partner=self.client_a)
        found = self.waiting().filtered(lambda d: d.serial_number == "NEW7")
        proposed = found.sudo().model_id
        proposed._absorb(self.model)
        self.assertFalse(proposed.is_proposed)
        self.assertEqual(self.waiting().model_id, proposed)

    def test_d1_a_proposal_teaches_the_catalogue_nothing(self):
        cyan = self.supply(color="cyan")
        report = self.report(0, "NEW7", supplies=[cyan])
        self.ingest(report, site=self.site_a, partner=self.client_a)
        self.assertFalse(self.model.is_color)
        self.waiting().sudo()._activate(START)
        report = self.report(1, "NEW7", supplies=[cyan])
        self.ingest(report, site=self.site_a, partner=self.client_a)
        self.assertTrue(self.model.is_color)

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

    def test_d1_a_serial_number_of_another_client_waits_for_a_person(self):
        """In quarantine, and not with the client whose agent told it."""
        device = self.device("TAKEN", self.site_b)
        (result,) = self.find("TAKEN")
        self.assertEqual(result["status"], "rejected")
        self.assertEqual(self.serials(), ["NEW1", "NEW2", "NEW3"])
        seen = {
            "is_stray": True,
            "stray_partner_id": self.client_a.id,
            "stray_site_id": self.site_a.id,
            "stray_at": START,
            "partner_id": self.client_b.id,
            "ip_address": False,
            "last_report_at": False,
        }
        self.assertRecordValues(device, [seen])
        action = device.with_user(self.technician).action_move_stray()
        wizard = self.env[action["res_model"]].with_user(self.technician)
        step = wizard.with_context(**action["context"]).create({})
        self.assertEqual(step.site_id, self.site_a)
        step.action_apply()
        self.assertRecordValues(
            device,
            [
                {
                    "partner_id": self.client_a.id,
                    "is_stray": False,
                    "stray_partner_id": False,
                }
            ],
        )

    def test_d1_whoever_stays_is_asked_about_once(self):
        device = self.device("TAKEN", self.site_b)
        self.find("TAKEN")
        device.with_user(self.technician).action_keep_stray()
        self.find("TAKEN", hour=1)
        self.assertFalse(device.is_stray)
        self.assertEqual(device.stray_at, START + timedelta(hours=1))
        third = self.client("Gamma")
        self.ingest(self.report(2, "TAKEN"), partner=third)
        self.assertTrue(device.is_stray)
        self.assertEqual(device.stray_partner_id, third)

    def test_d1_one_in_service_is_not_deleted(self):
        device = self.waiting()[0]
        device.action_activate()
        self.ingest(self.report(1, device.serial_number, meters={"total": 5}))
        with self.assertRaises(UserError):
            device.unlink()
