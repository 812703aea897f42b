from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestSupplyPricing(BillingCommon):
    """P5: supplies detected, priced, and charged when they are replaced."""

    def setUp(self):
        super().setUp()
        self.pricing = self.contract.pricing_ids
        self.device = self._tell("A001", "2026-02-28 08:00", "OLD1")

    def _tell(self, serial, moment, cartridge, site=None):
        """A report with one toner of a serial number."""
        mono = int(moment[5:7]) * 100
        return self._read_toner(
            site or self.site, serial, moment, cartridge, mono=mono, color=0
        )

    def _per_supply(self, price=80):
        """Bill by supply; the one that was detected costs so much."""
        with Form(self.pricing) as form:
            form.model = "supply"
            with form.supply_ids.edit(0) as supply:
                supply.price = price

    def test_p5_the_list_fills_itself(self):
        self._per_supply(0)
        self.assertEqual(
            self.pricing.supply_ids.supply_model_id,
            self.device.supply_ids.supply_model_id,
        )
        # What comes later comes by the job, and once.
        other = self._read(
            self.site,
            "B001",
            ("2026-03-01 08:00", {"mono": 1}),
            model="MP 301",
            supplies=[
                {
                    "index": "1.1",
                    "description": "Toner 301",
                    "kind": "toner",
                    "color": "black",
                    "percent": 50.0,
                    "part_number": "842024",
                    "serial": None,
                }
            ],
        )
        with self.enter_registry_test_mode():
            for _again in range(2):
                self.env.ref("focalist_billing.detect_supplies").method_direct_trigger()
        self.pricing.invalidate_recordset()
        self.assertEqual(
            self.pricing.supply_ids.supply_model_id,
            (self.device + other).supply_ids.supply_model_id,
        )

    def test_p5_waits_for_the_first_reading(self):
        client, _site = self._make_client("New")
        contract = self._make_contract(client)
        with Form(contract.pricing_ids) as form:
            form.model = "supply"
            self.assertFalse(len(form.supply_ids))
        self.assertIn(
            "Waiting for the first reading",
            form._view["tree"].xpath("string(//page[@name='supplies']//p[1])"),
        )

    def test_p5_a_replaced_supply_is_charged_once(self):
        self._per_supply()
        self._tell("A001", "2026-03-10 08:00", "NEW1")
        self._tell("A001", "2026-03-31 08:00", "NEW1")
        self._tell("A001", "2026-04-20 08:00", "NEW2")
        march = self._bill()
        self.assertEqual(
            [(c.meter, c.quantity, c.price_unit) for c in march._billable()],
            [(False, 1, 80)],
        )
        self.assertEqual(march.amount_untaxed, 80)
        self.assertEqual(march.supply_ids.replacement_id.device_id, self.device)
        march._create_invoices()
        line = march.move_id.invoice_line_ids
        self.assertIn("Black Toner", line.name)
        self.assertEqual((line.quantity, line.price_unit), (1, 80))
        self.assertFalse(march.differs)
        april = self._bill("2026-04-15")
        self.assertEqual(april.amount_untaxed, 80)
        again = april.supply_ids.replacement_id & march.supply_ids.replacement_id
        self.assertFalse(again)

    def test_p5_a_cancelled_statement_frees_its_supplies(self):
        self._per_supply()
        self._tell("A001", "2026-03-10 08:00", "NEW1")
        self._bill().action_cancel()
        self.assertEqual(self._bill().amount_untaxed, 80)

    def test_p5_one_told_late_is_charged_by_the_next(self):
        self._per_supply()
        self._tell("A001", "2026-03-01 08:00", "OLD1")
        self._tell("A001", "2026-03-31 08:00", "OLD1")
        march = self._bill()
        self.assertFalse(march.supply_ids)
        self._tell("A001", "2026-03-31 20:00", "NEW1")
        self._tell("A001", "2026-04-30 08:00", "NEW1")
        self.assertEqual(self._bill("2026-04-15").amount_untaxed, 80)

    def test_p5_a_draft_follows_its_prices(self):
        self._per_supply(0)
        self._tell("A001", "2026-03-10 08:00", "NEW1")
        statement = self._bill()
        self.assertEqual(statement.state, "empty")
        self.pricing.supply_ids.price = 75
        self.assertEqual((statement.amount_untaxed, statement.state), (75, "draft"))
        statement._create_invoices()
        with self.assertRaisesRegex(UserError, "invoiced with these prices"):
            self.pricing.supply_ids.price = 1

    def test_p5_a_draft_follows_the_end_of_its_contract(self):
        self._per_supply()
        self._tell("A001", "2026-03-20 08:00", "NEW1")
        self._tell("A001", "2026-03-31 08:00", "NEW1")
        march = self._bill()
        self.assertEqual(march.amount_untaxed, 80)
        for end, amount in (
            ("2026-03-14", 0),
            ("2026-03-25", 80),
            ("2026-03-10", 0),
            (False, 80),
        ):
            self.contract.date_end = end
            self.assertEqual(march.amount_untaxed, amount, end)

    def test_p5_measured_again_each_site_has_its_supplies(self):
        other = self.env["focalist.site"].create(
            {"name": "Annex", "partner_id": self.client.id, "tz": "Europe/Paris"}
        )
        self._tell("A002", "2026-02-28 08:00", "ANNEX1", site=other)
        self._per_supply()
        self.contract.invoice_by = "site"
        for serial, site in (("A001", self.site), ("A002", other)):
            self._tell(serial, "2026-03-10 08:00", f"{serial} new", site=site)
            self._tell(serial, "2026-03-31 08:00", f"{serial} new", site=site)
        march = self._bill()
        self.assertEqual(march.site_id, self.site + other)
        self._tell("A002", "2026-03-31 09:00", "A002 newer", site=other)
        march.action_measure_again()
        self.assertEqual(
            {statement.site_id: statement.amount_untaxed for statement in march},
            {self.site: 80, other: 160},
        )
        for statement in march:
            self.assertEqual(statement.supply_ids.site_id, statement.site_id)

    def test_p5_none_while_pages_are_billed(self):
        self._tell("A001", "2026-03-10 08:00", "NEW1")
        self.assertFalse(self._bill().supply_ids)

    def test_p5_pages_cost_nothing(self):
        self._per_supply()
        self._tell("A001", "2026-03-31 08:00", "OLD1")
        statement = self._bill()
        self.assertEqual(statement.pages, 100)
        self.assertEqual(statement.state, "empty")

    def test_p5_lines_for_each_site(self):
        other = self.env["focalist.site"].create(
            {"name": "Annex", "partner_id": self.client.id, "tz": "Europe/Paris"}
        )
        self._tell("A002", "2026-02-28 08:00", "ANNEX1", site=other)
        self._per_supply()
        self.contract.lines_by_site = True
        self._tell("A001", "2026-03-10 08:00", "NEW1")
        self._tell("A002", "2026-03-10 08:00", "ANNEX2", site=other)
        charges = self._bill()._billable()
        self.assertEqual(charges.site_id, self.site + other)

    def test_p5_versions_begin_with_the_supplies(self):
        self._per_supply()
        new = self.env["focalist.pricing"].with_context(
            default_contract_id=self.contract.id
        )
        values = new.default_get(["model", "supply_ids"])
        self.assertEqual(values["model"], "supply")
        [(command, _id, vals)] = values["supply_ids"]
        self.assertEqual((command, vals["price"]), (Command.CREATE, 80))
