from odoo import Command
from odoo.tests import tagged

from .test_anomalies import AnomalyCase


@tagged("post_install", "-at_install")
class TestAnomalyGap(AnomalyCase):
    """Periods that are not billed, or not any more."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._print("A001", 1000, 1100, 1000, 1000, 1000)

    def _gap(self, statement):
        statement.action_check_anomalies()
        return self._found(statement, "gap")

    def test_i2_a_cancelled_month_is_told_and_billed_from_there(self):
        march = self._months(2, 3)
        april = self._months(4)
        self.assertFalse(self._gap(april))
        march.action_cancel()
        gap = self._gap(april)
        self.assertEqual(gap.severity, "warning")
        self.assertEqual(
            gap.message,
            f"03/01/2026 to 03/31/2026: {march.name} was cancelled, and nothing was"
            " billed in its place.",
        )
        action = gap.action_bill_gap()
        run = self.env[action["res_model"]].with_context(**action["context"]).create({})
        run.action_start()
        anew = (self.contract.statement_ids - march).filtered(
            lambda s: s.date_start == march.date_start
        )
        self.assertEqual((anew.run_row_id, anew.pages), (run.row_ids, 1100))
        self.assertFalse(self._gap(april))

    def test_i2_a_cancelled_month_that_is_next_is_none(self):
        self._months(2, 3).action_cancel()
        self.assertFalse(self._found(self._months(4), "gap"))

    def test_i2_a_later_cancelled_month_is_none(self):
        march = self._months(2, 3)
        self._months(4).action_cancel()
        self.assertFalse(self._gap(march))

    def test_i2_a_cancelled_month_without_pages_is_none(self):
        client, site = self._make_client("Idle")
        contract = self._make_contract(client)
        self._print("A002", 1000, 0, 1000, site=site)
        march = self._months(2, 3, contract=contract)
        april = self._months(4, contract=contract)
        march.action_cancel()
        self.assertFalse(self._gap(april))

    def test_i2_what_was_given_up_is_not_told_again(self):
        march = self._months(2, 3)
        april = self._months(4)
        march.action_cancel()
        self._gap(april)._accept()
        self.assertEqual(self._gap(april).state, "accepted")
        self.assertFalse(self._found(self._months(5), "gap"))

    def test_i2_what_was_not_decided_is_told_each_month(self):
        march = self._months(2, 3)
        self._months(4)
        march.action_cancel()
        self.assertTrue(self._found(self._months(5), "gap"))

    def test_i2_pages_before_the_first_statement_are_told(self):
        """February's and March's, but for the last morning: by days they are known."""
        april = self._months(4)
        self.assertEqual(
            self._found(april, "gap").message,
            "01/31/2026 to 03/30/2026: about 2,085 pages were printed before this"
            " statement begins, and never billed.",
        )
        self._months(2)
        self.assertEqual(self._gap(april).figures["pages"], 1063)
        self._months(3)
        self.assertFalse(self._gap(april))

    def test_i2_pages_before_a_cancelled_first_statement_are_told(self):
        """February's; March's are told as those of the statement that was cancelled."""
        self._months(3).action_cancel()
        gaps = self._found(self._months(4), "gap")
        before = gaps.filtered(lambda gap: "pages" in gap.figures)
        self.assertEqual(before.figures["pages"], 1022)
        self.assertEqual((gaps - before).figures["from"], "2026-03-01")
        run = before.action_bill_gap()
        self.assertEqual(str(run["context"]["default_month"]), "2026-02-28")

    def test_i2_pages_before_the_contract_are_none_of_it(self):
        self.contract.date_start = "2026-04-01"
        self.assertFalse(self._found(self._months(4), "gap"))

    def test_i2_pages_before_a_device_joined_are_none_of_the_contract(self):
        self.contract.member_ids.start_at = "2026-03-31 08:00:00"
        self.assertFalse(self._found(self._months(4), "gap"))

    def test_i2_each_site_has_its_own(self):
        annex = self.env["focalist.site"].create(
            {"name": "Annex", "partner_id": self.client.id, "tz": "Europe/Paris"}
        )
        self._print("A002", 1000, 1000, 1000, site=annex)
        self.contract.invoice_by = "site"
        march = self._months(2, 3)
        april = self._months(4)
        march.filtered(lambda s: s.site_id == annex).action_cancel()
        self.assertEqual(self._gap(april).statement_id.site_id, annex)

    def test_i2_a_fee_in_advance_is_billed_by_the_month_before(self):
        self.contract.pricing_ids.fee_ids = [
            Command.create({"name": "Rent", "in_advance": True, "amount": 30})
        ]
        self._months(2, 3)
        march = self.contract.statement_ids.filtered(
            lambda s: s.charge == "advance" and s.date_start.month == 3
        )
        self._months(4)
        april = self.contract.statement_ids.filtered(
            lambda s: s.charge == "advance" and s.date_start.month == 4
        )
        march.action_cancel()
        action = self._gap(april).action_bill_gap()
        self.assertEqual(str(action["context"]["default_month"]), "2026-02-28")
