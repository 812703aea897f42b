from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from odoo.addons.focalist_base.tests.common import FULL, PROPERTY

from .common import BillingCommon

MONTHS = 24
DEVICES = ("H1", "H2", "H3")
#: A seed is not simpler where it is smaller.
SEEDED = settings(PROPERTY, phases=(Phase.explicit, Phase.generate))
HISTORIES = settings(SEEDED, max_examples=100 if FULL else 4)


@tagged("post_install", "-at_install")
class TestBillingHistory(BillingCommon):
    """Two years of a contract at random: each page is billed once, and stays billed.

    Readings, missing months with estimates or without, voids of billed readings,
    resets, moves, credits and rebills, new prices, skipped runs. After each month,
    whatever happened: what is billed and what is included are the pages between the
    readings, each line that holds begins where the one before ended, and what was
    invoiced is as it was.
    Once all is read, what was ever billed are the pages between the first and the last
    reading of each counter.
    """

    def setUp(self):
        super().setUp()
        self.random, self.serial, self.moves = Random(), "", None
        self.contracts, self.sites, self.places = self.contract, self.site, {}
        self.counters, self.devices, self.invoiced, self.gaps = {}, {}, {}, []

    # Histories that were billed wrongly once.
    @HISTORIES
    @example(seed=370)
    @example(seed=1021)
    @example(seed=13445)
    @example(seed=50395)
    @example(seed=4767605)
    @given(seed=st.integers(0, 2**32))
    def test_p0_each_page_is_billed_once(self, seed):
        with self.env.cr.savepoint() as savepoint:
            self._live(Random(seed))
            savepoint.rollback()
            self.env.invalidate_all()

    @HISTORIES
    @given(seed=st.integers(0, 2**32))
    def test_p0_each_page_is_billed_where_it_was_printed(self, seed):
        """Devices move between two sites of a client, and those of another one."""
        with self.env.cr.savepoint() as savepoint:
            self._live(Random(seed), Random(seed + 1))
            savepoint.rollback()
            self.env.invalidate_all()

    def _live(self, random, moves=None):
        """Two years at random.

        :param moves: whether devices move: they are drawn apart, so that a history
            without is the same whatever is drawn for one with them
        """
        self.random, self.serial = random, f"{random.getrandbits(40):X}"
        self.client, self.site = self._make_client(f"Client {self.serial}")
        self.contract = self._make_contract(self.client)
        self.contracts, self.sites, self.moves = self.contract, self.site, moves
        if moves:
            annex = {"name": "Annex", "partner_id": self.client.id, "tz": "Asia/Tokyo"}
            other, site = self._make_client(f"Other {self.serial}")
            self.sites |= site.create(annex) | site
            self.contracts |= self._make_contract(other)
            if moves.random() < 0.5:
                self._price_in_tiers()
        self.contract.pricing_ids.write(
            {
                "has_allowance": True,
                "included_mono": random.choice([0, 50, 500]),
                "missing": random.choice(["wait", "estimate", "estimate"]),
            }
        )
        self.contract.tolerance_days = random.choice([0, 3, 7])
        self.counters.clear()
        self.devices.clear()
        for name in DEVICES:
            self.places[name] = self.site
            self.counters[name] = random.randrange(5000)
            self._tell(name, datetime(2025, 12, 31, 8))
        self.invoiced.clear()
        self.gaps.clear()
        first = fields.Date.to_date("2026-01-01")
        for _month in range(MONTHS if FULL else MONTHS // 2):
            with freeze_time(fields.Date.add(first, months=1, days=2)):
                self._month(first)
            self._check()
            first = fields.Date.add(first, months=1)
        with freeze_time(fields.Date.add(first, months=1, days=2)):
            for name in DEVICES:
                self.counters[name] += 100
                last = fields.Date.end_of(first, "month")
                self._tell(name, datetime(last.year, last.month, last.day, 8))
            self._run(first)
            self._check()
        self._check_all_is_billed()

    def _tell(self, name, moment):
        device = self._read(
            self.places[name],
            f"{self.serial}{name}",
            (f"{moment:%Y-%m-%d %H:%M}", {"mono": self.counters[name]}),
        )
        self.devices[name] = device

    def _month(self, first):
        """What happens in a month, and the run after it."""
        random = self.random
        for name in DEVICES:
            leaves = self._moving_day()
            silent = random.random() < 0.2
            days = [] if silent else random.sample(range(28), random.randint(1, 3))
            for day in sorted(days):
                if leaves is not None and leaves < day:
                    self._move(name, first, leaves)
                    leaves = None
                self.counters[name] += random.choice([0, 3, 120, 700])
                moment = fields.Datetime.to_datetime(first) + timedelta(
                    days=day, hours=random.randint(6, 20)
                )
                if random.random() < 0.05:
                    self._reset(name, moment)
                else:
                    self._tell(name, moment)
            if leaves is not None:
                self._move(name, first, leaves)
        if random.random() < 0.3:
            self._void()
        if first.month > 1 and random.random() < 0.1:
            self.contract.pricing_ids = [
                Command.create(
                    {
                        "date_from": first,
                        "price_mono": random.choice([0.01, 0.02]),
                        "has_allowance": True,
                        "included_mono": random.choice([0, 100]),
                        "missing": random.choice(["wait", "estimate"]),
                    }
                )
            ]
        if random.random() < 0.1 and self._begun():
            return  # the next run makes up for it
        statements = self._run(first)
        ready = statements.filtered(lambda s: s.state == "draft")
        if ready and random.random() < 0.8:
            move = ready._create_invoices()
            move.action_post()
            if random.random() < 0.2:
                self._credit(move)
        elif ready and random.random() < 0.3 and self._begun(statements):
            # One of the same run with nothing to bill may rest on their estimates.
            rests = any(statement._follower(ready) for statement in ready)
            (statements if rests else ready).action_cancel()
            if statements.filtered(lambda s: s.state == "empty"):
                self.gaps = ready.mapped("date_start")
        for statement in self.contracts.statement_ids.filtered(
            lambda s: s.state == "invoiced"
        ):
            told = self._told(statement)
            self.invoiced.setdefault((statement.id, statement.move_id.id), told)

    def _begun(self, statements=()):
        """Whether a run makes up for what is left out: never before a first one.

        Where nothing moves, all that is looked for is after that.

        :param statements: those that are to be cancelled
        """
        others = self.contracts.statement_ids.filtered(
            lambda s: s.state != "cancel" and s not in statements
        )
        billed = self.contracts.filtered("member_ids") <= others.contract_id
        return billed or not self.moves

    def _moving_day(self):
        """On which day of a month a device moves; None where it stays."""
        if self.moves and self.moves.random() < 0.1:
            return self.moves.randrange(28)
        return None

    def _move(self, name, first, day):
        """Move a device on an evening, as often as not with its meter."""
        site = self.moves.choice(self.sites - self.places[name])
        moment = fields.Datetime.to_datetime(first) + timedelta(days=day, hours=21)
        meters = {"mono": self.counters[name]} if self.moves.random() < 0.5 else {}
        device = self.devices[name]
        device._step(site, moment, {device: meters})
        self.places[name] = site

    def _price_in_tiers(self):
        self.contracts.pricing_ids.write(
            {
                "model": "tiered",
                "tier_ids": [
                    Command.create({"kind": kind, "page_from": page, "price": price})
                    for kind in ("mono", "color")
                    for page, price in ((1, 0.02), (301, 0.01))
                ],
            }
        )

    def _reset(self, name, moment):
        self.counters[name] = self.random.randrange(10)
        self._tell(name, moment)
        reading = self.devices[name].reading_ids.filtered(
            lambda reading: reading.read_at == moment
        )
        if reading.state == "quarantined":
            reading._declare("reset", "A new board")

    def _run(self, first):
        """Bill a month; nothing of it may be left out.

        Before it, those that were cancelled while a later one stayed.
        """
        while self.gaps:
            self.contracts._bill(self.gaps.pop(0))
        statements, problems = self.contracts._bill(first)
        for problem in problems.values():
            self.assertIn("two readings", problem)
        return statements

    def _void(self):
        """Void a reading, a billed one as often as not."""
        devices = self.contracts.member_ids.device_id
        readings = devices.reading_ids
        billed = devices.reading_ids.filtered(
            lambda r: r.statement_line_from_ids or r.statement_line_to_ids
        )
        if billed and self.random.random() < 0.5:
            readings = billed
        reading = self.random.choice(readings.sorted("id"))
        try:
            with self.env.cr.savepoint():
                reading._void("A test")
        except UserError as error:
            known = ["no value to void"]
            if self.moves:
                known.append("no later statement of its contract")
            self.assertRegex(str(error), "|".join(known))

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
                for line in statement.line_ids.sorted("id")
            ],
        )

    def _check(self):
        live = self.contracts.statement_ids.filtered(lambda s: s.state != "cancel")
        for statement in live:
            for corrects in (False, True):
                lines = statement.line_ids.filtered(
                    lambda line, c=corrects: bool(line.settles_id) == c
                )
                charges = statement.charge_ids.filtered(
                    lambda charge, c=corrects: bool(charge.corrects_id) == c
                )
                self.assertEqual(
                    sum(charges.mapped("quantity")),
                    sum(line.pages - line.included for line in lines),
                )
        for statements in live.grouped("contract_id").values():
            for device in statements.line_ids.device_id:
                self._check_chain(device, statements)
        for (statement, move), told in self.invoiced.items():
            statement = self.env["focalist.statement"].browse(statement)
            if statement.move_id.id == move and statement.state == "invoiced":
                self.assertEqual(self._told(statement), told)

    def _check_chain(self, device, statements):
        """Each line that holds begins where the one before ended, at what counts."""
        lines = statements.line_ids.filtered(lambda line: line.device_id == device)
        hold = lines.filtered(
            lambda line: not line.settled and line.read_to_at > line.read_from_at
        ).sorted("read_from_at")
        # What was voided since the last statement is corrected by the next one.
        true = hold.filtered(lambda line: not line.to_settle)
        for reading, at, value in [
            *((ln.reading_from_id, ln.read_from_at, ln.value_from) for ln in true),
            *((ln.reading_to_id, ln.read_to_at, ln.value_to) for ln in true),
        ]:
            if reading:
                self.assertEqual(reading.read_at, at)
                self.assertEqual(reading.meter_mono, value, reading.state)
        breaks = [
            *device.segment_ids.filtered(lambda s: s.reason != "first"),
            *self._stays(device, statements.partner_id),
        ]
        for line, following in pairwise(hold):
            self.assertLessEqual(line.read_to_at, following.read_from_at)
            if self.gaps or following.to_settle:
                continue
            if not any(
                line.read_from_at < begun.start_at <= following.read_from_at
                for begun in breaks
            ):
                self.assertEqual(line.read_to_at, following.read_from_at)
                self.assertEqual(line.value_to, following.value_from)
        self.assertEqual(
            sum(lines.mapped("pages")),
            sum(line.value_to - line.value_from for line in hold),
        )

    def _stays(self, device, client):
        """Where stays of a device at a client begin: its first place in each."""
        placements = device.placement_ids.sorted("start_at")
        stays = placements[:0]
        for before, place in pairwise([placements[:0], *placements]):
            if place.partner_id == client != before.partner_id:
                stays |= place
        return stays

    def _check_all_is_billed(self):
        """Billed and included are the pages between the first and last readings."""
        live = self.contracts.statement_ids.filtered(lambda s: s.state != "cancel")
        self.assertFalse(
            live.line_ids.filtered(lambda ln: ln.estimated and not ln.settled)
        )
        for client, statements in live.grouped("partner_id").items():
            for device in self.env["focalist.device"].union(*self.devices.values()):
                lines = statements.line_ids.filtered(
                    lambda line, d=device: line.device_id == d
                )
                self.assertEqual(
                    sum(lines.mapped("pages")), self._printed(device, client, lines)
                )

    def _printed(self, device, client, lines):
        """The pages between the readings of a client, within stays and segments."""
        readings = device.reading_ids.filtered(
            lambda r: r.partner_id == client and r.meter_mono is not False
        )
        hold = lines.filtered(lambda line: not line.settled)
        stays = self._stays(device, client)
        if hold and not self.moves:
            # Where the first run was skipped, its month is not billed.
            first = min(hold.mapped("read_from_at"))
            readings = readings.filtered(lambda r: r.read_at >= first)
        breaks = device.segment_ids.filtered(lambda s: s.reason != "first")
        starts = sorted({*stays.mapped("start_at"), *breaks.mapped("start_at")})
        printed = 0
        for start, end in pairwise([*starts, datetime.max]):
            values = readings.filtered(
                lambda r, s=start, e=end: s <= r.read_at < e
            ).mapped("meter_mono")
            printed += max(values, default=0) - min(values, default=0)
        return printed

    @SEEDED
    @given(seed=st.integers(0, 2**32))
    def test_p0_the_order_of_readings_does_not_change_the_total(self, seed):
        with self.env.cr.savepoint() as savepoint:
            random = Random(seed)
            readings, value = [], 1000
            start = datetime(2026, 1, 1, 8)
            for day in sorted(random.sample(range(150), 12)):
                value += random.randrange(300)
                moment = start + timedelta(days=day)
                readings.append((f"{moment:%Y-%m-%d %H:%M}", {"mono": value}))
            shuffled = random.sample(readings, len(readings))
            missing = random.choice(["wait", "estimate"])
            told = []
            for number, some in enumerate((readings, shuffled)):
                name = f"{random.getrandbits(40):X}{number}"
                client, site = self._make_client(f"Client {name}")
                contract = self._make_contract(client, missing=missing)
                # The first in its place: what is lower than it would wait for a person.
                first = readings[:1]
                for reading in first + [r for r in some if r not in first]:
                    self._read(site, name, reading)
                for month in range(1, 7):
                    self._bill(f"2026-{month:02}-01", contract=contract)
                told.append(
                    [
                        (line.value_from, line.value_to, line.pages, line.amount)
                        for line in contract.statement_ids.line_ids.sorted(
                            lambda ln: (ln.read_from_at, ln.id)
                        )
                    ]
                )
            self.assertEqual(*told)
            savepoint.rollback()
            self.env.invalidate_all()
