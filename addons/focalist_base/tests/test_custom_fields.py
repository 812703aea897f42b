import json
from datetime import timedelta
from io import BytesIO

import openpyxl
from lxml import etree

from odoo import fields, http
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, tagged
from odoo.tools import mute_logger

from .common import START, FocalistCase

OF_ALL = [
    ("place", "Place", "char", {}),
    ("remark", "Remark", "text", {}),
    ("inventory", "Inventory number", "integer", {}),
    ("weight", "Weight", "float", {"suffix": "kg"}),
    ("insured", "Insured", "boolean", {}),
    ("contract_end", "Contract end", "date", {}),
    ("inspected", "Inspected", "datetime", {}),
    ("warranty", "Warranty", "selection", {"selection": [["y1", "One year"]]}),
    ("tags", "Tags", "tags", {"tags": [["hr", "Payroll", 1], ["it", "Computing", 2]]}),
    ("person", "Person in charge", "many2one", {"comodel": "res.users"}),
]


def definition(*fields):
    return [
        {"name": name, "string": label, "type": kind, **more}
        for name, label, kind, more in fields
    ]


class CustomFieldsCase(FocalistCase):
    """A device of client A; fields of all devices, and one of A's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.printer = cls.device()
        cls.other = cls.device("E200", cls.site_b)
        cls.manager = cls.user("manager", "focalist_base.group_focalist_manager")
        cls.technician = cls.user(
            "technician", "focalist_base.group_focalist_technician"
        )
        cls.of_all = cls.env["focalist.device"]._fields_of_all()
        cls.of_all.properties_definition = definition(*OF_ALL)
        cls.of_a = cls.printer.client_fields_id
        cls.of_a.definition = definition(("badge", "Badge", "char", {}))
        cls.values = {
            "place": "Hall",
            "inventory": 1234,
            "weight": 12.5,
            "insured": True,
            "contract_end": "2027-03-31",
            "inspected": "2026-02-01 09:30:00",
            "warranty": "y1",
            "tags": ["hr", "it"],
            "person": cls.technician.id,
        }
        cls.printer.properties = cls.values
        cls.printer.client_properties = {"badge": "B-77"}
        cls.env.flush_all()


@tagged("post_install", "-at_install")
class TestCustomFields(CustomFieldsCase):
    def as_user(self, user, records):
        return records.with_user(user)

    def typed(self, device, name="properties"):
        """What a form shows: {label: value}."""
        return {
            told["string"]: told.get("value")
            for told in device.web_read({name: {}})[0][name]
        }

    def changed(self, device, name, *fields):
        """What the web client sends where somebody adds a property on the form."""
        told = device.web_read({name: {}})[0][name]
        return told + [
            {**one, "value": "typed", "definition_changed": True}
            for one in definition(*fields)
        ]

    def test_x1_manager_adds_fields_on_the_form(self):
        device = self.as_user(self.manager, self.printer)
        self.assertFalse(self.manager.has_group("base.group_system"))
        for name in ("properties", "client_properties"):
            # This is what the web client asks before it offers to edit.
            field = self.env["focalist.device"]._fields[name]
            container = device[field.definition_record]
            self.assertTrue(container.has_access("write"), name)
            device.web_save(
                {name: self.changed(device, name, (f"new_{name}", "New", "char", {}))},
                {name: {}},
            )
            self.env.invalidate_all()
            self.assertEqual(self.typed(device, name)["New"], "typed")
        self.assertIn("New", self.typed(self.other))
        self.assertNotIn("New", self.typed(self.other, "client_properties"))

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.models")
    def test_x1_nobody_else_adds_fields(self):
        for group in ("technician", "sales"):
            user = self.user(f"a {group}", f"focalist_base.group_focalist_{group}")
            for container in (self.of_all, self.of_a):
                self.assertFalse(self.as_user(user, container).has_access("write"))
        device = self.as_user(self.technician, self.printer)
        for name in ("properties", "client_properties"):
            with self.assertRaises(AccessError):
                device.web_save(
                    {name: self.changed(device, name, ("new", "New", "char", {}))},
                    {name: {}},
                )
        with self.assertRaises(AccessError):
            self.env["focalist.custom.fields"].with_user(self.technician).create({})

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.models")
    def test_x1_manager_defines_no_other_fields(self):
        """Those of contacts stay with system administrators."""
        contacts = self.env[
            "properties.base.definition"
        ]._get_definition_for_property_field("res.partner", "properties")
        with self.assertRaises(AccessError):
            contacts.with_user(self.manager).properties_definition = []

    def test_x1_technician_fills_in_every_type(self):
        device = self.as_user(self.technician, self.other)
        told = device.web_read({"properties": {}})[0]["properties"]
        for one in told:
            one["value"] = self.values.get(one["name"])
        device.web_save({"properties": told}, {"properties": {}})
        self.env.invalidate_all()
        shown = self.typed(device)
        self.assertEqual(shown["Place"], "Hall")
        self.assertEqual(shown["Inventory number"], 1234)
        self.assertEqual(shown["Contract end"], "2027-03-31")
        self.assertEqual(shown["Tags"], ["hr", "it"])
        self.assertEqual(shown["Person in charge"][0], self.technician.id)

    def test_x1_wizard_adds_renames_and_removes(self):
        wizard = Form(self.env["focalist.custom.fields"].with_user(self.manager))
        with wizard.line_ids.edit(0) as line:
            line.label = "Room"
        wizard.line_ids.remove(1)
        with wizard.line_ids.edit(6) as line:
            self.assertEqual(line.label, "Warranty")
            line.options = "Twelve months, Two years"
        with wizard.line_ids.new() as line:
            line.label = "Maintenance on"
            line.type = "date"
        wizard.save().action_save()
        self.env.invalidate_all()
        shown = self.typed(self.printer)
        self.assertEqual(shown["Room"], "Hall")
        self.assertNotIn("Remark", shown)
        self.assertIn("Maintenance on", shown)
        # A choice that was never chosen anew is the same choice.
        texts = {v.label: v.text for v in self.printer._custom_values()[self.printer]}
        self.assertEqual(texts["Warranty"], "")

    def test_x1_wizard_renames_a_choice(self):
        wizard = Form(self.env["focalist.custom.fields"].with_user(self.manager))
        with wizard.line_ids.edit(7) as line:
            line.options = "Twelve months"
        wizard.save().action_save()
        self.env.invalidate_all()
        texts = {v.label: v.text for v in self.printer._custom_values()[self.printer]}
        self.assertEqual(texts["Warranty"], "Twelve months")

    def test_x1_client_tab(self):
        client = self.as_user(self.manager, self.client_a)
        self.assertIn("Badge", client.focalist_custom_fields)
        self.assertFalse(
            self.as_user(self.manager, self.client_b).focalist_custom_fields
        )
        action = client.action_focalist_custom_fields()
        wizard = Form(
            self.env["focalist.custom.fields"]
            .with_user(self.manager)
            .with_context(**action["context"])
        )
        with wizard.line_ids.new() as line:
            line.label = "Cost <b>centre</b>"
        wizard.save().action_save()
        self.env.invalidate_all()
        self.assertIn("Cost &lt;b&gt;", client.focalist_custom_fields)
        self.assertEqual(self.of_a.definition[1]["string"], "Cost <b>centre</b>")

    def test_x1_where_managers_find_it(self):
        """A menu for the fields of all devices, a button on a client for its own."""
        menu = self.env.ref("focalist_base.focalist_custom_fields_menu")
        action = self.env.ref("focalist_base.focalist_custom_fields_action")
        self.assertEqual(menu.action, action)
        form = self.env.ref("base.view_partner_form").id
        seller = self.user("seller", "focalist_base.group_focalist_sales")
        for user, allowed in ((self.manager, True), (seller, False)):
            menus = self.env["ir.ui.menu"].with_user(user).load_menus(False)
            self.assertEqual(menu.id in menus, allowed, user.login)
            arch = etree.fromstring(
                self.client_a.with_user(user).get_view(form, "form")["arch"]
            )
            (page,) = arch.xpath("//page[@name='focalist_custom_fields']")
            buttons = [button.get("name") for button in page.iter("button")]
            self.assertEqual(
                "action_focalist_custom_fields" in buttons, allowed, user.login
            )

    def test_x1_wizard_says_what_is_missing(self):
        wizard = self.env["focalist.custom.fields"].with_user(self.manager).create({})
        self.env.flush_all()
        line = self.env["focalist.custom.fields.line"].with_user(self.manager)
        for values in ({"type": "selection"}, {"type": "many2one"}):
            new = line.create({"wizard_id": wizard.id, "label": "Odd", **values})
            with self.assertRaises(UserError):
                wizard.action_save()
            new.unlink()

    def test_x1_values_survive_a_move_and_back(self):
        device = self.printer
        device._move(self.site_b, START + timedelta(days=1))
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.typed(device)["Place"], "Hall")
        self.assertEqual(device.read(["client_properties"])[0]["client_properties"], [])
        found = self.env["focalist.device"].search(
            [("client_properties.badge", "=", "B-77")]
        )
        self.assertFalse(found)
        # What the present client's fields hold does not mix with the former's.
        device.client_fields_id.definition = definition(("badge", "Card", "char", {}))
        self.assertFalse(self.typed(device, "client_properties")["Card"])
        device.client_properties = {"badge": "of B"}
        device.action_retire()
        self.env.flush_all()
        device._move(self.site_a2, fields.Datetime.now() + timedelta(days=1))
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.typed(device, "client_properties"), {"Badge": "B-77"})
        with self.assertRaises(AccessError):
            device.with_user(self.manager).read(["client_values"])

    def test_x1_fields_of_a_new_device(self):
        """A form sends them together with where the device was found."""
        device = (
            self.env["focalist.device"]
            .with_user(self.technician)
            .create(
                {
                    "model_id": self.model.id,
                    "serial_number": "E300",
                    "proposed_site_id": self.site_a.id,
                    "properties": {"place": "Attic"},
                    "client_properties": {"badge": "B-1"},
                }
            )
        )
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.typed(device)["Place"], "Attic")
        self.assertEqual(self.typed(device, "client_properties"), {"Badge": "B-1"})

    def test_x1_other_dealers_and_clients_see_none(self):
        stranger = self.env["res.company"].create({"name": "Stranger"})
        user = self.user(
            "stranger",
            "focalist_base.group_focalist_manager",
            company_id=stranger.id,
            company_ids=stranger.ids,
        )
        own = {"allowed_company_ids": stranger.ids}
        sets = self.env["focalist.client.fields"].with_user(user).with_context(**own)
        self.assertFalse(sets.search([]))
        with self.assertRaises(AccessError):
            sets.browse(self.of_a.id).read(["definition"])
        # Wizards, which Odoo fills in as superuser, tell them nothing either.
        for model, lines, values in (
            ("focalist.custom.fields", "line_ids", {"client_fields_id": self.of_a.id}),
            ("focalist.label.print", "field_ids", {"device_ids": self.printer.ids}),
        ):
            wizard = self.env[model].with_user(user).with_context(**own)
            with self.subTest(model=model), self.assertRaises(AccessError):
                wizard.create(values).read([lines])
        # Nor does a set of their own become one of another dealer's client.
        theirs = self.client("Gamma", focalist_company_id=stranger.id)
        theirs = sets._of_clients(theirs)[theirs].with_env(sets.env)
        theirs.definition = definition(("mine", "Mine", "char", {}))
        client_b = self.other.partner_id
        self.other.client_fields_id.unlink()
        with self.assertRaises(AccessError):
            theirs.partner_id = client_b.id
        client = self.client_a.with_user(user).with_context(**own)
        self.assertFalse(client.focalist_custom_fields)
        with self.assertRaises(AccessError):
            client.action_focalist_custom_fields()
        portal = self.portal("anna", self.coordinator(self.client_a))
        device = self.printer.with_user(portal)
        self.assertNotIn("properties", device.fields_get())
        with self.assertRaises(AccessError):
            device.read(["properties"])

    def test_x2_search_filter_and_group(self):
        devices = self.env["focalist.device"].with_user(self.technician)
        for domain in (
            [("properties.place", "ilike", "hal")],
            [("properties.inventory", ">", 1000)],
            [("properties.insured", "=", True)],
            [("properties.contract_end", "<=", "2027-12-31")],
            [("properties.warranty", "=", "y1")],
            [("properties.tags", "in", ["it"])],
            [("properties.person", "=", self.technician.id)],
            [("client_properties.badge", "=", "B-77")],
        ):
            found = devices.web_search_read(domain, {"serial_number": {}})
            self.assertEqual(
                [row["serial_number"] for row in found["records"]], ["E100"], domain
            )
        for group, label in (
            ("properties.place", "Hall"),
            ("properties.warranty", "y1"),
            ("properties.contract_end:month", None),
            ("client_properties.badge", "B-77"),
            ("properties_base_definition_id", None),
        ):
            groups = devices.formatted_read_group(
                [("company_id", "=", self.dealer.id)], [group], ["__count"]
            )
            self.assertEqual(sum(one["__count"] for one in groups), 2, group)
            if label:
                self.assertIn(label, [one[group] for one in groups])
        self.assertEqual(
            devices.search([], order="properties.place desc nulls last", limit=1),
            self.printer,
        )

    def test_x2_columns_and_search_of_both_sets(self):
        views = (
            self.env["focalist.device"]
            .with_user(self.technician)
            .get_views([(False, "list"), (False, "search"), (False, "form")])["views"]
        )
        for kind in views:
            for name in ("properties", "client_properties"):
                self.assertIn(f'name="{name}"', views[kind]["arch"], kind)
        # What the web client reads to make filters and columns of.
        asked = self.env["properties.base.definition"].with_user(self.technician)
        told = asked.get_properties_base_definition("focalist.device", "properties")
        self.assertEqual(
            told["records"][0]["properties_definition"][0]["string"], "Place"
        )
        told = (
            self.env["focalist.client.fields"]
            .with_user(self.technician)
            .web_search_read([("definition", "!=", False)], {"definition": {}})
        )
        self.assertEqual(told["records"][0]["definition"][0]["string"], "Badge")

    def test_x3_printable_values(self):
        user = self.technician
        user.tz = "Europe/Paris"
        self.env["res.lang"]._activate_lang("fr_FR")
        devices = (self.printer | self.other).with_user(user)
        told = devices.with_context(lang="fr_FR")._custom_values()
        texts = {value.label: value.text for value in told[devices[0]]}
        self.assertEqual(texts["Place"], "Hall")
        self.assertEqual(texts["Weight"], "12,50 kg")
        self.assertEqual(texts["Contract end"], "31/03/2027")
        self.assertIn("10:30", texts["Inspected"])
        self.assertEqual(texts["Warranty"], "One year")
        self.assertEqual(texts["Tags"], "Payroll, Computing")
        self.assertEqual(texts["Person in charge"], user.name)
        self.assertEqual(texts["Badge"], "B-77")
        self.assertEqual(told[devices[0]][-1].path, "client_properties.badge")
        self.assertFalse(any(v.text for v in told[devices[1]] if v.label != "Insured"))

    def test_x3_printable_values_of_many(self):
        many = self.printer | self.other
        for number in range(10):
            many |= self.device(f"M{number:03}", properties=self.values)
        self.env.flush_all()

        def queries(devices):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            devices.with_user(self.technician)._custom_values()
            return self.env.cr.sql_log_count - before

        queries(many)
        self.assertLessEqual(queries(many), queries(many[:2]) + 2)

    def test_custom_date_fields(self):
        devices = self.env["focalist.device"].with_user(self.technician)
        self.of_a.definition = definition(("due", "Lease end", "date", {}))
        told = {
            (one.path, one.type, one.client) for one in devices._custom_date_fields()
        }
        nobody = self.env["res.partner"]
        self.assertEqual(
            told,
            {
                ("properties.contract_end", "date", nobody),
                ("properties.inspected", "datetime", nobody),
                ("client_properties.due", "date", self.client_a),
            },
        )


@tagged("post_install", "-at_install")
class TestCustomFieldsExport(CustomFieldsCase, HttpCase):
    def test_x3_xlsx_export(self):
        self.technician.group_ids |= self.env.ref("base.group_allow_export")
        self.authenticate("technician", "technician")
        offered = self.make_jsonrpc_request(
            "/web/export/get_fields",
            {
                "model": "focalist.device",
                "domain": [("id", "in", self.printer.ids)],
                "import_compat": False,
            },
        )
        ids = {field["id"] for field in offered}
        paths = ["properties.place", "properties.warranty", "client_properties.badge"]
        self.assertLessEqual(set(paths), ids)
        answer = self.url_open(
            "/web/export/xlsx",
            data={
                "csrf_token": http.Request.csrf_token(self),
                "data": json.dumps(
                    {
                        "model": "focalist.device",
                        "fields": [{"name": path, "label": path} for path in paths],
                        "ids": self.printer.ids,
                        "domain": [],
                        "import_compat": False,
                        "context": {},
                        "groupby": [],
                    }
                ),
            },
        )
        sheet = openpyxl.load_workbook(BytesIO(answer.content)).active
        self.assertEqual(
            [cell.value for cell in list(sheet.rows)[1]], ["Hall", "One year", "B-77"]
        )

    def test_x3_export_of_the_fleet(self):
        self.authenticate("technician", "technician")
        wizard = self.env["focalist.export"].with_user(self.technician)
        wizard = wizard.with_context(active_model="focalist.device").create({})
        answer = self.url_open(wizard.action_download()["url"])
        header, *rows = openpyxl.load_workbook(BytesIO(answer.content)).active.values
        at = header.index
        told = {row[at("Serial Number")]: row for row in rows}
        for label, text in (("Place", "Hall"), ("Badge", "B-77")):
            self.assertEqual(told["E100"][at(label)], text)
            self.assertIsNone(told["E200"][at(label)])

    def test_x3_statistics_workbook_and_pdf(self):
        self.ingest(
            self.report(0, meters={"total": 1}), self.report(24, meters={"total": 9})
        )
        self.authenticate("technician", "technician")
        period = "period=free&first=2026-03-01&last=2026-03-31"
        url = f"/focalist/statistics/res.partner/{self.client_a.id}"
        answer = self.url_open(f"{url}/xlsx?{period}")
        sheet = openpyxl.load_workbook(BytesIO(answer.content))["Devices"]
        header, row = sheet.values
        self.assertEqual(row[header.index("Place")], "Hall")
        self.assertEqual(row[header.index("Badge")], "B-77")
        self.assertIn("B-77", self.url_open(f"{url}/pdf?{period}").text)
        # What a device holds is of its present client alone.
        self.printer._move(self.site_b, START + timedelta(hours=30))
        answer = self.url_open(f"{url}/xlsx?{period}")
        sheet = openpyxl.load_workbook(BytesIO(answer.content))["Devices"]
        self.assertNotIn("Badge", next(sheet.values))
