from odoo import Command
from odoo.tests import tagged

from .common_corrections import CorrectionsCommon


@tagged("post_install", "-at_install")
class TestCorrectionCosts(CorrectionsCommon):
    """What corrections cost: the corrected period, rated as it was and as it is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pricing = cls.contract.pricing_ids

    def _include(self, pages):
        self.pricing.write({"has_allowance": True, "included_mono": pages})

    def _price_in_tiers(self, *mono, **values):
        """Prices of tiers of mono pages: (first page, price)."""
        tiers = [("mono", *tier) for tier in mono] + [("color", 1, 1)]
        self.pricing.write(
            {
                "tier_ids": [
                    Command.create({"kind": kind, "page_from": page, "price": price})
                    for kind, page, price in tiers
                ],
                "model": "tiered",
                **values,
            }
        )

    def _corrections(self, statement, corrected=None):
        """The charges of corrections: list of (meter, quantity)."""
        charges = statement.charge_ids.filtered("corrects_id")
        if corrected:
            charges = charges.filtered(lambda c: c.corrects_id == corrected)
        return [(charge.meter, charge.quantity) for charge in charges]

    def test_i2_the_correction_of_a_voided_reading_is_none_of_an_estimate(self):
        """720 pages were billed, of which 100 were included; it printed 50."""
        self._include(100)
        self._tell(("2026-03-31 08:00", 2000))
        self._invoice("2026-03-01")
        self._reading("2026-03-31 08:00:00")._void("Typed wrongly")
        self._tell(("2026-03-31 09:00", 1330), ("2026-04-30 08:00", 1700))
        april = self._invoice("2026-04-01")
        charge = april.charge_ids.filtered("corrects_id")
        self.assertEqual((charge.printed, charge.quantity), (-670, -620))
        self.assertFalse(charge.of_estimate)
        # Not that so many pages were included: they were of another month.
        self.assertEqual(
            charge.move_line_id.name,
            "Correction: Mono pages, from 03/01/2026 to 03/31/2026",
        )

    def test_i2_corrections_of_both_kinds_are_told_apart(self):
        self._read(
            self.site,
            "B001",
            ("2026-02-28 08:00", {"color": 0}),
            ("2026-03-31 08:00", {"color": 100}),
        )
        self._invoice("2026-03-01")
        other = self.env["focalist.device"].search([("serial_number", "=", "B001")])
        other.reading_ids.filtered("meter_color")._void("Typed wrongly")
        self._tell(("2026-04-30 08:00", 1341))
        self._read(self.site, "B001", ("2026-04-30 08:00", {"color": 100}))
        april = self._bill("2026-04-01")
        charges = april.charge_ids.filtered("corrects_id")
        self.assertEqual(
            [(charge.meter, charge.of_estimate) for charge in charges],
            [("mono", True), ("color", False)],
        )

    def test_i2_each_meter_is_corrected_by_itself(self):
        """At one price, of the site that it was billed for; scans have no tiers."""
        self.contract.lines_by_site = True
        self.pricing.write({"price_color": 0.01, "price_scan": 0.01})
        meters = {"mono": 28, "color": 56, "scan": 84}
        self._read(
            self.site,
            "C001",
            ("2026-01-31 08:00", dict.fromkeys(meters, 0)),
            ("2026-02-28 08:00", meters),
        )
        self._tell(("2026-03-31 08:00", 1280))
        self._invoice("2026-03-01")
        self._read(self.site, "C001", ("2026-04-30 08:00", meters))
        april = self._bill("2026-04-01")
        self.assertEqual(
            self._corrections(april), [("mono", -31), ("color", -62), ("scan", -93)]
        )
        charges = april.charge_ids.filtered("corrects_id")
        self.assertEqual(charges.mapped("of_estimate"), [True] * 3)
        self.assertEqual(charges.site_id, self.site)
        self.assertTrue(all(charge.site_id for charge in charges))

    def test_i2_a_corrected_line_has_what_became_of_its_pages(self):
        """Of 310 pages 100 were included, of 31 all."""
        self._include(100)
        self._invoice("2026-03-01")
        self._tell(("2026-04-30 08:00", 1341))
        april = self._bill("2026-04-01")
        line = april.line_ids.filtered("settles_id")
        self.assertEqual((line.pages, line.included, line.billable), (-279, -69, -210))
        self.assertAlmostEqual(line.amount, -2.10)
        self.assertEqual(self._corrections(april), [("mono", -210)])
        # What a cancelled statement corrected is not known from it.
        april.action_cancel()
        self.assertEqual(self._corrections(self._bill("2026-04-01")), [("mono", -210)])

    def test_i2_pages_that_were_corrected_before_are_known(self):
        """7 pages and then 113, of which 300 are included: nothing to charge."""
        self._include(300)
        march = self._invoice("2026-03-01")
        self._tell(("2026-04-10 08:00", 1290), ("2026-04-30 08:00", 1500))
        april = self._invoice("2026-04-01")
        self.assertEqual(self._corrections(april, march), [("mono", -10)])
        self._reading("2026-04-10 08:00:00")._void("Typed wrongly")
        self._tell(("2026-05-31 08:00", 1600))
        may = self._bill("2026-05-01")
        self.assertEqual(len(may.line_ids.filtered("settles_id")), 2)
        self.assertEqual(self._corrections(may), [])

    def test_i2_two_statements_are_corrected_each_by_its_own_lines(self):
        march, april = self._invoice("2026-03-01"), self._invoice("2026-04-01")
        self._tell(("2026-05-31 08:00", 1372))
        may = self._bill("2026-05-01")
        for corrected in march, april:
            charge = may.charge_ids.filtered(lambda c, s=corrected: c.corrects_id == s)
            lines = charge._statement_lines()
            self.assertEqual(lines.settles_id, corrected.line_ids)
            self.assertEqual(sum(lines.mapped("pages")), charge.quantity)
        own = may.charge_ids.filtered(lambda charge: not charge.corrects_id)
        self.assertFalse(own._statement_lines().settles_id)

    def test_i2_a_correction_is_of_the_sites_of_its_own_meter(self):
        """Lyon printed a page a day in place of ten; Nice a colour page more a day."""
        nice = self.env["focalist.site"].create(
            {"name": "Nice", "partner_id": self.client.id, "tz": "Europe/Paris"}
        )
        plan = self.env["account.analytic.plan"].create({"name": "Sites"})
        accounts = self.env["account.analytic.account"].create(
            [{"name": name, "plan_id": plan.id} for name in ("Lyon", "Nice")]
        )
        for site, account in zip(self.site + nice, accounts, strict=True):
            site.analytic_distribution = {str(account.id): 100}
        self._read(
            nice,
            "B001",
            ("2026-01-31 08:00", {"color": 0}),
            ("2026-02-28 08:00", {"color": 28}),
        )
        self._invoice("2026-03-01")
        self._tell(("2026-04-30 08:00", 1341))
        self._read(nice, "B001", ("2026-04-30 08:00", {"color": 28 + 2 * 61}))
        april = self._bill("2026-04-01")
        charges = april.charge_ids.filtered("corrects_id")
        lyon, nice = (str(account.id) for account in accounts)
        self.assertEqual(
            {charge.meter: charge._analytic_distribution() for charge in charges},
            {"mono": {lyon: 100}, "color": {nice: 100}},
        )

    def test_i2_what_a_statement_corrects_itself_limits_no_correction_of_it(self):
        """April took back 300 pages of March, and asked for too many of its own."""
        march = self._invoice("2026-03-01")
        self._tell(("2026-04-15 08:00", 1295))
        april = self._invoice("2026-04-01")
        self.assertEqual(self._corrections(april), [("mono", -300)])
        own = april.line_ids.filtered(lambda line: not line.settles_id)
        self._tell(("2026-05-31 08:00", 1300))
        may = self._bill("2026-05-01")
        self.assertEqual(self._corrections(may, march), [])
        self.assertEqual(
            self._corrections(may, april), [("mono", 6 - sum(own.mapped("pages")))]
        )

    def test_i2_a_correction_credits_no_more_than_was_billed(self):
        """110 pages were billed; by its days, 103 in place of 200 were included."""
        self._include(200)
        march = self._invoice("2026-03-01")
        self.assertEqual(march.charge_ids.quantity, 110)
        self.contract.member_ids.start_at = "2026-03-16 12:00:00"
        # 250 of 325 pages: 147 to bill, 60 less than the 207 of the estimate.
        self._tell(("2026-04-10 08:00", 1280 + 325))
        april = self._invoice("2026-04-01")
        self.assertEqual(self._corrections(april, march), [("mono", -60)])
        # None: 147 less, of which 50 are still billed.
        self._reading("2026-04-10 08:00:00")._void("Typed wrongly")
        self._tell(("2026-04-10 09:00", 1280), ("2026-05-31 08:00", 1280))
        may = self._bill("2026-05-01")
        self.assertEqual(self._corrections(may, march), [("mono", -50)])
        may.action_cancel()
        again = self._bill("2026-05-01")
        self.assertEqual(self._corrections(again, march), [("mono", -50)])

    def test_i2_drafts_that_are_rated_together_know_of_each_other(self):
        """April asks for 2,848 pages more of March, of which June credits 1,847."""
        march = self._invoice("2026-03-01")
        self._tell(("2026-04-05 08:00", 4880))
        april = self._bill("2026-04-01")
        self._tell(("2026-05-31 08:00", 5100))
        self._invoice("2026-05-01")
        self._reading("2026-04-05 08:00:00")._void("Typed wrongly")
        self._tell(("2026-06-30 08:00", 5200))
        june = self._bill("2026-06-01")
        told = [self._corrections(draft, march) for draft in (april, june)]
        self.assertEqual(told, [[("mono", 2848)], [("mono", -1847)]])
        (april | june).sudo()._rate()
        self.assertEqual(
            [self._corrections(draft, march) for draft in (april, june)], told
        )

    def test_i2_a_correction_is_of_the_tiers_that_it_corrects(self):
        """310 A4 pages were billed in two tiers, of 31."""
        self._price_in_tiers((1, 0.1), (201, 0.05), meter_type="format")
        self._read(
            self.site,
            "F001",
            ("2026-01-31 08:00", {"a4_mono": 0}),
            ("2026-02-28 08:00", {"a4_mono": 280}),
        )
        march = self._invoice("2026-03-01")
        self._read(self.site, "F001", ("2026-04-30 08:00", {"a4_mono": 341}))
        april = self._bill("2026-04-01")
        self.assertRecordValues(
            april.charge_ids.filtered("corrects_id"),
            [
                {
                    "corrects_id": march.id,
                    "meter": "mono",
                    "tier_from": first,
                    "tier_to": last,
                    "printed": quantity,
                    "quantity": quantity,
                    "price_unit": price,
                    "of_estimate": True,
                }
                for first, last, quantity, price in (
                    (1, 200, 31 - 200, 0.1),
                    (201, 0, -110, 0.05),
                )
            ],
        )

    def test_i2_a_correction_is_for_the_days_that_it_corrects(self):
        self.contract.date_start = "2026-03-10"
        self.pricing.date_from = "2026-03-10"
        march = self._invoice("2026-03-01")
        self._tell(("2026-04-30 08:00", 1341))
        [charge] = self._bill("2026-04-01").charge_ids.filtered("corrects_id")
        self.assertEqual(charge.corrects_id, march)
        self.assertEqual(str(charge.date_start), "2026-03-10")
        self.assertEqual(str(charge.date_end), "2026-03-31")

    def test_i2_a_correction_is_for_the_days_of_a_contract_that_went_on(self):
        self._tell(("2026-03-19 08:00", 1900))
        self.contract.date_end = "2026-03-20"
        march = self._invoice("2026-03-01")
        self.contract.date_end = False
        self._reading("2026-03-19 08:00:00")._void("Typed wrongly")
        self._tell(("2026-04-30 08:00", 1400))
        april = self._bill("2026-04-01")
        charges = april.charge_ids.filtered(lambda c: c.corrects_id == march)
        self.assertTrue(charges)
        self.assertEqual(
            {str(day) for day in charges.mapped("date_end")}, {"2026-03-20"}
        )

    def test_p2_what_others_share_is_in_the_first_corrected_line(self):
        """Pages that A and D did not print are included for B: one line has them."""
        self.pricing.write(
            {
                "has_allowance": True,
                "pool_ids": [Command.create({"name": "All", "included_mono": 300})],
            }
        )
        readings = (
            ("2026-01-31 08:00", {"mono": 0}),
            ("2026-02-28 08:00", {"mono": 280}),
        )
        self._read(self.site, "D001", *readings)
        self._read(self.site, "B001", *readings, ("2026-03-31 08:00", {"mono": 590}))
        march = self._invoice("2026-03-01")
        self._tell(("2026-04-30 08:00", 1281))
        self._read(self.site, "D001", ("2026-04-30 08:00", {"mono": 281}))
        april = self._bill("2026-04-01")
        first, second = april.line_ids.filtered("settles_id").sorted("id")
        # At most the one page that it printed is left to pay for.
        before = second.settles_id.amount
        self.assertAlmostEqual(second.amount, -before, delta=0.011)
        [charge] = april.charge_ids.filtered(lambda c: c.corrects_id == march)
        self.assertAlmostEqual(first.amount + second.amount, charge.amount)
        self.assertLess(first.amount, -first.settles_id.amount - 0.5)

    def test_i2_corrections_add_up_whichever_is_made_anew(self):
        """620 pages in tiers, 56.00: of 31 and 310, 34.10; of 62, 6.20."""
        self._price_in_tiers((1, 0.1), (501, 0.05))
        # From April on, who is not read waits.
        self.contract.pricing_ids = [
            Command.create({"date_from": "2026-04-01", "price_mono": 0.01})
        ]
        self._read(
            self.site,
            "B001",
            ("2026-01-31 08:00", {"mono": 1000}),
            ("2026-02-28 08:00", {"mono": 1280}),
        )
        march = self._invoice("2026-03-01")
        self._tell(("2026-04-30 08:00", 1341))
        april = self._bill("2026-04-01")
        self._tell(("2026-05-31 08:00", 1372))
        self._read(self.site, "B001", ("2026-05-31 08:00", {"mono": 1372}))
        may = self._bill("2026-05-01")

        def cost(statement):
            charges = statement.charge_ids.filtered(lambda c: c.corrects_id == march)
            return round(sum(charges.mapped("amount")), 2)

        self.assertEqual((cost(april), cost(may)), (-21.9, -27.9))
        april.action_cancel()
        self.assertEqual(cost(self._bill("2026-04-01")), -21.9)
