from odoo import Command, fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, freeze_time, new_test_user, tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestFees(BillingCommon):
    """Fixed fees: for whom, when, to whom, and by days of those who come and go."""

    def setUp(self):
        super().setUp()
        self.pricing = self.contract.pricing_ids
        self.leasing = self.env["res.partner"].create({"name": "Leasing company"})
        self.device = self._print("A001", 1000)

    def _print(self, serial, mono, site=None):
        return self._read(
            site or self.site,
            serial,
            ("2026-02-28 08:00", {"mono": 0}),
            ("2026-03-31 08:00", {"mono": mono}),
        )

    def _fee(self, amount=30, **values):
        self.pricing.fee_ids = [
            Command.create({"name": "Service", "amount": amount, **values})
        ]

    def _month(self, month="2026-03-01", contracts=None):
        """The statements that a run of a month makes."""
        run = self.env["focalist.billing.run"].create({"month": month})
        known = self.env["focalist.statement"].search([])
        run.contract_ids = contracts or self.contract
        run.action_start()
        return self.env["focalist.statement"].search([]) - known

    def _asked(self, statements):
        return [
            (c.quantity, c.price_unit, c.amount)
            for c in statements.filtered(lambda s: s.charge != "pages").charge_ids
        ]

    def test_new_prices_keep_the_fees_names_in_every_language(self):
        """Whoever changes prices reads one; the clients read others."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.contract.partner_id.lang = "fr_FR"
        self._fee(in_advance=True)
        fee = self.pricing.fee_ids
        fee.with_context(lang="fr_FR").name = "Maintenance"
        accountant = new_test_user(
            self.env,
            "fee accountant",
            groups="focalist_base.group_focalist_accountant",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        for lang, day in ("en_US", "2026-05-01"), ("fr_FR", "2026-06-01"):
            new = self.env["focalist.pricing"].with_user(accountant)
            new = new.with_context(
                lang=lang,
                default_contract_id=self.contract.id,
                default_date_from=day,
            )
            with Form(new) as form, form.fee_ids.edit(0) as line:
                line.amount += 1
        fees = self.contract.pricing_ids.fee_ids.sorted("amount")
        self.assertEqual(fees.mapped("amount"), [30, 31, 32])
        self.assertEqual(fees.mapped("name"), ["Service"] * 3)
        self.assertEqual(
            fees.with_context(lang="fr_FR").mapped("name"), ["Maintenance"] * 3
        )
        self.assertEqual(len({fee._what() for fee in fees}), 1)

    def test_new_prices_tell_fees_of_one_name_apart(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        names = ["Maintenance", "Assistance"]
        self._fee(10)
        self._fee(20)
        for fee, name in zip(self.pricing.fee_ids, names, strict=True):
            fee.with_context(lang="fr_FR").name = name
        new = self.env["focalist.pricing"].with_context(
            default_contract_id=self.contract.id, default_date_from="2026-05-01"
        )
        version = Form(new).save()
        french = version.fee_ids.with_context(lang="fr_FR")
        self.assertEqual(french.sorted("amount").mapped("name"), names)

    def test_fee_of_the_contract_on_the_invoice_of_pages(self):
        self._fee()
        self.pricing.date_from = "2026-01-01"
        statements = self._month()
        fees = statements.filtered(lambda s: s.charge == "fees")
        # January, February and March: fees that were never billed are not forgotten.
        self.assertEqual(len(fees), 3)
        self.assertEqual(sum(fees.mapped("amount_untaxed")), 90)
        march = statements.filtered(lambda s: s.date_start.month == 3)
        move = march._create_invoices()
        self.assertEqual(len(move), 1)
        self.assertEqual(move.amount_untaxed, 40)
        self.assertIn(
            "Service, from 03/01/2026 to 03/31/2026",
            str(move.invoice_line_ids.mapped("name")),
        )

    def test_fee_for_each_device_and_site(self):
        annex = self.env["focalist.site"].create(
            {"name": "Annex", "partner_id": self.client.id, "tz": "Europe/Paris"}
        )
        self._print("A002", 10)
        self._print("A003", 10, site=annex)
        self.pricing.date_from = self.contract.date_start = "2026-03-01"
        self.pricing.fee_ids = [
            Command.create({"name": "Device", "amount": 10, "per": "device"}),
            Command.create({"name": "Site", "amount": 5, "per": "site"}),
        ]
        self.assertEqual(self._asked(self._month()), [(3, 10, 30), (2, 5, 10)])

    def test_fee_of_a_site_that_its_device_has_left_since(self):
        """For another client: March's fee is that of the site of March, and asked."""
        self._fee(per="site")
        _client, elsewhere = self._make_client("Another")
        for site, moment in (
            (elsewhere, "2026-04-02 08:00"),
            (self.site, "2026-04-03 08:00"),
        ):
            self.device._move(site, fields.Datetime.to_datetime(moment))
            march = self._month().filtered(lambda s: s.date_start.month == 3)
            self.assertEqual(self._asked(march), [(1, 30, 30)])
            self.contract.statement_ids.unlink()
        self.device._move(elsewhere, fields.Datetime.to_datetime("2026-04-04 08:00"))
        self.device._present_placements().end_at = "2026-04-05 08:00:00"
        march = self._month().filtered(lambda s: s.date_start.month == 3)
        self.assertEqual(self._asked(march), [(1, 30, 30)])

    def test_fee_of_a_site_where_its_device_was_placed_later(self):
        """It was in the contract before; the devices are placed in December."""
        self.contract.date_start = "2025-11-01"
        self.pricing.date_from = "2025-11-01"
        self.contract.member_ids.start_at = "2025-10-31 23:00:00"
        self._fee(per="site")
        november = self._bill("2025-11-15")
        self.assertEqual(self._asked(november), [(1, 30, 30)])

    def test_fee_by_the_days_of_a_device_that_joins(self):
        self.contract.date_start = self.pricing.date_from = "2026-03-01"
        other = self._print("A002", 10)
        member = self.contract.member_ids.filtered(lambda m: m.device_id == other)
        member.start_at = "2026-03-16 23:30:00"  # the 17th in Paris: 15 of 31 days
        self._fee(31, per="device")
        self.assertEqual(self._asked(self._month()), [(1, 31, 31), (1, 15, 15)])
        [part] = self.contract.statement_ids.charge_ids.filtered("device_id")
        self.assertIn("A002", part._title())

    def test_fee_by_the_days_of_a_contract_that_begins(self):
        contract = self._make_contract(self._make_client("Late")[0], active=False)
        contract.date_start = "2026-03-22"
        self.assertEqual(str(contract.pricing_ids.date_from), "2026-03-22")
        contract.pricing_ids.fee_ids = [
            Command.create({"name": "Service", "amount": 31})
        ]
        contract.action_activate()
        self.assertEqual(self._asked(self._month(contracts=contract)), [(1, 10, 10)])

    def test_fee_of_a_quarter(self):
        self.contract.fee_period = "quarter"
        self._fee()
        self.assertFalse(self._asked(self._month("2026-02-01")))
        statements = self._month("2026-03-01")
        self.assertEqual(self._asked(statements), [(3, 30, 90)])

    def test_fee_that_changes_within_its_period(self):
        self.contract.fee_period = "quarter"
        self._fee()
        self.contract.pricing_ids = [
            Command.create(
                {
                    "date_from": "2026-03-01",
                    "fee_ids": [Command.create({"name": "Service", "amount": 36})],
                }
            )
        ]
        [fees] = self._month().filtered(lambda s: s.charge == "fees")
        self.assertEqual(
            [(str(c.date_start), str(c.date_end)) for c in fees.charge_ids],
            [("2026-01-01", "2026-02-28"), ("2026-03-01", "2026-03-31")],
        )
        # 59 of the quarter's 90 days, and 31: 3 × 59 / 90 × 30 and 3 × 31 / 90 × 36
        self.assertEqual(fees.charge_ids.mapped("amount"), [59, 37.2])

    def test_fee_in_advance(self):
        self._fee(in_advance=True)
        self.pricing.date_from = self.contract.date_start = "2026-03-01"
        with freeze_time("2026-04-01"):
            statements = self._month("2026-03-01")
        ahead = statements.filtered(lambda s: s.charge == "advance")
        self.assertEqual(
            [str(s.date_start) for s in ahead.sorted("date_start")],
            ["2026-03-01", "2026-04-01"],
        )
        # Charged once, by whatever run.
        with freeze_time("2026-04-02"):
            self.assertFalse(
                self._month("2026-04-01").filtered(lambda s: s.charge == "advance")
            )

    def test_fee_in_advance_lets_prices_of_pages_change(self):
        self._fee(in_advance=True)
        with freeze_time("2026-04-01"):
            self._month("2026-03-01")._create_invoices()
            self.contract.pricing_ids = [
                Command.create({"date_from": "2026-04-01", "price_mono": 0.5})
            ]
        self.assertEqual(len(self.contract.pricing_ids), 2)

    def test_fee_to_a_leasing_company(self):
        self._fee()
        self.contract.fee_payer_id = self.leasing
        self.pricing.date_from = self.contract.date_start = "2026-03-01"
        moves = self._month()._create_invoices()
        self.assertEqual(
            {move.partner_id: move.amount_untaxed for move in moves},
            {self.client: 10, self.leasing: 30},
        )

    def test_fee_stays_once_it_is_invoiced(self):
        self._fee()
        self._month()._create_invoices()
        with self.assertRaisesRegex(UserError, "invoiced with these prices"):
            self.pricing.fee_ids.amount = 1
        with self.assertRaisesRegex(ValidationError, "has statements"):
            self.contract.fee_period = "year"

    def test_fee_of_a_later_version_stays_once_it_is_invoiced(self):
        self.contract.fee_period = "quarter"
        self._fee()
        fee = {"name": "Service", "amount": 36}
        self.contract.pricing_ids = [
            Command.create(
                {"date_from": "2026-03-01", "fee_ids": [Command.create(fee)]}
            )
        ]
        fees = self._month().filtered(lambda s: s.charge == "fees")
        fees._create_invoices()
        later = self.contract.pricing_ids[0]
        self.assertNotEqual(fees.pricing_id, later)
        with self.assertRaisesRegex(UserError, "invoiced with these prices"):
            later.fee_ids.amount = 1

    def test_fee_that_is_deleted_leaves_the_drafts(self):
        self._fee()
        statements = self._month()
        self.pricing.fee_ids.unlink()
        fees = statements.filtered(lambda s: s.charge == "fees")
        self.assertEqual(set(fees.mapped("state")), {"empty"})

    def test_fee_misses_no_reading(self):
        self._read(self.site, "A009")
        self._fee()
        fees = self._month().filtered(lambda s: s.charge == "fees")
        self.assertTrue(fees)
        self.assertFalse(fees.missing_device_ids)

    def test_fee_of_a_cancelled_statement_is_billed_anew(self):
        self._fee()
        self._month().action_cancel()
        self.assertEqual(
            sum(self._month().mapped("amount_untaxed")), 100, "three months and pages"
        )

    def test_periods_from_the_contract_s_start(self):
        contract = self._make_contract(self._make_client("Anchored")[0], active=False)
        contract.date_start = "2026-01-31"
        contract.anchor = "contract"
        contract.action_activate()
        for day, expected in {
            "2026-01-31": ("2026-01-31", "2026-02-27"),
            "2026-02-28": ("2026-02-28", "2026-03-30"),
            "2026-03-30": ("2026-02-28", "2026-03-30"),
            "2026-03-31": ("2026-03-31", "2026-04-29"),
        }.items():
            with self.subTest(day):
                found = contract._period_of(self._date(day))
                self.assertEqual(tuple(map(str, found)), expected)
        contract.fee_period = "year"
        found = contract._period_of(self._date("2027-01-30"), "fees")
        self.assertEqual(tuple(map(str, found)), ("2026-01-31", "2027-01-30"))

    def _date(self, day):
        return self.contract._fields["date_start"].to_date(day)


