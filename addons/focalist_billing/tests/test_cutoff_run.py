from random import Random
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from odoo.addons.focalist_base.tests.common import PROPERTY

from .common_cutoff import CutoffCommon

TIERS = [
    Command.create({"kind": kind, "page_from": page, "price": price})
    for kind, page, price in (
        ("mono", 1, 0.1),
        ("mono", 101, 0.05),
        ("color", 1, 1),
    )
]


@tagged("post_install", "-at_install")
class TestCutoffBeforeTheRun(CutoffCommon):
    """A cut-off counts what the billing run will ask for, no more and no less."""

    def _site(self, name="Two"):
        return self.env["focalist.site"].create(
            {"name": name, "partner_id": self.client.id, "tz": "Europe/Paris"}
        )

    def _void(self, device, day):
        device.reading_ids.filtered(lambda r: str(r.read_at)[:10] == day)._void("x")

    def _asked(self, statements, day):
        """What statements ask for of the time until a day: a month's, whole."""
        day = fields.Date.to_date(day)
        return round(
            sum(s.amount_untaxed for s in statements if s.service_start <= day), 2
        )

    # -- corrections ------------------------------------------------------------------

    def test_i2_corrections_that_are_known_are_in_it(self):
        """March was estimated at 310 pages; 31 in truth: -2.79, and 0.30 of April."""
        self.pricing.missing = "estimate"
        self._read(
            self.site,
            "A001",
            ("2026-01-31 08:00", {"mono": 1000}),
            ("2026-02-28 08:00", {"mono": 1280}),
        )
        self._invoice(self._run("2026-03"), "2026-03-31")
        self._read(self.site, "A001", ("2026-04-30 08:00", {"mono": 1341}))
        cutoff = self._cut("2026-04-30")
        self.assertEqual(self._entries(cutoff), {"418100": -2.49, "706000": 2.49})
        [correction] = cutoff.line_ids.filtered(lambda line: line.amount < 0)
        self.assertIn("Correction of an estimate", correction.label)
        self.assertEqual(str(correction.date_end), "2026-03-31")
        self.assertEqual(self._run("2026-04").amount_untaxed, -2.49)

    def test_i2_a_billed_reading_that_was_voided(self):
        device = self._print("A001", 1000, 500)
        self._invoice(self._run("2026-01"), "2026-01-31")
        self._read(self.site, "A001", ("2026-01-30 08:00", {"mono": 400}))
        self._void(device, "2026-01-31")
        cutoff = self._cut("2026-02-28")
        self.assertEqual(sorted(cutoff.line_ids.mapped("amount")), [-6, 11])
        self.assertEqual(self._run("2026-02").amount_untaxed, 5)

    def test_i2_it_leaves_nothing_behind(self):
        self._print("A001", 1000, 500)
        self.pricing.missing = "estimate"
        [january] = self._run("2026-01")
        self._cut("2026-02-28")
        self.assertEqual(self.contract.statement_ids, january)
        self.assertFalse(january.line_ids.settled_by_ids)
        [february] = self._run("2026-02")
        numbers = [int(s.name[-5:]) for s in (january, february)]
        self.assertEqual(numbers[1], numbers[0] + 1, "no number is used up")

    # -- families ---------------------------------------------------------------------

    def _two_sites(self, period="month"):
        """300 pages in tiers, 200 of one site and 100 of the other: 10 + 10."""
        self.contract.write({"invoice_by": "site", "period": period})
        self.pricing.write({"tier_ids": TIERS, "model": "tiered"})
        other = self._site()
        self._print("A001", 200, 0, 0)
        self._print("A002", 100, 0, 0, site=other)
        return other

    def test_i2_a_cancelled_site_is_rated_with_its_family(self):
        other = self._two_sites()
        statements = self._run("2026-01")
        own = statements.filtered(lambda s: s.site_id == other)
        self.assertEqual(own.amount_untaxed, 6.65)
        own.action_cancel()
        self.assertEqual(self._cut("2026-01-31").amount_accrued, 20)
        self._invoice(statements - own, "2026-01-31")
        cutoff = self._cut("2026-02-28")
        self.assertEqual(sum(cutoff.line_ids.mapped("amount")), 0)
        january = self.env["focalist.cutoff"].search([("date", "=", "2026-01-31")])
        january.action_make()
        self.assertEqual(january.amount_accrued, 6.65)
        self.assertEqual(self._run("2026-01").amount_untaxed, 6.65)

    def test_i2_a_cancelled_site_of_a_quarter_across_the_day(self):
        """Its tiers and those of its family are the quarter's: 31 days of 90."""
        self._two_sites("quarter")
        statements = self._run("2026-03")
        whole = sum(statements.mapped("amount_untaxed"))
        self._invoice(statements[0], "2026-03-31")
        statements[1].action_cancel()
        self.assertAlmostEqual(
            self._cut("2026-01-31").amount_accrued,
            round(whole * 31 / 90, 2),
            delta=0.01,
        )

    # -- what is no page of the month -------------------------------------------------

    def _toner(self, moment, cartridge):
        mono = int(moment[5:7]) * 100 + int(moment[8:10])
        self._read_toner(self.site, "A001", moment, cartridge, mono=mono)

    def test_i2_supplies_that_were_replaced_by_the_day(self):
        self.contract.period = "quarter"
        self._toner("2026-01-02 08:00", "OLD1")
        with Form(self.pricing) as form:
            form.model = "supply"
            with form.supply_ids.edit(0) as supply:
                supply.price = 80
        self._toner("2026-01-20 08:00", "NEW1")
        self._toner("2026-02-20 08:00", "NEW2")
        january = self._cut("2026-01-31")
        self.assertEqual(january.amount_accrued, 80)
        self.assertEqual(self._cut("2026-02-28").amount_accrued, 160)
        self.assertEqual(self._asked(self._run("2026-03"), "2026-03-31"), 160)
        january.action_make()
        self.assertEqual(january.amount_accrued, 80, "by its day, and not by days")

    def test_i2_supplies_of_each_model_and_site_by_their_own_days(self):
        """A toner of 80 in January; another site's, and another of 90, in February."""
        self.contract.write({"period": "quarter", "lines_by_site": True})
        other = self._site()
        for site, serial, month, part in (
            (self.site, "A001", "01", "841853"),
            (self.site, "B001", "02", "999999"),
            (other, "C001", "02", "841853"),
        ):
            for moment, cartridge in (
                ("2026-01-02 08:00", f"OLD {serial}"),
                (f"2026-{month}-20 08:00", f"NEW {serial}"),
            ):
                self._read_toner(site, serial, moment, cartridge, part, mono=1)
        with Form(self.pricing) as form:
            form.model = "supply"
            for number in range(2):
                with form.supply_ids.edit(number) as supply:
                    supply.price = 80
        self.pricing.supply_ids.filtered(
            lambda s: "999999" in (s.supply_model_id.display_name or "")
        ).price = 90
        january = self._cut("2026-01-31")
        self.assertEqual(january.line_ids.mapped("amount"), [80])
        self._run("2026-03")
        january.action_make()
        self.assertEqual(january.line_ids.mapped("amount"), [80])

    def test_i2_what_is_short_of_a_minimum_once_its_period_is_over(self):
        """3,000 pages of 12,000 in the quarter, at 0.01."""
        self.contract.true_up_period = "quarter"
        self.pricing.write(
            {"has_minimum": True, "minimum_ids": [Command.create({"pages": 4000})]}
        )
        self._print("A001", 1000, 1000, 1000)
        self._invoice(self._run("2026-01"), "2026-01-31")
        february, march = self._cut("2026-02-28"), self._cut("2026-03-31")
        self.assertEqual(february.amount_accrued, 10)
        self.assertEqual(march.amount_accrued, 20 + 90)
        statements = self._run("2026-03")
        self.assertEqual(self._asked(statements, "2026-03-31"), 20 + 90)
        (february | march).action_make()
        self.assertEqual(february.amount_accrued, 10, "not known until March")
        self.assertEqual(march.amount_accrued, 20 + 90)

    def test_i2_a_contract_that_begins_and_ends_within_the_month(self):
        """300 included in a month: 107 in 11 of 31 days; a fee of 31, so 11."""
        client, site = self._make_client("Short")
        contract = self._make_contract(client)
        contract.date_start = "2026-01-10"
        contract.date_end = "2026-01-20"
        contract.pricing_ids.write(
            {
                "date_from": "2026-01-10",
                "has_allowance": True,
                "included_mono": 300,
                "fee_ids": [Command.create({"name": "Service", "amount": 31})],
            }
        )
        self._read(
            site,
            "S001",
            ("2026-01-10 06:00", {"mono": 0}),
            ("2026-01-20 18:00", {"mono": 1000}),
            ("2026-01-31 08:00", {"mono": 5000}),
        )
        cutoff = self._cut("2026-01-31")
        run, _problems = contract._bill_month(
            fields.Date.to_date("2026-01-01"), fields.Date.to_date("2026-01-31")
        )
        amount = self._asked(run, "2026-01-31")
        self.assertEqual(cutoff.amount_accrued, amount)
        self.assertGreater(amount, 11)
        self.assertEqual(
            {str(d) for d in cutoff.line_ids.mapped("date_end")}, {"2026-01-20"}
        )
        self.assertEqual(self._cut("2026-02-28").amount_accrued, amount)

    def test_i2_contracts_that_do_not_hold_yet_are_not_counted(self):
        """A draft, and one that begins after the day."""
        for number, (active, start) in enumerate(
            ((False, "2026-01-01"), (True, "2026-02-01"))
        ):
            client, _site = self._make_client(f"Not yet {number}")
            contract = self._make_contract(client, active=False)
            contract.date_start = start
            contract.pricing_ids.write(
                {
                    "date_from": start,
                    "fee_ids": [Command.create({"name": "Service", "amount": 31})],
                }
            )
            if active:
                contract.action_activate()
        self.assertFalse(self._cut("2026-01-31").line_ids)

    # -- currencies and companies -----------------------------------------------------

    def test_i2_in_another_currency_at_the_rate_of_the_day(self):
        """100 dollars: 50 on 31 January, 40 once the invoice of February is made."""
        dollar = self.env.ref("base.USD")
        dollar.active = True
        self.env["res.currency.rate"].create(
            [
                {
                    "currency_id": dollar.id,
                    "company_id": self.company.id,
                    "name": day,
                    "rate": rate,
                }
                for day, rate in (("2026-01-01", 2), ("2026-02-01", 2.5))
            ]
        )
        self.contract.currency_id = dollar
        self._print("A001", 10_000)
        cutoff = self._cut("2026-01-31")
        self.assertEqual(self._entries(cutoff), {"418100": 50, "706000": -50})
        move = self._invoice(self._run("2026-01"), "2026-02-05", post=False)
        for post in (False, True):
            if post:
                move.action_post()
            cutoff.action_make()
            self.assertEqual(cutoff.amount_accrued, 50)
        self.assertEqual(move.amount_untaxed_signed, 40)

    def test_i2_each_company_s_own(self):
        self._print("A001", 1000)
        other = self.setup_other_company(name="Another dealer")["company"]
        self.env.user.company_ids += other
        client = self.env["res.partner"].create(
            {
                "name": "Theirs",
                "is_company": True,
                "is_focalist_client": True,
                "focalist_company_id": other.id,
            }
        )
        contract = self._make_contract(client)
        contract.pricing_ids.fee_ids = [Command.create({"name": "F", "amount": 7})]
        self.assertEqual(contract.company_id, other)
        theirs = self.env["focalist.cutoff"].create(
            {"date": "2026-01-31", "company_id": other.id}
        )
        theirs.action_make()
        self.assertEqual(theirs.line_ids.contract_id, contract)
        self.assertEqual(theirs.amount_accrued, 7)
        self.assertEqual(theirs.move_ids.company_id, other)
        self.assertEqual(theirs.line_ids.account_id.company_ids, other)
        own = self._cut("2026-01-31")
        self.assertEqual((own.amount_accrued, own.company_id), (10, self.company))

    # -- invoices ---------------------------------------------------------------------

    def test_i2_an_invoice_that_was_credited_the_month_after(self):
        """Its invoice stood in January's books: nothing of it is to be made there."""
        plan = self.env["account.analytic.plan"].create({"name": "Sites"})
        account = self.env["account.analytic.account"].create(
            {"name": "Lyon", "plan_id": plan.id}
        )
        self.site.analytic_distribution = {str(account.id): 100}
        self._print("A001", 1000)
        move = self._invoice(self._run("2026-01"), "2026-01-31")
        credit = move._reverse_moves([{"invoice_date": "2026-02-05"}])
        january = self._cut("2026-01-31")
        self.assertEqual(january.amount_accrued, 0, "a draft takes nothing back")
        credit.action_post()
        january.action_make()
        self.assertEqual(january.amount_accrued, 0)
        self.assertEqual(self._cut("2026-02-28").amount_accrued, 10, "to bill anew")
        self.contract.statement_ids.action_cancel()
        self.pricing.price_mono = 0.009
        self._invoice(self._run("2026-01"), "2026-02-06")
        january.action_make()
        self.assertEqual(sorted(january.line_ids.mapped("amount")), [-10, 9])
        taken = january.line_ids.filtered(lambda line: line.amount < 0)
        self.assertEqual(taken.move_line_id, credit.invoice_line_ids)
        self.assertEqual(taken.contract_id, self.contract)
        self.assertEqual(taken.label, credit.invoice_line_ids.name.split("\n")[0])
        self.assertEqual(taken.analytic_distribution, {str(account.id): 100})
        january.action_post()
        self.assertEqual(self._income("2026-01-31"), 9)
        self.assertEqual(self._income("2026-02-28"), 9)

    def test_i2_an_invoice_that_was_cancelled(self):
        self._print("A001", 1000)
        move = self._invoice(self._run("2026-01"), "2026-01-31")
        move.button_draft()
        move.button_cancel()
        self.pricing.price_mono = 0.02
        self.assertEqual(self._cut("2026-01-31").amount_accrued, 20)

    def test_i2_an_invoice_that_somebody_changed(self):
        self.pricing.fee_ids = [Command.create({"name": "Service", "amount": 30})]
        self._print("A001", 1000)
        move = self._invoice(self._run("2026-01"), "2026-02-05", post=False)
        pages = move.invoice_line_ids.filtered(lambda line: line.quantity == 1000)
        pages.discount = 50
        cutoff = self._cut("2026-01-31")
        self.assertEqual(cutoff.amount_accrued, 35)
        pages.unlink()
        cutoff.action_make()
        self.assertEqual(cutoff.amount_accrued, 30)

    # -- entries ----------------------------------------------------------------------

    def test_i2_no_tax_is_entered(self):
        self._print("A001", 1000)
        cutoff = self._cut("2026-01-31")
        cutoff.action_post()
        lines = cutoff.move_ids.line_ids
        self.assertFalse(lines.tax_ids | lines.tax_line_id)
        self.assertFalse(lines.tax_tag_ids)

    def test_i2_the_journal_that_was_chosen(self):
        journal = self.env["account.journal"].create(
            {"name": "Cut-offs", "code": "CUT", "type": "general"}
        )
        self.company.focalist_cutoff_journal_id = journal
        self._print("A001", 1000)
        cutoff = self._cut("2026-01-31")
        cutoff.action_post()
        self.assertEqual(len(cutoff.move_ids), 2)
        self.assertEqual(cutoff.move_ids.journal_id, journal)

    def test_i2_books_that_are_closed(self):
        """Odoo would enter them on a later day, and their reversal with them."""
        self._print("A001", 1000)
        cutoff = self._cut("2026-01-31")
        self.company.fiscalyear_lock_date = "2026-01-31"
        for refused in (cutoff.action_make, cutoff.action_post):
            with self.assertRaisesRegex(
                UserError, r"closed on 01/31/2026: .*lock date"
            ):
                refused()
        self.assertEqual(cutoff.state, "made")
        self.company.fiscalyear_lock_date = False
        cutoff.action_post()
        self.assertEqual(self._income("2026-01-31"), 10)
        self.company.fiscalyear_lock_date = "2026-02-28"
        cutoff.action_undo()
        self.assertEqual(self._income("2026-01-31"), 10, "closed books stay")
        self.assertEqual(self._income("2026-12-31"), 0)
        self.assertEqual(cutoff.state, "draft")

    def test_i2_entries_that_somebody_posts_by_hand(self):
        self._print("A001", 1000)
        cutoff = self._cut("2026-01-31")
        entry = cutoff.move_ids
        entry.action_post()
        self.assertEqual(cutoff.state, "posted")
        reversal = cutoff.move_ids - entry
        self.assertEqual((str(reversal.date), reversal.state), ("2026-02-01", "posted"))
        for move in entry, reversal:
            with self.assertRaisesRegex(UserError, "undo that one"):
                move.button_draft()
        cutoff.action_undo()
        self.assertFalse((entry | reversal).exists())

    def test_i2_what_cannot_be_counted_is_told(self):
        self._print("A001", 1000)
        client, site = self._make_client("Odd")
        odd = self._make_contract(client)
        self._print("B001", 500, site=site)
        statements = type(self.env["focalist.statement"])
        prepare, message = statements._prepare_supply_charges, "Odd <b>readings"

        def fail(statement):
            if statement.contract_id == odd:
                raise UserError(message)
            return prepare(statement)

        with patch.object(statements, "_prepare_supply_charges", fail):
            cutoff = self._cut("2026-01-31")
        self.assertEqual(cutoff.amount_accrued, 10)
        self.assertIn("Odd &lt;b&gt;readings", cutoff.message_ids[:1].body)
        self.assertIn(odd.display_name, cutoff.message_ids[:1].body)

    def test_i2_no_request_makes_statements_that_nobody_is_told_of(self):
        self._print("A001", 1000)
        contract = self.contract.with_context(focalist_unkept=True)
        made, _problems = contract._bill(fields.Date.to_date("2026-01-31"))
        self.assertNotEqual(made.name, "/")


