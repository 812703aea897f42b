from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import BaseCase, freeze_time, new_test_user, tagged

from odoo.addons.focalist_base.tests.common import PROPERTY

from ..tools.indexation import capped, indexed, of_index, of_rate, percent_of
from .common import BillingCommon

ACTIVITY = "focalist_billing.mail_activity_type_indexation"
PRICE = st.integers(0, 10**6).map(lambda millionths: millionths / 10**6)
PERCENT = st.integers(-5000, 20000).map(lambda hundredths: hundredths / 100)


@tagged("post_install", "-at_install")
class TestIndexationArithmetic(BaseCase):
    @given(price=PRICE, percent=PERCENT)
    @PROPERTY
    def test_p1_an_indexed_price_is_right_to_half_a_millionth(self, price, percent):
        exact = Fraction(str(price)) * of_rate(percent)
        found = Fraction(str(indexed(price, of_rate(percent))))
        self.assertLessEqual(abs(found - exact), Fraction(1, 2 * 10**6))

    @given(
        price=PRICE, percent=PERCENT, cap=st.floats(0.01, 50).map(lambda f: round(f, 2))
    )
    @PROPERTY
    def test_p1_a_limit_is_never_passed(self, price, percent, cap):
        factor = capped(of_rate(percent), cap)
        self.assertLessEqual(factor, of_rate(cap))
        self.assertLessEqual(factor, of_rate(percent))
        self.assertEqual(capped(of_rate(percent), 0), of_rate(percent))

    @given(values=st.lists(st.integers(500, 2000), min_size=2, max_size=6))
    @PROPERTY
    def test_p1_indexing_in_steps_is_indexing_at_once(self, values):
        values = [value / 10 for value in values]
        steps = Fraction(1)
        for base, new in zip(values, values[1:], strict=False):
            steps *= of_index(base, new)
        self.assertEqual(steps, of_index(values[0], values[-1]))

    def test_p1_half_a_millionth_is_rounded_up(self):
        self.assertEqual(indexed(0.000001, Fraction(1, 2)), 0.000001)
        self.assertEqual(indexed(0.0123, of_rate(2.5)), 0.012608)
        self.assertEqual(percent_of(of_index(122, 126)), 3.2787)


