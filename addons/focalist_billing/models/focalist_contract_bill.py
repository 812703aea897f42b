import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, groupby

from ..tools.billed_meters import DEFAULT_TYPE

_logger = logging.getLogger(__name__)


class FocalistContract(models.Model):
    """Which periods of a contract are to be billed, and the statements of them."""

    _name = "focalist.contract"
    _inherit = ["focalist.contract"]

    def _due_on(self, day, charge="pages"):
        """When the period that `day` is in can be billed: its last day in force.

        In advance, its first one.
        """
        self.ensure_one()
        start, end = self._period_of(day, charge)
        if charge == "advance":
            return max(start, self.date_start)
        return min(end, self.date_end or end)

    def _day_due_in(self, first, last, charge="pages"):
        """A day of the last period that can be billed between two days.

        :return: date, or None where no period of the charge is due then
        """
        self.ensure_one()
        return next(
            (
                day
                for day in (last, first)
                if first <= self._due_on(day, charge) <= last
            ),
            None,
        )

    def _bill(self, day):
        """Make the statements of the periods that `day` is in, where there are none.

        Periods before it that were left out since the last statement are billed first:
        pages stay in their period, at its prices. Safe to be called twice and by two at
        once: the contracts are locked, and what is billed already is left out. A
        contract that cannot be billed holds up no other.

        :return: (focalist.statement records made, dict contract -> why its period has
            no new statement)
        """
        return self._bill_charges(lambda contract, charge: day)

    def _due_in_month(self, first, last, charge):
        """A day of the period of a charge that is due in a month; None where none is.

        Fees in advance until the day after: a run for October, made in November,
        charges November's.

        :param first, last: the days of the month
        """
        until = last + timedelta(days=1) if charge == "advance" else last
        if self.date_start > until:
            return None
        return self._day_due_in(first, until, charge)

    def _bill_month(self, first, last):
        """Make the statements that are due in a month; see `_bill`."""
        made, problems = self._bill_charges(
            lambda contract, charge: contract._due_in_month(first, last, charge)
        )
        for contract in self - made.contract_id - self.browse().union(*problems):
            problems[contract] = self._told_not_due()
        return made, problems

    @api.model
    def _told_not_due(self):
        return self.env._("Nothing of it is due in this month.")

    @api.model
    def _told_billed(self):
        return self.env._("This period has its statement already.")

    @api.model
    def _is_no_problem(self, message):
        """Whether that a contract was not billed may only mean that it was before."""
        return message in (self._told_billed(), self._told_not_due())

    def _bill_charges(self, day):
        """Make the statements of each kind of charge; see `_bill`.

        :param day: callable(contract, charge) -> a day of the period to bill, or None
        """
        self.lock_for_update()
        made, reasons, unbilled = self._bill_charge("pages", day)
        problems = reasons | unbilled
        for charge in ("fees", "advance", "true_up"):
            with_fees = self.filtered(lambda c, charge=charge: c._has_fees(charge))
            if charge == "fees":
                with_fees |= self.browse().union(*self._fees_to_settle())
            if charge == "true_up":
                # Pages that could not be billed are not missing ones.
                with_fees -= self.browse().union(*unbilled)
            # That they are not due yet is told of pages, and not once more.
            statements, _reasons, failures = with_fees._bill_charge(charge, day)
            made += statements
            problems |= failures
        return made, problems

    def _has_fees(self, charge):
        """Whether any version of the prices has fees of this kind."""
        return bool(self._fee_versions(charge))

    def _fee_versions(self, charge):
        """The versions of the prices that have fees of this kind, the newest first."""
        self.ensure_one()
        in_advance = charge == "advance"
        return self.pricing_ids.filtered(
            lambda pricing: any(fee.in_advance == in_advance for fee in pricing.fee_ids)
        ).sorted("date_from", reverse=True)

    def _bill_charge(self, charge, day):
        """Make the statements of one kind of charge; see `_bill_charges`.

        :return: (statements, dict contract -> why it has none, dict contract -> what
            went wrong with one)
        """
        billed = dict(
            self.env["focalist.statement"]._read_group(
                [
                    ("contract_id", "in", self.ids),
                    ("charge", "=", charge),
                    ("cancelled", "=", False),
                ],
                ["contract_id"],
                ["date_start:array_agg"],
            )
        )
        asked, reasons, failures = {}, {}, {}
        for contract in self:
            done = set(billed.get(contract, ())) - contract._reopened(charge)
            wanted = day(contract, charge)
            if not wanted:
                continue
            reason = contract._why_not_billed(charge, wanted, done)
            if reason:
                reasons[contract] = reason
            else:
                asked[contract] = wanted, done
        waiting = self._periods_to_bill(charge, asked)
        made = self.env["focalist.statement"]
        while waiting:
            step = {contract: periods.pop(0) for contract, periods in waiting.items()}
            statements, failed = self._make_statements(charge, step)
            made += statements
            failures |= failed
            for contract in step.keys() - failed.keys() - set(statements.contract_id):
                if not waiting[contract]:
                    reasons[contract] = self.env._(
                        "No device has two readings that this period could lie between."
                    )
            waiting = {
                contract: periods
                for contract, periods in waiting.items()
                if periods and contract not in failures
            }
        return made, reasons, failures

    def _why_not_billed(self, charge, day, done):
        """Why a period cannot be billed, in a sentence; empty where it can.

        :param set done: first days of the periods that have their statement
        """
        self.ensure_one()
        start, end = self._period_of(day, charge)
        due = self._due_on(day, charge)
        if start in done:
            return self._told_billed()
        if self.state == "draft":
            return self.env._("The contract is a draft: activate it first.")
        if end < self.date_start or (self.date_end and start > self.date_end):
            return self.env._("The contract does not hold in this period.")
        if due > fields.Date.context_today(self):
            return self.env._(
                "This period ends on %(date)s: bill it then, or close the contract.",
                date=format_date(self.env, due),
            )
        if not self._pricing_at(max(start, self.date_start)):
            return self.env._("The contract has no prices for this period.")
        return ""

    @api.model
    def _periods_to_bill(self, charge, asked):
        """The periods to bill of each contract; those without any are left out.

        :param dict asked: contract -> (day, first days that have their statement)
        :return: dict contract -> list of (first day, last day)
        """
        found = {
            contract: contract._periods_until(charge, day, done)
            for contract, (day, done) in asked.items()
        }
        return {contract: periods for contract, periods in found.items() if periods}

    def _periods_until(self, charge, day, done):
        """The periods to bill: those skipped since the last bill, then that of `day`.

        Fees that were never billed, from the first prices that have them on.

        :param set done: first days of the periods that have their statement
        """
        self.ensure_one()
        periods = [self._period_of(day, charge)]
        since = max((start for start in done if start < periods[0][0]), default=None)
        if since:
            _start, since = self._period_of(since, charge)
        elif charge != "pages":
            first = self._fee_versions(charge)[-1].date_from
            since = max(first, self.date_start) - timedelta(days=1)
        while since and periods[0][0] > since + timedelta(days=1):
            periods.insert(
                0, self._period_of(periods[0][0] - timedelta(days=1), charge)
            )
        return periods

    @api.model
    def _make_statements(self, charge, periods):
        """Make the statements of these periods; one that fails holds up no other.

        :param str charge: a value of focalist.statement's field
        :param dict periods: contract -> (first day, last day)
        :return: (focalist.statement records, dict contract -> what went wrong)
        """
        parts = self._statement_parts(charge, periods)

        def make(parts):
            # The run's rights were checked; its records are written by nobody's hand.
            statements = self.env["focalist.statement"].sudo()
            # That it was made is no news in its chatter: its run says so.
            made = statements.with_context(mail_create_nolog=True).create(
                [
                    contract._prepare_statement(*periods[contract], charge) | values
                    for contract, values, _lines in parts
                ]
            )
            statements = statements.browse(made.ids)
            statements._rate(
                {
                    statement: lines
                    for (_contract, _values, lines), statement in zip(
                        parts, statements, strict=True
                    )
                }
            )
            return statements.sudo(False)

        failures = {}
        try:
            with self.env.cr.savepoint():
                return make(parts), failures
        except (UserError, psycopg2.IntegrityError, psycopg2.DataError):
            _logger.info("A statement cannot be made; making them one by one.")
        made = self.env["focalist.statement"]
        for contract, some in groupby(parts, lambda part: part[0]):
            try:
                with self.env.cr.savepoint():
                    statements = make(some)
                made += statements
            except UserError as error:
                failures[contract] = str(error)
            except (psycopg2.IntegrityError, psycopg2.DataError):
                failures[contract] = self.env._(
                    "Its readings do not fit together: look for a meter that jumped, or"
                    " for another statement of the same pages."
                )
        return made, failures

    def _prepare_statement(self, start, end, charge="pages"):
        """Values of a period's statement, what it charges not among them."""
        self.ensure_one()
        pricing = self._pricing_at(max(start, self.date_start))
        return {
            "contract_id": self.id,
            "charge": charge,
            "pricing_id": pricing.id,
            "meter_type": pricing.meter_type or DEFAULT_TYPE,
            "date_start": start,
            "date_end": end,
            "service_start": max(start, self.date_start),
            "service_end": min(end, self.date_end or end),
        }

    def action_bill(self):
        """Begin a billing run of these contracts; its month is asked for."""
        self.check_access("read")
        if len(self.company_id) > 1:
            raise UserError(
                self.env._(
                    "A billing run is one company's: choose contracts of one company."
                )
            )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_billing.focalist_billing_run_action"
        )
        return action | {
            "views": [(False, "form")],
            "context": {
                "default_contract_ids": self.ids,
                "default_company_id": self.company_id.id,
            },
        }
