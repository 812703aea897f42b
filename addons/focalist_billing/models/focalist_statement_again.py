from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.billed_meters import DEFAULT_TYPE


class FocalistStatement(models.Model):
    """Statements that are not invoiced follow the ledger: they are measured again."""

    _name = "focalist.statement"
    _inherit = ["focalist.statement"]

    has_estimates = fields.Boolean(
        "Estimated",
        compute="_compute_has_estimates",
        search="_search_has_estimates",
        help="Some of its meters are estimated: no reading closes the period.",
    )
    meter_type = fields.Char(
        "Type", readonly=True, copy=False, help="That which its pages were measured by."
    )

    def _compute_has_estimates(self):
        estimated = dict(
            self.env["focalist.statement.line"]._read_group(
                [("statement_id", "in", self.ids), ("estimated", "=", True)],
                ["statement_id"],
                ["__count"],
            )
        )
        for statement in self:
            statement.has_estimates = statement in estimated

    @api.model
    def _search_has_estimates(self, operator, value):
        if operator not in ("in", "="):
            return NotImplemented
        wanted = True in value if operator == "in" else bool(value)
        return [
            ("line_ids", "any" if wanted else "not any", [("estimated", "=", True)])
        ]

    def action_measure_again(self):
        """Look for readings anew, such as those that somebody has typed since."""
        self.check_access("write")
        for statement in self:
            if statement.state not in ("draft", "empty") or statement.charge != "pages":
                raise UserError(
                    self.env._(
                        "%(statement)s is no draft of pages: it is not measured again.",
                        statement=statement.name,
                    )
                )
            statement._check_nothing_follows()
        self.sudo()._measure_again()

    def _measure_drafts_again(self):
        """Measure those of these that are drafts anew; superuser, who may was checked.

        One that a later statement rests on stays: the next statement corrects it.
        """
        drafts = self.filtered(lambda s: s.state in ("draft", "empty"))
        drafts.filtered(lambda s: not s._follower())._measure_again()

    def _take_types(self):
        """Measure those of these drafts anew of which the prices bill other meters now.

        :return: those that were
        :raise UserError: where another statement rests on one of them
        """
        others = self.filtered(
            lambda s: (
                s.charge == "pages"
                and s.pricing_id
                and s.meter_type != s.pricing_id.meter_type
            )
        )
        if others:
            drafts = others.contract_id._drafts()
            free = self.browse()._free_to_measure(drafts)
            (others - free)._check_nothing_follows(free)
            others._measure_again()
        return others

    def _measure_again(self):
        """Replace the meters of drafts by what lies between the readings now, and
        their supplies by those that were replaced.

        With the later drafts of the same contracts, which go on where these end.
        """
        if not self:
            return
        first = {}
        for statement in self:
            contract = statement.contract_id
            day = min(statement.date_start, first.get(contract, statement.date_start))
            first[contract] = day
        drafts = self.search(
            [
                ("contract_id", "in", self.contract_id.ids),
                ("charge", "=", "pages"),
                ("state", "in", ("draft", "empty")),
            ],
            order="date_start, id",
        ).filtered(lambda s: s.date_start >= first[s.contract_id])
        drafts = self._free_to_measure(drafts)
        drafts.contract_id.lock_for_update()
        old = drafts.line_ids
        # What a cancelled statement corrected of them goes with them.
        old |= old.search(
            [
                ("cancelled", "=", True),
                *("|", ("settles_id", "in", old.ids), ("origin_id", "in", old.ids)),
            ]
        )
        settled = old.settles_id - old
        was = {statement: statement._billed_devices().ids for statement in drafts}
        # Corrections first: what they correct may be of a draft, too.
        old.sorted("id", reverse=True).unlink()
        settled._mark_settled()
        drafts.supply_ids.unlink()
        for pricing, some in drafts.grouped("pricing_id").items():
            some.meter_type = pricing.meter_type or DEFAULT_TYPE
        lines = self.env["focalist.statement.line"]
        supplies = self.env["focalist.statement.supply"]
        for some in drafts.grouped("date_start").values():
            periods = {s.contract_id: (s.date_start, s.date_end) for s in some}
            measured, replaced = lines._measure(periods), supplies._find(periods)
            divided = {}
            for contract, own in some.grouped("contract_id").items():
                divided |= own._divide(
                    measured.get(contract, []), replaced.get(contract, []), was
                )
            lines._insert(
                {statement: rows for statement, (rows, _supplies) in divided.items()}
            )
            supplies.create(
                [
                    row | {"statement_id": statement.id}
                    for statement, (_lines, rows) in divided.items()
                    for row in rows
                ]
            )
        drafts._rate()

    def _free_to_measure(self, drafts):
        """Those of these drafts that nothing rests on but others of them."""
        while True:
            free = drafts.filtered(
                lambda s, drafts=drafts: s in self or not s._follower(drafts)
            )
            if free == drafts:
                return free
            drafts = free

    def _follower(self, besides=None):
        """A line of another statement that rests on this one's lines, if there is one.

        It corrects one of them, or goes on where one of them ended that nothing else
        holds: where there is no reading, or a correction found another end.

        :param besides: focalist.statement records that do not count
        """
        self.ensure_one()
        own = self | (besides or self)
        others = [("cancelled", "!=", True), ("statement_id", "not in", own.ids)]
        lines = self.sudo().line_ids
        found = lines.search([*others, ("settles_id", "in", lines.ids)], limit=1)
        if found:
            return found
        ends = {
            (line.device_id, line.meter, line.read_to_at): line
            for line in lines
            if line._holds_its_end()
        }

        def rests(line):
            """Whether it begins at such an end; one taken back whole before did not,
            nor did what a later statement corrected.
            """
            end = ends.get((line.device_id, line.meter, line.read_from_at))
            if not end:
                return False
            if line.settled and line.statement_id._turn() < end.statement_id._turn():
                return False
            return end.id < line.id or line.read_from_at < line.read_to_at

        return lines.search(
            [
                *others,
                # What only these correct holds again without them.
                *("|", ("settled", "!=", True)),
                ("settled_by_ids.statement_id", "in", own.ids),
                ("device_id", "in", [device.id for device, _meter, _at in ends]),
                ("read_from_at", "in", [at for _device, _meter, at in ends]),
            ]
        ).filtered(rests)[:1]

    def _check_nothing_follows(self, besides=None):
        """Raise a UserError where another statement rests on one of these.

        :param besides: see `_follower`; None: these
        """
        for statement in self:
            if follower := statement._follower(besides or self):
                raise UserError(
                    self.env._(
                        "%(later)s rests on the estimates of %(statement)s, or corrects"
                        " them: cancel that one first.",
                        later=follower.statement_id.name,
                        statement=statement.name,
                    )
                )

    def write(self, vals):
        """What a statement corrected holds again once it is cancelled."""
        if not vals.get("cancelled"):
            return super().write(vals)
        self._check_nothing_follows()
        settled = self.sudo().line_ids.settles_id
        result = super().write(vals)
        settled._mark_settled()
        return result

    def unlink(self):
        """What a statement corrected holds again once it is deleted."""
        self.filtered(lambda s: not s.cancelled)._check_nothing_follows()
        settled = self.sudo().line_ids.settles_id
        result = super().unlink()
        settled.exists()._mark_settled()
        return result
