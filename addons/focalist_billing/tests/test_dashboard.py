from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, freeze_time, new_test_user, tagged

from .common import BillingCommon
from .test_anomalies import AnomalyCase


class DashboardCase(AnomalyCase):
    def _user(self, group, company=None):
        company = company or self.company
        return new_test_user(
            self.env,
            login=group,
            groups=f"focalist_base.group_focalist_{group}",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    def _invoice(self, statements, day):
        moves = statements._create_invoices()
        moves.write({"invoice_date": day, "invoice_date_due": day})
        moves.action_post()
        return moves


@tagged("post_install", "-at_install")
@freeze_time("2026-04-20")
class TestDashboard(DashboardCase):
    """The tiles against what was made by hand, and the lists behind them."""

    def _tiles(self, user=None):
        statements = self.env["focalist.statement"].with_user(user or self.env.user)
        statements = statements.with_context(allowed_company_ids=self.company.ids)
        self.env.flush_all()
        found = {t["name"]: t for t in statements.billing_dashboard()["tiles"]}
        for tile in found.values():
            action = tile["action"]
            listed = self.env[action["res_model"]].search(action["domain"])
            self.assertEqual(len(listed), tile["count"], tile["name"])
        return found

    def _told(self, tile):
        return tile["count"], [round(each["amount"], 2) for each in tile["amounts"]]

    def test_nothing_at_first(self):
        tiles = self._tiles()
        self.assertEqual(
            {name: self._told(tile) for name, tile in tiles.items()},
            dict.fromkeys(tiles, (0, [])),
        )

    def test_contracts_that_are_due(self):
        self._print("A001", 1000, 2000)
        self.assertEqual(self._tiles()["due"]["count"], 1)
        self._months(2)
        # March is over, and has no statement yet.
        self.assertEqual(self._tiles()["due"]["count"], 1)
        self._months(3)
        self.assertEqual(self._tiles()["due"]["count"], 0)
        self.contract.pricing_ids.fee_ids = [
            Command.create({"name": "Service", "amount": 5, "in_advance": True})
        ]
        self.assertEqual(self._tiles()["due"]["count"], 1)

    def test_a_contract_whose_devices_have_left_is_due_once(self):
        self._print("A001", 1000, 2000)
        self._months(2)
        for moment, due in (
            ("2026-02-28 22:59:00", 0),
            ("2026-02-28 23:00:00", 0),  # as March begins by the clock of the site
            ("2026-03-10 08:00:00", 1),
        ):
            self.contract.member_ids.end_at = moment
            self.assertEqual(self._tiles()["due"]["count"], due, moment)
        self._read(self.site, "A001", ("2026-03-09 08:00", {"mono": 2500}))
        self._months(3)
        self.assertEqual(self._tiles()["due"]["count"], 0)

    def test_a_contract_that_ended_is_due_once(self):
        self._print("A001", 1000, 2000)
        self.contract.date_end = "2026-02-28"
        self.assertEqual(self._tiles()["due"]["count"], 1)
        self._months(2)
        self.assertEqual(self._tiles()["due"]["count"], 0)

    def test_what_is_to_invoice_waits_or_is_unusual(self):
        self._print("A001", 1000, 2000)
        self._months(2, 3)
        tiles = self._tiles()
        self.assertEqual(self._told(tiles["drafts"]), (2, [30]))
        self.assertEqual(self._told(tiles["waiting"]), (0, []))
        self._read(self.site, "A002", ("2026-03-01 08:00", {"mono": 1}))
        self.contract.pricing_ids.price_mono = 0.02
        tiles = self._tiles()
        self.assertEqual(self._told(tiles["drafts"]), (2, [60]))
        self.assertEqual(self._told(tiles["waiting"]), (2, [60]))
        self.assertEqual(self._told(tiles["anomalies"]), (2, [60]))

    def test_what_is_billed_due_and_paid(self):
        self._print("A001", 1000, 2000)
        february = self._invoice(self._months(2), "2026-03-02")
        march = self._months(3)._create_invoices()
        tiles = self._tiles()
        self.assertEqual(self._told(tiles["draft_invoices"]), (1, [20]))
        self.assertEqual(self._told(tiles["billed"]), (0, []))
        march.write({"invoice_date": "2026-04-02", "invoice_date_due": "2026-04-02"})
        march.action_post()
        tiles = self._tiles()
        self.assertEqual(self._told(tiles["billed"]), (1, [20]))
        self.assertEqual(self._told(tiles["unpaid"]), (2, [march.amount_total * 1.5]))
        overdue = self._told(tiles["overdue"])
        self.assertEqual(overdue, (2, [march.amount_total * 1.5]))
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=february.ids
        ).create({"payment_date": "2026-04-10"}).action_create_payments()
        tiles = self._tiles()
        self.assertEqual(self._told(tiles["paid"]), (1, [february.amount_total]))
        self.assertEqual(self._told(tiles["unpaid"]), (1, [march.amount_total]))

    def test_a_credit_note_is_taken_off(self):
        self._print("A001", 1000, 2000)
        march = self._months(2, 3)
        move = self._invoice(march, "2026-04-02")
        move._reverse_moves([{"invoice_date": fields.Date.to_date("2026-04-03")}])
        move.reversal_move_ids.action_post()
        tiles = self._tiles()
        self.assertEqual(self._told(tiles["billed"]), (2, []))
        self.assertEqual(self._told(tiles["drafts"]), (2, [30]))

    def test_currencies_stay_apart(self):
        self._print("A001", 1000, 2000)
        client, site = self._make_client(
            "Dollars", focalist_currency_id=self.env.ref("base.GBP").id
        )
        contract = self._make_contract(client)
        self._print("B001", 500, 700, site=site)
        self._months(3)
        self._months(3, contract=contract)
        count, amounts = self._told(self._tiles()["drafts"])
        self.assertEqual((count, sorted(amounts)), (2, [7, 20]))

    def test_rights_accountants_only_and_of_their_company(self):
        self._print("A001", 1000, 2000)
        self._months(2, 3)
        tiles = self._tiles(self._user("accountant"))
        self.assertEqual(self._told(tiles["drafts"]), (2, [30]))
        for group in ("sales", "technician"):
            statements = self.env["focalist.statement"].with_user(self._user(group))
            with self.assertRaises(AccessError):
                statements.billing_dashboard()
        other = self.env["res.company"].create({"name": "Other dealer"})
        user = self._user("manager", other)
        found = self.env["focalist.statement"].with_user(user).billing_dashboard()
        self.assertFalse(any(tile["count"] for tile in found["tiles"]))
        self.assertFalse(found["revenue"])


