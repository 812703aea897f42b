from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from .common_cutoff import CutoffCommon
from .test_accounting import SitesCommon


def _moment(text):
    return fields.Datetime.to_datetime(text)


@tagged("post_install", "-at_install")
class TestFeesOfSites(SitesCommon):
    """Whose invoice a fee is on, and for how many days: by where devices stood then."""

    def setUp(self):
        super().setUp()
        self.pricing = self.contract.pricing_ids
        self.contract.date_start = self.pricing.date_from = "2026-03-01"

    def _print(self, site, serial, *mono):
        """Nothing is read in March: devices can move in it."""
        return super()._print(site, serial)

    def _fee(self, amount, **values):
        values = {"name": "Rent", "amount": amount} | values
        self.pricing.fee_ids = [Command.create(values)]

    def _month(self, month, charge, today="2027-01-05"):
        first = fields.Date.to_date(f"{month}-01")
        with freeze_time(today):
            made, _problems = self.contract._bill_month(
                first, fields.Date.end_of(first, "month")
            )
        return made.filtered(lambda s: s.charge == charge)

    def _by_site(self, statements):
        return {s.site_id.name: s.amount_untaxed for s in statements if s.charge_ids}

    def _swap(self, moment, came=None):
        """Nice's device goes to another client, and a new one comes, or came."""
        _client, elsewhere = self._make_client("Another")
        new = self._read(elsewhere, "B002", ("2026-03-01 08:00", {"mono": 0}))
        self.nice_1._move(elsewhere, _moment(moment))
        new._move(self.nice, _moment(came or moment))

    def _quarter(self, amount, **values):
        """A quarter's fee in advance, invoiced."""
        self._fee(amount, in_advance=True, **values)
        self.contract.date_start = self.pricing.date_from = "2026-01-01"
        self.contract.fee_period = "quarter"
        advance = self._month("2025-12", "advance", "2026-01-05")
        advance._create_invoices()
        return advance

    # -- whose invoice ----------------------------------------------------------------

    def test_p1_an_invoice_of_a_site_names_no_other_client(self):
        """Its device was moved there before the fees of March were billed."""
        self.contract.invoice_by = "site"
        self._fee(7, per="device")
        _client, elsewhere = self._make_client("Another")
        elsewhere.address_id = elsewhere.partner_id
        self.nice_1._move(elsewhere, _moment("2026-04-02 08:00"))
        fees = self._month("2026-03", "fees")
        self.assertEqual(self._by_site(fees), {"Lyon": 14, "Nice": 7})
        moves = fees._create_invoices()
        self.assertNotIn(elsewhere.partner_id, moves.partner_shipping_id)
        self.assertNotIn(elsewhere.name, str(moves.mapped("narration")))

    def test_p1_a_device_that_moved_since_is_on_the_invoice_of_where_it_stood(self):
        self.contract.invoice_by = "site"
        self._fee(7, per="device")
        self._fee(10, per="site")
        self.nice_1._move(self.site, _moment("2026-04-02 08:00"))
        fees = self._month("2026-03", "fees")
        self.assertEqual(self._by_site(fees), {"Lyon": 24, "Nice": 17})

    def test_p1_a_device_that_left_has_its_rest_credited_to_its_site(self):
        self.contract.invoice_by = "site"
        self._quarter(10, per="device")
        _client, elsewhere = self._make_client("Another")
        self.nice_1._move(elsewhere, _moment("2026-03-15 08:00"))
        # 73 of 90 days.
        settled = self._month("2026-03", "fees")
        self.assertEqual(self._by_site(settled), {"Nice": -5.67})

    def test_p1_what_moved_and_left_is_credited_where_it_was_billed(self):
        self.contract.invoice_by = "site"
        self._quarter(10, per="device")
        self.nice_1._move(self.site, _moment("2026-03-05 08:00"))
        _client, elsewhere = self._make_client("Another")
        self.nice_1._move(elsewhere, _moment("2026-03-15 08:00"))
        settled = self._month("2026-03", "fees")
        self.assertEqual(self._by_site(settled), {"Nice": -5.67})

    def test_p1_who_misses_a_reading_is_named_where_it_stood(self):
        self.contract.invoice_by = "site"
        for site, serial in ((self.site, "A003"), (self.nice, "B003")):
            self._read(
                site,
                serial,
                ("2026-02-28 09:00", {"mono": 0}),
                ("2026-03-31 09:00", {"mono": 10}),
            )
        self.nice_1._move(self.site, _moment("2026-04-02 08:00"))
        pages = self._month("2026-03", "pages")
        nice = pages.filtered(lambda s: s.site_id == self.nice)
        self.assertEqual(nice.missing_device_ids, self.nice_1)
        self.assertEqual((pages - nice).missing_device_ids, self.lyon_1 | self.lyon_2)

    def test_p1_a_moved_fee_of_the_contract_rests_on_all_its_sites(self):
        self.contract.invoice_by = "site"
        self._fee(30)
        advance = self._quarter(10, per="device", name="Care")
        moved = {"name": "Rent", "amount": 33, "in_advance": True}
        self.contract.pricing_ids = [
            Command.create(
                {"date_from": "2026-02-01", "fee_ids": [Command.create(moved)]}
            )
        ]
        late = self._month("2026-03", "fees").filtered(lambda s: not s.site_id)
        # 3 × 31 / 90 days of 30, and 3 × 59 / 90 of 33.
        self.assertEqual(late.amount_untaxed, 31 + 64.9)
        late._create_invoices()
        self.assertEqual(len(advance.move_id), 2)
        for move in advance.move_id:
            with self.assertRaisesRegex(UserError, "rests on the fees"):
                move.button_cancel()

    # -- for how many days ------------------------------------------------------------

    def test_p1_a_site_whose_device_is_swapped_was_never_empty(self):
        self._fee(31, per="site")
        self._swap("2026-03-15 08:00")
        fees = self._month("2026-03", "fees")
        self.assertEqual(
            [(c.quantity, c.price_unit) for c in fees.charge_ids], [(2, 31)]
        )

    def test_p1_a_site_that_was_empty_for_some_days_pays_the_others(self):
        self._fee(31, per="site")
        self.nice_1._move(self._make_client("Another")[1], _moment("2026-03-11 08:00"))
        # Ten days; then eleven from the 21st on, by two devices, one for a while.
        for serial, until in (("B002", False), ("B003", "2026-03-25 08:00:00")):
            new = self._read(self.nice, serial, ("2026-02-28 08:00", {"mono": 0}))
            member = self.contract.member_ids.filtered(
                lambda m, device=new: m.device_id == device
            )
            member.write({"start_at": "2026-03-21 08:00:00", "end_at": until})
        fees = self._month("2026-03", "fees")
        self.assertEqual(
            [
                (c.site_id.name, c.price_unit, str(c.date_start), str(c.date_end))
                for c in fees.charge_ids
            ],
            [
                (False, 31, "2026-03-01", "2026-03-31"),
                ("Nice", 21, "2026-03-01", "2026-03-31"),
            ],
        )

    def test_p1_a_settlement_credits_no_site_whose_device_was_swapped(self):
        self._quarter(30, per="site")
        self._swap("2026-03-15 08:00")
        self.assertFalse(self._month("2026-03", "fees").charge_ids)

    def test_i2_a_fee_of_a_site_goes_to_it_though_its_device_was_swapped(self):
        lyon, nice = self._accounts("Lyon", "Nice")
        self.site.analytic_distribution = {str(lyon.id): 100}
        self.nice.analytic_distribution = {str(nice.id): 100}
        self._fee(31, per="site")
        self._swap("2026-03-15 08:00")
        [charge] = self._month("2026-03", "fees").charge_ids
        self.assertEqual(
            charge._analytic_distribution(), {str(lyon.id): 50, str(nice.id): 50}
        )

    def test_p1_a_simulation_counts_the_days_of_sites_as_they_are_billed(self):
        self._fee(31, per="site")
        self._swap("2026-03-15 08:00", came="2026-03-10 08:00")
        with freeze_time("2026-04-10"):
            simulator = self.pricing._simulator(self.client, self.contract, {})
            [march] = [r for r in simulator.run().rows if r.span.start.month == 3]
        self.assertEqual(march.compared.present, 62)


