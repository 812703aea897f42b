from datetime import date

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, freeze_time, tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestPricing(BillingCommon):
    """P1: the simple prices, and that earlier periods keep theirs."""

    def setUp(self):
        super().setUp()
        self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 1000, "color": 100, "scan": 10}),
            ("2026-03-31 08:00", {"mono": 2234, "color": 433, "scan": 521}),
            ("2026-04-30 08:00", {"mono": 3234, "color": 533, "scan": 531}),
        )

    def test_p1_simple_price(self):
        statement = self._bill()
        # 1,234 × 0.01 = 12.34; 333 × 0.1 = 33.30; 511 × 0.002 = 1.022, rounded once
        self.assertEqual(
            [
                (charge.meter, charge.quantity, charge.amount)
                for charge in statement.charge_ids
            ],
            [("mono", 1234, 12.34), ("color", 333, 33.30), ("scan", 511, 1.02)],
        )
        self.assertAlmostEqual(statement.amount_untaxed, 46.66)

    def test_p1_six_decimals_reach_the_invoice(self):
        self.contract.pricing_ids.price_mono = 0.004567
        statement = self._bill()
        statement._create_invoices()
        line = statement.move_id.invoice_line_ids[0]
        self.assertEqual(line.price_unit, 0.004567)
        self.assertEqual(line.price_subtotal, 5.64)  # 1,234 × 0.004567 = 5.635678

    def test_p1_new_prices_hold_from_a_period_on(self):
        self._bill()._create_invoices()
        with freeze_time("2026-04-10"), Form(self.contract) as form:
            with form.pricing_ids.new() as pricing:
                pricing.price_mono = 0.02
        self.assertEqual(
            [str(pricing.date_from) for pricing in self.contract.pricing_ids],
            ["2026-04-01", "2026-01-01"],
        )
        # 1,000 × 0.02 + 100 × 0.1 + 10 × 0.002: what is not changed goes on
        self.assertAlmostEqual(self._bill("2026-04-30").amount_untaxed, 30.02)
        march = self.contract.statement_ids.filtered(lambda s: s.date_start.month == 3)
        self.assertAlmostEqual(march.amount_untaxed, 46.66)

    def test_p1_invoiced_prices_stay(self):
        self._bill()._create_invoices()
        with self.assertRaisesRegex(
            UserError, "invoiced with these prices.*holds from [0-9]{2}/01/[0-9]{4}\\."
        ):
            self.contract.pricing_ids.price_mono = 0.02
        with self.assertRaisesRegex(UserError, "invoiced with these prices"):
            self.contract.pricing_ids.unlink()
        with self.assertRaisesRegex(
            ValidationError, "its prices stay.* hold from [0-9]{2}/01/[0-9]{4} at"
        ):
            self.contract.pricing_ids = [
                Command.create({"date_from": "2026-03-01", "price_mono": 0.03})
            ]

    def test_p1_a_draft_takes_corrected_prices(self):
        statement = self._bill()
        self.contract.pricing_ids.price_mono = 0.02
        self.assertAlmostEqual(statement.amount_untaxed, 59.00)

    def test_p1_prices_change_with_a_period(self):
        with self.assertRaisesRegex(
            ValidationError, "billing period: from 04/01/2026, not from 04/10/2026"
        ):
            self.contract.pricing_ids = [
                Command.create({"date_from": "2026-04-10", "price_mono": 0.03})
            ]

    def test_p1_asked_when_the_client_is_created(self):
        view = "base.view_partner_form"
        with Form(self.env["res.partner"], view) as form:
            form.name = "New client"
            form.company_type = "company"
            form.is_focalist_client = True
            form.focalist_price_mono = 0.0123
            form.focalist_price_color = 0.1
        contract = form.record.focalist_contract_ids
        self.assertEqual((contract.state, contract.pricing_model), ("active", "simple"))
        self.assertEqual(
            (contract.price_mono, contract.price_color, contract.price_scan),
            (0.0123, 0.1, 0),
        )
        with Form(form.record, view) as form:
            form.name = "Renamed"
        self.assertEqual(form.record.focalist_contract_ids, contract)

    def test_p1_a_change_holds_from_the_present_period_on(self):
        self._bill()._create_invoices()
        with freeze_time("2026-05-20"):
            action = self.contract.action_change_prices()
            self.assertFalse(action["res_id"])
            new = self.env["focalist.pricing"].with_context(**action["context"])
            with Form(new) as form:
                self.assertEqual(form.price_color, 0.1)
                form.price_mono = 0.5
            # Nothing of that time is invoiced: it can be changed again.
            again = self.contract.action_change_prices()
            self.assertEqual(again["res_id"], form.record.id)
        self.assertEqual(str(form.record.date_from), "2026-05-01")
        self.assertEqual(self.contract._pricing_at(date(2026, 4, 30)).price_mono, 0.01)

    def test_p6_nothing_is_stored_before_save(self):
        form = Form(self.contract.pricing_ids)
        form.model = "device"
        form.price_mono = 9
        form.add_model_ids.add(self.env["focalist.device.model"].search([], limit=1))
        self.env.flush_all()
        self.env.invalidate_all()
        pricing = self.contract.pricing_ids
        self.assertEqual((pricing.model, pricing.price_mono), ("simple", 0.01))
        self.assertFalse(pricing.override_ids)

    def test_p1_asked_before_activation(self):
        contract = self.env["focalist.contract"].create({"partner_id": self.client.id})
        with self.assertRaisesRegex(UserError, "prices"):
            contract.action_activate()
