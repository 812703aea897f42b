import json
from io import BytesIO

from openpyxl import load_workbook

from odoo import Command, http
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, HttpCase, freeze_time, new_test_user, tagged

from ..models.focalist_pricing_simulation import plain_values
from .common import BillingCommon

VIEW = "focalist_billing.focalist_pricing_view_form_simulation"


@freeze_time("2026-05-10 10:00")
class SimulationCommon(BillingCommon):
    """A device that printed in March and April 2026; sales look at them in May."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.device = cls._read(
            cls.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 1000, "color": 100, "scan": 0}),
            ("2026-03-31 08:00", {"mono": 2234, "color": 433, "scan": 50}),
            ("2026-04-30 08:00", {"mono": 3234, "color": 533, "scan": 50}),
        )
        cls.sales = new_test_user(
            cls.env,
            login="sales",
            groups="focalist_base.group_focalist_sales",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.pricing = cls.contract.pricing_ids

    def _try(self, contract=None, client=None, **values):
        """What the present prices with these changes would have billed."""
        contract = self.contract if contract is None else contract
        present = plain_values(contract.pricing_ids[:1]) if contract else {}
        return (
            self.env["focalist.pricing"]
            .with_user(self.sales)
            ._simulator(
                (client or self.client).with_user(self.sales),
                contract.with_user(self.sales),
                present | values,
            )
            .run()
        )

    def _read_leaving(self):
        """A device that printed 772 pages in March and left in the middle of it."""
        leaving = self._read(
            self.site,
            "C001",
            ("2026-02-28 08:00", {"mono": 5}),
            ("2026-03-17 08:00", {"mono": 777}),
        )
        member = self.contract.member_ids.filtered(lambda m: m.device_id == leaving)
        member.end_at = "2026-03-17 09:00:00"

    def _amounts(self, simulation):
        return {
            row.span.start.isoformat()[:7]: (
                row.compared.present and round(row.compared.present, 2),
                round(row.compared.trial, 2),
            )
            for row in simulation.rows
            if row.compared.pages
        }


@tagged("post_install", "-at_install")
@freeze_time("2026-05-10 10:00")
class TestSimulation(SimulationCommon):
    """Sales' question: what would these prices have billed in the last 12 months?"""

    def test_simple_prices_by_hand(self):
        simulation = self._try(price_mono=0.02, price_color=0.08)
        self.assertEqual(
            self._amounts(simulation),
            # 1,234 x 0.02 + 333 x 0.08 + 50 x 0.002, beside 12.34 + 33.30 + 0.10
            {"2026-03": (45.74, 51.42), "2026-04": (20, 28)},
        )
        total = simulation.total
        self.assertAlmostEqual(total.present, 65.74)
        self.assertAlmostEqual(total.trial, 79.42)
        self.assertAlmostEqual(total.difference, 13.68)
        self.assertAlmostEqual(total.percent, 100 * 13.68 / 65.74)
        self.assertEqual(
            [(c.title, c.pages, c.present, c.trial) for c in simulation.charges],
            [
                ("Mono", 2234, 22.34, 44.68),
                ("Colour", 433, 43.3, 34.64),
                ("Scan", 50, 0.1, 0.1),
            ],
        )
        [device] = simulation.devices
        self.assertAlmostEqual(device.difference, 13.68)

    def test_allowance_override_tiers_fees_and_type(self):
        included = self._try(has_allowance=True, included_mono=1000)
        self.assertEqual(self._amounts(included)["2026-03"][1], 35.74)
        override = self._try(
            model="device",
            override_ids=[{"model_id": self.device.model_id.id, "price_mono": 0.05}],
        )
        self.assertEqual(self._amounts(override)["2026-03"][1], 61.7)
        own = self._try(
            model="device",
            override_ids=[
                {"model_id": self.device.model_id.id, "price_mono": 0.05},
                {
                    "model_id": self.device.model_id.id,
                    "device_id": self.device.id,
                    "price_mono": 0.03,
                },
            ],
        )
        self.assertEqual(self._amounts(own)["2026-03"][1], 37.02)
        tiers = self._try(
            model="tiered",
            tier_ids=[
                {"kind": "mono", "page_from": 1, "price": 0.02},
                {"kind": "mono", "page_from": 1001, "price": 0.01},
                {"kind": "color", "page_from": 1, "price": 0.1},
            ],
        )
        # 1,000 x 0.02 + 234 x 0.01 + 333 x 0.1 + 50 x 0.002
        self.assertEqual(self._amounts(tiers)["2026-03"][1], 55.74)
        pool = self._try(
            has_allowance=True,
            pool_ids=[
                {
                    "name": "These",
                    "scope": "devices",
                    "device_ids": self.device.ids,
                    "included_mono": 234,
                }
            ],
        )
        self.assertEqual(self._amounts(pool)["2026-03"][1], 43.4)
        fees = self._try(
            fee_ids=[
                {"name": "Contract", "amount": 30, "per": "contract"},
                {"name": "Device", "amount": 5, "per": "device", "in_advance": True},
                {"name": "Site", "amount": 2, "per": "site"},
            ]
        )
        self.assertEqual(self._amounts(fees)["2026-03"][1], 82.74)
        total = self._try(meter_type="mono_color", price_color=0.2)
        self.assertEqual(self._amounts(total)["2026-03"], (45.74, 78.94))

    def test_p0_a_list_of_prices_has_those_that_are_charged(self):
        """An A3 page is two A4 pages: what it cost by itself once is none of them."""
        self.pricing.write(
            {
                "model": "device",
                "meter_type": "format",
                "a3_factor": 2,
                "price_a4_mono": 0.01,
                "price_a3_mono": 9,
                "override_ids": [
                    Command.create(
                        {
                            "model_id": self.device.model_id.id,
                            "price_a4_mono": 0.03,
                            "price_a3_mono": 8,
                        }
                    )
                ],
            }
        )
        prices = dict(self.pricing._price_list())
        self.assertEqual(prices["Mono A4 page"], 0.01)
        self.assertEqual(prices["An A3 page, in A4 pages"], 2)
        self.assertFalse([title for title in prices if "Mono A3 page" in title])
        self.pricing.a3_factor = 0
        prices = dict(self.pricing._price_list())
        self.assertEqual(prices["Mono A3 page"], 9)
        self.assertNotIn("An A3 page, in A4 pages", prices)

    def test_another_type_counts_other_meters(self):
        """Meters that no statement bills are read as a statement would."""
        self._read(self.site, "A001", ("2026-04-30 09:00", {"total": 9000}))
        self._read(self.site, "A001", ("2026-05-09 09:00", {"total": 9500}))
        self._bill("2026-03-15")
        self._bill("2026-04-15")
        with freeze_time("2026-06-10 10:00"):
            simulation = self._try(meter_type="total", price_total=0.1)
        self.assertEqual(simulation.rows[-1].compared.pages, 500)
        self.assertAlmostEqual(simulation.rows[-1].compared.trial, 50)
        # The present prices still ask for what was billed.
        self.assertAlmostEqual(simulation.rows[-2].compared.present, 20)

    def test_per_supply(self):
        self._read_toner(self.site, "S001", "2026-02-20 08:00", "OLD1", mono=2)
        self._read_toner(self.site, "S001", "2026-03-20 08:00", "NEW1", mono=3)
        model = self.env["focalist.supply.replacement"].search([]).supply_model_id
        self.assertTrue(model)
        simulation = self._try(
            model="supply", supply_ids=[{"supply_model_id": model.id, "price": 80}]
        )
        march = next(r for r in simulation.rows if r.span.start.month == 3)
        self.assertEqual(march.compared.trial, 80)
        self.assertEqual(simulation.total.trial, 80)

    # -- what was billed --------------------------------------------------------------

    def test_present_prices_equal_what_was_billed(self):
        """To the cent, with shared pages, fees, a reset and a device that left."""
        self.pricing.write(
            {
                "has_allowance": True,
                "included_color": 33,
                "pool_ids": [
                    Command.create({"name": "All", "included_mono": 700}),
                ],
                "fee_ids": [
                    Command.create({"name": "A", "amount": 12.35, "per": "device"}),
                    Command.create({"name": "B", "amount": 7.77, "in_advance": True}),
                    Command.create({"name": "C", "amount": 3.33, "per": "site"}),
                ],
            }
        )
        self._read(
            self.site,
            "B001",
            ("2026-01-31 08:00", {"mono": 500}),
            ("2026-03-12 08:00", {"mono": 1111}),
            ("2026-04-30 08:00", {"mono": 4321}),
        )
        self._read_leaving()
        self._bill("2026-03-15")
        self._bill("2026-04-15")
        simulation = self._try()
        rows = {row.span.start.month: row for row in simulation.rows}
        self.assertEqual(rows[4].span.source, "billed")
        for month in (3, 4):
            billed = sum(
                self.contract.statement_ids.filtered(
                    lambda s, month=month: s.date_start.month == month
                ).mapped("amount_untaxed")
            )
            self.assertGreater(billed, 30)
            self.assertAlmostEqual(rows[month].billed, billed)
            self.assertAlmostEqual(rows[month].compared.trial, billed)
            self.assertAlmostEqual(rows[month].compared.present, billed)

    def test_readings_lie_as_a_statement_would(self):
        """Before any statement, and after some: as the run bills them later."""
        self._read(self.site, "A001", ("2026-01-10 08:00", {"mono": 400}))
        before = self._amounts(self._try())
        self._bill("2026-03-15")
        partly = self._amounts(self._try())
        self._bill("2026-04-15")
        self.assertEqual(partly, self._amounts(self._try()))
        self.assertEqual(before, partly)
        # The statement of March begins with the reading before it, of February.
        self.assertEqual(before["2026-02"][0], 6)

    def test_months_that_are_not_billed_count_no_page_twice(self):
        self._bill("2026-03-15")
        with freeze_time("2026-07-10 10:00"):
            self._read(
                self.site,
                "A001",
                ("2026-05-31 08:00", {"mono": 4234}),
                ("2026-06-30 08:00", {"mono": 4434}),
            )
            simulation = self._try()
        pages = {r.span.start.month: r.compared.pages for r in simulation.rows}
        self.assertEqual([pages[month] for month in (4, 5, 6)], [1100, 1000, 200])

    def test_a_quarter(self):
        """Periods are the contract's."""
        client, site = self._make_client("Quarterly")
        contract = self._make_contract(client, active=False)
        contract.write({"period": "quarter"})
        contract.action_activate()
        self._read(
            site,
            "Q001",
            ("2026-01-01 08:00", {"mono": 0}),
            ("2026-03-31 08:00", {"mono": 3500}),
        )
        simulation = self._try(
            contract, client, has_allowance=True, included_mono=1000, price_mono=0.02
        )
        row = simulation.rows[-1].compared
        self.assertEqual((row.pages, row.present, row.trial), (3500, 35, 10))

    # -- a client without a contract --------------------------------------------------

    def test_prospect_without_contract(self):
        """By its volumes of months: readings of a trial, before anything is signed."""
        prospect, site = self._make_client("Prospect")
        prospect.focalist_contract_ids.unlink()
        self._read(
            site,
            "P001",
            ("2026-03-01 08:00", {"mono": 0}),
            ("2026-03-31 08:00", {"mono": 600}),
            ("2026-04-30 08:00", {"mono": 900}),
        )
        none = self.env["focalist.contract"]
        simulation = self._try(
            none,
            prospect,
            price_mono=0.1,
            fee_ids=[{"name": "Fee", "amount": 10, "per": "device"}],
        )
        self.assertIsNone(simulation.total.present)
        self.assertEqual(simulation.sources, ["volumes"])
        rows = {row.span.start.month: row.compared for row in simulation.rows}
        self.assertEqual(rows[3].pages + rows[4].pages, 900)
        self.assertAlmostEqual(rows[3].trial, rows[3].pages / 10 + 10)
        self.assertEqual(simulation.charges[0].trial, 90)
        self.assertFalse(prospect.focalist_contract_ids)

    def test_volumes_of_a_mono_printer_that_tells_its_total(self):
        prospect, site = self._make_client("Prospect")
        for serial, unit in (("M001", "impressions"), ("M002", "sheets")):
            self._read(
                site,
                serial,
                ("2026-03-01 08:00", {"total": 0}),
                ("2026-03-31 08:00", {"total": 600}),
                model="Mono 1",
                units={"total": unit},
            )
        draft = self._make_contract(prospect, active=False)
        pages = self._try(draft, prospect).total.pages
        self.assertEqual(pages, 600, "sheets are no pages")
        draft.bill_sheets = True
        self.assertEqual(self._try(draft, prospect).total.pages, 1200)

    def test_before_the_contract_volumes_count(self):
        """The contract began in April: March is told by its days."""
        client, site = self._make_client("Late")
        contract = self._make_contract(client, active=False)
        contract.write({"date_start": "2026-04-01"})
        contract.action_activate()
        self._read(
            site,
            "L001",
            ("2026-03-02 08:00", {"mono": 0}),
            ("2026-03-31 08:00", {"mono": 290}),
            ("2026-04-30 08:00", {"mono": 990}),
        )
        simulation = self._try(contract, client)
        rows = {r.span.start.month: r for r in simulation.rows}
        self.assertEqual(rows[3].span.source, "volumes")
        self.assertAlmostEqual(rows[3].compared.pages, 290, delta=20)
        self.assertEqual(rows[4].span.source, "readings")
        self.assertEqual(rows[4].compared.pages, 700)

    def test_a_device_of_another_contract_is_not_counted(self):
        draft = self._make_contract(self.client, active=False)
        self.assertFalse(self._try(draft).rows)

    def test_nothing_to_simulate(self):
        prospect, _site = self._make_client("Empty")
        simulation = self._try(self.env["focalist.contract"], prospect)
        self.assertEqual(simulation.rows, [])
        self.assertEqual(simulation.total.trial, 0)

    # -- the screen -------------------------------------------------------------------

    def test_p6_nothing_is_stored(self):
        self._bill("2026-03-15")
        tables = [
            "focalist.contract",
            "focalist.pricing",
            "focalist.pricing.tier",
            "focalist.pricing.override",
            "focalist.pricing.fee",
            "focalist.pool",
            "focalist.statement",
            "focalist.statement.line",
            "focalist.statement.charge",
        ]
        self.env.flush_all()

        def stored():
            self.env.invalidate_all()
            return {
                name: self.env[name].sudo().search([]).read(load=False)
                for name in tables
            }

        before = stored()
        action = self.contract.with_user(self.sales).action_simulate()
        pricing = self.env["focalist.pricing"].with_user(self.sales)
        form = Form(pricing.with_context(**action["context"]), view=VIEW)
        self.assertAlmostEqual(form.simulation["total"]["trial"], 65.74)
        self.assertFalse(form.simulation_stale)
        form.price_mono = 0.02
        self.assertTrue(form.simulation_stale)
        form.model = "device"
        with form.override_ids.new() as override:
            override.model_id = self.device.model_id
            override.price_mono = 1
        with form.fee_ids.new() as fee:
            fee.name = "Fee"
            fee.amount = 3
        form.simulate += 1
        self.assertFalse(form.simulation_stale)
        shown = form.simulation
        self.assertAlmostEqual(shown["total"]["present"], 65.74)
        # 2,234 pages at 1, and four months from January on at 3; Colour is free.
        fees = next(c for c in shown["charges"] if c["title"] == "Fixed fees")
        self.assertEqual(fees["trial"], 15)
        self.assertAlmostEqual(shown["total"]["trial"], 2249)
        self.assertEqual(json.loads(json.dumps(shown)), shown)
        self.assertEqual(stored(), before)

    def test_it_begins_with_the_prices_of_now(self):
        """Those that are announced for later are not yet those that clients pay."""
        self.contract.pricing_ids = [
            Command.create({"date_from": "2026-07-01", "price_mono": 0.5})
        ]
        action = self.contract.action_simulate()
        pricing = self.env["focalist.pricing"].with_context(**action["context"])
        form = Form(pricing, view=VIEW)
        self.assertEqual(form.price_mono, 0.01)
        self.assertAlmostEqual(form.simulation["total"]["difference"], 0)

    def test_tiers_with_a_gap_are_refused(self):
        with self.assertRaisesRegex(ValidationError, "begins with page 11"):
            self._try(
                model="tiered",
                tier_ids=[
                    {"kind": "mono", "page_from": 11, "price": 0.02},
                    {"kind": "color", "page_from": 1, "price": 0.1},
                ],
            )

    def test_use_makes_a_version_that_its_user_saves(self):
        values = plain_values(self.pricing) | {
            "price_mono": 0.02,
            "model": "device",
            "override_ids": [{"model_id": self.device.model_id.id, "price_mono": 1}],
        }
        self._bill("2026-03-15")._create_invoices()
        pricing = self.env["focalist.pricing"]
        args = self.client.id, self.contract.id
        self.assertFalse(pricing.simulation_question(*args))
        action = pricing.simulation_use(*args, values)
        self.assertEqual(len(self.contract.pricing_ids), 1, "nothing before Save")
        version = Form(pricing.with_context(**action["context"])).save()
        self.assertEqual(version.date_from.isoformat(), "2026-05-01")
        self.assertEqual(version.price_mono, 0.02)
        self.assertEqual(version.override_ids.price_mono, 1)
        self.assertEqual(self.pricing.price_mono, 0.01)

    def test_sales_use_prices_of_drafts_only(self):
        pricing = self.env["focalist.pricing"].with_user(self.sales)
        values = plain_values(self.pricing) | {"price_mono": 0.02}
        with self.assertRaisesRegex(AccessError, "accountants change its prices"):
            pricing.simulation_use(self.client.id, self.contract.id, values)
        draft = self._make_contract(self.client, active=False, price_scan=0)
        draft.pricing_ids.tier_ids = [
            Command.create({"kind": "mono", "page_from": 1, "price": 9})
        ]
        values["tier_ids"] = [{"kind": "color", "page_from": 1, "price": 8}]
        values["contract_id"] = self.contract.id
        args = self.client.id, draft.id
        self.assertIn("take their place", pricing.simulation_question(*args))
        action = pricing.simulation_use(*args, values)
        version = draft.pricing_ids
        self.assertEqual(action["res_id"], version.id)
        self.assertEqual(version.price_mono, 0.02)
        self.assertEqual(version.tier_ids.mapped("price"), [8])
        self.assertEqual(version.contract_id, draft)

    def test_use_for_a_client_without_contract(self):
        prospect, _site = self._make_client("Prospect")
        prospect.focalist_contract_ids.unlink()
        pricing = self.env["focalist.pricing"].with_user(self.sales)
        question = pricing.simulation_question(prospect.id, False)
        self.assertIn("a draft is made", question)
        pricing.simulation_use(
            prospect.id,
            False,
            {"price_mono": 0.05, "fee_ids": [{"name": "Fee", "amount": 9}]},
        )
        contract = prospect.focalist_contract_ids
        self.assertEqual(contract.state, "draft")
        self.assertEqual(contract.pricing_ids.price_mono, 0.05)
        self.assertEqual(contract.pricing_ids.fee_ids.amount, 9)

    def test_rights(self):
        """Who sees no prices simulates none; nor does another company's."""
        technician = new_test_user(
            self.env,
            login="technician",
            groups="focalist_base.group_focalist_technician",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        other = self.setup_other_company()["company"]
        stranger = new_test_user(
            self.env,
            login="stranger",
            groups="focalist_base.group_focalist_sales",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        values = plain_values(self.pricing)
        for user in (technician, stranger):
            pricing = self.env["focalist.pricing"].with_user(user)
            with self.assertRaises(AccessError):
                self.contract.with_user(user).action_simulate()
            with self.assertRaises(AccessError):
                pricing.simulation_use(self.client.id, self.contract.id, values)
            with self.assertRaises(AccessError):
                pricing._simulator(
                    self.client.with_user(user),
                    self.contract.with_user(user),
                    values,
                )
            with self.assertRaises(AccessError):
                pricing.simulation_use(self.client.id, False, values)

    def test_queries_do_not_grow_with_devices(self):
        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._try(price_mono=0.02)
            return self.env.cr.sql_log_count - before

        self._try()
        few = queries()
        for number in range(15):
            self._read(
                self.site,
                f"Z{number:03}",
                ("2026-02-28 08:00", {"mono": 0}),
                ("2026-03-31 08:00", {"mono": 100 + number}),
            )
        self.assertLessEqual(queries(), few)


@tagged("post_install", "-at_install")
class TestSimulationFile(SimulationCommon, HttpCase):
    def test_workbook_adds_itself_up(self):
        self.authenticate("sales", "sales")
        values = plain_values(self.pricing) | {"price_mono": 0.02}
        answer = self.url_open(
            "/focalist/simulation",
            data={
                "client_id": self.client.id,
                "contract_id": self.contract.id,
                "prices": json.dumps(values),
                "csrf_token": http.Request.csrf_token(self),
            },
        )
        self.assertEqual(answer.status_code, 200)
        book = load_workbook(BytesIO(answer.content))
        self.assertEqual(
            book.sheetnames, ["Simulation", "Prices", "Charges", "Devices"]
        )
        formulas = [
            cell.value
            for row in book["Simulation"].iter_rows()
            for cell in row
            if str(cell.value).startswith("=SUM")
        ]
        self.assertEqual(len(formulas), 4)
        values = load_workbook(BytesIO(answer.content), data_only=True)
        total = next(
            row
            for row in values["Simulation"].iter_rows(values_only=True)
            if row[0] == "Total"
        )
        self.assertAlmostEqual(total[2], 65.74)
        self.assertAlmostEqual(total[3], 88.08)
        prices = {row[0]: row[1:3] for row in values["Prices"].values}
        self.assertEqual(prices["Mono page"], (0.01, 0.02))
        self.assertEqual(len(book["Simulation"]._charts), 1)

    def test_workbook_of_others(self):
        """Neither without a login, nor for somebody who sees no prices."""
        new_test_user(self.env, login="nobody", groups="base.group_user")
        self.authenticate("nobody", "nobody")
        answer = self.url_open(
            "/focalist/simulation",
            data={
                "client_id": self.client.id,
                "contract_id": self.contract.id,
                "prices": "{}",
                "csrf_token": http.Request.csrf_token(self),
            },
        )
        self.assertEqual(answer.status_code, 403)
