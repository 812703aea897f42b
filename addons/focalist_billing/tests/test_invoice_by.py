from odoo import Command, fields
from odoo.exceptions import ValidationError
from odoo.tests import freeze_time, tagged

from .test_accounting import SitesCommon


@tagged("post_install", "-at_install")
class TestInvoiceBy(SitesCommon):
    """One invoice per client, per site or per cost centre."""

    def _run(self, month="2026-03-01", contract=None):
        first = fields.Date.to_date(month)
        made, _problems = (contract or self.contract)._bill_month(
            first, fields.Date.end_of(first, "month")
        )
        return made

    def _tiers(self, *mono):
        """Tiers of mono pages: (first page, price)."""
        self.contract.pricing_ids.write(
            {
                "tier_ids": [
                    Command.create({"kind": "mono", "page_from": page, "price": price})
                    for page, price in mono
                ]
                + [Command.create({"kind": "color", "page_from": 1, "price": 1})],
                "model": "tiered",
            }
        )

    def _asked(self, statements):
        """What is asked, by site: list of (quantity, price, amount)."""
        return {
            statement.site_id.name: [
                (charge.quantity, charge.price_unit, charge.amount)
                for charge in statement.charge_ids
            ]
            for statement in statements
        }

    def test_p1_an_invoice_for_each_site(self):
        address = self.env["res.partner"].create(
            {"name": "Nice", "parent_id": self.client.id, "type": "delivery"}
        )
        self.nice.address_id = address
        self.contract.invoice_by = "site"
        statements = self._run()
        self.assertEqual(
            self._asked(statements),
            {"Lyon": [(1000, 0.01, 10)], "Nice": [(500, 0.01, 5)]},
        )
        moves = statements._create_invoices()
        self.assertEqual(len(moves), 2)
        for statement in statements:
            self.assertIn(statement.site_id.name, str(statement.move_id.narration))
        nice = statements.filtered(lambda s: s.site_id == self.nice)
        self.assertEqual(nice.move_id.partner_shipping_id, address)
        self.assertFalse(self._run(), "once or never")

    def test_p1_a_site_is_billed_by_one_invoice_of_pages_and_fees(self):
        self.contract.invoice_by = "site"
        self.contract.date_start = "2026-03-01"
        self.contract.pricing_ids.write(
            {
                "date_from": "2026-03-01",
                "fee_ids": [
                    Command.create({"name": "Device", "amount": 7, "per": "device"}),
                    Command.create({"name": "Site", "amount": 20, "per": "site"}),
                    Command.create({"name": "Base", "amount": 50}),
                ],
            }
        )
        moves = self._run()._create_invoices()
        self.assertEqual(
            {
                move.focalist_statement_ids.site_id.name: move.amount_untaxed
                for move in moves
            },
            # 10 + 2 × 7 + 20; 5 + 7 + 20; the fee of the contract is no site's
            {"Lyon": 44, "Nice": 32, False: 50},
        )

    def test_p4_tiers_count_all_sites_and_are_shared_by_pages(self):
        """600 pages at 0.1 and 900 at 0.05: two thirds Lyon's, and all add up."""
        self.contract.invoice_by = "site"
        self._tiers((1, 0.1), (601, 0.05))
        self.assertEqual(
            self._asked(self._run()),
            {
                "Lyon": [(400, 0.1, 40), (600, 0.05, 30)],
                "Nice": [(200, 0.1, 20), (300, 0.05, 15)],
            },
        )

    def test_p4_what_does_not_divide_is_whole_pages(self):
        """100 pages by 1,000 and 500: 66.67 and 33.33, so 67 and 33."""
        self.contract.invoice_by = "site"
        self._tiers((1, 0.1), (101, 0.05))
        self.assertEqual(
            self._asked(self._run()),
            {
                "Lyon": [(67, 0.1, 6.7), (933, 0.05, 46.65)],
                "Nice": [(33, 0.1, 3.3), (467, 0.05, 23.35)],
            },
        )

    def test_p2_pools_are_shared_over_all_sites(self):
        """300 pages of all devices: 200 of them Lyon's."""
        self.contract.invoice_by = "site"
        self.contract.pricing_ids.write(
            {
                "has_allowance": True,
                "pool_ids": [Command.create({"name": "All", "included_mono": 300})],
            }
        )
        self.assertEqual(
            self._asked(self._run()),
            {"Lyon": [(800, 0.01, 8)], "Nice": [(400, 0.01, 4)]},
        )

    def test_i1_credit_and_rebill_of_one_site(self):
        self.contract.invoice_by = "site"
        self._tiers((1, 0.1), (601, 0.05))
        statements = self._run()
        moves = statements._create_invoices()
        moves.action_post()
        nice = statements.filtered(lambda s: s.site_id == self.nice)
        before = self._asked(statements)
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=nice.move_id.ids)
            .create({"journal_id": nice.move_id.journal_id.id})
        )
        wizard.refund_moves()
        wizard.new_move_ids.action_post()
        self.assertEqual(nice.state, "draft")
        nice.sudo()._rate()
        self.assertEqual(self._asked(statements), before)
        nice.action_cancel()
        self.contract.invalidate_recordset()
        again = self._run()
        self.assertEqual(again.site_id, self.nice)
        self.assertEqual(
            self._asked(again), {"Nice": before["Nice"]}, "Lyon's pages count still"
        )
        self.assertEqual(again._create_invoices().amount_untaxed, 35)

    def test_p1_prices_of_drafts_follow_in_all_of_a_period(self):
        self.contract.invoice_by = "site"
        statements = self._run()
        self.contract.pricing_ids.price_mono = 0.02
        self.assertEqual(sum(statements.mapped("amount_untaxed")), 30)

    def test_p1_the_next_period_goes_on_where_each_device_was(self):
        self.contract.invoice_by = "site"
        self._run()
        self._read(self.site, "A001", ("2026-04-30 08:00", {"mono": 900}))
        self._read(self.nice, "B001", ("2026-04-30 08:00", {"mono": 501}))
        april = self._run("2026-04-01")
        self.assertEqual(
            self._asked(april), {"Lyon": [(200, 0.01, 2)], "Nice": [(1, 0.01, 0.01)]}
        )

    def test_p4_each_period_of_a_run_has_its_own_tiers(self):
        """March and April, rated at once, each by itself."""
        self.contract.invoice_by = "site"
        self._tiers((1, 0.1), (601, 0.05))
        self._read(self.site, "A001", ("2026-04-30 08:00", {"mono": 1300}))
        self._read(self.nice, "B001", ("2026-04-30 08:00", {"mono": 800}))
        self._run("2026-03-01")
        april = self._run("2026-04-01")
        # 600 and 300 pages: two thirds of the first 600 are Lyon's.
        self.assertEqual(
            self._asked(april),
            {
                "Lyon": [(400, 0.1, 40), (200, 0.05, 10)],
                "Nice": [(200, 0.1, 20), (100, 0.05, 5)],
            },
        )
        both = self.contract.statement_ids.filtered(lambda s: not s.cancelled)
        before = {statement: self._asked(statement) for statement in both}
        both._take_prices()
        self.assertEqual({s: self._asked(s) for s in both}, before)

    def test_p1_a_period_billed_whole_stays_so(self):
        self._run()
        self.contract.invoice_by = "site"
        self.assertFalse(self._run())

    def test_p1_missing_devices_are_named_by_their_site_s_statement(self):
        silent = self._read(self.nice, "B002")
        third = self.env["focalist.site"].create(
            {"name": "Empty", "partner_id": self.client.id, "tz": "Europe/Paris"}
        )
        nobody = self._read(third, "C001")
        self.contract.invoice_by = "site"
        lyon, nice = self._run().sorted(lambda s: s.site_id.name)
        self.assertEqual(nice.missing_device_ids, silent)
        self.assertEqual(lyon.missing_device_ids, nobody)

    def test_p1_an_invoice_for_each_cost_centre(self):
        with freeze_time("2026-04-02"):
            field = self._cost_centre_field()
            self.lyon_1.properties = {"centre": "4711"}
            self.nice_1.properties = {"centre": "4711"}
            self.contract.write(
                {"cost_centre_field": field, "invoice_by": "cost_centre"}
            )
            statements = self._run()
            self.assertEqual(
                {
                    statement.cost_centre: statement.amount_untaxed
                    for statement in statements
                },
                {"4711": 12, False: 3},
            )
            self.assertEqual(
                statements.line_ids.mapped("cost_centre"), ["4711", "4711", False]
            )
            # What was noted stays.
            self.nice_1.properties = {"centre": "1234"}
            self.contract.pricing_ids.price_mono = 0.1
            by_centre = {s.cost_centre: s for s in statements}
            self.assertEqual(by_centre["4711"].amount_untaxed, 120)
            move = by_centre["4711"]._create_invoices()
            self.assertIn("Cost centre: 4711", str(move.narration))

    def test_i2_fees_of_a_cost_centre_go_to_the_sites_of_its_devices(self):
        lyon, nice = self._accounts("Lyon", "Nice")
        self.site.analytic_distribution = {str(lyon.id): 100}
        self.nice.analytic_distribution = {str(nice.id): 100}
        with freeze_time("2026-04-02"):
            field = self._cost_centre_field()
            self.lyon_1.properties = {"centre": "4711"}
            self.nice_1.properties = {"centre": "4711"}
            self.contract.write(
                {
                    "cost_centre_field": field,
                    "invoice_by": "cost_centre",
                    "date_start": "2026-03-01",
                }
            )
            fee = {"name": "Device", "amount": 7, "per": "device"}
            self.contract.pricing_ids.write(
                {"date_from": "2026-03-01", "fee_ids": [Command.create(fee)]}
            )
            fees = self._run().filtered(lambda s: s.charge == "fees")
        found = {
            statement.cost_centre: statement.charge_ids._analytic_distribution()
            for statement in fees
        }
        own = {str(lyon.id): 50, str(nice.id): 50}
        self.assertEqual(found, {"4711": own, False: {str(lyon.id): 100}})

    def test_p1_a_cost_centre_needs_its_field(self):
        with self.assertRaisesRegex(ValidationError, "names the cost centre"):
            self.contract.invoice_by = "cost_centre"

    def _cost_centre_field(self):
        definition = self.env["focalist.device"]._fields_of_all().sudo()
        definition.properties_definition = [
            {"name": "centre", "string": "Cost centre", "type": "char"}
        ]
        [(name, label)] = [
            choice
            for choice in self.env["focalist.contract"]._cost_centre_fields()
            if choice[0] == "properties.centre"
        ]
        self.assertEqual(label, "Cost centre")
        return name

    # -- together with estimates, corrections and moves -------------------------------

    def _site(self, statements, name):
        return statements.filtered(lambda s: s.site_id.name == name)

    def _billed(self, statements):
        """Pages and amounts that all charges ask for, by price."""
        asked = {}
        for charge in statements.charge_ids:
            asked[charge.price_unit] = asked.get(charge.price_unit, 0) + charge.quantity
        return asked

    def test_p4_late_pages_of_a_draft_leave_what_is_invoiced_beside_it(self):
        """600 pages at 0.1 of all sites, whichever of them was invoiced first."""
        self.contract.invoice_by = "site"
        self._tiers((1, 0.1), (601, 0.05))
        statements = self._run()
        self._site(statements, "Lyon")._create_invoices().action_post()
        nice = self._site(statements, "Nice")
        self._read(self.nice, "B001", ("2026-03-31 18:00", {"mono": 1300}))
        nice.action_measure_again()
        self.assertEqual(
            self._asked(statements),
            {
                "Lyon": [(400, 0.1, 40), (600, 0.05, 30)],
                "Nice": [(200, 0.1, 20), (1100, 0.05, 55)],
            },
        )

    def test_p2_late_pages_of_a_draft_have_what_is_left_of_a_pool(self):
        self.contract.invoice_by = "site"
        self.contract.pricing_ids.write(
            {
                "has_allowance": True,
                "pool_ids": [Command.create({"name": "All", "included_mono": 300})],
            }
        )
        statements = self._run()
        self._site(statements, "Lyon")._create_invoices().action_post()
        self._read(self.nice, "B001", ("2026-03-31 18:00", {"mono": 1300}))
        nice = self._site(statements, "Nice")
        nice.action_measure_again()
        self.assertEqual(
            self._asked(statements),
            {"Lyon": [(800, 0.01, 8)], "Nice": [(1200, 0.01, 12)]},
        )
        self.assertEqual(sum(statements.line_ids.mapped("included")), 300)

    def _estimated(self):
        """March's statements, of devices that were last read in February."""
        self.contract.invoice_by = "site"
        self.contract.pricing_ids.missing = "estimate"
        for site, serial, daily in ((self.site, "E001", 10), (self.nice, "E002", 20)):
            self._read(
                site,
                serial,
                ("2026-01-31 08:00", {"mono": 1000}),
                ("2026-02-28 08:00", {"mono": 1000 + 28 * daily}),
            )
        return self._run()

    def test_i2_sites_with_tiers_and_estimates_come_to_what_was_printed(self):
        self._tiers((1, 0.1), (601, 0.05), (2001, 0.02))
        march = self._estimated()
        self.assertEqual(self._billed(march), {0.1: 600, 0.05: 1400, 0.02: 430})
        march._create_invoices().action_post()
        # In March 31 and 62 in place of 310 and 620; in April 30 and 60.
        self._read(self.site, "E001", ("2026-04-30 08:00", {"mono": 1280 + 61}))
        self._read(self.nice, "E002", ("2026-04-30 08:00", {"mono": 1560 + 122}))
        self._read(self.site, "A001", ("2026-04-30 08:00", {"mono": 700}))
        self._read(self.site, "A002", ("2026-04-30 08:00", {"mono": 300}))
        self._read(self.nice, "B001", ("2026-04-30 08:00", {"mono": 500}))
        april = self._run("2026-04-01")
        self.assertEqual(len(april), 2)
        estimated = march.line_ids.filtered("estimated").device_id
        lines = (march + april).line_ids.filtered(lambda ln: ln.device_id in estimated)
        self.assertEqual(sum(lines.mapped("pages")), 61 + 122)
        # Until midnight it is 31 and 63: 1,594 pages in March, 89 in April.
        expected = {0.1: 600 + 89, 0.05: 994, 0.02: 0}
        self.assertEqual(self._billed(march + april), expected)
        told = {s: (s.line_ids.mapped("pages"), s.amount_untaxed) for s in april}
        april[0].action_measure_again()
        self.assertEqual(
            {s: (s.line_ids.mapped("pages"), s.amount_untaxed) for s in april}, told
        )
        self._site(april, "Nice").action_measure_again()
        self.assertEqual(
            {s: (s.line_ids.mapped("pages"), s.amount_untaxed) for s in april}, told
        )
        self._site(april, "Nice").action_cancel()
        again = self._run("2026-04-01")
        self.assertEqual(again.site_id, self.nice)
        self.assertEqual(
            self._billed(march + self._site(april, "Lyon") + again), expected
        )

    def test_i2_a_device_that_moved_after_an_estimate_keeps_its_pages(self):
        march = self._estimated()
        march._create_invoices().action_post()
        device = march.line_ids.device_id.filtered(lambda d: d.serial_number == "E001")
        self._read(self.site, "E001", ("2026-04-05 08:00", {"mono": 1341}))
        device._move(self.nice, fields.Datetime.to_datetime("2026-04-10 08:00"))
        self._read(self.nice, "E001", ("2026-04-30 08:00", {"mono": 1400}))
        april = self._run("2026-04-01")
        own = (march + april).line_ids.filtered(lambda ln: ln.device_id == device)
        self.assertEqual(sum(own.mapped("pages")), 120)
        nice = self._site(april, "Nice")
        before = sum(nice.line_ids.mapped("pages"))
        # Lyon's credit note is out.
        self._site(april, "Lyon")._create_invoices().action_post()
        nice.action_measure_again()
        self.assertEqual(sum(nice.line_ids.mapped("pages")), before)
        nice.action_cancel()
        again = self._run("2026-04-01")
        self.assertEqual(sum(again.line_ids.mapped("pages")), before)

    def test_p1_a_cancelled_site_s_fees_come_again_though_a_device_moved(self):
        self.contract.invoice_by = "site"
        self.contract.date_start = "2026-03-01"
        self.contract.pricing_ids.write(
            {
                "date_from": "2026-03-01",
                "fee_ids": [
                    Command.create({"name": "Device", "amount": 7, "per": "device"})
                ],
            }
        )
        fees = self._run().filtered(lambda s: s.charge == "fees")
        nice = self._site(fees, "Nice")
        self.assertEqual(nice.amount_untaxed, 7)
        self.nice_1._move(self.site, fields.Datetime.to_datetime("2026-04-10 08:00"))
        nice.action_cancel()
        again = self._run().filtered(lambda s: s.charge == "fees")
        self.assertEqual((again.site_id, again.amount_untaxed), (self.nice, 7))

    def test_p1_a_draft_of_a_cost_centre_keeps_a_device_that_changed_it(self):
        field = self._cost_centre_field()
        self.lyon_1.properties = {"centre": "1234"}
        self.nice_1.properties = {"centre": "4711"}
        self.contract.write({"cost_centre_field": field, "invoice_by": "cost_centre"})
        statements = self._run()
        by_centre = {s.cost_centre: s for s in statements}
        by_centre["1234"]._create_invoices().action_post()
        self.nice_1.properties = {"centre": "1234"}
        by_centre["4711"].action_measure_again()
        self.assertEqual(by_centre["4711"].pages, 500)
        self.assertEqual(by_centre["4711"].line_ids.mapped("cost_centre"), ["4711"])

    def test_i2_a_cancelled_cost_centre_s_pages_come_again_where_they_were(self):
        """Though its device's cost centre is by now one that is invoiced."""
        field = self._cost_centre_field()
        (self.lyon_1 + self.lyon_2).properties = {"centre": "1234"}
        self.nice_1.properties = {"centre": "4711"}
        self.contract.write({"cost_centre_field": field, "invoice_by": "cost_centre"})
        statements = self._run()
        by_centre = {s.cost_centre: s for s in statements}
        by_centre["1234"]._create_invoices().action_post()
        self.nice_1.properties = {"centre": "1234"}
        for _twice in range(2):
            by_centre["4711"].action_cancel()
            again = self._run()
            self.assertEqual(
                (again.cost_centre, again.pages, again.amount_untaxed),
                ("4711", 500, 5),
            )
            self.assertEqual(str(again.date_start), "2026-03-01")
            self.assertEqual(again.line_ids.mapped("cost_centre"), ["4711"])
            by_centre["4711"] = again
        # The next period is where it is now.
        self._read(self.nice, "B001", ("2026-04-30 08:00", {"mono": 800}))
        [april] = self._run("2026-04-01")
        self.assertEqual((april.cost_centre, april.pages), ("1234", 300))

    def test_i2_a_cancelled_cost_centre_that_nobody_took_goes_with_its_device(self):
        field = self._cost_centre_field()
        self.nice_1.properties = {"centre": "4711"}
        self.contract.write({"cost_centre_field": field, "invoice_by": "cost_centre"})
        nice = self._run().filtered("cost_centre")
        self.nice_1.properties = {"centre": "5000"}
        nice.action_cancel()
        again = self._run()
        self.assertEqual((again.cost_centre, again.pages), ("5000", 500))

    def test_i2_late_pages_of_an_invoiced_cost_centre_wait_for_the_next_period(self):
        """They were on no statement: what was cancelled beside them is another's."""
        field = self._cost_centre_field()
        self.nice_1.properties = {"centre": "4711"}
        (self.lyon_1 + self.lyon_2).properties = {"centre": "1234"}
        self.contract.write({"cost_centre_field": field, "invoice_by": "cost_centre"})
        by_centre = {s.cost_centre: s for s in self._run()}
        by_centre["1234"]._create_invoices().action_post()
        late = self._print(self.site, "D001", 50, 50)
        late.properties = {"centre": "1234"}
        by_centre["4711"].action_cancel()
        again = self._run()
        self.assertEqual((again.cost_centre, again.pages), ("4711", 500))

    def test_i2_a_run_makes_anew_what_one_site_had(self):
        self.contract.invoice_by = "site"

        def run():
            made = self.env["focalist.billing.run"].create(
                {"month": "2026-03-01", "contract_ids": self.contract.ids}
            )
            made.action_start()
            return made

        self._run("2026-02-01")
        first = run()
        self.assertEqual((first.statement_count, first.amount_untaxed), (2, 15))
        statements = first.row_ids.statement_ids
        anomalies = statements._open_anomalies()
        anomalies.sudo().write({"state": "accepted"})
        first.action_invoice()
        self.assertEqual(first.invoice_count, 2)
        nice = self._site(statements, "Nice")
        nice.move_id.unlink()
        self.assertEqual(nice.state, "draft")
        second = run()
        self.assertEqual(second.row_ids.statement_ids, nice)
        second.action_cancel()
        self.assertEqual(nice.state, "cancel")
        third = run()
        again = third.row_ids.statement_ids
        self.assertEqual(again.site_id, self.nice)
        again._open_anomalies().sudo().write({"state": "accepted"})
        third.action_invoice()
        self.assertEqual(again.move_id.amount_untaxed, 5)
        last = run()
        self.assertEqual(last.row_ids.state, "done", last.row_ids.message)

    def test_p1_an_announced_version_leaves_an_estimate_its_prices(self):
        self.contract.pricing_ids.missing = "estimate"
        march = self._estimated()
        march._create_invoices().action_post()
        self.env["focalist.pricing"].create(
            {
                "contract_id": self.contract.id,
                "date_from": "2026-04-01",
                "price_mono": 0.02,
                "missing": "estimate",
            }
        )
        self._read(self.site, "E001", ("2026-04-30 08:00", {"mono": 1341}))
        april = self._site(self._run("2026-04-01"), "Lyon")
        prices = {
            bool(charge.corrects_id): charge.price_unit for charge in april.charge_ids
        }
        self.assertEqual(prices, {True: 0.01, False: 0.02})
