from datetime import datetime

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import BillingCommon

MONTHS = ("01-31", "02-28", "03-31", "04-30", "05-31", "06-30")


class AnomalyCase(BillingCommon):
    """One device of 1,000 mono pages a month, billed from February on."""

    @classmethod
    def _print(cls, serial, *pages, site=None, meter="mono", **options):
        """Readings at the end of each month from January on, with so many pages."""
        value, readings = 1000, []
        for end, number in zip(MONTHS, (0, *pages), strict=False):
            value += number
            readings.append((f"2026-{end} 08:00", {meter: value}))
        return cls._read(site or cls.site, serial, *readings, **options)

    @classmethod
    def _months(cls, *months, contract=None):
        """The statements of these months, from 2 for February on; the last one."""
        for month in months:
            statement = cls._bill(f"2026-{month:02}-15", contract=contract)
        return statement

    def _found(self, statement, kind):
        return statement.anomaly_ids.filtered(lambda anomaly: anomaly.kind == kind)

    def _accept(self, anomalies, reason="Agreed by phone"):
        action = anomalies.action_accept()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        wizard.reason = reason
        return wizard.action_accept()


@tagged("post_install", "-at_install")
class TestAnomalyKinds(AnomalyCase):
    """What is told, kind by kind, and what is not."""

    def test_p0_nothing_usual_is_told(self):
        self._print("A001", 1000, 1100, 900, 2900)
        statement = self._months(2, 3, 4, 5)
        self.assertEqual(statement.pages, 2900)
        self.assertFalse(statement.anomaly_ids)
        self.assertEqual(statement.anomaly_count, 0)

    def test_p0_volume_far_above_its_history(self):
        device = self._print("A001", 1000, 1100, 900, 3600)
        anomaly = self._months(2, 3, 4, 5).anomaly_ids
        self.assertEqual(anomaly.kind, "volume")
        self.assertEqual(anomaly.severity, "blocking")
        self.assertEqual((anomaly.device_id, anomaly.meter), (device, "mono"))
        self.assertEqual(anomaly.figures["pages"], 3600)
        # 31 days of the median of 1000/28, 1100/31 and 900/30.
        self.assertEqual(anomaly.figures["expected"], 1100)
        self.assertIn("3,600 pages in 31 days, where 1,100", anomaly.message)
        self.assertIn("3 statements before", anomaly.message)

    def test_p0_volume_far_below_its_history(self):
        self._print("A001", 3000, 3000, 3000, 900)
        anomaly = self._months(2, 3, 4, 5).anomaly_ids
        self.assertEqual(anomaly.kind, "volume")
        self.assertEqual(anomaly.figures["pages"], 900)

    def test_p0_one_odd_month_does_not_move_what_is_expected(self):
        self._print("A001", 1000, 9000, 1000, 1000)
        self.assertFalse(self._months(2, 3, 4, 5).anomaly_ids)

    def test_p0_a_small_difference_is_no_anomaly(self):
        self._print("A001", 10, 10, 10, 500)
        self.assertFalse(self._months(2, 3, 4, 5).anomaly_ids)

    def test_p0_volume_by_the_companys_settings(self):
        self.company.focalist_anomaly_factor = 8
        self._print("A001", 100, 110, 90, 700)
        statement = self._months(2, 3, 4, 5)
        self.assertFalse(statement.anomaly_ids)
        self.company.write(
            {"focalist_anomaly_factor": 1.5, "focalist_anomaly_floor": 100}
        )
        statement._detect_anomalies()
        self.assertEqual(statement.anomaly_ids.kind, "volume")

    def test_p0_volume_by_months_where_statements_are_too_few(self):
        self._print("A001", 1000, 1100, 900, 5000)
        self.contract.date_start = "2026-05-01"
        anomaly = self._months(5).anomaly_ids
        self.assertEqual(anomaly.kind, "volume")
        self.assertEqual(anomaly.figures["by"], "month")
        self.assertIn("months before", anomaly.message)

    def test_p0_nothing_printed_though_it_did_before(self):
        device = self._print("A001", 40, 30, 50, 0)
        anomaly = self._months(2, 3, 4, 5).anomaly_ids
        self.assertEqual((anomaly.kind, anomaly.device_id), ("idle", device))
        self.assertEqual(anomaly.severity, "warning")
        self.assertIn("Not a page in 31 days", anomaly.message)

    def test_p0_nothing_printed_as_before(self):
        self._print("A001", 40, 0, 50, 0)
        self.assertFalse(self._months(2, 3, 4, 5).anomaly_ids)

    def test_p3_a_device_without_a_price(self):
        device = self._print("A001", 1000)
        other = self._print("B001", 700, model="MP 301")
        self.contract.pricing_ids.write(
            {
                "model": "device",
                "price_mono": 0,
                "price_color": 0,
                "override_ids": [
                    Command.create({"model_id": device.model_id.id, "price_mono": 0.01})
                ],
            }
        )
        anomaly = self._months(2).anomaly_ids
        self.assertEqual((anomaly.kind, anomaly.device_id), ("no_price", other))
        self.assertIn("700 pages of a device that has no price: Mono", anomaly.message)

    def test_p1_no_price_for_anything_is_one_question(self):
        self._print("A001", 1000)
        self._print("A002", 1000)
        self.contract.pricing_ids.write({"price_mono": 0})
        anomaly = self._months(2).anomaly_ids
        self.assertEqual(anomaly.kind, "no_price")
        self.assertFalse(anomaly.device_id)
        self.assertEqual(anomaly.figures["pages"], 2000)

    def test_p1_a_price_of_zero(self):
        self._read(
            self.site,
            "A001",
            ("2026-01-31 08:00", {"mono": 0, "color": 0}),
            ("2026-02-28 08:00", {"mono": 10, "color": 20}),
        )
        self.contract.pricing_ids.price_color = 0
        anomaly = self._months(2).anomaly_ids
        self.assertEqual((anomaly.kind, anomaly.meter), ("zero_price", "color"))
        self.assertIn("Colour: 20 pages at a price of zero", anomaly.message)

    def test_p4_a_tier_of_zero(self):
        self._print("A001", 1000)
        self.contract.pricing_ids.write(
            {
                "tier_ids": [
                    Command.create({"kind": kind, "page_from": 1, "price": price})
                    for kind, price in (("mono", 0), ("color", 0.1))
                ],
                "model": "tiered",
            }
        )
        anomaly = self._months(2).anomaly_ids
        self.assertEqual((anomaly.kind, anomaly.meter), ("zero_price", "mono"))
        self.assertIn("in a tier", anomaly.message)

    def test_p5_a_supply_that_costs_nothing(self):
        for day, cartridge in (("01-31", "OLD1"), ("02-10", "NEW1")):
            self._read_toner(
                self.site, "A001", f"2026-{day} 08:00", cartridge, mono=1000
            )
        self.contract.pricing_ids.model = "supply"
        anomaly = self._found(self._months(2), "zero_price")
        self.assertIn("Black Toner", anomaly.message)

    def test_a_fee_of_nothing(self):
        self._print("A001", 1000)
        self.contract.pricing_ids.fee_ids = [
            Command.create({"name": "Service", "amount": 0})
        ]
        self._months(2)
        fees = self.contract.statement_ids.filtered(lambda s: s.charge == "fees")
        self.assertEqual(
            fees[:1].anomaly_ids.mapped("message"), ["The fee Service is zero."]
        )

    def test_currency_of_the_contract_changed_since(self):
        self._print("A001", 1000)
        statement = self._months(2)
        other = self.env.ref("base.GBP")
        self.assertNotEqual(statement.currency_id, other)
        # On screen it cannot be changed any more; an import by SQL can.
        self.contract._write({"currency_id": other.id})
        self.contract.invalidate_recordset()
        statement._detect_anomalies()
        self.assertIn(
            f"The statement is in {statement.currency_id.name}, its contract in GBP",
            self._found(statement, "currency").message,
        )

    def test_currency_of_client_account_pricelist_and_without_a_rate(self):
        self._print("A001", 1000)
        other = self.env.ref("base.GBP")
        other.active = True
        other.rate_ids.unlink()
        self.contract.currency_id = other
        account = self.company_data["default_account_receivable"].copy(
            {"currency_id": self.env.ref("base.CHF").id}
        )
        self.client.property_account_receivable_id = account
        self.client.specific_property_product_pricelist = self.env[
            "product.pricelist"
        ].create({"name": "Dollars", "currency_id": self.env.ref("base.CAD").id})
        found = self._found(self._months(2), "currency")
        self.assertEqual(
            {anomaly.figures["case"] for anomaly in found},
            {"client", "account", "pricelist", "rate"},
        )
        self.env["res.currency.rate"].create(
            {"currency_id": other.id, "rate": 0.8, "company_id": self.company.id}
        )
        self.client.focalist_currency_id = other
        account.currency_id = other
        self.client.specific_property_product_pricelist = False
        found.statement_id._detect_anomalies()
        self.assertFalse(self._found(self.contract.statement_ids, "currency"))

    def _move(self, device, site, moment):
        device.placement_ids.filtered(lambda p: not p.end_at).end_at = moment
        if site:
            self.env["focalist.device.placement"].create(
                {"device_id": device.id, "site_id": site.id, "start_at": moment}
            )

    def test_moved_inside_the_period(self):
        lyon = self.env["focalist.site"].create(
            {"name": "Lyon", "partner_id": self.client.id, "tz": "Europe/Paris"}
        )
        device = self._print("A001", 1000)
        self._move(device, lyon, "2026-03-10 08:00:00")
        self._read(lyon, "A001", ("2026-03-31 08:00", {"mono": 2500}))
        self.assertFalse(self._months(2).anomaly_ids)
        anomaly = self._months(3).anomaly_ids
        self.assertEqual((anomaly.kind, anomaly.device_id), ("moved", device))
        self.assertIn("to Client, Lyon on 03/10/2026", anomaly.message)
        self._read(lyon, "A001", ("2026-04-30 08:00", {"mono": 3500}))
        self.assertFalse(self._months(4).anomaly_ids)

    def test_moved_away_from_the_client(self):
        device = self._print("A001", 1000)
        self._move(device, None, "2026-02-28 22:59:00")
        anomaly = self._months(2).anomaly_ids
        self.assertEqual(anomaly.kind, "moved")
        self.assertIn("Left Client, Client's site on 02/28/2026", anomaly.message)

    def test_moved_in_the_next_month_by_the_sites_clock(self):
        device = self._print("A001", 1000)
        self._move(device, None, "2026-02-28 23:00:00")
        self.assertFalse(self._months(2).anomaly_ids)

    def test_a_counter_that_was_reset(self):
        device = self._read(
            self.site,
            "A001",
            ("2026-01-31 08:00", {"mono": 1000}),
            ("2026-02-10 08:00", {"mono": 1500}),
            ("2026-02-11 08:00", {"mono": 3}),
            ("2026-02-28 08:00", {"mono": 400}),
        )
        reading = device.reading_ids.filtered(
            lambda r: r.read_at == datetime(2026, 2, 11, 8)
        )
        reading._declare("reset", "A new board")
        statement = self._months(2)
        self.assertEqual(statement.pages, 500 + 397)
        anomaly = statement.anomaly_ids
        self.assertEqual((anomaly.kind, anomaly.device_id), ("reset", device))
        self.assertIn("on 02/11/2026 (Reset)", anomaly.message)
        self.assertIn("between 1,500 and 3 ", anomaly.message)
        self._read(self.site, "A001", ("2026-03-31 08:00", {"mono": 900}))
        self.assertFalse(self._months(3).anomaly_ids)

    def test_p2_an_allowance_of_ten_times_the_use(self):
        self.contract.pricing_ids.write(
            {"has_allowance": True, "included_mono": 100_000}
        )
        self._print("A001", 1000)
        anomaly = self._months(2).anomaly_ids
        self.assertEqual((anomaly.kind, anomaly.meter), ("allowance", "mono"))
        self.assertIn(
            "100,000 pages are included, and 1,000 were printed", anomaly.message
        )

    def test_p2_a_pool_larger_than_ever_printed(self):
        pricing = self.contract.pricing_ids
        pricing.has_allowance = True
        pricing.pool_ids = [Command.create({"name": "All", "included_mono": 2000})]
        self._print("A001", 1000, 1100, 900, 1000)
        self._print("A002", 1000, 1100, 900, 1000)
        # Below what was printed once: a quiet month is no anomaly.
        self.assertFalse(self._months(2, 3, 4, 5).anomaly_ids)
        pricing.pool_ids.included_mono = 3000
        may = self.contract.statement_ids.filtered(lambda s: s.date_start.month == 5)
        anomaly = may.anomaly_ids
        self.assertEqual(anomaly.kind, "allowance")
        self.assertEqual(anomaly.figures["included"], 3000)
        self.assertIn("never had more than 2,2", anomaly.message)

    def test_meters_to_check_and_not_missing_besides(self):
        device = self._read(
            self.site,
            "A001",
            ("2026-01-31 08:00", {"mono": 1000, "color": 10}),
            ("2026-02-10 08:00", {"mono": 20, "color": 20}),
        )
        anomaly = self._months(2).anomaly_ids
        self.assertEqual((anomaly.kind, anomaly.device_id), ("to_check", device))
        self.assertIn("since 02/10/2026", anomaly.message)
        self.assertIn(": Mono.", anomaly.message)
        action = anomaly.action_open_readings()
        waiting = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(waiting.read_at, datetime(2026, 2, 10, 8))

    def test_a_total_to_check_that_bills_nothing(self):
        self._read(
            self.site,
            "A001",
            ("2026-01-31 08:00", {"total": 1010, "mono": 1000, "color": 10}),
            ("2026-02-28 08:00", {"total": 900, "mono": 1100, "color": 20}),
        )
        statement = self._months(2)
        self.assertFalse(statement.anomaly_ids)
        self.assertFalse(statement.to_check_note)
        self.assertFalse(statement.to_check_reading_ids)

    def test_what_was_checked_is_no_anomaly_any_more(self):
        device = self._read(
            self.site,
            "A001",
            ("2026-01-31 08:00", {"mono": 1000, "color": 10}),
            ("2026-02-10 08:00", {"mono": 20, "color": 20}),
            ("2026-02-28 08:00", {"mono": 1100, "color": 20}),
        )
        statement = self._months(2)
        self.assertEqual(statement.anomaly_ids.kind, "to_check")
        device.reading_ids.filtered(lambda r: r.state == "quarantined")._void("Wrong")
        statement.action_check_anomalies()
        self.assertFalse(statement.anomaly_ids)

    def test_missing_readings(self):
        self._print("A001", 1000)
        silent = self._read(self.site, "A002", ("2026-01-15 08:00", {"mono": 5}))
        anomaly = self._months(2).anomaly_ids
        self.assertEqual((anomaly.kind, anomaly.device_id), ("missing", silent))
        self.assertIn("Mono", anomaly.message)


