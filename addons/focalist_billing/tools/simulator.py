"""Rate prices that are tried with the pages of the past year, beside those of now."""

from collections import defaultdict

from odoo import fields
from odoo.tools import format_date

from . import simulator_true_up
from .billed_meters import BILLED_METERS
from .rating import rate
from .simulation import (
    Amount,
    Bill,
    Compared,
    Row,
    Simulation,
    add_up,
    fee_amounts,
)

#: How many devices the screen names; the workbook has all of them.
SHOWN = 10


class Simulator:
    """What a version of the prices would have billed, and the present one.

    :param contract: focalist.contract record, of a client without one not stored
    :param trial: focalist.pricing record that is not stored
    """

    def __init__(self, contract, trial):
        self.env, self.contract, self.trial = trial.env, contract, trial
        self.currency = contract.currency_id
        today = fields.Date.context_today(contract)
        self.present = contract._pricing_at(today)
        company = contract.company_id
        self.by_line = company.tax_calculation_rounding_method == "round_per_line"

    def run(self):
        """Rate both: queries are as many for 500 devices as for one.

        :return: focalist_billing.tools.simulation.Simulation
        """
        contract, versions = self.contract, [*self.present, self.trial]
        shown = spans = contract._past_year()
        minimums = any(version._minimums() for version in versions)
        if minimums:
            # A true-up counts pages of before the year, too.
            since, _end = contract._period_of(shown[0].start, "true_up")
            spans = contract._past_year(since)
        usage = {
            meter_type: contract._past_usage(spans, meter_type)
            for meter_type in {version.meter_type for version in versions}
        }
        supplies = [()] * len(spans)
        if any(version.model == "supply" for version in versions):
            supplies = contract._past_supplies(spans)
        presences = contract._past_presences(spans)
        # Before the first reading of a client without a contract there is no month.
        known = {
            number: span
            for number, span in enumerate(spans)
            if span.source != "volumes" or presences[number]
        }
        times = simulator_true_up.times(contract, known) if minimums else []
        ending = {time.numbers[-1]: time for time in times if time.over}
        rows = []
        for number, span in known.items():
            if span.start < shown[0].start:
                continue
            bills = [
                self._bill(
                    version,
                    span,
                    usage[version.meter_type][number],
                    supplies[number],
                    presences[number],
                )
                for version in versions
            ]
            rows.append((span, usage[self.trial.meter_type][number], bills))
            if time := ending.get(number):
                some = [known[one] for one in time.numbers]
                bills = [
                    simulator_true_up.bill(
                        self,
                        version,
                        some,
                        [usage[version.meter_type][one] for one in time.numbers],
                    )
                    for version in versions
                ]
                rows.append((time.span, [], bills))
        return self._compare(
            [span for span, _usages, _bills in rows],
            [usages for _span, usages, _bills in rows],
            [bills[-1] for _span, _usages, bills in rows],
            [bills[0] for _span, _usages, bills in rows] if self.present else None,
        )._replace(open_true_up=next((t.span for t in times[-1:] if not t.over), None))

    # -- rating -----------------------------------------------------------------------

    def _bill(self, version, span, usages, supplies, presences):
        """What a version asks for one period."""
        months = self.contract._months(span.first, span.last)
        shares, charges = rate(
            usages,
            version._prices({usage.device: usage.site for usage in usages}),
            months=months,
            presence={device: stay.share for device, stay in presences.items()},
            by_site=self.contract.lines_by_site,
        )
        amounts = [
            Amount(charge.meter, charge.quantity, charge.price, "pages")
            for charge in charges
        ]
        devices = defaultdict(float)
        for usage in usages:
            devices[usage.device] += float(shares[usage.key].amount)
        if version.model == "supply":
            amounts += self._supplies(version, supplies, devices)
        for fee in version.fee_ids:
            charge = "advance" if fee.in_advance else "fees"
            places = self._fee_shares(fee, presences, span.last)
            amounts += [
                Amount("fee", quantity, price, charge)
                for quantity, price in fee_amounts(
                    fee.amount, months, places, self.currency.round
                )
            ]
        untaxed = add_up(amounts, self.currency.round, self.by_line)
        return Bill(amounts, devices, untaxed)

    def _supplies(self, version, supplies, devices):
        """The amounts of supplies; each device gets its part."""
        prices = {line.supply_model_id.id: line.price for line in version.supply_ids}
        number = defaultdict(int)
        for device, model in supplies:
            number[model] += 1
            devices[device] += prices.get(model, 0)
        return [
            Amount("supply", count, prices.get(model, 0), "pages")
            for model, count in number.items()
        ]

    def _fee_shares(self, fee, presences, last):
        """The part of the period until `last` of each that a fee is charged for."""
        if fee.per == "contract":
            return [1]
        if fee.per == "site":
            presences = self.contract._site_presences(presences, last)
        return [stay.share for stay in presences.values()]

    # -- comparing --------------------------------------------------------------------

    def _compare(self, spans, usages, trial, present):
        """Put bills side by side.

        :param list usages: of each period, as the prices tried count it
        :param list trial: the bill of each period; `present`: those of now, or None
        """
        billed = self._billed()
        pages = [sum(usage.pages for usage in some) for some in usages]
        rows = [
            Row(
                span,
                Compared(
                    self._period_title(span),
                    pages[number],
                    present and present[number].untaxed,
                    trial[number].untaxed,
                ),
                billed.get((span.source, span.start)),
            )
            for number, span in enumerate(spans)
        ]
        total = Compared(
            self.env._("Total"),
            sum(pages),
            present and self.currency.round(sum(b.untaxed for b in present)),
            self.currency.round(sum(bill.untaxed for bill in trial)),
        )
        return Simulation(
            rows,
            total,
            self._charges(usages, trial, present),
            self._devices(usages, trial, present),
        )

    def _billed(self):
        """What statements ask.

        :return: dict (source of a period, its first day) -> amount: of a true-up by
            itself, of other charges by the period of pages
        """
        amounts = defaultdict(float)
        for statement in self.contract.statement_ids:
            if not statement.cancelled:
                key = "true_up", statement.date_start
                if statement.charge != "true_up":
                    start, _end = self.contract._period_of(statement.date_start)
                    key = "billed", start
                amounts[key] += statement.amount_untaxed
        return amounts

    def _period_title(self, span):
        """A month by its name, other periods by their days."""
        if span.source == "true_up":
            return self.env._(
                "True-up %(start)s to %(end)s",
                start=format_date(self.env, span.first),
                end=format_date(self.env, span.last),
            )
        if span.start.day == 1 and span.start.month == span.end.month:
            return format_date(self.env, span.start, date_format="MMM y")
        return self.env._(
            "%(start)s to %(end)s",
            start=format_date(self.env, span.first),
            end=format_date(self.env, span.last),
        )

    def _charges(self, usages, trial, present):
        """By what is charged: each meter, the supplies, the fees."""
        field = self.env["focalist.statement.line"]._fields["meter"]
        titles = dict(field._description_selection(self.env))
        titles |= {
            "supply": self.env._("Supplies"),
            "fee": self.env._("Fixed fees"),
            "minimum": self.env._("Short of minimum volumes"),
        }
        order = [*BILLED_METERS, "supply", "fee", "minimum"]

        def sums(bills):
            found = defaultdict(float)
            for bill in bills:
                for amount in bill.amounts:
                    money = self.currency.round(amount.quantity * amount.price)
                    found[amount.what] += money
            return found

        trial, present = sums(trial), present and sums(present)
        pages = self._pages(usages, "meter")
        return [
            self._compared(what, titles[what], pages, trial, present)
            for what in sorted({*trial, *(present or ())}, key=order.index)
        ]

    def _devices(self, usages, trial, present):
        """By device, without fees; the largest difference first."""

        def sums(bills):
            found = defaultdict(float)
            for bill in bills:
                for device, amount in bill.devices.items():
                    found[device] += amount
            return found

        trial, present = sums(trial), present and sums(present)
        pages = self._pages(usages, "device")
        compared = [
            self._compared(device.id, device.display_name, pages, trial, present)
            for device in self.env["focalist.device"].browse({*trial, *(present or ())})
        ]
        return sorted(
            compared,
            key=lambda one: (
                -abs(one.trial if one.difference is None else one.difference),
                one.title,
            ),
        )

    def _pages(self, usages, by):
        pages = defaultdict(int)
        for some in usages:
            for usage in some:
                pages[getattr(usage, by)] += usage.pages
        return pages

    def _compared(self, key, title, pages, trial, present):
        return Compared(
            title,
            pages.get(key, 0),
            None if present is None else self.currency.round(present.get(key, 0)),
            self.currency.round(trial.get(key, 0)),
        )

    # -- showing ----------------------------------------------------------------------

    def source_titles(self):
        """Where pages come from, in words: source -> text."""
        return {
            "billed": self.env._("as billed"),
            "readings": self.env._("from readings, not from invoices"),
            "volumes": self.env._("from the volumes of days, without a contract"),
            "true_up": self.env._("short of minimum volumes, printed by nobody"),
        }

    def open_note(self, simulation):
        """That minimums of the present time are not asked for yet; empty: they are."""
        span = simulation.open_true_up
        return span and self.env._(
            "Minimum volumes from %(start)s on are trued up after %(end)s: what is"
            " short of them by now is not asked for here.",
            start=format_date(self.env, span.first),
            end=format_date(self.env, span.end),
        )

    def shown(self):
        """The simulation as the screen takes it: JSON."""
        simulation, sources = self.run(), self.source_titles()

        def plain(compared):
            return compared._asdict() | {
                "difference": compared.difference,
                "percent": compared.percent,
            }

        return {
            "currency_id": self.currency.id,
            "compared": simulation.total.present is not None,
            "rows": [
                plain(row.compared)
                | {
                    "source": sources[row.span.source],
                    "billed": row.billed,
                    "true_up": row.span.source == "true_up",
                }
                for row in simulation.rows
            ],
            "total": plain(simulation.total),
            "note": self.open_note(simulation) or "",
            "charges": [plain(one) for one in simulation.charges],
            "devices": [plain(one) for one in simulation.devices[:SHOWN]],
            "more_devices": max(len(simulation.devices) - SHOWN, 0),
        }
