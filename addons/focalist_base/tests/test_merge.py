from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import FocalistCase


@tagged("post_install", "-at_install")
class TestMerge(FocalistCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.user("manager", "focalist_base.group_focalist_manager")
        cls.twice = cls.env["focalist.device.model"].create(
            {
                "name": "Aficio 4503",
                "manufacturer_id": cls.maker.id,
                "monthly_volume": 9000,
            }
        )

    def merge(self, records, kept, user=None):
        wizard = (
            self.env["focalist.merge"]
            .with_user(user or self.manager)
            .with_context(active_model=records._name, active_ids=records.ids)
            .create({})
        )
        if records._name == "focalist.device.model":
            wizard.model_id = kept
        else:
            wizard.manufacturer_id = kept
        return wizard.action_merge()

    def found(self, serial):
        return self.env["focalist.device"].search([("serial_key", "=", serial)])

    def test_three_spellings_are_one_model(self):
        for number, (maker, name) in enumerate(
            (
                ("Ricoh", "MP C4503"),
                ("RICOH", "RICOH MP C4503"),
                ("Ricoh Company, Ltd.", "mp-c4503 series"),
            )
        ):
            self.ingest(
                self.report(0, f"SPELL{number}", manufacturer=maker, model=name)
            )
            self.assertEqual(self.found(f"SPELL{number}").model_id, self.model)

    def test_merge_of_models(self):
        supply = self.env["focalist.supply.model"].create(
            {
                "name": "Toner",
                "manufacturer_id": self.maker.id,
                "device_model_ids": [(6, 0, (self.model | self.twice).ids)],
            }
        )
        device = self.device("E500", model_id=self.twice.id)
        self.merge(self.model | self.twice, self.model)
        self.assertEqual(device.model_id, self.model)
        self.assertEqual(supply.device_model_ids, self.model)
        self.assertFalse(self.twice.active)
        self.assertEqual(self.model.monthly_volume, 9000)
        # A report by the old spelling is of the model that stayed.
        self.ingest(self.report(0, "OLD1", model="Aficio 4503"))
        self.assertEqual(self.found("OLD1").model_id, self.model)

    def test_merge_after_a_merge(self):
        third = self.twice.copy({"name": "IM 4503"})
        self.merge(self.model | self.twice, self.twice)
        self.merge(self.twice | third, third)
        self.ingest(self.report(0, "OLD1"))
        self.assertEqual(self.found("OLD1").model_id, third)
        with self.assertRaisesRegex(UserError, "merged already"):
            self.merge(self.model | third, third)

    def test_merge_of_manufacturers(self):
        label = self.env["focalist.manufacturer"].create({"name": "Nashuatec"})
        same = self.env["focalist.device.model"].create(
            {"name": "Nashuatec MP C4503", "manufacturer_id": label.id}
        )
        own = self.env["focalist.device.model"].create(
            {"name": "Nashuatec DSm 620", "manufacturer_id": label.id}
        )
        first = self.device("N100", model_id=same.id)
        second = self.device("N200", model_id=own.id)
        supplies = self.env["focalist.supply.model"].create(
            [
                {"name": "T", "part_number": "841", "manufacturer_id": maker.id}
                for maker in (self.maker, label)
            ]
        )
        self.merge(self.maker | label, self.maker)
        self.assertEqual(first.model_id, self.model)
        self.assertEqual((first | second).manufacturer_id, self.maker)
        self.assertEqual((own.manufacturer_id, own.name), (self.maker, "DSm 620"))
        self.assertEqual(supplies.mapped("active"), [True, False])
        for serial, name in (("N100", "Nashuatec MP C4503"), ("N200", "DSm620")):
            told = self.report(1, serial, manufacturer="NASHUATEC", model=name)
            self.assertEqual(self.statuses(told), ["accepted"])
            self.assertEqual(len(self.found(serial)), 1)
        self.ingest(self.report(0, "N300", manufacturer="Nashuatec", model="DSm 620"))
        self.assertEqual(self.found("N300").model_id, own)

    def test_merge_is_refused_where_serial_numbers_would_meet(self):
        label = self.env["focalist.manufacturer"].create({"name": "Nashuatec"})
        model = self.env["focalist.device.model"].create(
            {"name": "X1", "manufacturer_id": label.id}
        )
        self.device("E100")
        self.device("E100", model_id=model.id)
        with self.assertRaisesRegex(UserError, "serial number E100"):
            self.merge(self.maker | label, self.maker)

    def test_merge_is_refused_with_a_reason(self):
        label = self.env["focalist.manufacturer"].create({"name": "Nashuatec"})
        model = self.env["focalist.device.model"].create(
            {"name": "X1", "manufacturer_id": label.id}
        )
        with self.assertRaisesRegex(UserError, "several manufacturers"):
            self.merge(self.model | model, self.model)
        with self.assertRaisesRegex(UserError, "at least two"):
            self.merge(self.model, self.model)

    def test_managers_merge(self):
        technician = self.user("tech", "focalist_base.group_focalist_technician")
        with self.assertRaises(AccessError):
            self.merge(self.model | self.twice, self.model, technician)
        with self.assertRaises(AccessError):
            self.model.with_user(technician).merged_into_id = self.twice