@tagged("post_install", "-at_install")
class TestAnomalyCorrections(AnomalyCase):
    """What corrects earlier periods is no page of this one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract.pricing_ids.missing = "estimate"

    def _invoice(self, *months):
        for month in months:
            self._months(month)._create_invoices().action_post()

    def test_i2_corrections_make_no_usual_volume_odd(self):
        self._print("A001", 1000)
        self._invoice(2, 3, 4)
        self._read(
            self.site,
            "A001",
            ("2026-03-31 08:00", {"mono": 3100}),
            ("2026-04-30 08:00", {"mono": 4100}),
            ("2026-05-31 08:00", {"mono": 5000}),
        )
        statement = self._months(5)
        self.assertEqual(len(statement.line_ids.filtered("settles_id")), 2)
        self.assertFalse(statement.anomaly_ids)

    def test_i2_a_correction_hides_no_odd_volume(self):
        self._print("A001", 1000, 1000)
        self._invoice(2, 3, 4)
        self._read(
            self.site,
            "A001",
            ("2026-04-30 08:00", {"mono": 4000}),
            ("2026-05-31 08:00", {"mono": 7800}),
        )
        statement = self._months(5)
        self.assertTrue(statement.line_ids.filtered("settles_id"))
        anomaly = statement.anomaly_ids
        self.assertEqual(anomaly.kind, "volume")
        self.assertEqual(
            (anomaly.figures["pages"], anomaly.figures["days"]), (3800, 31)
        )

    def test_i2_a_history_is_of_what_its_own_periods_printed(self):
        """More is taken back in April than it printed: it did print."""
        self._print("A001", 3000)
        self._invoice(2, 3)
        self._read(
            self.site,
            "A001",
            ("2026-03-31 08:00", {"mono": 5000}),
            ("2026-04-30 08:00", {"mono": 6000}),
            ("2026-05-31 08:00", {"mono": 6000}),
        )
        self._invoice(4)
        self.assertEqual(self._months(5).anomaly_ids.kind, "idle")

    def test_p2_an_allowance_against_the_pages_of_its_own_period(self):
        """1,000 pages of April are taken back in May, which printed 1,000."""
        pricing = self.contract.pricing_ids
        pricing.write({"has_allowance": True, "included_mono": 800})
        self.contract.date_start = "2026-04-01"
        self._print("A001", 1000, 1000)
        self._invoice(4)
        self._read(
            self.site,
            "A001",
            ("2026-04-30 08:00", {"mono": 3010}),
            ("2026-05-31 08:00", {"mono": 4010}),
        )
        statement = self._months(5)
        self.assertTrue(statement.line_ids.filtered("settles_id"))
        self.assertFalse(self._found(statement, "allowance"))

    def test_p2_an_allowance_counts_once_for_a_meter_of_two_lines(self):
        """800 pages are included, of 500 before a reset and 397 after it."""
        self.contract.pricing_ids.write({"has_allowance": True, "included_mono": 800})
        device = self._read(
            self.site,
            "A001",
            *((f"2026-0{m}-28 08:00", {"mono": 900 * m}) for m in range(1, 5)),
            ("2026-05-10 08:00", {"mono": 4100}),
            ("2026-05-11 08:00", {"mono": 3}),
            ("2026-05-28 08:00", {"mono": 400}),
        )
        device.reading_ids.filtered(
            lambda r: r.read_at == datetime(2026, 5, 11, 8)
        )._declare("reset", "A new board")
        statement = self._months(2, 3, 4, 5)
        self.assertEqual(len(statement.line_ids), 2)
        self.assertFalse(self._found(statement, "allowance"))


@tagged("post_install", "-at_install")
class TestAnomalySites(AnomalyCase):
    """Where each site has an invoice of its own, a period is that of all of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract.invoice_by = "site"
        cls.sites = cls.env["focalist.site"].create(
            [
                {"name": name, "partner_id": cls.client.id, "tz": "Europe/Paris"}
                for name in ("Lyon", "Nice", "Pau")
            ]
        )

    def _print_everywhere(self, *last):
        """1,000 pages a month at each site, and so many in May at each."""
        for site, pages in zip(self.sites, last, strict=True):
            self._print(f"{site.name}-001", 1000, 1000, 1000, pages, site=site)

    def test_i2_a_volume_against_the_periods_before_and_not_the_statements(self):
        self._print_everywhere(1000, 1000, 3600)
        statements = self._months(2, 3, 4, 5)
        self.assertEqual(len(statements), 3)
        anomaly = statements.anomaly_ids
        self.assertEqual(anomaly.site_id, self.sites[2])
        self.assertEqual(
            (anomaly.figures["by"], anomaly.figures["count"]), ("statement", 3)
        )

    def test_i2_a_device_that_went_to_another_site_has_its_months(self):
        lyon, _nice, pau = self.sites
        device = self._print("PAU-001", 1000, 1000, site=pau)
        self._months(2, 3)
        device._move(lyon, datetime(2026, 4, 10, 8))
        self._read(
            lyon,
            "PAU-001",
            ("2026-04-30 08:00", {"mono": 4000}),
            ("2026-05-31 08:00", {"mono": 7800}),
        )
        anomaly = self._found(self._months(4, 5), "volume")
        self.assertEqual(anomaly.statement_id.site_id, lyon)
        self.assertEqual(
            (anomaly.figures["by"], anomaly.figures["count"]), ("month", 3)
        )

    def test_p2_pages_that_sites_share_against_those_of_all_sites(self):
        pricing = self.contract.pricing_ids
        pricing.has_allowance = True
        pricing.pool_ids = [Command.create({"name": "All", "included_mono": 2900})]
        self._print_everywhere(1000, 1000, 1000)
        self._read(
            self.sites[0],
            "Lyon-001",
            ("2026-04-30 09:00", {"mono": 4000, "color": 0}),
            ("2026-05-31 09:00", {"mono": 5000, "color": 5}),
        )
        self.assertFalse(self._months(2, 3, 4, 5).anomaly_ids)
        pricing.pool_ids.included_mono = 4000
        may = self.contract.statement_ids.filtered(lambda s: s.date_start.month == 5)
        # Each of their invoices has a part of it.
        self.assertEqual(may.mapped("anomaly_ids.kind"), ["allowance"] * 3)
        for anomaly in may.anomaly_ids:
            self.assertEqual(anomaly.figures["included"], 4000)
            self.assertEqual(anomaly.figures["usual"], 3100)
            self.assertEqual(anomaly.figures["count"], 3)
        # What is invoiced counts, and is told of no more.
        invoiced = may.filtered(lambda statement: statement.state == "draft")
        invoiced._create_invoices()
        may.anomaly_ids.sudo().unlink()
        may._detect_anomalies()
        self.assertEqual(
            [anomaly.figures["included"] for anomaly in may.anomaly_ids], [4000] * 2
        )
        self.assertEqual(may.anomaly_ids.statement_id, may - invoiced)


