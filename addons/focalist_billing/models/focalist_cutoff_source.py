from datetime import timedelta
from fractions import Fraction

from markupsafe import Markup

from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import split_every

from ..tools.unkept import UNKEPT

#: So many contracts are counted at once.
BATCH = 200


class FocalistCutoff(models.Model):
    """What a cut-off counts: statements, readings and fees without an invoice, and fees
    that were invoiced beyond its day.

    What has no statement yet is billed as a run would bill it, until the day, and then
    taken back: so corrections, families of sites and supplies are those of the run.
    """

    _name = "focalist.cutoff"
    _inherit = ["focalist.cutoff"]

    def _accrued_lines(self):
        """Values of the lines of what is to be invoiced."""
        contracts = self.env["focalist.contract"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("state", "!=", "draft"),
                ("date_start", "<=", self.date),
            ]
        )
        found, problems = [], {}
        unkept = contracts.with_context(focalist_unkept=UNKEPT)
        for some in split_every(BATCH, contracts.ids, unkept.browse):
            with self.env.cr.savepoint() as savepoint:
                made, failed = self._bill_until(some)
                found += self._lines_of_statements(some, made)
                problems |= failed
                savepoint.close(rollback=True)
        self._tell_left_out(problems)
        return found + self._lines_of_credits()

    def _tell_left_out(self, problems):
        """Say on the cut-off what it does not count.

        :param dict problems: contract -> why it has no statement
        """
        if not problems:
            return
        rows = Markup().join(
            Markup("<li>%s: %s</li>") % (contract.display_name, reason)
            for contract, reason in problems.items()
        )
        told = self.env._("Left out, since their statements cannot be made:")
        self._message_log(body=Markup("<p>%s</p><ul>%s</ul>") % (told, rows))

    def _deferred_lines(self):
        """Values of the lines of what invoices charge beyond the day, by its days.

        Credit notes count against it: their lines have their invoice's service period.
        """
        lines = self.env["account.move.line"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("parent_state", "=", "posted"),
                ("date", "<=", self.date),
                ("focalist_service_end", ">", self.date),
                ("display_type", "=", "product"),
            ],
            order="partner_id, id",
        )
        found = []
        for line in lines:
            start, end = line.focalist_service_start, line.focalist_service_end
            ahead = 1 - self._share_until(start, end)
            move = line.move_id
            origins = move.focalist_origin_ids or (
                move.reversed_entry_id.focalist_origin_ids
            )
            found.append(
                {
                    "kind": "deferred",
                    "partner_id": move.commercial_partner_id.id,
                    "contract_id": origins.contract_id[:1].id,
                    "statement_id": line.focalist_charge_ids.statement_id[:1].id,
                    "move_line_id": line.id,
                    "label": (line.name or "").split("\n")[0],
                    "date_start": max(start, self.date + timedelta(days=1)),
                    "date_end": end,
                    "account_id": line.account_id.id,
                    "amount": self._part(-line.balance, ahead),
                    "analytic_distribution": line.analytic_distribution,
                }
            )
        return [values for values in found if values["amount"]]

    # -- statements until the day -----------------------------------------------------

    def _bill_until(self, contracts):
        """Make the statements that these contracts lack until the day.

        In the order of a run, which bills true-ups by the pages.

        :return: (focalist.statement records, dict contract -> what went wrong)
        """
        if len(contracts.try_lock_for_update()) < len(contracts):
            raise UserError(
                self.env._(
                    "Contracts are being billed: make the entries once the billing run"
                    " has ended."
                )
            )
        made, problems = self.env["focalist.statement"], {}
        for charge in ("pages", "fees", "advance", "true_up"):
            waiting = self._unbilled_periods(charge, contracts)
            waiting = {c: p for c, p in waiting.items() if c not in problems}
            while waiting:
                step = {contract: some.pop(0) for contract, some in waiting.items()}
                statements, failed = contracts._make_statements(charge, step)
                made += statements
                problems |= failed
                waiting = {
                    contract: some
                    for contract, some in waiting.items()
                    if some and contract not in problems
                }
        return made, problems

    def _unbilled_periods(self, charge, contracts):
        """The periods that no statement charges yet, the last begun by the day.

        One that the day lies in ends there; but that of which some sites have their
        statements, which share its tiers and pools, is counted by its days. What is
        short of a minimum is known once its period is over.

        :return: dict contract -> list of (first day, last day)
        """
        if charge != "pages":
            with_fees = contracts.filtered(lambda c: c._has_fees(charge))
            if charge == "fees":
                with_fees |= contracts.browse().union(*contracts._fees_to_settle())
            contracts = with_fees
        billed = dict(
            self.env["focalist.statement"]._read_group(
                [
                    ("contract_id", "in", contracts.ids),
                    ("charge", "=", charge),
                    ("cancelled", "=", False),
                ],
                ["contract_id"],
                ["date_start:array_agg"],
            )
        )
        asked, found = {}, {}
        for contract in contracts:
            done = set(billed.get(contract, ())) - contract._reopened(charge)
            day = min(self.date, contract.date_end or self.date)
            start, _end = contract._period_of(day, charge)
            if start not in done and contract._pricing_at(
                max(start, contract.date_start)
            ):
                asked[contract] = day, done
        for contract, periods in contracts._periods_to_bill(charge, asked).items():
            live = set(billed.get(contract, ()))
            if charge == "true_up":
                periods = [
                    (first, last)
                    for first, last in periods
                    if min(last, contract.date_end or last) <= self.date
                ]
            else:
                periods = [
                    (first, last if first in live else min(last, self.date))
                    for first, last in periods
                ]
            if periods:
                found[contract] = periods
        return found

    # -- lines ------------------------------------------------------------------------

    def _lines_of_statements(self, contracts, made):
        """Of statements that no posted invoice of the day or before charges.

        A period that the day lies in counts by its days.

        :param made: those of them that are not kept
        """
        statements = self.env["focalist.statement"].search(
            Domain("contract_id", "in", contracts.ids)
            & Domain("cancelled", "=", False)
            & Domain("service_start", "<=", self.date)
            & (
                Domain("move_id", "=", False)
                | Domain("move_id.state", "!=", "posted")
                | Domain("move_id.date", ">", self.date)
            )
        )
        accounts, found = {}, []
        for statement in statements:
            payer = statement._payer()
            for charge, amount in self._amounts(statement).items():
                key = payer, statement.site_id.address_id, charge._product()
                if key not in accounts:
                    accounts[key] = self._income_account(*key)
                start, end = self._days_of(charge)
                found.append(
                    {
                        "kind": "accrued",
                        "partner_id": payer.commercial_partner_id.id,
                        "contract_id": statement.contract_id.id,
                        "statement_id": statement not in made and statement.id,
                        "move_line_id": statement.state == "invoiced"
                        and charge.move_line_id.id,
                        "label": charge._title(),
                        "date_start": start,
                        "date_end": min(end, self.date),
                        "pages": charge.printed if charge.meter else 0,
                        "account_id": accounts[key].id,
                        "amount": self._part(amount, self._share_of(charge)),
                        "analytic_distribution": charge._analytic_distribution(),
                    }
                )
        return [values for values in found if values["amount"]]

    def _lines_of_credits(self):
        """Of credit notes of later days that take back what stood in the books.

        What they take back is to be billed anew, perhaps for another amount.
        """
        lines = self.env["account.move.line"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("move_id.move_type", "=", "out_refund"),
                ("parent_state", "=", "posted"),
                ("date", ">", self.date),
                ("move_id.reversed_entry_id.date", "<=", self.date),
                ("focalist_service_start", "<=", self.date),
                ("display_type", "=", "product"),
            ],
            order="partner_id, id",
        )
        found = []
        for line in lines:
            start, end = line.focalist_service_start, line.focalist_service_end
            statements = line.move_id.reversed_entry_id.focalist_origin_ids
            amount = self._converted(line.currency_id, -line.amount_currency)
            found.append(
                {
                    "kind": "accrued",
                    "partner_id": line.move_id.commercial_partner_id.id,
                    "contract_id": statements.contract_id[:1].id,
                    "move_line_id": line.id,
                    "label": (line.name or "").split("\n")[0],
                    "date_start": start,
                    "date_end": min(end, self.date),
                    "account_id": line.account_id.id,
                    "amount": self._part(amount, self._share_until(start, end)),
                    "analytic_distribution": line.analytic_distribution,
                }
            )
        return [values for values in found if values["amount"]]

    def _amounts(self, statement):
        """What a statement's charges are invoiced for, in the company's currency.

        With an invoice, what its lines ask for; without, what they will: the total is
        rounded as Odoo rounds it.

        :return: dict focalist.statement.charge record -> amount
        """
        charges, currency = statement._billable(), statement.currency_id
        if statement.state == "invoiced":
            # A line that somebody deleted is not billed.
            amounts = {
                charge: -charge.move_line_id.amount_currency
                for charge in charges
                if charge.move_line_id.move_id == statement.move_id
            }
            currency = statement.move_id.currency_id
        else:
            amounts = {charge: charge.amount for charge in charges}
            rest = statement.amount_untaxed - sum(amounts.values())
            if amounts and not currency.is_zero(rest):
                largest = max(amounts, key=lambda charge: abs(amounts[charge]))
                amounts[largest] = currency.round(amounts[largest] + rest)
        return {
            charge: self._converted(currency, amount)
            for charge, amount in amounts.items()
        }

    def _income_account(self, payer, address, product):
        """The account that the invoice's line will have.

        :param address: that of the site of which it is; else it is the payer's
        """
        delivery = address or payer.browse(payer.address_get(["delivery"])["delivery"])
        positions = self.env["account.fiscal.position"].with_company(self.company_id)
        template = product.with_company(self.company_id).product_tmpl_id
        accounts = template.get_product_accounts(
            fiscal_pos=positions._get_fiscal_position(payer, delivery=delivery)
        )
        return accounts["income"]

    def _share_of(self, charge):
        """How much of a charge was earned by the end of the day: a Fraction."""
        start, end = self._days_of(charge)
        if charge.minimum_id:
            return Fraction(end <= self.date)
        if charge.supply_model_id:
            days = [supply._replaced_on() for supply in charge._supplies()]
            return Fraction(sum(day <= self.date for day in days), len(days))
        return self._share_until(start, end)

    def _days_of(self, charge):
        """The first and the last day that a charge is for."""
        statement = charge.statement_id
        return (
            charge.date_start or statement.service_start,
            charge.date_end or statement.service_end,
        )

    def _converted(self, currency, amount):
        """An amount in the company's currency, at the day's rate."""
        return currency._convert(amount, self.currency_id, self.company_id, self.date)

    def _part(self, amount, share):
        """A part of an amount, rounded to the cent."""
        return self.currency_id.round(float(Fraction(str(amount)) * share))

    def _share_until(self, start, end):
        """How much of a time lies before the end of the day: a Fraction."""
        days = (min(end, self.date) - start).days + 1
        return Fraction(max(days, 0), (end - start).days + 1)
