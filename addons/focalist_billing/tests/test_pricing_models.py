from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, freeze_time, tagged

from .common import BillingCommon

MANUAL_TIERS = {
    "mono": [(1, 10), (101, 8), (1001, 6), (10001, 4)],
    "color": [(1, 12), (101, 10.5), (1001, 7.75), (10001, 5.20)],
}


def tier_commands(tiers=None):
    """Commands that create tiers: kind -> [(first page, price)]."""
    return [
        Command.create({"kind": kind, "page_from": first, "price": price})
        for kind, some in (tiers or MANUAL_TIERS).items()
        for first, price in some
    ]


@tagged("post_install", "-at_install")
class TestPricingModels(BillingCommon):
    """P0, P2, P3 and P4, from readings to the invoice's lines."""

    def _price(self, **values):
        self.contract.pricing_ids.write(values)

    def _print(self, serial="A001", model="MP C4503", site=None, **pages):
        """A device that printed so many pages in March."""
        first = {meter: 1000 for meter in pages}
        last = {meter: 1000 + number for meter, number in pages.items()}
        return self._read(
            site or self.site,
            serial,
            ("2026-02-28 08:00", first),
            ("2026-03-31 08:00", last),
            model=model,
        )

    def _quarterly(self, mono, **values):
        """A contract billed by the quarter; so many mono pages in the first one."""
        client, site = self._make_client("Quarterly")
        contract = self._make_contract(client, active=False)
        contract.period = "quarter"
        contract.pricing_ids.write(values)
        contract.action_activate()
        self._read(
            site,
            "Q001",
            ("2025-12-31 08:00", {"mono": 0}),
            ("2026-03-31 08:00", {"mono": mono}),
        )
        return contract

    def _charges(self, statement=None):
        statement = statement or self._bill()
        return [
            (charge.meter, charge.quantity, charge.price_unit, charge.amount)
            for charge in statement.charge_ids
        ]

    # -- P0 ---------------------------------------------------------------------------

    def test_p0_default_type(self):
        pricing = self.env["focalist.pricing"].new({})
        self.assertEqual(pricing.meter_type, "mono_color_scan")
        self.assertEqual(pricing.model, "simple")

    def test_p0_type_says_which_meters_are_billed(self):
        meters = {
            "total": 900,
            "mono": 600,
            "color": 300,
            "scan": 50,
            "print_mono": 400,
            "print_color": 250,
            "copy_mono": 200,
            "copy_color": 50,
            "fax": 7,
            "a4_mono": 590,
            "a4_color": 280,
            "a3_mono": 10,
            "a3_color": 20,
        }
        self._print(**meters)
        types = {
            "total": ["total"],
            "mono_color": ["mono", "color"],
            "mono_color_scan": ["mono", "color", "scan"],
            "function": [
                "print_mono",
                "print_color",
                "copy_mono",
                "copy_color",
                "fax",
                "scan",
            ],
            "format": ["a4_mono", "a4_color", "a3_mono", "a3_color"],
        }
        for type_, expected in types.items():
            with self.subTest(type=type_):
                self._price(
                    meter_type=type_, **{f"price_{meter}": 0.01 for meter in meters}
                )
                statement = self._bill()
                self.assertEqual(
                    [charge.meter for charge in statement.charge_ids], expected
                )
                self.assertEqual(
                    sum(statement.charge_ids.mapped("quantity")),
                    sum(meters[meter] for meter in expected),
                )
                statement.action_cancel()

    def test_p0_a_draft_bills_the_meters_of_a_type_that_is_changed(self):
        self._print(mono=600, color=300, scan=50, a4_mono=590, a3_mono=10)
        self._price(price_a4_mono=0.02)
        statement = self._bill()
        for type_, expected in {
            "mono_color": {"mono": 600, "color": 300},
            "format": {"a4_mono": 590, "a3_mono": 10},
            "mono_color_scan": {"mono": 600, "color": 300, "scan": 50},
        }.items():
            with self.subTest(type=type_):
                with Form(self.contract.pricing_ids) as form:
                    form.meter_type = type_
                self.assertEqual(
                    {line.meter: line.pages for line in statement.line_ids}, expected
                )
                self.assertEqual(
                    {charge.meter: charge.quantity for charge in statement.charge_ids},
                    expected,
                )
        version = self.env["focalist.pricing"].create(
            {
                "contract_id": self.contract.id,
                "date_from": "2026-03-01",
                "meter_type": "format",
                "price_a4_mono": 0.02,
            }
        )
        self.assertEqual(statement.amount_untaxed, 11.80)
        version.unlink()
        self.assertEqual(statement.amount_untaxed, 36.10)

    def test_p0_a_type_that_comes_with_the_first_prices(self):
        self._print(total=1000, mono=600, color=400)
        self._price(date_from="2026-04-01")
        statement = self._bill()
        self.assertFalse(statement.pricing_id)
        self.env["focalist.pricing"].create(
            {
                "contract_id": self.contract.id,
                "date_from": "2026-03-01",
                "meter_type": "total",
                "price_total": 0.02,
            }
        )
        self.assertEqual(self._charges(statement), [("total", 1000, 0.02, 20)])

    def test_p0_tiers_that_come_with_another_type(self):
        self._print(total=1000, mono=600, color=400, scan=50)
        statement = self._bill()
        self._price(
            model="tiered",
            meter_type="total",
            tier_ids=tier_commands({"total": [(1, 0.02)]}),
        )
        self.assertEqual(self._charges(statement), [("total", 1000, 0.02, 20)])

    def test_p0_a_type_stays_where_what_is_invoiced_rests_on_its_draft(self):
        self._print(mono=600, scan=50)
        self._price(missing="estimate")
        april = self._bill("2026-04-01")
        self.assertEqual(set(april.line_ids.mapped("estimated")), {True})
        may = self.env["focalist.pricing"].create(
            {"contract_id": self.contract.id, "date_from": "2026-05-01"}
        )
        may.write({"price_mono": 0.01, "missing": "estimate"})
        self._bill("2026-05-01")._create_invoices()
        first = self.contract.pricing_ids - may
        first.price_mono = 0.02
        with self.assertRaisesRegex(UserError, "cancel that one first"):
            first.meter_type = "mono_color"

    def test_p0_a_mono_printer_tells_whole_counters(self):
        self._print(model="M 320", total=500, print=300, copy=200, a4=480, a3=20)
        for type_, expected in {
            "total": {"total": 500},
            "mono_color": {"mono": 500},
            "function": {"print_mono": 300, "copy_mono": 200},
            "format": {"a4_mono": 480, "a3_mono": 20},
        }.items():
            with self.subTest(type=type_):
                self._price(meter_type=type_)
                statement = self._bill()
                self.assertEqual(
                    {line.meter: line.pages for line in statement.line_ids}, expected
                )
                statement.action_cancel()

    def test_p0_form_has_price_fields_of_the_type(self):
        with Form(self.contract.pricing_ids) as form:
            form.meter_type = "total"
            self.assertFalse(form._get_modifier("price_total", "invisible"))
            for meter in ("mono", "color", "scan", "copy_mono", "a3_color"):
                self.assertTrue(form._get_modifier(f"price_{meter}", "invisible"))
            form.meter_type = "format"
            self.assertFalse(form._get_modifier("price_a3_mono", "invisible"))
            self.assertTrue(form._get_modifier("price_total", "invisible"))

    def test_p0_nobody_makes_a_fifth_model(self):
        with self.assertRaises(ValueError):
            self._price(model="my own")

    def test_p0_a3_as_a_multiple_of_a4(self):
        self._print(a4_mono=1000, a3_mono=100, a4_color=200, a3_color=10)
        self._price(
            meter_type="format",
            a3_factor=2,
            price_a4_mono=0.01,
            price_a4_color=0.1,
            price_a3_mono=9.0,
        )
        self.assertEqual(
            self._charges(),
            [
                ("a4_mono", 1000, 0.01, 10.0),
                ("a4_color", 200, 0.1, 20.0),
                ("a3_mono", 100, 0.02, 2.0),
                ("a3_color", 10, 0.2, 2.0),
            ],
        )

    # -- P2 ---------------------------------------------------------------------------

    def test_p2_pages_beyond_those_included(self):
        self._print(mono=1500, color=80)
        self._price(has_allowance=True, included_mono=1000, included_color=100)
        statement = self._bill()
        self.assertEqual(
            self._charges(statement),
            [("mono", 500, 0.01, 5.0), ("color", 0, 0.1, 0.0)],
        )
        self.assertEqual(
            [(line.included, line.billable) for line in statement.line_ids],
            [(80, 0), (1000, 500)],
        )
        statement._create_invoices()
        self.assertIn(
            "1,500 printed, 1,000 of them included",
            statement.move_id.invoice_line_ids.name,
        )
        self.assertEqual(statement.move_id.amount_untaxed, 5.0)

    def test_p2_included_pages_are_each_device_s_own(self):
        self._print("A001", mono=1500)
        self._print("A002", mono=200)
        self._price(has_allowance=True, included_mono=1000)
        # The second one's 800 pages left are nobody else's.
        self.assertEqual(self._charges(), [("mono", 500, 0.01, 5.0)])

    def test_p2_a_quarter_has_three_months(self):
        contract = self._quarterly(3500, has_allowance=True, included_mono=1000)
        self.assertEqual(
            self._charges(self._bill(contract=contract)), [("mono", 500, 0.01, 5.0)]
        )

    def test_p2_switched_off(self):
        self._print(mono=1500)
        self._price(has_allowance=False, included_mono=1000)
        self.assertEqual(self._charges(), [("mono", 1500, 0.01, 15.0)])

    def test_p2_a_device_that_joins_has_its_days_share(self):
        device = self._print(mono=1500)
        member = self.contract.member_ids.filtered(lambda m: m.device_id == device)
        # From 17 March on, by the site's clock: 15 of 31 days, 484 of 1,000 pages.
        member.start_at = "2026-03-16 23:30:00"
        self._read(self.site, "A001", ("2026-03-16 23:00", {"mono": 1500}))
        self._price(has_allowance=True, included_mono=1000)
        [line] = self._bill().line_ids
        self.assertEqual((line.pages, line.included), (1000, 484))

    def test_p2_drafts_follow_a_device_that_left(self):
        device = self._print(mono=1500)
        self._read(
            self.site,
            "A001",
            ("2026-04-30 08:00", {"mono": 4500}),
            ("2026-05-31 08:00", {"mono": 6500}),
            ("2026-06-30 08:00", {"mono": 8500}),
        )
        self._price(has_allowance=True, included_mono=1000)
        months = {month: self._bill(f"2026-{month:02}-01") for month in (3, 4, 5, 6)}
        months[3]._create_invoices()
        member = self.contract.member_ids.filtered(lambda m: m.device_id == device)

        def queries(day):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            member.end_at = f"2026-{day} 10:00:00"
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        # What is unusual about them is noted once.
        queries("04-21")
        many = queries("04-16")
        self.assertEqual(months[3].line_ids.included, 1000, "what is invoiced stays")
        self.assertEqual(months[4].line_ids.included, 500)
        (months[5] + months[6]).action_cancel()
        self.assertEqual(queries("04-13"), many, "as many for one draft as for three")
        self.assertEqual(months[4].line_ids.included, 400)

    def test_p2_pool_of_all_devices(self):
        self._print("A001", mono=1500)
        self._print("A002", mono=200)
        self._price(
            has_allowance=True,
            included_mono=5000,  # what is shared takes its place
            pool_ids=[Command.create({"name": "All", "included_mono": 1600})],
        )
        statement = self._bill()
        self.assertEqual(self._charges(statement), [("mono", 100, 0.01, 1.0)])
        # Shared by what was printed: 1,600 × 1,500 / 1,700, and the rest.
        self.assertEqual(statement.line_ids.mapped("included"), [1412, 188])

    def test_p2_a_device_shares_in_the_narrowest_pool(self):
        other = self.env["focalist.site"].create(
            {"name": "Other", "partner_id": self.client.id, "tz": "Europe/Paris"}
        )
        first = self._print("A001", mono=300)
        self._print("A002", mono=300)
        self._print("A003", mono=300, site=other)
        self._price(
            has_allowance=True,
            pool_ids=[
                Command.create({"name": "All", "included_mono": 100}),
                Command.create(
                    {
                        "name": "Site",
                        "scope": "site",
                        "site_id": self.site.id,
                        "included_mono": 200,
                    }
                ),
                Command.create(
                    {
                        "name": "One",
                        "scope": "devices",
                        "device_ids": first.ids,
                        "included_mono": 300,
                    }
                ),
            ],
        )
        lines = self._bill().line_ids
        self.assertEqual(
            {line.serial_number: line.included for line in lines},
            {"A001": 300, "A002": 200, "A003": 100},
        )

    # -- P3 ---------------------------------------------------------------------------

    def test_p3_the_most_specific_prices_win(self):
        self._print("A001", mono=100)
        other = self._print("B001", model="MP 301", mono=100)
        special = self._print("B002", model="MP 301", mono=100)
        self._price(
            model="device",
            override_ids=[
                Command.create({"model_id": other.model_id.id, "price_mono": 0.02}),
                Command.create({"device_id": special.id, "price_mono": 0.05}),
            ],
        )
        statement = self._bill()
        self.assertEqual(
            {line.serial_number: line.price_unit for line in statement.line_ids},
            {"A001": 0.01, "B001": 0.02, "B002": 0.05},
        )
        self.assertEqual(statement.amount_untaxed, 8.0)

    def test_p3_other_prices_rest_under_the_simple_model(self):
        device = self._print(mono=100)
        self._price(
            override_ids=[
                Command.create({"model_id": device.model_id.id, "price_mono": 0.02})
            ]
        )
        self.assertEqual(self._charges(), [("mono", 100, 0.01, 1.0)])

    def test_p3_included_pages_of_a_model(self):
        device = self._print(mono=100)
        self._price(
            model="device",
            has_allowance=True,
            included_mono=10,
            override_ids=[
                Command.create(
                    {
                        "model_id": device.model_id.id,
                        "price_mono": 0.02,
                        "included_mono": 60,
                    }
                )
            ],
        )
        self.assertEqual(self._charges(), [("mono", 40, 0.02, 0.8)])

    def test_p3_several_models_at_a_time(self):
        models = (
            self._print("A001", mono=1).model_id
            + self._print("B001", model="MP 301", mono=1).model_id
        )
        with Form(self.contract.pricing_ids) as form:
            form.model = "device"
            for model in models:
                form.add_model_ids.add(model)
            self.assertFalse(form.add_model_ids[:])
        overrides = self.contract.pricing_ids.override_ids
        self.assertEqual(overrides.model_id, models)
        self.assertEqual(overrides.mapped("price_mono"), [0.01, 0.01])

    def test_p3_a_device_is_of_its_model(self):
        device = self._print(mono=1)
        other = self._print("B001", model="MP 301", mono=1).model_id
        with self.assertRaisesRegex(ValidationError, "is a"):
            self._price(
                override_ids=[
                    Command.create({"device_id": device.id, "model_id": other.id})
                ]
            )

    # -- P4 ---------------------------------------------------------------------------

    def test_p4_the_manual_s_example(self):
        # Over all devices together: neither of these would reach the last tier.
        self._print("A001", mono=6000, color=6000)
        self._print("A002", mono=7207, color=5216)
        self._price(model="tiered", tier_ids=tier_commands())
        statement = self._bill()
        mono, color = (
            statement.charge_ids.filtered(
                lambda charge, kind=kind: charge.meter == kind
            )
            for kind in ("mono", "color")
        )
        self.assertEqual(
            [(charge.quantity, charge.amount) for charge in mono],
            [(100, 1000), (900, 7200), (9000, 54000), (3207, 12828)],
        )
        self.assertEqual(sum(mono.mapped("amount")), 75028)
        self.assertEqual(
            [(charge.quantity, charge.amount) for charge in color],
            [(100, 1200), (900, 9450), (9000, 69750), (1216, 6323.2)],
        )
        self.assertAlmostEqual(sum(color.mapped("amount")), 86723.2)
        self.assertAlmostEqual(statement.amount_untaxed, 161751.2)
        statement._create_invoices()
        self.assertAlmostEqual(statement.move_id.amount_untaxed, 161751.2)
        names = statement.move_id.invoice_line_ids.mapped("name")
        self.assertIn("Mono pages, pages 101 to 1,000", names[1])
        self.assertIn("Mono pages, pages from 10,001 on", names[3])

    def test_p4_live_example(self):
        with Form(self.contract.pricing_ids) as form:
            form.model = "tiered"
            for kind, tiers in MANUAL_TIERS.items():
                for first, price in tiers:
                    with form.tier_ids.new() as tier:
                        tier.kind = kind
                        tier.page_from = first
                        tier.price = price
            mono, color = form.example
            self.assertEqual((mono["amount"], color["amount"]), (75028, 86723.2))
            form.example_mono = 101
            self.assertEqual(form.example[0]["amount"], 1008)
            self.assertEqual(
                [row["pages"] for row in form.example[0]["rows"]], [100, 1]
            )

    def test_p4_a_tier_ends_where_the_next_begins(self):
        self._price(model="tiered", tier_ids=tier_commands())
        tiers = self.contract.pricing_ids.tier_ids
        self.assertEqual(
            tiers.filtered(lambda tier: tier.kind == "mono").mapped("page_to"),
            [100, 1000, 10000, 0],
        )
        tiers.filtered(lambda tier: tier.page_from == 101).page_from = 51
        self.assertEqual(tiers[0].page_to, 50)

    def test_p4_tiers_without_gaps(self):
        for tiers, why in (
            ({"mono": [(5, 1)], "color": [(1, 1)]}, "begins with page 5"),
            ({"mono": [(1, 1)]}, "no tiers for: Colour"),
            (
                {"mono": [(1, 1)], "color": [(1, 1)], "total": [(1, 1)]},
                "no pages for the tiers of: All pages",
            ),
        ):
            with (
                self.subTest(why),
                self.assertRaisesRegex(ValidationError, why),
                self.env.cr.savepoint(),
            ):
                self._price(model="tiered", tier_ids=tier_commands(tiers))

    def test_p4_a_quarter_scales_the_bounds(self):
        contract = self._quarterly(
            1000,
            model="tiered",
            tier_ids=tier_commands(
                {"mono": [(1, 0.1), (101, 0.05)], "color": [(1, 1)]}
            ),
        )
        statement = self._bill(contract=contract)
        self.assertEqual(
            self._charges(statement),
            [("mono", 300, 0.1, 30.0), ("mono", 700, 0.05, 35.0)],
        )
        contract.pricing_ids.tiers_by = "period"
        self.assertEqual(
            self._charges(statement),
            [("mono", 100, 0.1, 10.0), ("mono", 900, 0.05, 45.0)],
        )

    def test_p4_scans_and_total_only(self):
        self._print(total=150, mono=150, scan=10)
        self._price(
            model="tiered",
            tier_ids=tier_commands({"mono": [(1, 0.1)], "color": [(1, 1)]}),
        )
        statement = self._bill()
        self.assertEqual(
            self._charges(statement),
            [("mono", 150, 0.1, 15.0), ("scan", 10, 0.002, 0.02)],
        )
        statement.action_cancel()
        self._price(
            meter_type="total",
            tier_ids=[
                Command.clear(),
                *tier_commands({"total": [(1, 0.1), (101, 0.01)]}),
            ],
        )
        self.assertEqual(
            self._charges(), [("total", 100, 0.1, 10.0), ("total", 50, 0.01, 0.5)]
        )

    def test_p4_an_a3_page_is_two_pages_of_a_tier(self):
        self._print(a4_mono=90, a3_mono=10)
        self._price(
            model="tiered",
            meter_type="format",
            a3_factor=2,
            tier_ids=tier_commands(
                {"mono": [(1, 0.1), (101, 0.05)], "color": [(1, 1)]}
            ),
        )
        self.assertEqual(
            self._charges(), [("mono", 100, 0.1, 10.0), ("mono", 10, 0.05, 0.5)]
        )

    # -- versions, and what is invoiced -----------------------------------------------

    def test_p1_invoiced_parts_stay(self):
        self._print(mono=100, color=1)
        self._price(model="tiered", tier_ids=tier_commands())
        self._bill()._create_invoices()
        with self.assertRaisesRegex(UserError, "invoiced with these prices"):
            self.contract.pricing_ids.tier_ids[0].price = 1
        with self.assertRaisesRegex(UserError, "invoiced with these prices"):
            self.contract.pricing_ids.tier_ids[0].unlink()

    def test_p1_a_new_version_begins_with_all_values(self):
        self._price(model="tiered", tier_ids=tier_commands())
        with freeze_time("2026-04-10"), Form(self.contract) as form:
            with form.pricing_ids.new() as pricing:
                self.assertEqual(pricing.model, "tiered")
                pricing.price_scan = 0.5
        new, old = self.contract.pricing_ids
        self.assertEqual(str(new.date_from), "2026-04-01")
        self.assertEqual(new.tier_ids._tiers(), old.tier_ids._tiers())
        self.assertFalse(new.tier_ids & old.tier_ids)

    def test_p1_lines_for_each_site(self):
        other = self.env["focalist.site"].create(
            {"name": "Annex", "partner_id": self.client.id, "tz": "Europe/Paris"}
        )
        self._print("A001", mono=100)
        self._print("A002", mono=200, site=other)
        self.contract.lines_by_site = True
        statement = self._bill()
        self.assertEqual(
            {charge.site_id: charge.quantity for charge in statement.charge_ids},
            {self.site: 100, other: 200},
        )
        statement._create_invoices()
        self.assertIn("Annex: Mono pages", statement.move_id.invoice_line_ids[1].name)

    def test_p0_sheets_only_where_the_contract_says_so(self):
        self._read(
            self.site,
            "S001",
            ("2026-02-28 08:00", {"total": 1000}),
            ("2026-03-31 08:00", {"total": 1500}),
            model="M 320",
            units={"total": "sheets"},
        )
        self._price(meter_type="total", price_total=0.01)
        self.assertFalse(self._bill())
        self.contract.bill_sheets = True
        self.assertEqual(self._charges(), [("total", 500, 0.01, 5.0)])
