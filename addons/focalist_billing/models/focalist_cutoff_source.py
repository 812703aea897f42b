from collections import defaultdict
from datetime import timedelta
from fractions import Fraction

from odoo import models
from odoo.fields import Domain

from ..tools.rating import Usage, rate


class FocalistCutoff(models.Model):
    """What a cut-off counts: statements, readings and fees without an invoice, and fees
    that were invoiced beyond its day."""

    _name = "focalist.cutoff"
    _inherit = ["focalist.cutoff"]

    def _accrued_lines(self):
        """Values of the lines of what is to be invoiced."""
        return self._with_accounts(
            [
                *self._lines_of_statements(),
                *self._lines_of_readings(),
                *self._lines_of_fees("fees"),
                *self._lines_of_fees("advance"),
            ]
        )

    def _with_accounts(self, lines):
        """Give lines the income account that their invoice will have.

        :param lines: list of values, with a payer and a charge in their places
        """
        positions = self.env["account.fiscal.position"].with_company(self.company_id)
        accounts = {}
        for values in lines:
            key = payer, charge = values.pop("payer"), values.pop("charge")
            if key not in accounts:
                product = self.company_id._focalist_product(charge)
                template = product.with_company(self.company_id).product_tmpl_id
                accounts[key] = template.get_product_accounts(
                    fiscal_pos=positions._get_fiscal_position(payer)
                )["income"]
            values["account_id"] = accounts[key].id
        return lines

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

    def _lines_of_statements(self):
        """Of statements that no posted invoice of the day or before charges.

        A period that the day lies in counts by its days.
        """
        statements = self.env["focalist.statement"].search(
            Domain("company_id", "=", self.company_id.id)
            & Domain("cancelled", "=", False)
            & Domain("service_start", "<=", self.date)
            & (
                Domain("move_id", "=", False)
                | Domain("move_id.state", "!=", "posted")
                | Domain("move_id.date", ">", self.date)
            )
        )
        found = []
        for charge in statements.charge_ids:
            statement = charge.statement_id
            start = charge.date_start or statement.service_start
            end = charge.date_end or statement.service_end
            # One that was credited since still knows the line that it had.
            billed = charge.move_line_id
            if billed.move_id != statement.move_id:
                billed = billed.browse()
            amount = -billed.balance if billed else self._converted(charge)
            found.append(
                self._accrued_line(charge, start, end)
                | {
                    "statement_id": statement.id,
                    "move_line_id": billed.id,
                    "amount": self._part(amount, self._share_until(start, end)),
                }
            )
        return [values for values in found if values["amount"]]

    def _lines_of_fees(self, charge):
        """Of fees that no statement charges yet, by the days until this one."""
        found = []
        for contract, periods in self._unbilled_periods(charge).items():
            for start, end in periods:
                last = min(end, self.date)
                whole = {contract: (start, end)}
                live = self.env["focalist.statement"]._live_groups(charge, whole)
                parts = contract._fee_parts(charge, start, last, live.get(contract))
                for _contract, group, _lines in parts:
                    statement = self.env["focalist.statement"].new(
                        contract._prepare_statement(start, last, charge) | group
                    )
                    for values in statement._prepare_fee_charges():
                        fee = self.env["focalist.statement.charge"].new(
                            values | {"statement_id": statement}
                        )
                        found.append(
                            self._accrued_line(fee, values["date_start"], last)
                            | {"amount": self._converted(fee)}
                        )
        return [values for values in found if values["amount"]]

    def _lines_of_readings(self):
        """Of pages between readings, and supplies replaced, that no statement charges.

        Periods left out are measured from the same first readings until each one's
        end: what one has more than the one before is its own.
        """
        waiting = self._unbilled_periods("pages")
        first = {contract: periods[0][0] for contract, periods in waiting.items()}
        last = {
            contract: (first[contract], min(periods[-1][1], self.date))
            for contract, periods in waiting.items()
        }
        measure = self.env["focalist.statement.line"]._measure
        before, found, number = {}, [], 0
        while some := {c: p[number] for c, p in waiting.items() if number < len(p)}:
            ends = {c: min(end, self.date) for c, (_start, end) in some.items()}
            measured = measure({c: (first[c], end) for c, end in ends.items()})
            for contract, (start, _end) in some.items():
                rows = measured.get(contract, [])
                usages = [
                    (row, row["value_to"] - before.get(_key(row), row["value_from"]))
                    for row in rows
                ]
                before |= {_key(row): row["value_to"] for row in rows}
                found += self._lines_of_usages(contract, usages, start, ends[contract])
            number += 1
        for contract, rows in self.env["focalist.statement.supply"]._find(last).items():
            found += self._lines_of_supplies(contract, rows, last[contract])
        return [values for values in found if values["amount"]]

    def _lines_of_usages(self, contract, usages, start, end):
        """Of the pages of one period, a line a meter.

        :param usages: list of (row as it was measured, pages)
        """
        start = max(start, contract.date_start)
        pricing = contract._pricing_at(start)
        if not pricing or not any(pages for _row, pages in usages):
            return []
        devices = self.env["focalist.device"].browse(
            {row["device_id"] for row, _pages in usages}
        )
        model_of = {device.id: device.model_id.id for device in devices}
        sites = {row["device_id"]: row["site_id"] for row, _pages in usages}
        used = [
            Usage(
                number,
                row["device_id"],
                row["meter"],
                pages,
                model=model_of[row["device_id"]],
                site=row["site_id"],
            )
            for number, (row, pages) in enumerate(usages)
        ]
        prices = pricing._prices(sites)
        shares, charges = rate(
            used,
            prices,
            months=contract._months(start, end),
            presence=contract._presence(start, end),
            by_site=contract.lines_by_site,
        )
        amounts, by_site = defaultdict(float), defaultdict(dict)
        pages_of = defaultdict(int)
        for charge in charges:
            amounts[charge.meter] += contract.currency_id.round(
                charge.quantity * charge.price
            )
        for usage in used:
            meter = prices.tier_kind(usage.meter) or usage.meter
            site = self.env["focalist.site"].browse(usage.site)
            pages_of[meter] += usage.pages
            by_site[meter][site] = by_site[meter].get(site, 0) + Fraction(
                shares[usage.key].amount
            )
        return [
            self._unbilled_line(contract, contract.payer_id, meter, start, end)
            | {
                "pages": pages_of[meter],
                "amount": self._converted(contract, amount),
                "analytic_distribution": self._distribution(by_site[meter]),
            }
            for meter, amount in amounts.items()
        ]

    def _lines_of_supplies(self, contract, rows, period):
        """Of the supplies of one contract that were replaced: one line."""
        by_site = defaultdict(Fraction)
        for row in rows:
            site = self.env["focalist.site"].browse(row["site_id"])
            by_site[site] += Fraction(str(row["price_unit"]))
        amount = float(sum(by_site.values()))
        return [
            self._unbilled_line(contract, contract.payer_id, "supply", *period)
            | {
                "amount": self._converted(contract, amount),
                "analytic_distribution": self._distribution(by_site),
            }
        ]

    def _unbilled_periods(self, charge):
        """The periods that no statement charges yet, the last begun by the day.

        :return: dict contract -> list of (first day, last day in force)
        """
        contracts = self.env["focalist.contract"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("state", "!=", "draft"),
                ("date_start", "<=", self.date),
            ]
        )
        if charge != "pages":
            contracts = contracts.filtered(lambda c: c._has_fees(charge))
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
        found = {}
        for contract in contracts:
            done = set(billed.get(contract, ())) - contract._reopened(charge)
            day = min(self.date, contract.date_end or self.date)
            start, _end = contract._period_of(day, charge)
            if start in done or not contract._pricing_at(
                max(start, contract.date_start)
            ):
                continue
            found[contract] = [
                (first, min(last, contract.date_end or last))
                for first, last in contract._periods_until(charge, day, done)
            ]
        return found

    # -- a line -----------------------------------------------------------------------

    def _accrued_line(self, charge, start, end):
        """Values of the line of a charge, its amount missing."""
        contract = charge.statement_id.contract_id
        name = charge.meter or ("fee" if charge.fee_id else "supply")
        line = self._unbilled_line(
            contract, charge.statement_id._payer(), name, start, min(end, self.date)
        )
        return line | {
            "label": charge._title(),
            "pages": charge.printed if charge.meter else 0,
            "analytic_distribution": charge._analytic_distribution(),
        }

    def _unbilled_line(self, contract, payer, charge, start, end):
        return {
            "kind": "accrued",
            "payer": payer,
            "charge": charge,
            "partner_id": payer.commercial_partner_id.id,
            "contract_id": contract.id,
            "label": self.company_id._focalist_product(charge).name,
            "date_start": start,
            "date_end": end,
        }

    def _distribution(self, by_site):
        return self.env["focalist.site"]._focalist_distribution(by_site)

    def _converted(self, record, amount=None):
        """An amount in the company's currency, at the day's rate.

        :param record: what has the amount, and its currency
        """
        if amount is None:
            amount = record.amount
        return record.currency_id._convert(
            amount, self.currency_id, self.company_id, self.date
        )

    def _part(self, amount, share):
        """A part of an amount, rounded to the cent."""
        return self.currency_id.round(float(Fraction(str(amount)) * share))

    def _share_until(self, start, end):
        """How much of a time lies before the end of the day: a Fraction."""
        days = (min(end, self.date) - start).days + 1
        return Fraction(max(days, 0), (end - start).days + 1)


def _key(row):
    """What a measured row counts: one counter of a device from one reading on."""
    return row["device_id"], row["meter"], row["counter"], row["reading_from_id"]