@tagged("post_install", "-at_install")
class TestCutoffIsTheRun(CutoffCommon):
    """Whatever there is: the cut-off before a run is what the run asks for."""

    @PROPERTY
    @given(seed=st.integers(0, 2**32))
    def test_i2_a_cut_off_before_the_run_is_the_run(self, seed):
        with self.env.cr.savepoint() as savepoint:
            self._try(Random(seed))
            savepoint.rollback()
            self.env.invalidate_all()

    def _try(self, random):
        name = f"{random.getrandbits(40):X}"
        client, site = self._make_client(f"Client {name}")
        sites = [site]
        for number in range(random.randrange(3)):
            sites.append(
                self.env["focalist.site"].create(
                    {"name": f"{name} {number}", "partner_id": client.id, "tz": "UTC"}
                )
            )
        self.company.tax_calculation_rounding_method = random.choice(
            ["round_globally", "round_per_line"]
        )
        contract = self._random_contract(random, client)
        devices = self._random_readings(random, name, sites)
        january = self._bill_month(contract, "2026-01")
        ready = january.filtered(lambda s: s.state == "draft")
        if ready and random.random() < 0.7:
            self._invoice(random.choice([ready, ready[:1]]), "2026-01-31")
        if random.random() < 0.5:
            self._void_one(random, devices)
        partly = random.random() < 0.3
        if partly:
            february = self._bill_month(contract, "2026-02")
            some = february.filtered(
                lambda s: s.state == "draft" and s.charge == "pages"
            )
            if some and random.random() < 0.5:
                self._invoice(some[:1], "2026-02-28")
            for statement in some[1:]:
                if random.random() < 0.5:
                    statement.action_cancel()
        cutoff = self._cut("2026-02-28")
        before = cutoff.amount_accrued
        self._bill_month(contract, "2026-02")
        to_bill = contract.statement_ids.filtered(
            lambda s: (
                s.state == "draft"
                and s.service_start <= fields.Date.to_date("2026-02-28")
            )
        )
        asked = round(sum(to_bill.mapped("amount_untaxed")), 2)
        self.assertAlmostEqual(before, asked, 2)
        # And so it stays, however far the billing has come since.
        cutoff.action_make()
        self.assertAlmostEqual(cutoff.amount_accrued, asked, 2)
        if not to_bill:
            return
        moves = self._invoice(to_bill, "2026-03-02", post=False)
        untaxed = sum(moves.mapped("amount_untaxed_signed"))
        for post in (False, True):
            if post:
                moves.action_post()
            cutoff.action_make()
            self.assertAlmostEqual(cutoff.amount_accrued, untaxed, 2)

    def _random_contract(self, random, client):
        model = random.choice(["simple", "tiered"])
        prices = {
            "price_mono": random.randrange(1, 99_999) / 10**6,
            "price_color": random.randrange(1, 999_999) / 10**6,
            "missing": random.choice(["wait", "estimate"]),
        }
        contract = self._make_contract(client, active=False, **prices)
        if model == "tiered":
            contract.pricing_ids.write({"tier_ids": TIERS, "model": "tiered"})
        elif random.random() < 0.5:
            contract.pricing_ids.write(
                {"has_allowance": True, "included_mono": random.choice([50, 333])}
            )
            if random.random() < 0.5:
                contract.pricing_ids.pool_ids = [
                    Command.create({"name": "All", "included_mono": 500})
                ]
        if random.random() < 0.5:
            contract.pricing_ids.fee_ids = [
                Command.create(
                    {
                        "name": "Service",
                        "amount": random.randrange(1, 9999) / 100,
                        "per": random.choice(["contract", "site", "device"]),
                    }
                )
            ]
        if random.random() < 0.3:
            contract.true_up_period = "month"
            contract.pricing_ids.write(
                {
                    "has_minimum": True,
                    "minimum_ids": [Command.create({"pages": 900, "price": 0.0123})],
                }
            )
        contract.write(
            {
                "invoice_by": random.choice(["client", "site"]),
                "lines_by_site": random.random() < 0.5,
                "date_end": random.choice([False, False, "2026-02-17"]),
            }
        )
        contract.action_activate()
        return contract

    def _random_readings(self, random, name, sites):
        devices = self.env["focalist.device"]
        for number in range(random.randint(1, 4)):
            mono, color = random.randrange(1000), random.randrange(1000)
            readings = [("2025-12-31 08:00", {"mono": mono, "color": color})]
            for day in ("2026-01-12", "2026-01-31", "2026-02-11", "2026-02-27"):
                mono += random.choice([0, 7, 99, 1234])
                color += random.choice([0, 1, 55])
                if random.random() < 0.75:
                    readings.append((f"{day} 08:00", {"mono": mono, "color": color}))
            devices += self._read(random.choice(sites), f"{name}{number}", *readings)
        return devices

    def _void_one(self, random, devices):
        reading = random.choice(devices.reading_ids.sorted("id"))
        try:
            with self.env.cr.savepoint():
                reading._void("A test")
        except UserError:
            # Some may not be voided, such as those of a contract's last statement.
            return

    def _bill_month(self, contract, month):
        first = fields.Date.to_date(f"{month}-01")
        made, _problems = contract._bill_month(
            first, fields.Date.end_of(first, "month")
        )
        return made