@tagged("post_install", "-at_install")
class TestFeesInAdvance(BillingCommon):
    """Fees in advance, once it is known who was there in their period."""

    def setUp(self):
        super().setUp()
        self.pricing = self.contract.pricing_ids
        self.contract.date_start = self.pricing.date_from = "2026-01-01"
        self.device = self._join("A001")

    def _join(self, serial, since=None, site=None):
        device = self._read(
            site or self.site, serial, ("2025-12-31 08:00", {"mono": 0})
        )
        if since:
            member = self.contract.member_ids.filtered(lambda m: m.device_id == device)
            member.start_at = since
        return device

    def _fee(self, amount, **values):
        values = {"name": "Rent", "in_advance": True, "amount": amount} | values
        self.pricing.fee_ids = [Command.create(values)]

    def _month(self, month, today="2027-01-05"):
        """The statements of fees that a run of a month makes."""
        with freeze_time(today):
            return self._run_month(month)

    def _run_month(self, month):
        run = self.env["focalist.billing.run"].create(
            {"month": month, "contract_ids": self.contract.ids}
        )
        known = self.contract.statement_ids
        run.action_start()
        made = self.contract.statement_ids - known
        return made.filtered(lambda s: s.charge in ("fees", "advance"))

    def _bill_year(self):
        self.contract.fee_period = "year"
        [advance] = self._month("2025-12-01", "2026-01-05")
        advance._create_invoices()
        return advance

    def _of_settlement(self, statements):
        return [
            (c.quantity, c.price_unit, str(c.date_start), str(c.date_end))
            for c in statements.charge_ids.filtered("corrects_id")
        ]

    def test_p1_a_device_that_joins_pays_its_days_once_the_period_is_over(self):
        self._fee(31, per="device")
        march = self._month("2026-02-01", "2026-03-01").filtered(
            lambda s: s.date_start.month == 3
        )
        march._create_invoices()
        self.assertEqual(march.amount_untaxed, 31)
        self._join("A002", since="2026-03-16 23:30:00")  # the 17th in Paris
        statements = self._month("2026-03-01")
        settled = statements.filtered(lambda s: s.charge == "fees")
        self.assertEqual(settled.amount_untaxed, 15)
        self.assertIn("Correction: Rent", settled.charge_ids._title())
        self.assertEqual(
            self._of_settlement(settled), [(1, 15, "2026-03-17", "2026-03-31")]
        )
        april = statements - settled
        self.assertEqual(april.amount_untaxed, 62)
        settled._create_invoices()
        self.assertFalse(self._month("2026-03-01"), "it is settled once")

    def test_p1_a_contract_that_ends_has_the_rest_of_the_year_credited(self):
        self._fee(10)
        advance = self._bill_year()
        self.assertEqual(advance.amount_untaxed, 120)
        self.contract.date_end = "2026-03-31"
        [settled] = self._month("2026-03-01")
        self.assertEqual(
            self._of_settlement(settled),
            [
                # 90 of 365 days.
                (1, 29.59, "2026-01-01", "2026-03-31"),
                (-12, 10, "2026-01-01", "2026-12-31"),
            ],
        )
        move = settled._create_invoices()
        self.assertEqual((move.move_type, move.amount_untaxed), ("out_refund", 90.41))
        move.invoice_date = "2026-04-02"
        move.action_post()
        self.env.flush_all()
        revenue = self.env["focalist.revenue"].search([("move_id", "=", move.id)])
        self.assertEqual(set(revenue.mapped("kind")), {"fee"})
        self.assertAlmostEqual(sum(revenue.mapped("amount")), -90.41)

    def test_p1_a_device_that_leaves_has_its_rest_credited(self):
        self._fee(10, per="device")
        other = self._join("A002")
        advance = self._bill_year()
        self.assertEqual(advance.amount_untaxed, 240)
        member = self.contract.member_ids.filtered(lambda m: m.device_id == other)
        member.end_at = "2026-07-01 10:00:00"  # 181 of 365 days
        [settled] = self._month("2026-12-01").filtered(lambda s: s.charge == "fees")
        self.assertAlmostEqual(settled.amount_untaxed, round(120 * 181 / 365, 2) - 120)

    def test_p1_nobody_who_came_or_went_is_nothing_to_settle(self):
        self._fee(10, per="device")
        self._bill_year()
        made = self._month("2026-12-01")
        self.assertFalse(made.filtered(lambda s: s.charge == "fees"))

    def test_p1_fees_in_arrears_have_it_on_their_statement(self):
        self._fee(10, per="device")
        self._fee(2, name="Care", in_advance=False)
        self._bill_year()
        self._join("A002", since="2026-07-01 10:00:00")
        [fees] = self._month("2026-12-01").filtered(lambda s: s.charge == "fees")
        self.assertAlmostEqual(fees.amount_untaxed, 24 + round(120 * 184 / 365, 2))
        self.assertEqual(len(fees.charge_ids.filtered("corrects_id")), 1)

    def test_p1_settled_fees_stay_with_their_site(self):
        annex = self.env["focalist.site"].create(
            {"name": "Annex", "partner_id": self.client.id, "tz": "Europe/Paris"}
        )
        self._join("A002", site=annex)
        self.contract.invoice_by = "site"
        self._fee(10, per="device")
        self.contract.fee_period = "year"
        advance = self._month("2025-12-01", "2026-01-05")
        advance._create_invoices()
        self.assertEqual(advance.mapped("amount_untaxed"), [120, 120])
        self._join("A003", since="2026-07-01 10:00:00", site=annex)
        settled = self._month("2026-12-01").filtered(lambda s: s.charge == "fees")
        asked = {s.site_id: s.amount_untaxed for s in settled if s.amount_untaxed}
        self.assertEqual(asked, {annex: round(120 * 184 / 365, 2)})

    def test_p1_settled_fees_of_a_site_that_is_new(self):
        self.contract.invoice_by = "site"
        self._fee(10, per="device")
        self.contract.fee_period = "year"
        self._month("2025-12-01", "2026-01-05")._create_invoices()
        annex = self.env["focalist.site"].create(
            {"name": "Annex", "partner_id": self.client.id, "tz": "Europe/Paris"}
        )
        self._join("A002", since="2026-07-01 10:00:00", site=annex)
        settled = self._month("2026-12-01").filtered(lambda s: s.charge == "fees")
        asked = {s.site_id: s.amount_untaxed for s in settled if s.amount_untaxed}
        self.assertEqual(asked, {annex: round(120 * 184 / 365, 2)})

    def _settled_year(self):
        """A year's fee in advance, invoiced, and the draft that settles its half."""
        self._fee(10, per="device")
        advance = self._bill_year()
        self.contract.member_ids.end_at = "2026-07-01 10:00:00"
        [settled] = self._month("2026-12-01").filtered(lambda s: s.charge == "fees")
        self.assertAlmostEqual(settled.amount_untaxed, round(120 * 181 / 365, 2) - 120)
        return advance, settled

    def _credit(self, statement):
        move = statement.move_id
        if move.state == "draft":
            move.action_post()
        credit = move._reverse_moves([{"invoice_date": move.invoice_date}])
        credit.action_post()
        return credit

    def test_p1_a_settlement_follows_the_credit_of_its_invoice(self):
        advance, settled = self._settled_year()
        credit = self._credit(advance)
        self.assertFalse(settled.charge_ids)
        credit.button_draft()
        self.assertEqual(settled.charge_ids.corrects_id, advance)

    def test_p1_a_settlement_follows_its_invoice_that_is_no_more(self):
        advance, settled = self._settled_year()
        advance.move_id.button_cancel()
        self.assertFalse(settled.charge_ids)
        advance.move_id.button_draft()
        self.assertEqual(settled.charge_ids.corrects_id, advance)
        advance.move_id.unlink()
        self.assertFalse(settled.charge_ids)
        advance._create_invoices()
        self.assertEqual(settled.charge_ids.corrects_id, advance)

    def test_p1_what_an_invoiced_settlement_settles_stays_invoiced(self):
        advance, settled = self._settled_year()
        settled._create_invoices()
        for lose in (advance.move_id.button_cancel, advance.move_id.unlink):
            with self.assertRaisesRegex(UserError, settled.name):
                lose()
        with self.assertRaisesRegex(UserError, settled.name):
            self._credit(advance)
        settled.move_id.button_cancel()
        self._credit(advance)
        self.assertFalse(settled.charge_ids)

    def test_p1_drafts_of_fees_follow_who_comes_and_goes(self):
        self._fee(31, per="device")
        march = self._month("2026-02-01", "2026-03-01").filtered(
            lambda s: s.date_start.month == 3
        )
        self._join("A002", since="2026-03-16 23:30:00")  # the 17th in Paris
        self.assertEqual(march.amount_untaxed, 46)
        member = self.contract.member_ids.filtered(
            lambda m: m.device_id.serial_number == "A002"
        )
        member.end_at = "2026-03-22 10:00:00"
        self.assertEqual(march.amount_untaxed, 36)
        member.unlink()
        self.assertEqual(march.amount_untaxed, 31)
