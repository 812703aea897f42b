import csv
import re
from datetime import date, datetime, timedelta
from pathlib import Path

from odoo import Command, fields
from odoo.tests import freeze_time, tagged

from ..tools.billed_meters import BILLED_METERS
from .common import BillingCommon

BILLS = Path(__file__).parent / "examples" / "bills.csv"
PERIODS = {"quarterly": "quarter", "half-yearly": "half_year"}
#: Lines of prices that choose something.
SETTINGS = {"estimate": {"missing": "estimate"}, "by model": {"model": "device"}}
FEES_YEARLY = "fees yearly"
TRUE_UPS = {"true-up quarterly": "quarter", "true-up half-yearly": "half_year"}


@tagged("post_install", "-at_install")
class TestExamples(BillingCommon):
    """Each row of examples/bills.csv; examples/README.md says how they are written."""

    def setUp(self):
        super().setUp()
        self.devices, self.number = {}, 0

    def test_p0_worked_examples(self):
        with BILLS.open(newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertGreaterEqual(len(rows), 40)
        for number, row in enumerate(rows):
            with self.subTest(row["example"]), self.env.cr.savepoint() as savepoint:
                self._try(number, row)
                savepoint.rollback()
                self.env.invalidate_all()

    def _try(self, number, row):
        self.client, self.site = self._make_client(f"Example {number}")
        self.devices, self.number = {}, number
        prices = row["prices"].splitlines()
        self.contract = self.env["focalist.contract"].create(
            self._contract_values(prices)
        )
        self.contract.action_activate()
        # Devices and their models are there before prices name them.
        happens = row["what happens"].splitlines()
        for line in happens:
            self._declare(line)
        for line in prices:
            self._price(self.contract.pricing_ids, line)
        months = row["billed"].split()
        for line in happens:
            self._happen(line)
        for month in months:
            self._run(month)
        charges = self.contract.statement_ids.filtered(
            lambda statement: statement.state != "cancel"
        ).sorted("date_end")
        found = [
            f"{'correction ' * bool(charge.corrects_id)}"
            f"{'short ' * bool(charge.minimum_id)}"
            f"{charge.meter or 'fee'} {charge.quantity:.0f}"
            f" x {charge.price_unit:.6g} = {charge.amount:.2f}"
            for charge in charges.charge_ids.sorted(
                lambda c: (c.statement_id.date_end, c.statement_id.id, c.sequence)
            )
        ]
        self.assertEqual(found, row["charges"].splitlines())
        self.assertEqual(f"{sum(charges.mapped('amount_untaxed')):.2f}", row["total"])

    # -- prices -----------------------------------------------------------------------

    def _contract_values(self, prices):
        values = {"partner_id": self.client.id, "date_start": "2025-01-01"}
        for line in prices:
            if line in PERIODS:
                values["period"] = PERIODS[line]
            elif line == FEES_YEARLY:
                values["fee_period"] = "year"
            elif line.startswith("tolerance "):
                values["tolerance_days"] = int(line.removeprefix("tolerance "))
            elif line in TRUE_UPS:
                values["true_up_period"] = TRUE_UPS[line]
            elif line.startswith("from "):
                values["date_start"] = line.removeprefix("from ")
            elif line.startswith("until "):
                values["date_end"] = line.removeprefix("until ")
        start = values["date_start"]
        return values | {"pricing_ids": [Command.create({"date_from": start})]}

    def _price(self, pricing, line):
        match line.split():
            case [meter, price] if meter in BILLED_METERS:
                pricing[f"price_{meter}"] = float(price)
            case ["included", meter, pages]:
                pricing.write({"has_allowance": True, f"included_{meter}": int(pages)})
            case ["pool", meter, pages]:
                pool = {"name": "All", f"included_{meter}": int(pages)}
                pricing.write(
                    {"has_allowance": True, "pool_ids": [Command.create(pool)]}
                )
            case ["type", type_]:
                pricing.meter_type = type_
            case ["a3", factor]:
                pricing.a3_factor = int(factor)
            case ["tiers", *scale]:
                if scale:
                    pricing.tiers_by = "period"
            case ["tier", kind, page, price]:
                values = {"kind": kind, "page_from": int(page), "price": float(price)}
                pricing.tier_ids = [Command.create(values)]
                if {"mono", "color"} <= set(pricing.tier_ids.mapped("kind")):
                    pricing.model = "tiered"
            case ["fee", amount, *more]:
                values = {"name": "Fee", "amount": float(amount)}
                values["per"] = more[1] if more[:1] == ["per"] else "contract"
                values["in_advance"] = more[-2:] == ["in", "advance"]
                pricing.fee_ids = [Command.create(values)]
            case ["minimum", kind, pages, *more]:
                values = {"kind": kind, "pages": int(pages)}
                if more[:1] == ["at"]:
                    values["price"] = float(more[1])
                elif more:
                    values["per"] = "device"
                minimum = [Command.create(values)]
                pricing.write({"has_minimum": True, "minimum_ids": minimum})
            case _ if line in SETTINGS:
                pricing.write(SETTINGS[line])
            case _ if ": " in line:
                self._price_of(pricing, *line.split(": "))
            case _:
                known = line in PERIODS or line in TRUE_UPS or line == FEES_YEARLY
                of_contract = line.startswith(("from ", "until ", "tolerance "))
                self.assertTrue(known or of_contract, line)

    def _price_of(self, pricing, whose, price):
        meter, amount = price.split()
        if whose.startswith("device "):
            values = {"device_id": self.devices[whose.removeprefix("device ")].id}
        else:
            model = self.env["focalist.device.model"]._find_or_create(
                [("Ricoh", whose)]
            )
            values = {"model_id": model["Ricoh", whose].id}
        values[f"price_{meter}"] = float(amount)
        pricing.override_ids = [Command.create(values)]

    # -- what happens -----------------------------------------------------------------

    def _declare(self, line):
        """Make the device of the first line that names it."""
        match = re.match(r"[\d-]{10} (\w+)(?: \((.+?)\))?", line)
        if match and match[1] not in self.devices:
            name, model = match.groups()
            self.devices[name] = self._read(
                self.site, f"EX{self.number}{name}", model=model or "MP C4503"
            )

    def _happen(self, line):
        line = re.sub(r" \(.+?\)", "", line)
        match line.split():
            case ["prices", "from", day, *price]:
                values = {"date_from": day.rstrip(":")}
                values[f"price_{price[0]}"] = float(price[1])
                self.contract.pricing_ids = [Command.create(values)]
            case ["price", *price]:
                self._price(self.contract.pricing_ids, " ".join(price))
            case ["indexed", "by", rate, "%", "from", day]:
                self._index(day, {"indexation": "rate", "indexation_rate": rate})
            case ["indexed", "from", base, "to", new, "from", day, *limit]:
                self._index(day, self._by_index(day, base, new, limit))
            case [month, "is", "invoiced", "and", "credited"]:
                self._invoice_and_credit(month)
            case [month, "is", "invoiced"]:
                self._invoice(self._run(month))
            case [month, "is", "billed"]:
                self._run(month)
            case ["ends", day]:
                self.contract.date_end = day
            case [day, name, "joins"]:
                self._member(name).start_at = self._at(day, -9)
            case [day, name, "leaves"]:
                self._member(name).end_at = self._at(day)
            case [day, name, "reset"]:
                self._reading(day, name)._declare("reset", "A new board")
            case [day, name, "swap", last, first]:
                self._reading(day, name)._declare(
                    "swap",
                    "A new board",
                    end_values={"mono": int(last)},
                    start_values={"mono": int(first)},
                )
            case [day, name, "void"]:
                self._reading(day, name)._void("A wrong one")
            case [day, name, *meters]:
                values = dict(zip(meters[::2], map(int, meters[1::2]), strict=True))
                moment = f"{self._at(day):%Y-%m-%d %H:%M}"
                device = self.devices[name]
                self._read(
                    self.site,
                    device.serial_number,
                    (moment, values),
                    model=device.model_id.name,
                )

    def _at(self, day, hours=0):
        """09:00 in Paris of a day in winter, or so many hours from it: naive UTC."""
        return datetime.fromisoformat(day) + timedelta(hours=8 + hours)

    def _member(self, name):
        device = self.devices[name]
        return self.contract.member_ids.filtered(lambda m: m.device_id == device)

    def _reading(self, day, name):
        return self.env["focalist.meter.reading"].search(
            [
                ("device_id", "=", self.devices[name].id),
                ("read_at", "=", self._at(day)),
            ]
        )

    def _run(self, month):
        first = date.fromisoformat(f"{month}-01")
        made, _problems = self.contract._bill_month(
            first, fields.Date.end_of(first, "month")
        )
        return made

    def _invoice(self, statements):
        move = statements._create_invoices()
        move.action_post()
        return move

    def _invoice_and_credit(self, month):
        move = self._invoice(self._run(month))
        wizard = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=move.ids
        )
        wizard = wizard.create({"journal_id": move.journal_id.id})
        wizard.refund_moves()
        wizard.new_move_ids.action_post()

    def _by_index(self, day, base, new, limit):
        months = "2020-01-01", fields.Date.start_of(date.fromisoformat(day), "month")
        values = [
            Command.create({"month": month, "value": float(value)})
            for month, value in zip(months, (base, new), strict=True)
        ]
        index = {"name": "Index", "company_id": self.company.id, "value_ids": values}
        return {
            "indexation": "index",
            "indexation_index_id": self.env["focalist.price.index"].create(index).id,
            "indexation_base": months[0],
            "indexation_lag": 0,
            "indexation_cap": float(limit[1]) if limit else 0,
        }

    def _index(self, day, values):
        self.contract.write(values | {"indexation_date": day})
        with freeze_time(self.contract.indexation_announce_on):
            self.contract._announce_indexation()
