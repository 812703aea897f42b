from datetime import date
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.focalist_billing.models import (
    focalist_billing_run,
    focalist_billing_run_cron,
)

from .common import BillingCommon


class RunCommon(BillingCommon):
    """Some clients with a device each, which printed 100 pages in March and more."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._print(cls.site, "A000")
        cls.contracts = cls.contract + cls._add_clients(3)

    @classmethod
    def _add_clients(cls, count, first=1):
        contracts = cls.contract.browse()
        for number in range(first, first + count):
            client, site = cls._make_client(
                f"Client {number}", email=f"client{number}@example.com"
            )
            contracts += cls._make_contract(client)
            cls._print(site, f"A{number:03}", 100 * (number + 1))
        return contracts

    @classmethod
    def _print(cls, site, serial, pages=100):
        cls._read(
            site,
            serial,
            ("2026-01-31 08:00", {"mono": 1000}),
            ("2026-02-28 08:00", {"mono": 1000 + pages}),
            ("2026-03-31 08:00", {"mono": 1000 + 3 * pages}),
        )

    def _run(self, month="2026-03-01", user=None, **values):
        runs = self.env["focalist.billing.run"]
        runs = runs.with_user(user) if user else runs
        return runs.create({"month": month, **values})

    def _in_background(self, batch=25):
        """Whatever is asked for is left to the scheduled action."""
        self.startPatcher(patch.object(focalist_billing_run, "AT_ONCE", 0))
        self.startPatcher(patch.object(focalist_billing_run_cron, "BATCH", batch))

    def _tick(self):
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("focalist_billing.billing_runs").method_direct_trigger()
        self.env.invalidate_all()

    def _queries(self, function):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        function()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before


@tagged("post_install", "-at_install")
class TestBillingRun(RunCommon):
    def test_few_contracts_are_billed_while_one_waits(self):
        run = self._run()
        run.action_start()
        self.assertEqual(run.state, "review")
        self.assertEqual(set(run.row_ids.mapped("state")), {"ready"})
        self.assertEqual(run.row_ids.contract_id, self.contracts)
        self.assertEqual(sorted(run.row_ids.mapped("pages")), [200, 400, 600, 800])
        self.assertAlmostEqual(run.amount_untaxed, 20)
        self.assertEqual(run.statement_count, 4)

    def test_one_contract_opens_its_statement(self):
        action = self.contract.action_bill()
        self.assertEqual(action["context"]["default_contract_ids"], self.contract.ids)
        run = self._run(contract_ids=self.contract.ids)
        action = run.action_start()
        self.assertEqual(action["res_model"], "focalist.statement")
        self.assertEqual(action["res_id"], self.contract.statement_ids.id)

    def test_many_are_billed_in_batches_by_the_scheduled_action(self):
        self._in_background(batch=3)
        run = self._run()
        run.action_start()
        self.assertEqual((run.state, run.progress), ("measuring", 0))
        self.assertFalse(self.contracts.statement_ids)
        self._tick()
        self.assertEqual(run.state, "review")
        self.assertEqual(len(self.contracts.statement_ids), 4)
        run.action_invoice()
        self.assertEqual((run.state, run.progress), ("invoicing", 0))
        self._tick()
        self.assertEqual(run.state, "done")
        self.assertEqual(run.invoice_count, 4)
        self.assertIn("4 done", str(run.message_ids.mapped("body")))

    def test_p0_what_came_up_since_its_review_is_looked_at_before_an_invoice(self):
        """A client is kept in another currency since: nobody looked again."""
        self.contracts.date_start = "2026-03-01"
        run = self._run()
        run.action_start()
        self.assertFalse(run.row_ids.statement_ids.anomaly_ids)
        account = self.company_data["default_account_receivable"]
        other = account.copy({"currency_id": self.env.ref("base.CHF").id})
        self.client.property_account_receivable_id = other
        run.action_invoice()
        row = run.row_ids.filtered(lambda row: row.contract_id == self.contract)
        self.assertEqual(set((run.row_ids - row).mapped("state")), {"done"})
        self.assertEqual((row.state, run.state), ("problem", "review"))
        self.assertFalse(row.statement_ids.move_id)
        self.assertIn("since its review", row.message)
        # As anything unusual, it is accepted first.
        action = row.action_invoice()
        self.assertEqual(action["res_model"], "focalist.anomaly.accept")
        row.statement_ids.anomaly_ids._accept("Agreed")
        row.action_invoice()
        self.assertEqual((row.state, run.state), ("done", "done"))
        self.assertTrue(row.statement_ids.move_id)

    def test_a_batch_is_one_method_without_its_job(self):
        self._in_background()
        run = self._run()
        run.action_start()
        some = run.row_ids[:2].sudo()
        self.assertEqual(some._measure_batch(), some)
        self.assertEqual(set(some.mapped("state")), {"ready"})
        self.assertEqual(run.progress, 50)
        self.assertFalse(some._measure_batch(), "it is done once")
        self.assertFalse(some._invoice_batch(), "nobody asked for it")

    def test_stopped_and_resumed(self):
        self._in_background(batch=1)
        run = self._run()
        run.action_start()
        run.row_ids[:1].sudo()._measure_batch()
        run.action_stop()
        self._tick()
        self.assertEqual(run.state, "stopped")
        self.assertEqual(len(self.contracts.statement_ids), 1)
        run.action_resume()
        self._tick()
        self.assertEqual(run.state, "review")
        self.assertEqual(len(self.contracts.statement_ids), 4)

    def test_started_twice_and_two_for_one_month_bill_once(self):
        first, second = self._run(), self._run()
        first.action_start()
        first.action_start()
        second.action_start()
        self.assertEqual(len(first.row_ids), 4)
        self.assertEqual(set(second.row_ids.mapped("state")), {"skipped"})
        self.assertIn(first.name, second.row_ids[0].message)
        for run in (first, second):
            if run.state == "review":
                run.action_invoice()
        self.assertEqual(len(self.contracts.statement_ids), 4)
        self.assertEqual(len(self.contracts.statement_ids.move_id), 4)
        third = self._run()
        third.action_start()
        self.assertEqual(third.state, "done")
        self.assertEqual(set(third.row_ids.mapped("state")), {"done"})
        self.assertIn("Invoiced already", third.row_ids[0].message)
        self.assertEqual(len(self.contracts.statement_ids), 4)

    def test_what_is_set_aside_another_run_may_take(self):
        first = self._run()
        first.action_start()
        row = first.row_ids.filtered(lambda row: row.contract_id == self.contract)
        row.action_skip()
        first.action_invoice()
        self.assertEqual(first.state, "done")
        self.assertFalse(self.contract.statement_ids.move_id)
        second = self._run(contract_ids=self.contract.ids)
        second.action_start()
        self.assertEqual(second.row_ids.state, "ready")
        second.action_invoice()
        self.assertTrue(self.contract.statement_ids.move_id)

    def test_a_draft_that_was_there_is_taken(self):
        statement = self._bill("2026-02-01")
        run = self._run(contract_ids=self.contract.ids)
        run.action_start()
        self.assertEqual(len(run.row_ids.statement_ids), 2)
        self.assertIn(statement, run.row_ids.statement_ids)
        run.action_invoice()
        self.assertEqual(len(run.row_ids.move_ids), 1)
        self.assertAlmostEqual(run.row_ids.move_ids.amount_untaxed, 3)

    def test_clients_tags_and_salespersons(self):
        clients = self.contracts.partner_id
        tag = self.env["res.partner.category"].create({"name": "Schools"})
        clients[1].category_id = tag
        clients[2].user_id = self.env.user
        for name, records, client in (
            ("partner_ids", clients[0], clients[0]),
            ("tag_ids", tag, clients[1]),
            ("salesperson_ids", self.env.user, clients[2]),
        ):
            run = self._run(**{name: records.ids})
            self.assertEqual(run._contracts().partner_id, client, name)
        run = self._run(tag_ids=tag.ids, partner_ids=clients[0].ids)
        with self.assertRaisesRegex(UserError, "No contract"):
            run.action_start()

    def test_fees_in_advance_of_the_day_after_its_month(self):
        """A contract that begins then, and one of which no pages are due."""
        client, _site = self._make_client("Next")
        following = self._make_contract(client, active=False)
        following.pricing_ids.date_from = following.date_start = "2026-04-01"
        following.action_activate()
        later = self.contracts[0]
        later.write({"period": "year", "fee_period": "quarter"})
        self.assertEqual(self._run()._contracts(), self.contracts - later)
        for contract in following + later:
            contract.pricing_ids.fee_ids = [
                Command.create({"name": "Rent", "amount": 30, "in_advance": True})
            ]
        run = self._run()
        run.action_start()
        self.assertEqual(run.row_ids.contract_id, self.contracts + following)
        self.assertEqual(set(run.row_ids.mapped("state")), {"ready"})
        self.assertFalse(any(run.row_ids.mapped("message")))
        for contract in following + later:
            last = contract.statement_ids.sorted("date_start")[-1]
            self.assertEqual(
                (last.charge, str(last.service_start)), ("advance", "2026-04-01")
            )

    def test_what_it_bills_stays_once_it_has_begun(self):
        run = self._run()
        run.action_start()
        with self.assertRaisesRegex(UserError, "has begun"):
            run.month = "2026-02-01"
        run.invoicing = "post"

    def test_a_large_run_needs_its_scheduled_action(self):
        self._in_background()
        self.env.ref("focalist_billing.billing_runs").active = False
        with self.assertRaisesRegex(UserError, "switched off"):
            self._run().action_start()


@tagged("post_install", "-at_install")
class TestBillingRunReview(RunCommon):
    def _row(self, run, contract=None):
        return run.row_ids.filtered(
            lambda row: row.contract_id == (contract or self.contract)
        )

    def test_compares_with_the_period_before(self):
        february = self._run("2026-02-01")
        february.action_start()
        self.assertFalse(any(february.row_ids.mapped("has_before")))
        self.contract.pricing_ids.price_mono = 0.03
        march = self._run()
        march.action_start()
        row = self._row(march)
        self.assertAlmostEqual(row.amount_untaxed, 6)
        self.assertAlmostEqual(row.amount_before, 3)
        self.assertAlmostEqual(row.difference, 100)
        self.assertTrue(row.has_before)

    def test_follows_a_change_of_prices(self):
        run = self._run()
        run.action_start()
        self.contract.pricing_ids.price_mono = 0.05
        self.assertAlmostEqual(self._row(run).amount_untaxed, 10)

    def test_what_to_look_at_comes_first(self):
        client, _site = self._make_client("Silent")
        silent = self._make_contract(client)
        self.contracts.date_start = "2026-03-01"
        self._read(self.site, "A999", ("2026-01-05 08:00", {"mono": 5}))
        run = self._run()
        run.action_start()
        rows = self.env["focalist.billing.run.contract"].search(
            [("run_id", "=", run.id)]
        )
        self.assertEqual(rows[:2].contract_id, self.contract + silent)
        self.assertEqual(rows.mapped("problem_count"), [1, 1, 0, 0, 0])
        self.assertEqual(rows[0].state, "ready")
        self.assertIn("MP C4503 (A999): No reading", rows[0].remarks)
        self.assertFalse(any(rows[2:].mapped("remarks")))
        self.assertEqual(rows[1].state, "problem")
        self.assertIn("two readings", rows[1].message)
        self.assertEqual(run.problem_count, 1)

    def test_why_a_contract_that_was_chosen_has_nothing_to_bill(self):
        self.contract.period = "quarter"
        run = self._run("2026-02-01", contract_ids=self.contracts[:2].ids)
        run.action_start()
        row = self._row(run)
        self.assertEqual(
            (row.state, row.message), ("problem", "Nothing of it is due in this month.")
        )
        other = run.row_ids - row
        self.assertEqual(other.state, "ready")
        self.assertFalse(other.message)

    def test_measured_again_once_the_reading_is_there(self):
        client, site = self._make_client("Late")
        contract = self._make_contract(client)
        run = self._run(contract_ids=(contract + self.contract).ids)
        run.action_start()
        row = self._row(run, contract)
        self.assertEqual(row.state, "problem")
        self._print(site, "L001")
        old = self.contract.statement_ids
        run.row_ids.action_measure()
        self.assertEqual((run.state, row.state), ("review", "ready"))
        self.assertFalse(row.message)
        self.assertEqual(row.pages, 200)
        self.assertEqual(old.state, "cancel")
        self.assertEqual(self._row(run).pages, 200)

    def test_ends_with_what_is_left_set_aside(self):
        client, _site = self._make_client("Silent")
        self._make_contract(client)
        run = self._run()
        run.action_start()
        run.action_invoice()
        self.assertEqual(run.state, "review", "somebody should look at the silent one")
        self.assertEqual(run.invoice_count, 4)
        run.action_finish()
        self.assertEqual(run.state, "done")
        self.assertEqual(run.row_ids.sorted("id")[-1].state, "skipped")

    def test_queries_do_not_grow_with_the_clients_of_a_batch(self):
        self._in_background()
        counts = []
        for more in (0, 6):
            self._add_clients(more, first=100)
            run = self._run()
            run.action_start()
            counts.append(self._queries(run.row_ids.sudo()._measure_batch))
            run.action_cancel()
        few, many = counts
        # Names of statements come from a sequence, one query each.
        self.assertLessEqual(many - few, 6 * 3)

    def test_queries_for_fees_of_sites_do_not_grow_with_the_contracts(self):
        contracts = self.contracts + self._add_clients(6, first=100)
        contracts.invoice_by = "site"
        fees = {
            "Rent": {"amount": 30, "per": "site"},
            "Hire": {"amount": 5, "per": "device", "in_advance": True},
        }
        for pricing in contracts.pricing_ids:
            pricing.fee_ids = [
                Command.create({"name": name} | values) for name, values in fees.items()
            ]
        start, end = date(2026, 3, 1), date(2026, 3, 31)
        contracts._bill_charge("advance", lambda _contract, _charge: start)
        counts = []
        for some in (contracts[:2], contracts):
            made = []
            count = self._queries(
                lambda some=some, made=made: made.extend(
                    some._bill_charge("fees", lambda _contract, _charge: end)[0]
                )
            )
            asked = [each.amount_untaxed for each in made]
            self.assertEqual(asked, [30] * 3 * len(some))
            self.env["focalist.statement"].union(*made).unlink()
            # Names of statements come from a sequence, one query each.
            counts.append(count - len(made))
        self.assertLessEqual(*reversed(counts))

    def test_what_nobody_foresaw_is_told_where_it_happened(self):
        self._in_background()
        run = self._run()
        run.action_start()
        make = type(self.contract)._prepare_statement

        def fails(contract, *arguments):
            if contract == self.contract:
                raise ValueError("Unforeseen")
            return make(contract, *arguments)

        with patch.object(type(self.contract), "_prepare_statement", fails):
            with self.assertLogs(focalist_billing_run_cron._logger, "ERROR"):
                self._tick()
        self.assertEqual(run.state, "review")
        self.assertEqual(self._row(run).state, "problem")
        self.assertIn("Unforeseen", self._row(run).message)
        self.assertEqual(len(self.contracts.statement_ids), 3)


@tagged("post_install", "-at_install")
class TestBillingRunInvoices(RunCommon):
    def test_drafts_posted_or_sent(self):
        for invoicing, contract in zip(
            ("draft", "post", "send"), self.contracts[1:], strict=True
        ):
            run = self._run(
                contract_ids=contract.ids,
                invoicing=invoicing,
                invoice_date="2026-04-02",
            )
            run.action_start()
            run.action_invoice()
            move = run.row_ids.move_ids
            self.assertEqual(run.state, "done")
            posted = invoicing != "draft"
            self.assertEqual(move.state, "posted" if posted else "draft")
            self.assertEqual(str(move.invoice_date) == "2026-04-02", posted)
            self.assertEqual(move.is_being_sent, invoicing == "send")

    def test_sent_by_odoos_own_job(self):
        run = self._run(contract_ids=self.contracts[1].ids, invoicing="send")
        run.action_start()
        run.action_invoice()
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("account.ir_cron_account_move_send").method_direct_trigger()
        self.env.invalidate_all()
        move = run.row_ids.move_ids
        self.assertTrue(move.is_move_sent)
        self.assertFalse(move.is_being_sent)

    def test_without_an_address_is_posted_and_told(self):
        run = self._run(invoicing="send")
        run.action_start()
        run.action_invoice()
        self.assertEqual(run.state, "review")
        row = run.row_ids.filtered(lambda row: row.state == "problem")
        self.assertEqual(row.contract_id, self.contract)
        self.assertIn("e-mail", row.message)
        self.assertEqual(set(run.row_ids.move_ids.mapped("state")), {"posted"})
        self.client.email = "client@example.com"
        row.action_invoice()
        self.assertEqual((run.state, row.state), ("done", "done"))
        self.assertTrue(row.move_ids.is_being_sent)
        self.assertEqual(len(run.row_ids.move_ids), 4)

    def test_one_that_cannot_be_posted_holds_up_no_other(self):
        currency = self.env["res.currency"].with_context(active_test=False)
        currency = currency.search([("name", "=", "CHF")])
        currency.active = True
        self.contract.currency_id = currency
        run = self._run(invoicing="post")
        run.action_start()
        currency.active = False
        run.row_ids.statement_ids._open_anomalies()._accept("Agreed")
        run.action_invoice()
        row = run.row_ids.filtered(lambda row: row.state == "problem")
        self.assertEqual(row.contract_id, self.contract)
        self.assertIn("currency", row.message)
        self.assertEqual(row.move_ids.state, "draft")
        others = run.row_ids - row
        self.assertEqual(set(others.mapped("state")), {"done"})
        self.assertEqual(set(others.move_ids.mapped("state")), {"posted"})
        currency.active = True
        row.action_invoice()
        self.assertEqual(run.state, "done")
        self.assertEqual(row.move_ids.state, "posted")
        self.assertEqual(run.invoice_count, 4)

    def test_undone_its_periods_are_unbilled(self):
        run = self._run()
        run.action_start()
        statements = self.contracts.statement_ids
        run.action_cancel()
        self.assertEqual(run.state, "cancel")
        self.assertEqual(set(statements.mapped("state")), {"cancel"})
        again = self._run()
        again.action_start()
        self.assertEqual(set(again.row_ids.mapped("state")), {"ready"})
        statements = again.row_ids.statement_ids
        again.unlink()
        self.assertEqual(set(statements.mapped("state")), {"cancel"})

    def test_not_undone_once_something_is_invoiced(self):
        run = self._run()
        run.action_start()
        run.row_ids[0].action_invoice()
        for undo in (run.action_cancel, run.unlink):
            with self.assertRaisesRegex(UserError, "has invoices"):
                undo()
        self.assertEqual(run.state, "review")

    def test_a_deleted_invoice_is_made_again_by_the_next_run(self):
        run = self._run()
        run.action_start()
        run.action_invoice()
        self.contract.statement_ids.move_id.unlink()
        again = self._run()
        again.action_start()
        row = again.row_ids.filtered(lambda row: row.state == "ready")
        self.assertEqual(row.contract_id, self.contract)
        again.action_invoice()
        self.assertEqual(again.state, "done")
        self.assertTrue(self.contract.statement_ids.move_id)


@tagged("post_install", "-at_install")
class TestBillingRunRights(RunCommon):
    def _user(self, group, company=None):
        company = company or self.company
        return new_test_user(
            self.env,
            login=f"{group} of {company.name}",
            groups=f"focalist_base.group_focalist_{group}",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    def test_rights_accountant_does_all_of_it(self):
        user = self._user("accountant")
        self._in_background()
        run = self._run(user=user, invoicing="post")
        run.action_start()
        self._tick()
        run.action_invoice()
        self._tick()
        self.assertEqual(run.state, "done")
        self.assertEqual(run.user_id, user)
        self.assertEqual(set(run.row_ids.move_ids.mapped("state")), {"posted"})

    def test_rights_nobody_writes_states_and_rows_by_hand(self):
        run = self._run(user=self._user("accountant"))
        run.action_start()
        for values in ({"state": "done"}, {"name": "X"}, {"user_id": 1}):
            with self.assertRaises(AccessError):
                run.write(values)
        with self.assertRaises(AccessError):
            run.row_ids[0].write({"state": "done"})
        with self.assertRaises(AccessError):
            run.row_ids[0].unlink()

    def test_rights_others_have_none(self):
        run = self._run()
        run.action_start()
        for group in ("sales", "technician", "support"):
            user = self._user(group)
            for method in (
                run.with_user(user).action_invoice,
                run.with_user(user).action_cancel,
                run.row_ids.with_user(user).action_invoice,
                run.row_ids.with_user(user).action_skip,
                run.row_ids.with_user(user).action_measure,
            ):
                with self.assertRaises(AccessError):
                    method()

    def test_company_of_another_dealer(self):
        other = self.env["res.company"].create({"name": "Other dealer"})
        run = self._run()
        run.action_start()
        user = self._user("accountant", other)
        self.assertFalse(self.env["focalist.billing.run"].with_user(user).search([]))
        rows = self.env["focalist.billing.run.contract"].with_user(user)
        self.assertFalse(rows.search([]))
        own = self._run(user=user)
        self.assertEqual(own.company_id, other)
        with self.assertRaisesRegex(UserError, "No contract"):
            own.action_start()
        with self.assertRaises(UserError):
            self._run(company_id=other.id, contract_ids=self.contract.ids)