class IndexationCommon(BillingCommon):
    """A contract whose prices are to be indexed, and an accountant."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client.email = "bills@example.com"
        cls.pricing = cls.contract.pricing_ids
        cls.accountant = new_test_user(
            cls.env,
            login="books",
            groups="focalist_base.group_focalist_accountant",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def _by_rate(self, contract=None, **values):
        (contract or self.contract).write(
            {
                "indexation": "rate",
                "indexation_rate": 2.5,
                "indexation_date": "2026-07-01",
                **values,
            }
        )

    def _by_index(self, values, **more):
        index = self.env["focalist.price.index"].create(
            {
                "name": "Paper and wages",
                "company_id": self.company.id,
                "value_ids": [
                    Command.create({"month": month, "value": value})
                    for month, value in values.items()
                ],
            }
        )
        self.contract.write(
            {
                "indexation": "index",
                "indexation_index_id": index.id,
                "indexation_base": "2025-04-01",
                "indexation_date": "2026-07-01",
                **more,
            }
        )
        return index

    def _cron(self, day):
        """What a run of the cron announces."""
        known = self.env["focalist.pricing"].search([])
        with freeze_time(day), self.enter_registry_test_mode():
            self.env.ref("focalist_billing.index_prices").method_direct_trigger()
        self.env.invalidate_all()
        return self.env["focalist.pricing"].search([]) - known


@tagged("post_install", "-at_install")
class TestIndexation(IndexationCommon):
    """Prices that are indexed by date, and announced before they are (P1)."""

    def test_p1_indexation_by_a_rate_is_announced_60_days_before(self):
        self._by_rate()
        self.assertFalse(self._cron("2026-05-01"))
        version = self._cron("2026-05-02")
        self.assertEqual(str(version.date_from), "2026-07-01")
        self.assertEqual(
            (version.price_mono, version.price_color, version.price_scan),
            (0.01025, 0.1025, 0.00205),
        )
        self.assertEqual(version.reason, "Indexed by 2.5 %")
        self.assertEqual(str(self.contract.indexation_date), "2027-07-01")
        with freeze_time("2026-05-02"):
            self.assertEqual(version.status, "announced")
            self.assertEqual(self.pricing.status, "present")
        note = str(self.contract.message_ids.mapped("body"))
        self.assertIn("Prices from 07/01/2026: Indexed by 2.5 %", note)
        self.assertIn("Mono page: 0.01&nbsp;$ → 0.01025&nbsp;$", note)

    def test_p1_indexation_is_announced_once(self):
        self._by_rate()
        self.assertEqual(len(self._cron("2026-05-02")), 1)
        self.assertFalse(self._cron("2026-05-02"))
        self.assertFalse(self._cron("2026-07-01"))
        self.assertEqual(len(self._cron("2027-05-02")), 1, "and a year later again")
        self.assertEqual(self.contract.pricing_ids[0].price_mono, 0.010506)

    def test_p1_indexation_is_told_to_the_client_in_its_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        bills = self.env["res.partner"].create(
            {
                "name": "Comptabilité",
                "type": "invoice",
                "parent_id": self.client.id,
                "email": "compta@example.com",
                "lang": "fr_FR",
            }
        )
        template = self.env.ref("focalist_billing.mail_template_indexation")
        template.with_context(lang="fr_FR").subject = "Nouveaux tarifs"
        self._by_rate()
        self._cron("2026-05-02")
        mail = self.env["mail.mail"].search(
            [("model", "=", "focalist.contract"), ("res_id", "=", self.contract.id)]
        )
        self.assertEqual(mail.recipient_ids, bills)
        self.assertEqual(mail.subject, "Nouveaux tarifs")
        self.assertIn("0,01025", mail.body_html)
        self.assertIn("0,01\N{NO-BREAK SPACE}$", mail.body_html)

    def test_p1_indexation_its_letter_can_be_changed_while_none_is_announced(self):
        """Odoo tries a template on some contract whenever it is written."""
        template = self.env.ref("focalist_billing.mail_template_indexation")
        template.body_html = template.body_html.replace("Hello", "Good day")
        [body] = template._render_field("body_html", self.contract.ids).values()
        self.assertIn("Good day", body)
        self.assertNotIn("<table", body)

    def test_p1_indexation_without_an_address_asks_an_accountant_to_tell(self):
        self.client.email = False
        self._by_rate()
        self._cron("2026-05-02")
        activity = self.contract.activity_search([ACTIVITY])
        self.assertIn("tell it of the prices", activity.note)

    def test_p1_indexation_by_an_index(self):
        self._by_index({"2025-04-10": 122, "2026-04-01": 126})
        version = self._cron("2026-05-02")
        # 0.01 × 126 / 122, and so on
        self.assertEqual(
            (version.price_mono, version.price_color, version.price_scan),
            (0.010328, 0.103279, 0.002066),
        )
        self.assertEqual(
            version.reason, "Indexed by 3.2787 % (Paper and wages from 122 to 126)"
        )
        self.assertEqual(str(self.contract.indexation_base), "2026-04-01")

    def test_p1_indexation_names_the_values_of_its_index_as_they_are(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self._by_index({"2025-04-10": 1234.5678, "2026-04-01": 1255})
        french = self.contract.with_context(lang="fr_FR")
        told = {
            contract._indexation_factor()[1].replace("\N{NO-BREAK SPACE}", " ")
            for contract in (self.contract, french)
        }
        english, translated = sorted(told, key=lambda text: "1,234" not in text)
        self.assertEqual(
            english,
            "Indexed by 1.655 % (Paper and wages from 1,234.5678 to 1,255)",
        )
        self.assertIn("1 234,5678", translated)
        self.assertIn("1,655 %", translated)

    def test_p1_indexation_with_a_limit(self):
        self._by_index({"2025-04-10": 122, "2026-04-01": 126}, indexation_cap=3)
        version = self._cron("2026-05-02")
        self.assertEqual(version.price_mono, 0.0103)
        self.assertIn("Indexed by 3 %", version.reason)
        self.assertIn("instead of 3.2787 %", version.reason)

    def test_p1_indexation_without_its_value_asks_an_accountant(self):
        index = self._by_index({"2025-04-01": 122})
        self.assertFalse(self._cron("2026-05-02"))
        self.assertFalse(self._cron("2026-05-03"))
        activity = self.contract.activity_search([ACTIVITY])
        self.assertEqual(len(activity), 1)
        self.assertIn("no value of April 2026", activity.note)
        self.assertTrue(
            activity.user_id.has_group("focalist_base.group_focalist_accountant")
        )
        index.value_ids = [Command.create({"month": "2026-04-01", "value": 126})]
        self.assertEqual(len(self._cron("2026-05-04")), 1)
        self.assertFalse(self.contract.activity_search([ACTIVITY]))

    def test_p1_indexation_that_fails_holds_up_no_other(self):
        self._by_index({"2025-04-01": 122})
        other = self._make_contract(self._make_client("Other")[0])
        self._by_rate(other)
        self.assertEqual(self._cron("2026-05-02").contract_id, other)

    def test_p1_indexation_of_all_parts(self):
        self.pricing.write(
            {
                "model": "tiered",
                "tier_ids": [
                    Command.create({"kind": kind, "page_from": page, "price": price})
                    for kind, page, price in [
                        ("mono", 1, 0.02),
                        ("mono", 101, 0.013333),
                        ("color", 1, 0.2),
                    ]
                ],
                "fee_ids": [Command.create({"name": "Service", "amount": 33.33})],
                "has_minimum": True,
                "minimum_ids": [Command.create({"pages": 100, "price": 0.015})],
            }
        )
        self._by_rate(indexation_rate=3)
        version = self._cron("2026-05-02")
        self.assertEqual(version.tier_ids.mapped("price"), [0.0206, 0.013733, 0.206])
        self.assertEqual(version.fee_ids.amount, 34.33)
        self.assertEqual(version.minimum_ids.price, 0.01545)
        titles = [title for title, _old, _new in version._price_changes()]
        self.assertEqual(
            titles,
            [
                "Scanned page",
                "Mono, from page 1 on",
                "Mono, from page 101 on",
                "Colour, from page 1 on",
                "Mono short of the minimum",
                "Service",
            ],
        )

    def test_p1_indexation_of_given_parts_only(self):
        self.pricing.fee_ids = [Command.create({"name": "Service", "amount": 30})]
        self._by_rate(indexes_pages=False)
        version = self._cron("2026-05-02")
        self.assertEqual((version.price_mono, version.fee_ids.amount), (0.01, 30.75))

    def test_p1_indexation_of_prices_of_models(self):
        device = self._read(self.site, "A001")
        self.pricing.write(
            {
                "model": "device",
                "override_ids": [
                    Command.create({"model_id": device.model_id.id, "price_mono": 0.02})
                ],
            }
        )
        self._by_rate()
        version = self._cron("2026-05-02")
        self.assertEqual(version.override_ids.price_mono, 0.0205)
        self.assertIn(
            (
                "Ricoh MP C4503, Mono page",
                "0.02\N{NO-BREAK SPACE}$",
                "0.0205\N{NO-BREAK SPACE}$",
            ),
            version._price_changes(),
        )

    def test_p1_what_was_invoiced_keeps_its_prices(self):
        self._read(
            self.site,
            "A001",
            ("2026-05-31 08:00", {"mono": 0}),
            ("2026-06-30 08:00", {"mono": 1000}),
            ("2026-07-31 08:00", {"mono": 2000}),
        )
        self._by_rate()
        self._cron("2026-05-02")
        june, july = self._bill("2026-06-30"), self._bill("2026-07-31")
        self.assertEqual((june + july).mapped("amount_untaxed"), [10, 10.25])

    def test_p1_indexation_begins_with_a_billing_period(self):
        contract = self._make_contract(self._make_client("Quarterly")[0], active=False)
        contract.period = "quarter"
        contract.action_activate()
        self._by_rate(contract, indexation_date="2026-07-02")
        version = self._cron("2026-05-03").filtered(
            lambda version: version.contract_id == contract
        )
        self.assertEqual(str(version.date_from), "2026-10-01")
        self.assertEqual(str(contract.indexation_date), "2027-07-02")

    def test_p1_indexation_that_is_late_touches_no_period_that_has_begun(self):
        self._by_rate(indexation_date="2024-07-01")
        version = self._cron("2026-05-02")
        self.assertEqual(str(version.date_from), "2026-06-01")
        self.assertEqual(version.price_mono, 0.01025, "once, not for each year")
        self.assertEqual(str(self.contract.indexation_date), "2026-07-01")

    def test_p1_indexation_is_changed_or_cancelled_before_it_applies(self):
        self._by_index({"2025-04-01": 122, "2026-04-01": 126})
        version = self._cron("2026-05-02")
        with freeze_time("2026-05-10"):
            books = version.with_user(self.accountant)
            books.price_mono = 0.0102
            books.action_announce()
            mails = self.env["mail.mail"].search(
                [
                    ("model", "=", "focalist.contract"),
                    ("res_id", "=", self.contract.id),
                ]
            )
            self.assertEqual(len(mails), 2)
            books.action_cancel_indexation()
        self.assertEqual(self.contract.pricing_ids, self.pricing)
        self.assertEqual(str(self.contract.indexation_base), "2025-04-01")
        self.assertIn("were cancelled", str(self.contract.message_ids.mapped("body")))
        self.assertFalse(self._cron("2026-05-11"), "not announced again")

    def test_p1_indexation_that_holds_is_not_cancelled(self):
        self._by_rate()
        version = self._cron("2026-05-02")
        with (
            freeze_time("2026-07-01"),
            self.assertRaisesRegex(UserError, "hold already"),
        ):
            version.action_cancel_indexation()

    def test_p1_indexation_of_a_contract_that_ends_before(self):
        self._by_rate()
        self.contract.date_end = "2026-06-30"
        self.assertFalse(self._cron("2026-05-02"))
        self.contract.write({"renewal": "tacit", "notice_months": 1})
        self.assertEqual(len(self._cron("2026-05-02")), 1, "it is to be renewed")

    def test_p1_indexation_where_prices_are_planned_already(self):
        self._by_rate()
        self.contract.pricing_ids = [Command.create({"date_from": "2026-07-01"})]
        self.assertFalse(self._cron("2026-05-02"))
        activity = self.contract.activity_search([ACTIVITY])
        self.assertIn("index them by hand", activity.note)

    def test_p1_indexation_needs_what_it_is_by(self):
        with self.assertRaisesRegex(ValidationError, "Index, Base month"):
            self.contract.write(
                {"indexation": "index", "indexation_date": "2026-07-01"}
            )

    def test_p1_values_of_an_index_are_the_accountants(self):
        sales = new_test_user(
            self.env,
            login="sells",
            groups="focalist_base.group_focalist_sales",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        index = self._by_index({"2025-04-01": 122})
        self.assertEqual(index.with_user(sales).name, "Paper and wages")
        with self.assertRaises(AccessError):
            index.value_ids.with_user(sales).value = 1

    def test_p1_history_of_prices_says_who_and_why(self):
        self._by_rate()
        self._cron("2026-05-02")
        with freeze_time("2026-08-01"):
            new = self.env["focalist.pricing"].with_user(self.accountant)
            new = new.create(
                {
                    "contract_id": self.contract.id,
                    "date_from": "2026-09-01",
                    "reason": "New agreement",
                }
            )
            self.assertEqual(
                self.contract.pricing_ids.mapped(
                    lambda v: (str(v.date_from), v.status, v.reason)
                ),
                [
                    ("2026-09-01", "planned", "New agreement"),
                    ("2026-07-01", "present", "Indexed by 2.5 %"),
                    ("2026-01-01", "past", False),
                ],
            )
            self.assertEqual(new.create_uid, self.accountant)

    def test_p1_indexations_of_many_contracts_are_made_together(self):
        contracts = self.contract
        for number in range(3):
            contracts += self._make_contract(self._make_client(f"More {number}")[0])
        self._by_rate(contracts)
        versions = self._cron("2026-05-02")
        self.assertEqual(versions.contract_id, contracts)
        self.assertEqual(
            fields.Date.to_date("2026-07-01"), min(versions.mapped("date_from"))
        )