@tagged("post_install", "-at_install")
@freeze_time("2026-04-20")
class TestRevenue(DashboardCase):
    """Every cent of the invoices, by client, site and device."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.env["focalist.site"].create(
            {"name": "Lyon", "partner_id": cls.client.id, "tz": "Europe/Paris"}
        )
        cls.one = cls._print("A001", 1000, 333)
        cls.two = cls._print("A002", 500, 200, site=cls.second)

    def _revenue(self, *by, domain=()):
        self.env.flush_all()
        rows = self.env["focalist.revenue"]._read_group(domain, by, ["amount:sum"])
        return {key[0] if len(by) == 1 else tuple(key): total for *key, total in rows}

    def test_by_client_site_device_and_month(self):
        self._invoice(self._months(2), "2026-03-02")
        self.assertEqual(self._revenue("device_id"), {self.one: 10, self.two: 5})
        self._invoice(self._months(3), "2026-04-02")
        february, march = (fields.Date.to_date(f"2026-{m}-01") for m in ("02", "03"))
        self.assertEqual(
            self._revenue("site_id", "month:month"),
            {
                (self.site, february): 10,
                (self.site, march): 3.33,
                (self.second, february): 5,
                (self.second, march): 2,
            },
        )
        self.assertEqual(self._revenue("partner_id"), {self.client: 20.33})

    def test_all_rows_are_the_invoice(self):
        """Fees are of no device, and a charge is rounded once: a row of its own."""
        self.contract.pricing_ids.write(
            {
                "price_mono": 0.003333,
                "fee_ids": [
                    Command.create({"name": "Service", "amount": 7.5}),
                    Command.create({"name": "Site", "amount": 2, "per": "site"}),
                ],
            }
        )
        statements = self.contract._bill(fields.Date.to_date("2026-02-10"))[0]
        moves = self._invoice(statements, "2026-03-02")
        by_kind = self._revenue("kind")
        self.assertAlmostEqual(by_kind["pages"], 4.9995, 6)
        self.assertAlmostEqual(by_kind["other"], 0.0005, 6)
        fees = statements.filtered(lambda s: s.charge == "fees")
        self.assertAlmostEqual(by_kind["fee"], sum(fees.mapped("amount_untaxed")))
        self.assertAlmostEqual(
            sum(by_kind.values()), sum(moves.mapped("amount_untaxed"))
        )

    def test_what_was_credited_or_is_a_draft_is_none(self):
        february = self._months(2)
        february._create_invoices()
        self.assertFalse(self._revenue("partner_id"))
        february.move_id.invoice_date = "2026-03-02"
        february.move_id.action_post()
        self.assertEqual(self._revenue("partner_id"), {self.client: 15})
        move = february.move_id
        move._reverse_moves([{"invoice_date": fields.Date.to_date("2026-03-03")}])
        move.reversal_move_ids.action_post()
        self.assertFalse(self._revenue("partner_id"))

    def test_what_was_changed_or_credited_by_hand(self):
        february = self._months(2)
        move = february._create_invoices()
        move.invoice_date = "2026-03-02"
        move.invoice_line_ids[0].price_unit += 0.001
        move.action_post()
        # 1,500 pages of a tenth of a cent.
        self.assertEqual(self._revenue("kind"), {"pages": 15, "by_hand": 1.5})
        credit = move._reverse_moves([{"invoice_date": move.invoice_date}])
        credit.invoice_line_ids[0].quantity = 1000
        self.assertEqual(self._revenue("kind"), {"pages": 15, "by_hand": 1.5})
        credit.action_post()
        self.assertEqual(self._revenue("partner_id"), {self.client: 5.5})
        self.assertEqual(self._revenue("kind"), {"pages": 15, "by_hand": -9.5})
        self.assertEqual(february.move_id, move, "its pages stay billed")

    def test_the_dashboard_has_the_largest_of_a_year(self):
        self._invoice(self._months(2), "2026-03-02")
        self.env.flush_all()
        statements = self.env["focalist.statement"].with_context(
            allowed_company_ids=self.company.ids
        )
        [revenue] = statements.billing_dashboard()["revenue"]
        self.assertEqual(revenue["total"], 15)
        clients, sites, devices = revenue["tables"]
        self.assertEqual([row["amount"] for row in clients["rows"]], [15])
        self.assertEqual(
            [row["id"] for row in sites["rows"]], [self.site.id, self.second.id]
        )
        self.assertEqual([row["amount"] for row in devices["rows"]], [10, 5])

    def test_rights_of_another_dealer_and_of_sales(self):
        self._invoice(self._months(2), "2026-03-02")
        self.env.flush_all()
        revenue = self.env["focalist.revenue"]
        self.assertTrue(revenue.with_user(self._user("accountant")).search([]))
        with self.assertRaises(AccessError):
            revenue.with_user(self._user("sales")).search([])
        other = self.env["res.company"].create({"name": "Other dealer"})
        self.assertFalse(revenue.with_user(self._user("manager", other)).search([]))


@tagged("post_install", "-at_install")
class TestDashboardTour(BillingCommon, HttpCase):
    def test_tour_accountant_clicks_through_the_dashboard(self):
        today = fields.Date.today()
        first = fields.Date.start_of(today, "month")
        months = [fields.Date.subtract(first, months=n, days=1) for n in (3, 2, 1, 0)]
        self.contract.date_start = fields.Date.add(months[0], days=1)
        self.contract.pricing_ids.date_from = self.contract.date_start
        self._read(
            self.site,
            "A001",
            *(
                (f"{day} 08:00", {"mono": 1000 * number})
                for number, day in enumerate(months, 1)
            ),
        )
        self._bill(months[1])._create_invoices().action_post()
        self._read(self.site, "A002", (f"{months[2]} 08:00", {"mono": 1}))
        self._bill(months[2])
        new_test_user(
            self.env,
            login="accountant",
            groups="focalist_base.group_focalist_accountant",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.start_tour("/odoo", "focalist_billing_dashboard", login="accountant")
        statement = self.contract.statement_ids.filtered(
            lambda s: s.date_end == months[2]
        )
        self.assertEqual(statement.anomaly_ids.mapped("state"), ["accepted"])
        self.assertEqual(statement.anomaly_ids.reason, "It came on the last day")
        self.assertTrue(statement.move_id)
