from odoo import Command
from odoo.tests import Form, freeze_time, tagged

from .test_p1_indexation import ACTIVITY, IndexationCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-05-10 10:00")
class TestSuccession(IndexationCommon):
    """Versions of the prices that come after one that is changed (P1)."""

    def setUp(self):
        super().setUp()
        self._by_rate()
        self.version = self._cron("2026-05-02")

    def _notes(self):
        return str(self.contract.message_ids.mapped("body"))

    def _anew(self):
        return self._notes().count("computed anew")

    def _july(self):
        """The draft of the first month of the indexed prices: 1,000 pages."""
        self._read(
            self.site,
            "A001",
            ("2026-06-30 08:00", {"mono": 1000}),
            ("2026-07-31 08:00", {"mono": 2000}),
        )
        return self._bill("2026-07-31").filtered(
            lambda statement: statement.date_start.month == 7
        )

    def test_p1_an_announced_indexation_follows_the_prices_before_it(self):
        self.pricing.with_user(self.accountant).price_mono = 0.02
        self.assertEqual(self.version.price_mono, 0.0205)
        self.assertEqual(self.version.price_color, 0.1025)
        self.assertEqual(self._anew(), 1)
        self.assertIn("Mono page: 0.02&nbsp;$ → 0.0205&nbsp;$", self._notes())
        self.assertEqual(self._notes().count("Indexed by 2.5 %"), 2, "why, once more")
        self.pricing.reason = "Said twice"
        self.assertEqual(self._anew(), 1, "no price changed")
        self.version.reason = False
        self.pricing.price_mono = 0.03
        self.assertEqual(self._anew(), 2)
        self.assertNotIn("False", self._notes())

    def test_p1_an_indexation_that_was_computed_anew_is_noted_in_the_company_s_language(
        self,
    ):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.company.partner_id.lang = "fr_FR"
        self.pricing.price_mono = 0.02
        note = self.contract.message_ids[0].body
        self.assertIn("01/07/2026", note)
        self.assertNotIn("computed anew", note)
        self.assertIn("0.0205", note.replace(",", "."))
        self.assertNotIn("Mono page", note)

    def test_p1_who_was_told_of_an_announced_price_is_told_again(self):
        self.assertFalse(self.contract.activity_search([ACTIVITY]))
        self.pricing.price_mono = 0.02
        activity = self.contract.activity_search([ACTIVITY])
        self.assertIn("tell it again", activity.note)
        self.version.action_announce()
        self.assertFalse(self.contract.activity_search([ACTIVITY]))

    def test_p1_an_announced_indexation_follows_a_version_that_comes_between(self):
        """What is invoiced keeps its prices: those of now are another version."""
        new = self.env["focalist.pricing"].create(
            {"contract_id": self.contract.id, "date_from": "2026-05-01"}
            | {"price_mono": 0.03, "price_color": 0.1, "price_scan": 0.002}
        )
        self.assertEqual(self.version.price_mono, 0.03075)
        self.assertEqual(self.version.indexed_from_id, new)
        new.unlink()
        self.assertEqual(self.version.price_mono, 0.01025)
        self.assertEqual(self.version.indexed_from_id, self.pricing)

    def test_p1_a_version_that_comes_between_is_told_of_once(self):
        """Whatever its parts, which are stored and deleted one after the other."""
        new = self.env["focalist.pricing"].create(
            {
                "contract_id": self.contract.id,
                "date_from": "2026-05-01",
                "price_mono": 0.03,
                "fee_ids": [Command.create({"name": "Service", "amount": 20})],
                "has_minimum": True,
                "minimum_ids": [Command.create({"pages": 100})],
                "has_allowance": True,
                "pool_ids": [Command.create({"name": "All", "included_mono": 100})],
            }
        )
        self.assertEqual(self._anew(), 1)
        self.assertEqual(self.version.fee_ids.amount, 20.5)
        self.assertEqual(self.contract.pricing_ids, self.version | new | self.pricing)
        new.unlink()
        self.assertEqual(self._anew(), 2)
        self.assertFalse(self.version.fee_ids)

    def test_p1_an_indexation_stays_where_none_is_before_it_any_more(self):
        self.pricing.date_from = "2026-09-01"
        self.pricing.price_mono = 0.02
        self.assertEqual(self.version.price_mono, 0.01025)
        self.assertFalse(self._anew())

    def test_p1_an_announced_indexation_follows_all_parts_at_once(self):
        device = self._read(self.site, "A001")
        self.pricing.write(
            {
                "model": "device",
                "has_allowance": True,
                "override_ids": [
                    Command.create({"model_id": device.model_id.id, "price_mono": 0.04})
                ],
                "fee_ids": [
                    Command.create({"name": "Service", "amount": 20}),
                    Command.create({"name": "Access", "amount": 10}),
                ],
                "has_minimum": True,
                "minimum_ids": [Command.create({"pages": 100, "price": 0.02})],
                "pool_ids": [
                    Command.create(
                        {
                            "name": "These",
                            "scope": "devices",
                            "device_ids": device.ids,
                            "included_mono": 100,
                        }
                    )
                ],
            }
        )
        self.assertEqual(self._anew(), 1)
        self.assertEqual(self.version.model, "device")
        self.assertEqual(self.version.override_ids.price_mono, 0.041)
        self.assertEqual(sorted(self.version.fee_ids.mapped("amount")), [10.25, 20.5])
        self.assertEqual(self.version.minimum_ids.price, 0.0205)
        self.assertEqual(self.version.pool_ids.device_ids, device)
        # A part by itself, and none of them any more.
        self.pricing.fee_ids[0].amount = 40
        self.assertEqual(self._anew(), 2)
        self.assertEqual(sum(self.version.fee_ids.mapped("amount")), 51.25)
        self.pricing.fee_ids.unlink()
        self.assertFalse(self.version.fee_ids)

    def test_p1_an_indexation_follows_in_every_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        french = self.pricing.with_context(lang="fr_FR")
        french.fee_ids = [Command.create({"name": "Maintenance", "amount": 10})]
        french.fee_ids.with_context(lang="en_US").name = "Service"
        french.fee_ids.amount = 20
        fee = self.version.fee_ids
        self.assertEqual(fee.amount, 20.5)
        self.assertEqual(fee.with_context(lang="fr_FR").name, "Maintenance")
        self.assertEqual(fee.with_context(lang="en_US").name, "Service")

    def test_p1_an_indexation_of_an_indexation_follows_in_every_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.contract.indexation_date = "2026-08-01"
        second = self._cron("2026-06-05")
        self.pricing.fee_ids = [Command.create({"name": "Service", "amount": 10})]
        self.pricing.fee_ids.with_context(lang="fr_FR").name = "Maintenance"
        # The names are copied as prices are computed anew.
        self.pricing.fee_ids.amount = 20
        for version in self.version, second:
            fee = version.fee_ids
            self.assertEqual(fee.with_context(lang="fr_FR").name, "Maintenance")
            self.assertEqual(fee.name, "Service")

    def test_p1_an_indexation_follows_whatever_the_order_of_its_parts(self):
        """They are sorted by their models' names; these may change, too."""
        devices = self._read(self.site, "A001") + self._read(
            self.site, "B001", model="MP 301"
        )
        self.pricing.write(
            {
                "model": "device",
                "has_allowance": True,
                "override_ids": [
                    Command.create({"model_id": device.model_id.id, "price_mono": 0.04})
                    for device in devices
                ],
                "pool_ids": [
                    Command.create(
                        {
                            "name": "These",
                            "scope": "devices",
                            "device_ids": devices.ids,
                            "included_mono": 100,
                        }
                    )
                ],
            }
        )
        self.env.invalidate_all()
        self.pricing.price_mono = 0.02
        self.assertEqual(self.version.price_mono, 0.0205)
        self.env.invalidate_all()
        first = self.version.override_ids[0].model_id
        self.assertEqual(self.version.pool_ids.device_ids[0].model_id, first)
        first.name = "ZZ 1"
        self.env.invalidate_all()
        self.assertNotEqual(self.version.override_ids[0].model_id, first)
        self.assertNotEqual(self.version.pool_ids.device_ids[0].model_id, first)
        self.pricing.price_mono = 0.03
        self.assertEqual(self.version.price_mono, 0.03075)

    def test_p1_what_was_indexed_stays_what_is_indexed(self):
        """A later choice of what is indexed is that of the next indexation."""
        self.contract.write({"indexes_pages": False, "indexation_rate": 50})
        self.pricing.price_mono = 0.02
        self.assertEqual(self.version.price_mono, 0.0205)

    def test_p1_prices_that_were_edited_after_their_indexation_stay(self):
        self.version.price_color = 0.11
        self.pricing.price_mono = 0.02
        self.assertEqual(self.version.price_mono, 0.01025)
        note = self.contract.message_ids[0].body
        self.assertIn("edited after they were indexed, and stay", note)
        self.assertNotIn("Mono page", note)
        self.assertFalse(self._anew())
        self.assertFalse(self.contract.activity_search([ACTIVITY]))
        self.pricing.reason = "Once is enough"
        self.assertEqual(self._notes().count("and stay"), 1)

    def test_p1_indexed_prices_that_are_invoiced_stay(self):
        with freeze_time("2026-08-10 10:00"):
            july = self._july()
            july._create_invoices()
            self.assertEqual(july.pricing_id, self.version)
            self.pricing.price_mono = 0.02
        self.assertEqual(self.version.price_mono, 0.01025)

    def test_p1_drafts_follow_an_indexation_that_was_computed_anew(self):
        with freeze_time("2026-08-10 10:00"):
            july = self._july()
            self.assertEqual(july.amount_untaxed, 10.25)
            self.pricing.price_mono = 0.02
            self.assertEqual(self.version.status, "present")
        self.assertEqual(july.amount_untaxed, 20.5)
        self.assertFalse(self.contract.activity_search([ACTIVITY]), "nothing announced")

    def test_p1_an_indexation_of_an_indexation_follows(self):
        """Two that are announced: the second is computed from the first."""
        self.contract.indexation_date = "2026-08-01"
        second = self._cron("2026-06-05")
        self.assertEqual(second.indexed_from_id, self.version)
        self.pricing.price_mono = 0.02
        self.assertEqual(second.price_mono, 0.021013)
        self.assertIn("08/01/2026 are indexed", self.pricing.later_note)
        self.version.price_mono = 1
        self.assertEqual(second.price_mono, 1.025)
        # Now that the first one stays, the second does.
        self.pricing.invalidate_recordset(["later_note"])
        self.assertIn("08/01/2026 stay as they are", self.pricing.later_note)
        self.assertIn("08/01/2026 are indexed", self.version.later_note)

    def test_p1_the_screen_tells_of_later_versions(self):
        planned = self.env["focalist.pricing"].create(
            {"contract_id": self.contract.id, "date_from": "2026-09-01"}
        )
        first, second = self.pricing.later_note.split("\n")
        self.assertIn("07/01/2026 are indexed: they are computed anew", first)
        self.assertIn("09/01/2026 stay as they are: change them, too", second)
        self.assertNotIn("07/01/2026", self.version.later_note)
        self.assertFalse(planned.later_note)
        self.version.price_mono = 0.5
        self.pricing.invalidate_recordset(["later_note"])
        self.assertIn("07/01/2026 stay as they are", self.pricing.later_note)
        # Before Save, too.
        new = self.env["focalist.pricing"].with_context(
            default_contract_id=self.contract.id, default_date_from="2026-05-01"
        )
        form = Form(new)
        self.assertIn("07/01/2026", form.later_note)
        form.date_from = "2026-07-01"
        self.assertNotIn("07/01/2026", form.later_note)
        form.date_from = False
        self.assertFalse(form.later_note)
        self.assertFalse(Form(self.env["focalist.pricing"]).later_note)
        # No version comes after itself.
        form = Form(self.version)
        form.date_from = "2026-06-01"
        self.assertNotIn("07/01/2026", form.later_note)

    def test_p1_the_screen_tells_of_later_versions_that_are_invoiced(self):
        with freeze_time("2026-08-10 10:00"):
            self._july()._create_invoices()
            for told in (self.pricing, Form(self.pricing)):
                self.assertIn("07/01/2026 stay as they are", told.later_note)

    def test_p1_new_prices_begin_with_those_of_their_time(self):
        """On the form, not with those that are announced for later."""
        with freeze_time("2026-05-10 10:00"):
            context = self.contract.with_user(self.accountant).action_change_prices()
            context = context["context"] | {"default_date_from": "2026-05-01"}
            form = Form(
                self.env["focalist.pricing"]
                .with_user(self.accountant)
                .with_context(**context)
            )
            self.assertEqual(form.price_mono, 0.01)
            form.price_mono = 0.03
            with form.fee_ids.new() as fee:
                fee.name = "Service"
                fee.amount = 10
            new = form.save()
        self.assertEqual(self.version.indexed_from_id, new)
        self.assertEqual(self.version.price_mono, 0.03075)
        self.assertEqual(self.version.fee_ids.amount, 10.25)
        self.assertEqual(self._anew(), 1)

    def test_p1_the_screen_tells_nothing_of_prices_that_stay(self):
        self._read(
            self.site,
            "A001",
            ("2026-03-31 08:00", {"mono": 1000}),
            ("2026-04-30 08:00", {"mono": 2000}),
        )
        self._bill("2026-04-15")._create_invoices()
        self.assertFalse(self.pricing.later_note)