@tagged("post_install", "-at_install")
class TestSettlements(CutoffCommon):
    """What fees in advance lack once their period is over, or had too much of."""

    def setUp(self):
        super().setUp()
        self.device = self._print("A001")

    def _fee(self, amount, **values):
        values = {"name": "Rent", "in_advance": True, "amount": amount} | values
        return Command.create(values)

    def _month(self, month, charge="fees", today="2027-01-05"):
        with freeze_time(today):
            return self._run(month).filtered(lambda s: s.charge == charge)

    def _billed_ahead(self, period):
        """A first period in advance, invoiced in January."""
        self.contract.fee_period = period
        advance = self._month("2025-12", "advance", "2026-01-05")
        self._invoice(advance, "2026-01-05")
        return advance

    def _asked(self, statements):
        return [
            (c.quantity, c.price_unit, str(c.date_start), str(c.date_end))
            for c in statements.charge_ids
        ]

    # -- invoices for others ----------------------------------------------------------

    def _settled_after(self, was, now):
        """Half of a quarter's fee is to be given back, by other invoices."""
        self.pricing.fee_ids = [self._fee(10, per="device")]
        self.contract.invoice_by = was
        self._billed_ahead("quarter")
        self.contract.invoice_by = now
        self.contract.member_ids.end_at = "2026-02-15 08:00:00"
        return self._month("2026-03")

    def test_p1_what_sites_were_billed_is_settled_by_site(self):
        settled = self._settled_after("site", "client")
        self.assertEqual(settled.mapped("amount_untaxed"), [-15])
        self.assertEqual((settled.invoice_by, settled.site_id), ("site", self.site))

    def test_p1_what_the_client_was_billed_is_settled_for_it(self):
        settled = self._settled_after("client", "site")
        self.assertEqual(settled.mapped("amount_untaxed"), [-15])
        self.assertEqual((settled.invoice_by, settled.site_id.ids), ("client", []))

    # -- a contract that goes on ------------------------------------------------------

    def test_p1_a_contract_that_is_renewed_pays_the_rest_of_its_year(self):
        self.pricing.fee_ids = [self._fee(10)]
        self.contract.write(
            {"date_end": "2026-06-30", "renewal": "tacit", "notice_months": 2}
        )
        advance = self._billed_ahead("year")
        # 181 of 365 days.
        self.assertEqual(advance.amount_untaxed, 59.51)
        self.contract.date_end = "2027-06-30"
        settled = self._month("2026-12")
        self.assertEqual(
            self._asked(settled),
            [
                (12, 10, "2026-01-01", "2026-12-31"),
                (-1, 59.51, "2026-01-01", "2026-06-30"),
            ],
        )
        self.assertEqual(settled.amount_untaxed, 60.49)
        settled._create_invoices()
        self.assertFalse(self._month("2026-12"), "it is settled once")

    def test_p1_a_contract_whose_end_is_taken_back_pays_the_rest_of_its_year(self):
        self.pricing.fee_ids = [self._fee(10)]
        self.contract.date_end = "2026-06-30"
        self._billed_ahead("year")
        self.contract.date_end = False
        self.assertEqual(self._month("2026-12").amount_untaxed, 60.49)

    def test_p1_what_was_never_invoiced_has_the_prices_that_hold_then(self):
        """Other prices were agreed with the renewal."""
        self.pricing.fee_ids = [self._fee(10)]
        self.contract.date_end = "2026-06-30"
        self._billed_ahead("year")
        self.contract.date_end = "2027-06-30"
        self.contract.pricing_ids = [
            Command.create({"date_from": "2026-07-01", "fee_ids": [self._fee(12)]})
        ]
        # 12 months × 184 / 365 days × 12.
        self.assertEqual(self._month("2026-12").amount_untaxed, 72.59)

    def test_p1_a_contract_that_ends_as_it_was_billed_has_nothing_to_settle(self):
        self.pricing.fee_ids = [self._fee(10)]
        self.contract.date_end = "2026-06-30"
        self._billed_ahead("year")
        self.assertFalse(self._month("2026-06"))

    # -- versions of the prices -------------------------------------------------------

    def _second_version(self, *fees, before_invoice=True):
        """A quarter of 30 a month in advance; other prices from February on."""
        self.pricing.fee_ids = [self._fee(30), self._fee(5, per="device", name="Care")]
        version = [Command.create({"date_from": "2026-02-01", "fee_ids": list(fees)})]
        if before_invoice:
            self.contract.pricing_ids = version
        advance = self._billed_ahead("quarter")
        if not before_invoice:
            self.contract.pricing_ids = version
        # Something to settle: a device of which the days are charged.
        self._read(self.site, "A002", ("2026-01-10 08:00", {"mono": 0}))
        member = self.contract.member_ids.filtered(
            lambda m: m.device_id.serial_number == "A002"
        )
        member.start_at = "2026-01-16 08:00:00"
        return advance

    def test_p1_a_fee_that_was_dropped_is_not_settled_for_the_days_after(self):
        advance = self._second_version()
        # 3 × 31 / 90 days of 30, and of 5.
        self.assertEqual(advance.amount_untaxed, 31 + 5.17)
        settled = self._month("2026-03")
        # 3 × 16 / 90 days of 5.
        self.assertEqual(self._asked(settled), [(1, 2.67, "2026-01-16", "2026-01-31")])

    def test_p1_a_fee_that_is_in_arrears_since_is_billed_once(self):
        self._second_version(self._fee(30, in_advance=False))
        fees = self._month("2026-03")
        # 3 × 59 / 90 days of 30, and of the device that joined.
        self.assertEqual(fees.amount_untaxed, 59 + 2.67)

    def test_p1_a_fee_that_was_billed_ahead_is_not_in_arrears_for_the_same_days(self):
        """What is new is; the rent of February and March was invoiced in January."""
        moved = [
            self._fee(amount, in_advance=False, **values)
            for amount, values in (
                (33, {}),
                (4, {"name": "Visits"}),
                (1, {"per": "device"}),
            )
        ]
        self._second_version(*moved, before_invoice=False)
        charges = self._month("2026-03").charge_ids
        self.assertEqual(
            {(c.fee_id.name, c.fee_id.per): round(c.amount, 2) for c in charges},
            {
                # 3 × 59 / 90 days of 4, and of 1 for two devices.
                ("Visits", "contract"): 7.87,
                ("Rent", "device"): 3.94,
                # 3 × 75 / 90 days of 5, of the device that joined.
                ("Care", "device"): 12.5,
            },
        )

    def test_p1_a_fee_that_nobody_had_when_it_was_invoiced_is_billed_once(self):
        """Care is in advance for the days of the quarter, whatever came since."""
        self.contract.member_ids.end_at = "2026-01-01 00:00:00"
        self.pricing.fee_ids = [self._fee(30), self._fee(5, per="device", name="Care")]
        self._billed_ahead("quarter")
        care = self._fee(4, per="device", name="Care", in_advance=False)
        fees = [self._fee(30), care]
        self.contract.pricing_ids = [
            Command.create({"date_from": "2026-02-01", "fee_ids": fees})
        ]
        self._read(self.site, "A002", ("2026-02-10 08:00", {"mono": 0}))
        member = self.contract.member_ids.filtered(
            lambda m: m.device_id.serial_number == "A002"
        )
        member.start_at = "2026-02-10 08:00:00"
        # 3 × 50 / 90 days of 5.
        self.assertEqual(self._month("2026-03").amount_untaxed, 8.33)

    def test_p1_a_fee_in_arrears_stays_so_beside_one_in_advance(self):
        """Rent is in arrears from February on, as was known when it was invoiced."""
        self.pricing.fee_ids = [self._fee(30)]
        rent = self._fee(30, in_advance=False)
        care = self._fee(5, name="Care")
        self.contract.pricing_ids = [
            Command.create({"date_from": "2026-02-01", "fee_ids": [rent, care]})
        ]
        self._billed_ahead("quarter")
        rent = self._fee(33, in_advance=False)
        self.contract.pricing_ids = [
            Command.create({"date_from": "2026-03-01", "fee_ids": [rent, care]})
        ]
        # 3 × 28 / 90 days of 30, and 3 × 31 / 90 of 33.
        self.assertEqual(self._month("2026-03").amount_untaxed, 28 + 34.1)

    def _rent_that_moved(self, *dates):
        """Rent is in arrears beside care; then, since that was invoiced, in advance."""
        care = self._fee(5, name="Care")
        self.pricing.fee_ids = [self._fee(30, in_advance=False), care]
        advance = self._billed_ahead("quarter")
        for date_from, in_advance in dates:
            fees = [
                self._fee(33, in_advance=in_advance),
                care,
                self._fee(9, name="App"),
            ]
            self.contract.pricing_ids = [
                Command.create({"date_from": date_from, "fee_ids": fees})
            ]
        return advance

    def test_p1_a_fee_that_moves_to_advance_is_in_arrears_until_the_period_ends(self):
        """Nothing of what is new in advance: that begins with the next quarter."""
        self._rent_that_moved(("2026-02-01", True))
        # 3 × 31 / 90 days of 30, and 3 × 59 / 90 of 33.
        self.assertEqual(
            self._asked(self._month("2026-03")),
            [
                (1, 31, "2026-01-01", "2026-01-31"),
                (1, 64.9, "2026-02-01", "2026-03-31"),
            ],
        )
        following = self.contract.statement_ids.filtered(
            lambda s: s.charge == "advance" and s.service_start.month == 4
        )
        self.assertEqual(following.amount_untaxed, 3 * (33 + 5 + 9))

    def test_p1_a_fee_that_moves_there_and_back_is_billed_once(self):
        self._rent_that_moved(("2026-02-01", True), ("2026-03-01", False))
        # 3 × 31 / 90 days of 30, 3 × 28 / 90 of 33, and 3 × 31 / 90 of it.
        self.assertEqual(self._month("2026-03").amount_untaxed, 31 + 30.8 + 34.1)

    def test_p1_a_fee_of_sites_that_moves_for_a_whole_period_is_in_arrears(self):
        """No fee is in arrears by the prices of the period, and nothing is settled."""
        self.contract.invoice_by = "site"
        self.pricing.date_from = "2025-12-01"
        self._rent_that_moved(("2026-01-01", True))
        self.assertEqual(self._month("2026-03").amount_untaxed, 3 * 33)

    def test_p1_a_corrected_invoice_leaves_arrears_as_they_were(self):
        advance = self._rent_that_moved(("2026-02-01", True))
        late = self._month("2026-03")
        advance.move_id.filtered(lambda m: m.state == "draft").action_post()
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=advance.move_id.ids)
            .create({"journal_id": advance.move_id.journal_id.id})
        )
        wizard.reverse_moves(is_modify=True)
        self.assertEqual(advance.move_id, wizard.new_move_ids)
        self.assertEqual(advance.charge_ids.move_line_id.move_id, advance.move_id)
        self.assertEqual(advance.amount_untaxed, 15)
        self.assertEqual(late.amount_untaxed, 31 + 64.9)

    def test_p1_fees_in_advance_without_their_invoice_have_later_prices(self):
        advance = self._rent_that_moved(("2026-02-01", True))
        late = self._month("2026-03")
        advance.move_id.button_cancel()
        # 3 × 31 / 90 days of 5 (5.17), and 3 × 59 / 90 of 33, 5 and 9 (92.43).
        self.assertEqual(advance.amount_untaxed, 97.6)
        self.assertEqual(late.amount_untaxed, 31)

    def test_p1_what_a_moved_fee_rests_on_is_cancelled_after_it(self):
        advance = self._rent_that_moved(("2026-02-01", True))
        late = self._month("2026-03")._create_invoices()
        with self.assertRaisesRegex(UserError, "cancel or credit its invoice first"):
            advance.move_id.button_cancel()
        late.button_cancel()
        advance.move_id.button_cancel()

    def test_p1_prices_that_came_after_the_invoice_settle_nothing_of_it(self):
        advance = self._second_version(before_invoice=False)
        self.assertEqual(advance.amount_untaxed, 105)
        # 3 × 75 / 90 days of 5.
        self.assertEqual(self._month("2026-03").amount_untaxed, 12.5)

    # -- a cut-off --------------------------------------------------------------------

    def test_i2_a_cutoff_counts_what_fees_in_advance_had_too_much_of(self):
        """The one device left in a quarter that is over; nothing else is billed."""
        self.pricing.fee_ids = [self._fee(10, per="device")]
        self._billed_ahead("quarter")
        self.contract.member_ids.end_at = "2026-02-15 08:00:00"
        with freeze_time("2026-05-02"):
            [cutoff, later] = [self._cut("2026-03-31"), self._cut("2026-04-30")]
        # 45 of 90 days of 30. April is ahead: nobody is there.
        self.assertEqual(self._entries(cutoff), {"418100": -15, "706000": 15})
        self.assertEqual(self._entries(later), {"418100": -15, "706000": 15})
        settled = self._month("2026-03")
        self.assertEqual(settled.amount_untaxed, -15)
        with freeze_time("2026-06-02"):
            self.assertEqual(self._cut("2026-05-31").amount_accrued, -15)

    def test_i2_a_cutoff_counts_what_a_renewed_contract_lacks(self):
        self.pricing.fee_ids = [self._fee(10)]
        self.contract.date_end = "2026-01-31"
        self._billed_ahead("quarter")
        self.contract.date_end = False
        with freeze_time("2026-05-02"):
            # 30 less 3 × 31 / 90 days of 10; nothing is known before it is over.
            self.assertEqual(self._cut("2026-02-28").amount_accrued, 0)
            self.assertEqual(self._cut("2026-03-31").amount_accrued, 19.67)
