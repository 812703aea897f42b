from datetime import datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from odoo.addons.focalist_base.tests.common import FULL, PROPERTY

from .common import BillingCommon

MONTHS = 24
DEVICES = ("H1", "H2", "H3")


@tagged("post_install", "-at_install")
class TestBillingHistory(BillingCommon):
    """Two years of a contract at random: each page is billed once, and stays billed.

    Readings, missing months, voids, resets, credits and rebills, new prices. After each
    month, whatever happened: what is billed and what is included are the pages between
    the readings, no line begins before the last one ended, and what was invoiced is as
    it was.
    """

    def setUp(self):
        super().setUp()
        self.random, self.serial = Random(), ""
        self.counters, self.devices, self.invoiced = {}, {}, {}

    @PROPERTY
    @given(seed=st.integers(0, 2**32))
    def test_p0_each_page_is_billed_once(self, seed):
        with self.env.cr.savepoint() as savepoint:
            self._live(Random(seed))
            savepoint.rollback()
            self.env.invalidate_all()

    def _live(self, random):
        self.random, self.serial = random, f"{random.getrandbits(40):X}"
        self.client, self.site = self._make_client(f"Client {self.serial}")
        self.contract = self._make_contract(self.client)
        self.contract.pricing_ids.write(
            {"has_allowance": True, "included_mono": random.choice([0, 50, 500])}
        )
        self.counters.clear()
        self.devices.clear()
        for name in DEVICES:
            self.counters[name] = random.randrange(5000)
            self._tell(name, datetime(2025, 12, 31, 8))
        self.invoiced.clear()
        first = fields.Date.to_date("2026-01-01")
        for _month in range(MONTHS if FULL else MONTHS // 2):
            with freeze_time(fields.Date.add(first, months=1, days=2)):
                self._month(first)
            self._check()
            first = fields.Date.add(first, months=1)

    def _tell(self, name, moment):
        device = self._read(
            self.site,
            f"{self.serial}{name}",
            (f"{moment:%Y-%m-%d %H:%M}", {"mono": self.counters[name]}),
        )
        self.devices[name] = device

    def _month(self, first):
        """What happens in a month, and the run after it."""
        random = self.random
        for name in DEVICES:
            if random.random() < 0.2:
                continue  # silent, all month
            days = sorted(random.sample(range(28), random.randint(1, 3)))
            for day in days:
                self.counters[name] += random.choice([0, 3, 120, 700])
                moment = fields.Datetime.to_datetime(first) + timedelta(
                    days=day, hours=random.randint(6, 20)
                )
                if random.random() < 0.05:
                    self._reset(name, moment)
                else:
                    self._tell(name, moment)
        if random.random() < 0.15:
            self._void()
        if first.month > 1 and random.random() < 0.1:
            self.contract.pricing_ids = [
                Command.create(
                    {
                        "date_from": first,
                        "price_mono": random.choice([0.01, 0.02]),
                        "has_allowance": True,
                        "included_mono": random.choice([0, 100]),
                    }
                )
            ]
        statements = self._bill(str(first), contract=self.contract)
        ready = statements.filtered(lambda s: s.state == "draft")
        if ready and random.random() < 0.8:
            move = ready._create_invoices()
            move.action_post()
            if random.random() < 0.2:
                self._credit(move)
        elif ready and random.random() < 0.3:
            ready.action_cancel()
        for statement in self.contract.statement_ids.filtered(
            lambda s: s.state == "invoiced"
        ):
            told = self._told(statement)
            self.invoiced.setdefault((statement.id, statement.move_id.id), told)

    def _reset(self, name, moment):
        self.counters[name] = self.random.randrange(10)
        self._tell(name, moment)
        reading = self.devices[name].reading_ids.filtered(
            lambda reading: reading.read_at == moment
        )
        if reading.state == "quarantined":
            reading._declare("reset", "A new board")

    def _void(self):
        """Void a reading; a billed one refuses, and says by what."""
        reading = self.random.choice(
            self.contract.member_ids.device_id.reading_ids.sorted("id")
        )
        try:
            with self.env.cr.savepoint():
                reading._void("A test")
        except UserError as error:
            self.assertRegex(str(error), "is billed|no value to void")

    def _credit(self, move):
        wizard = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=move.ids
        )
        wizard = wizard.create({"journal_id": move.journal_id.id})
        wizard.refund_moves()
        wizard.new_move_ids.action_post()
        if self.random.random() < 0.7:
            statements = move.focalist_origin_ids
            statements.filtered(lambda s: s.state == "draft")._create_invoices()

    def _told(self, statement):
        return (
            statement.amount_untaxed,
            [(c.meter, c.quantity, c.price_unit) for c in statement.charge_ids],
            [
                (line.reading_from_id.id, line.reading_to_id.id, line.included)
                for line in statement.line_ids
            ],
        )

    def _check(self):
        live = self.contract.statement_ids.filtered(lambda s: s.state != "cancel")
        for statement in live:
            lines = statement.line_ids
            self.assertEqual(
                sum(statement.charge_ids.mapped("quantity")),
                sum(line.pages - line.included for line in lines),
            )
        for device in live.line_ids.device_id:
            lines = live.line_ids.filtered(lambda line, d=device: line.device_id == d)
            lines = lines.sorted(lambda line: (line.read_from_at, line.read_to_at))
            readings = device.reading_ids.filtered(lambda r: r.state == "accepted")
            for line in lines:
                self.assertLessEqual(
                    {line.reading_from_id, line.reading_to_id}, {*readings}
                )
                self.assertEqual(
                    line.pages,
                    line.reading_to_id.meter_mono - line.reading_from_id.meter_mono,
                )
            for line, following in zip(lines, lines[1:], strict=False):
                self.assertLessEqual(line.read_to_at, following.read_from_at)
        for (statement, move), told in self.invoiced.items():
            statement = self.env["focalist.statement"].browse(statement)
            if statement.move_id.id == move and statement.state == "invoiced":
                self.assertEqual(self._told(statement), told)