@tagged("post_install", "-at_install")
class TestAnomalyAcceptance(AnomalyCase):
    """Who accepts what, and what becomes of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.device = cls._print("A001", 1000, 1100, 900, 4000, 1000)
        cls.statement = cls._months(2, 3, 4, 5)
        cls.anomaly = cls.statement.anomaly_ids

    def test_acceptance_is_kept_with_who_and_why(self):
        self.assertEqual(self.statement.anomaly_count, 1)
        self._accept(self.anomaly)
        self.assertEqual(self.statement.anomaly_count, 0)
        self.assertEqual(self.anomaly.state, "accepted")
        self.assertEqual(self.anomaly.accepted_by_id, self.env.user)
        self.assertTrue(self.anomaly.accepted_at)
        told = str(self.statement.message_ids.mapped("body"))
        self.assertIn("Agreed by phone", told)
        self.assertIn("4,000 pages", told)

    def test_a_blocking_one_wants_a_reason(self):
        with self.assertRaisesRegex(UserError, "Say why"):
            self._accept(self.anomaly, "  ")

    def test_a_warning_wants_none(self):
        self._read(self.site, "A002", ("2026-05-15 08:00", {"mono": 5}))
        self.statement._detect_anomalies()
        self._accept(self._found(self.statement, "missing"), "")
        self.assertEqual(self.statement.anomaly_count, 1)

    def test_acceptance_survives_repricing(self):
        self._accept(self.anomaly)
        self.contract.pricing_ids.price_mono = 0.02
        self.assertEqual(self.statement.amount_untaxed, 80)
        self.assertEqual(self.statement.anomaly_ids, self.anomaly)
        self.assertEqual(self.anomaly.state, "accepted")
        self.assertEqual(self.statement.anomaly_count, 0)

    def test_other_figures_are_another_question(self):
        self._accept(self.anomaly)
        self.env["focalist.statement.line"].flush_model()
        self.env.cr.execute(
            "UPDATE focalist_statement_line SET value_to = value_to + 1000,"
            " pages = pages + 1000 WHERE statement_id = %s",
            [self.statement.id],
        )
        self.env.invalidate_all()
        self.statement._detect_anomalies()
        self.assertEqual(self.statement.anomaly_ids.figures["pages"], 5000)
        self.assertEqual(self.statement.anomaly_count, 1)

    def test_a_price_that_was_accepted_is_not_asked_about_each_month(self):
        self._read(
            self.site,
            "S001",
            ("2026-05-01 08:00", {"mono": 0, "scan": 0}),
            ("2026-05-31 08:00", {"mono": 10, "scan": 50}),
            ("2026-06-30 08:00", {"mono": 20, "scan": 90}),
        )
        self.statement.action_cancel()
        self.contract.pricing_ids.price_scan = 0
        may = self._months(5)
        self._accept(self._found(may, "zero_price"), "Scans are free")
        statement = self._months(6)
        june = self._found(statement, "zero_price")
        self.assertEqual((june.state, june.reason), ("accepted", "Scans are free"))
        self.assertEqual(june.figures["pages"], 40)
        # Other prices are another agreement.
        self.env["focalist.pricing"].create(
            {
                "contract_id": self.contract.id,
                "date_from": "2026-06-01",
                "price_mono": 0.05,
            }
        )
        self.assertEqual(self._found(statement, "zero_price").state, "open")

    def test_invoice_asks_first_and_then_goes_on(self):
        action = self.statement.action_create_invoice()
        self.assertEqual(action["res_model"], "focalist.anomaly.accept")
        self.assertFalse(self.statement.move_id)
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(wizard.anomaly_ids, self.anomaly)
        wizard.reason = "A mailing"
        action = wizard.action_accept()
        self.assertEqual(action["res_id"], self.statement.move_id.id)
        self.assertEqual(self.anomaly.reason, "A mailing")

    def test_invoice_looks_again_before(self):
        self._accept(self.anomaly)
        self._read(self.site, "A002", ("2026-05-15 08:00", {"mono": 5}))
        action = self.statement.action_create_invoice()
        self.assertEqual(action["res_model"], "focalist.anomaly.accept")
        self.assertFalse(self.statement.move_id)

    def test_invoices_of_many_ask_and_those_without_go_on(self):
        statements = self.contract.statement_ids
        action = statements.action_create_invoice()
        self.assertFalse(statements.move_id)
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(wizard.usual_count, 3)
        wizard.action_invoice_usual()
        self.assertTrue((statements - self.statement).move_id)
        self.assertFalse(self.statement.move_id)

    def test_what_is_invoiced_is_looked_at_no_more(self):
        self._accept(self.anomaly)
        self.statement.action_create_invoice()
        self.company.focalist_anomaly_factor = 100
        self.statement._detect_anomalies()
        self.assertEqual(self.statement.anomaly_ids, self.anomaly)

    def test_all_are_accepted_at_once(self):
        other, site = self._make_client("Other")
        contract = self._make_contract(other)
        self._print("B001", 1000, 1000, 1000, 5000, site=site)
        statements = self.statement + self._months(2, 3, 4, 5, contract=contract)
        action = statements.action_accept_anomalies()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        wizard.reason = "The elections"
        wizard.action_accept()
        self.assertEqual(statements.anomaly_ids.mapped("state"), ["accepted"] * 2)
        with self.assertRaisesRegex(UserError, "Nothing unusual"):
            statements.action_accept_anomalies()

    def test_actions_lead_where_it_is_settled(self):
        readings = self.anomaly.action_open_readings()
        self.assertEqual(readings["domain"], [("device_id", "=", self.device.id)])
        self.assertEqual(
            self.anomaly.action_open_device()["res_model"], "focalist.device"
        )
        prices = self.anomaly.action_set_price()
        self.assertEqual(prices["res_id"], self.contract.pricing_ids.id)
        self.statement.sudo().pricing_id = False
        self.assertEqual(
            self.anomaly.action_set_price()["res_model"], "focalist.pricing"
        )

    def _user(self, group):
        return new_test_user(
            self.env,
            login=group,
            groups=f"focalist_base.group_focalist_{group}",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )

    def test_rights_accountants_accept_and_sales_read(self):
        mine = self.anomaly.with_user(self._user("sales"))
        self.assertIn("4,000", mine.message)
        self.assertEqual(mine.statement_id.anomaly_count, 1)
        for refused in (
            mine.action_accept,
            mine.statement_id.action_accept_anomalies,
            mine.statement_id.action_check_anomalies,
            lambda: mine.write({"state": "accepted"}),
        ):
            with self.assertRaises(AccessError):
                refused()
        theirs = self.anomaly.with_user(self._user("accountant"))
        with self.assertRaises(AccessError):
            theirs.write({"state": "accepted"})
        action = theirs.action_accept()
        wizard = theirs.env[action["res_model"]].browse(action["res_id"])
        wizard.reason = "Agreed"
        wizard.action_accept()
        self.assertEqual(self.anomaly.accepted_by_id.login, "accountant")
        with self.assertRaises(AccessError):
            self.anomaly.with_user(self._user("technician")).read(["kind"])

    def test_rights_another_dealer_sees_none(self):
        other = self.env["res.company"].create({"name": "Other dealer"})
        user = self._user("accountant")
        user.write({"company_id": other.id, "company_ids": [Command.set(other.ids)]})
        self.assertFalse(self.anomaly.with_user(user).search([]))

    def test_looking_takes_as_many_queries_for_fifty_as_for_one(self):
        contracts = self.contract
        for number in range(49):
            client, site = self._make_client(f"Client {number}")
            contracts += self._make_contract(client)
            self._print(f"C{number:03}", 1000, 1000, 1000, 5000, site=site)
        for month in (2, 3, 4, 5):
            contracts._bill(datetime(2026, month, 15).date())
        may = contracts.statement_ids.filtered(lambda s: s.date_start.month == 5)
        self.assertEqual(len(may), 50)
        self.assertEqual(len(may.anomaly_ids), 50)

        def queries(statements):
            statements.anomaly_ids.sudo().unlink()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            statements._detect_anomalies()
            self.env.flush_all()
            self.assertEqual(len(statements.anomaly_ids), len(statements))
            return self.env.cr.sql_log_count - before

        one, fifty = queries(may[:1]), queries(may)
        self.assertLessEqual(fifty, one + 1)
        self.assertLess(one, 50)
