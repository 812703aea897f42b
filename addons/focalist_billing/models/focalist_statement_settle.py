from collections import defaultdict
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.focalist_base.tools.meters import reading_field

from ..tools.billed_meters import counter_of


class Bound(NamedTuple):
    """Where a line begins or ends; without a reading, it is calculated."""

    reading: int | None
    at: object
    value: int


class FocalistStatementLine(models.Model):
    """Corrections: lines to settle, since what they ended with is not true any more.

    A line is to settle that ended in an estimate, or in a reading that was voided
    since. The next statement has a correction of it: a line from where the stretch
    really began to where it really ended, less the pages that were billed for it. From
    then on that line holds in place of the corrected one, and the next one begins
    where it ends. So the lines that hold are a chain without a gap, and all pages that
    were ever billed add up to what lies between its two ends: each page once.
    """

    _name = "focalist.statement.line"
    _inherit = ["focalist.statement.line"]

    to_settle = fields.Boolean(
        readonly=True,
        help="It ends in an estimate, or rests on a reading that was voided since.",
    )
    settles_id = fields.Many2one(
        "focalist.statement.line",
        "Corrects",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The line that this one holds in place of.",
    )
    origin_id = fields.Many2one(
        "focalist.statement.line",
        "First billed by",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The line that was billed first: its period and prices are corrected.",
    )
    settled_by_ids = fields.One2many(
        "focalist.statement.line", "settles_id", "Corrected by"
    )
    settled = fields.Boolean(
        "Corrected", readonly=True, help="A correction holds in place of this line."
    )
    note = fields.Char(
        compute="_compute_note", help="How it was estimated, or what it corrects."
    )
    settled_pages = fields.Integer(
        "Billed before",
        readonly=True,
        aggregator=None,
        help="Pages that were billed for this stretch before it was corrected.",
    )

    _settles_uniq = models.UniqueIndex(
        "(settles_id) WHERE cancelled IS NOT TRUE AND settles_id IS NOT NULL",
        "Another statement corrects this line.",
    )
    _to_settle_idx = models.Index("(statement_id) WHERE to_settle")
    _correction = models.Constraint(
        "CHECK ((settles_id IS NULL) = (origin_id IS NULL))",
        "A correction names the line that was billed.",
    )

    @api.depends("estimated", "settles_id")
    @api.depends_context("lang")
    def _compute_note(self):
        for line in self:
            line.note = line._annex_note()

    # -- voiding ----------------------------------------------------------------------

    @api.model
    def _resting_on(self, readings, counters=None):
        """The lines that hold, and begin or end with one of these readings.

        With superuser rights: who decides on meters sees no bills.

        :param counters: names of those that matter; None: all of them
        """
        domain = Domain("cancelled", "!=", True) & Domain("settled", "!=", True)
        domain &= Domain("reading_from_id", "in", readings.ids) | Domain(
            "reading_to_id", "in", readings.ids
        )
        if counters is not None:
            domain &= Domain("counter", "in", list(counters))
        return self.sudo().search(domain)

    def _check_can_be_corrected(self, reading):
        """Raise a UserError where a reading that this line rests on is to stay."""
        statement = self.statement_id
        if statement.state != "invoiced":
            return
        name = {"reading": reading.display_name, "statement": statement.name}
        if not self.env.user.has_group("focalist_base.group_focalist_accountant"):
            raise UserError(
                self.env._(
                    "%(reading)s is billed by %(statement)s, which is invoiced: ask an"
                    " accountant to void it. The next statement corrects it.",
                    **name,
                )
            )
        contract = statement.contract_id
        neighbours = self._resting_on(reading).statement_id.contract_id
        if (
            contract.state != "active"
            or (contract.date_end and contract.date_end <= statement.service_end)
            or neighbours != contract
        ):
            raise UserError(
                self.env._(
                    "%(reading)s is billed by %(statement)s, and no later statement of"
                    " its contract will correct it. Cancel that statement, or its"
                    " invoice, before the reading is voided.",
                    **name,
                )
            )

    def _mark_settled(self, correcting=False):
        """Say of each of these lines whether a correction holds in its place.

        :param bool correcting: one does, that is about to be written
        """
        if not self:
            return
        self.env["focalist.statement.line"].flush_model()
        self.env.execute_query(
            SQL(
                """
                UPDATE focalist_statement_line line
                   SET settled = %s OR EXISTS (
                       SELECT FROM focalist_statement_line other
                        WHERE other.settles_id = line.id
                          AND other.cancelled IS NOT TRUE)
                 WHERE line.id IN %s
             RETURNING line.id
                """,
                correcting,
                tuple(self.ids),
            )
        )
        self.invalidate_recordset(["settled"])

    @api.model
    def _calculated_around(self, readings):
        """The lines that hold and end without a reading, next to one of these.

        Their last meter may be calculated from it, though no line ends with it.
        """
        self.env["focalist.statement.line"].flush_model()
        around = SQL(
            """
            SELECT DISTINCT ON (l.meter) l.id
              FROM focalist_statement_line l
             WHERE l.device_id = r.device_id AND l.partner_id = r.partner_id
               AND l.reading_to_id IS NULL
               AND l.cancelled IS NOT TRUE AND l.settled IS NOT TRUE
            """
        )
        found = self.env.execute_query(
            SQL(
                """
                SELECT line.id
                  FROM focalist_meter_reading r
            CROSS JOIN LATERAL (
                       (%(around)s AND l.read_to_at >= r.read_at
                         ORDER BY l.meter, l.read_to_at)
                       UNION ALL
                       (%(around)s AND l.read_to_at < r.read_at
                         ORDER BY l.meter, l.read_to_at DESC)) AS line
                 WHERE r.id = ANY (%(readings)s)
                """,
                around=around,
                readings=readings.ids,
            )
        )
        return self.browse({line for (line,) in found})

    def _with_calculated(self):
        """These lines, and those that have a calculated meter in common with them.

        What such a meter was calculated from is in a line of the same chain.
        """
        lines = new = self
        while new:
            ends = {
                (line.device_id, line.meter, line.read_to_at)
                for line in new
                if not line.reading_to_id
            }
            starts = {
                (line.device_id, line.meter, line.read_from_at)
                for line in new
                if not line.reading_from_id
            }
            near = self.search(
                Domain("cancelled", "!=", True)
                & Domain("settled", "!=", True)
                & Domain("device_id", "in", new.device_id.ids)
                & (
                    Domain("reading_from_id", "=", False)
                    & Domain("read_from_at", "in", [at for _d, _m, at in ends])
                    | Domain("reading_to_id", "=", False)
                    & Domain("read_to_at", "in", [at for _d, _m, at in starts])
                )
            )
            new = (
                near.filtered(
                    lambda line, ends=ends, starts=starts: (
                        (line.device_id, line.meter, line.read_from_at) in ends
                        or (line.device_id, line.meter, line.read_to_at) in starts
                    )
                )
                - lines
            )
            lines |= new
        return lines

    def _holds_its_end(self):
        """Whether nothing else says where the line after this one begins."""
        self.ensure_one()
        before = self.settles_id
        if before:
            return (self.read_to_at, self.value_to) != (
                before.read_to_at,
                before.value_to,
            )
        return not self.reading_to_id

    # -- measuring --------------------------------------------------------------------

    @api.model
    def _settled_ends(self, ends, loose):
        """SQL of where lines end that this very run corrects: nowhere where empty.

        :param dict ends: line id -> Bound, or None where nothing of it is true
        :param set loose: ids of those whose end a later statement corrects
        """
        rows = [
            SQL(
                "(%s, %s::integer, %s::timestamp, %s::bigint, %s)",
                line,
                end and end.reading,
                end and end.at,
                end and end.value,
                line in loose,
            )
            for line, end in ends.items()
        ]
        rows = rows or [SQL("(0, NULL::integer, NULL::timestamp, NULL::bigint, FALSE)")]
        return SQL(
            " SELECT * FROM (VALUES %s)"
            " AS v(line_id, reading_id, read_at, value, loose)",
            SQL(", ").join(rows),
        )

    @api.model
    def _settle(self, periods):
        """Find out how lines of earlier periods are to be corrected.

        Where the prices of that period wait for readings, a line ends with the last
        reading that counts in its period. Where they estimate, it ends with one near
        its end; without one, by the days between the readings around its end, as soon
        as there is one after it.

        :param dict periods: contract -> (first day, last day)
        :return: (list of values of corrections, dict id of a line that is corrected ->
            Bound where it ends now, or None, set of the ids of those among them whose
            end rests on one that a later statement corrects)
        """
        corrections, ends, loose = [], {}, set()
        chains = defaultdict(list)
        for row in self._lines_to_settle(periods):
            chains[row["device_id"], row["meter"]].append(row)
        for rows in chains.values():
            # Where lines ended, moment and value -> where they end now; and ends that
            # a later statement corrects, or that rest on such a one.
            moved, unsure = {}, set()
            for row in sorted(rows, key=_place):
                billed = [
                    Bound(
                        row[f"reading_{w}_id"], row[f"read_{w}_at"], row[f"value_{w}"]
                    )
                    for w in ("from", "to")
                ]
                if billed[0][1:] in moved:
                    # Where nothing counts of the one before, the first that does here.
                    start = moved[billed[0][1:]] or self._nearest(row)
                else:
                    start = self._true_start(row, billed[0], ends)
                    if row["prior_moves"] and row["prior_line_id"] not in ends:
                        unsure.add(_bound(row, "prior"))
                end, waits = self._true_end(row, start, *billed)
                if start in unsure and end and end.reading is None:
                    unsure.add(end)
                moved[billed[1][1:]] = end
                if waits and start == billed[0]:
                    continue
                if row["estimated"] or (start, end) != tuple(billed):
                    ends[row["id"]] = end
                    values = self._correction_values(row, start, end, waits)
                    values["to_settle"] = waits or not unsure.isdisjoint((start, end))
                    corrections.append(values)
                    if end in unsure:
                        loose.add(row["id"])
        return corrections, ends, loose

    @api.model
    def _true_start(self, row, billed, ends):
        """Where a line really begins: with its reading, or what is in its place now.

        That is where the line before it ends, or the nearest reading.

        :param dict ends: where lines that are corrected beside it end; see `_settle`
        """
        if billed.reading is None or row["from_counts"]:
            return billed
        prior = row["prior_line_id"]
        if prior in ends:
            return ends[prior] or self._nearest(row)
        if prior:
            return _bound(row, "prior")
        return self._nearest(row)

    @api.model
    def _nearest(self, row):
        """The last reading before a line, or else the first in it; None without any."""
        return _bound(row, "before") or _bound(row, "within")

    @api.model
    def _true_end(self, row, start, billed_start, billed_end):
        """Where a line really ends.

        :return: (Bound or None, whether it is an estimate still)
        """
        if not start:
            return None, False
        if row["to_counts"]:
            return billed_end, False
        if billed_end.reading is None and billed_start[1:] == billed_end[1:]:
            # What was taken back whole stays so, wherever the one before it ends.
            return start, False
        inside, after = _bound(row, "inside"), _bound(row, "after")
        later = inside and inside.at > start.at
        if later and (
            not row["guesses"] or row["inside_near"] or inside.at >= billed_end.at
        ):
            # Nothing is to be calculated up to a reading that is there.
            return inside, False
        if row["guesses"] and inside and after:
            part = (billed_end.at - inside.at) / (after.at - inside.at)
            value = inside.value + int((after.value - inside.value) * part)
            return Bound(None, billed_end.at, max(value, start.value)), False
        if billed_end.reading is None and not row["ended"]:
            pages = billed_end.value - billed_start.value
            return Bound(None, billed_end.at, start.value + pages), True
        return (inside if later else start), False

    @api.model
    def _correction_values(self, row, start, end, waits):
        """Values of the line that holds in the place of another one."""
        if not end:
            # Nothing of it counts: no page, and no reading to go on from.
            start = end = Bound(None, row["read_from_at"], row["value_from"])
        before = row["value_to"] - row["value_from"]
        return self._measured(
            {
                **row,
                "reading_from_id": start.reading,
                "read_from_at": start.at,
                "value_from": start.value,
                "reading_to_id": end.reading,
                "read_to_at": end.at,
                "value_to": end.value,
            }
        ) | {
            "pages": end.value - start.value - before,
            "settled_pages": before,
            "settles_id": row["id"],
            "origin_id": row["origin_id"] or row["id"],
            "estimated": waits,
            "estimate_per_day": row["estimate_per_day"] if waits else None,
            "estimate_days": row["estimate_days"] if waits else None,
        }

    @api.model
    def _lines_to_settle(self, periods):
        """The lines to settle with what the ledger says of them now.

        Those of earlier periods of the contracts; and of devices that came into one of
        them from another one.
        """
        known = SQL(", ").join(
            SQL("(%s, %s::date, %s::date)", contract.id, start, end)
            for contract, (start, end) in periods.items()
        )
        candidates = SQL(
            """
            SELECT DISTINCT ON (l.id) period.contract_id, period.last_day AS known_day,
                   l.id, l.device_id, l.partner_id, l.serial_number, l.meter,
                   l.counter, l.site_id, l.reading_from_id, l.reading_to_id,
                   l.read_from_at, l.read_to_at, l.value_from, l.value_to,
                   l.estimated, l.estimate_per_day, l.estimate_days, l.origin_id,
                   first.service_end, c.bill_sheets,
                   c.date_end IS NULL OR c.date_end > period.last_day AS goes_on,
                   p.missing = 'estimate' AS guesses,
                   COALESCE(c.tolerance_days, 0) AS tolerance
              FROM focalist_statement_line l
              JOIN focalist_statement st ON st.id = l.statement_id
         LEFT JOIN focalist_statement_line o ON o.id = l.origin_id
              JOIN focalist_statement first
                ON first.id = COALESCE(o.statement_id, l.statement_id)
              JOIN focalist_contract c ON c.id = first.contract_id
         LEFT JOIN focalist_pricing p ON p.id = first.pricing_id
              JOIN (VALUES %(known)s) AS period(contract_id, first_day, last_day)
                ON period.first_day > st.date_end
               AND (period.contract_id = st.contract_id
                    OR EXISTS (
                       SELECT FROM focalist_contract_device m
                         JOIN focalist_contract mc ON mc.id = m.contract_id
                        WHERE m.contract_id = period.contract_id
                          AND m.device_id = l.device_id
                          AND mc.partner_id = l.partner_id
                          AND m.start_at >= l.read_to_at))
             WHERE l.to_settle AND l.cancelled IS NOT TRUE AND l.settled IS NOT TRUE
             ORDER BY l.id, period.contract_id = st.contract_id DESC
            """,
            known=known,
        )
        used = self.env.execute_query(
            SQL("SELECT DISTINCT meter, counter FROM (%s) AS candidate", candidates)
        )
        if not used:
            return []
        return self.env.execute_query_dict(
            SQL(
                "WITH candidate AS MATERIALIZED (%s) %s",
                candidates,
                SQL(" UNION ALL ").join(
                    self._true_bounds(counter_of(meter, name)) for meter, name in used
                ),
            )
        )

    @api.model
    def _true_bounds(self, counter):
        """SQL of the readings around lines to settle, by one counter.

        `inside` is the last one before the line's end, or of its period where nothing
        was billed after it; `after` the first one behind it that is known yet.
        """
        own = self._usable_readings(counter)
        column = SQL.identifier(reading_field(counter.name))
        local_day = self._local_day()
        near = SQL("%s >= member.service_end - member.tolerance::integer", local_day)
        reading = SQL("SELECT r.id, r.read_at AS at, r.%s AS value", column)
        return SQL(
            """
            SELECT member.*, from_is.id IS NOT NULL AS from_counts,
                   to_is.id IS NOT NULL AS to_counts,
                   prior.line_id AS prior_line_id, prior.id AS prior_id,
                   prior.at AS prior_at, prior.value AS prior_value,
                   prior.moves AS prior_moves,
                   before.id AS before_id, before.at AS before_at,
                   before.value AS before_value,
                   within.id AS within_id, within.at AS within_at,
                   within.value AS within_value,
                   inside.id AS inside_id, inside.at AS inside_at,
                   inside.value AS inside_value, inside.near AS inside_near,
                   after.id AS after_id, after.at AS after_at,
                   after.value AS after_value,
                   segment.end_at < 'infinity' OR stay.end_at IS NOT NULL AS ended
              FROM (SELECT c.*, came.start_at AS stay_start
                      FROM candidate c
                CROSS JOIN LATERAL (
                           SELECT COALESCE(MAX(p.start_at), '-infinity') AS start_at
                             FROM focalist_device_placement p
                            WHERE p.device_id = c.device_id
                              AND p.partner_id = c.partner_id
                              AND p.start_at <= c.read_from_at
                              AND NOT EXISTS (
                                  SELECT FROM focalist_device_placement earlier
                                   WHERE earlier.device_id = p.device_id
                                     AND earlier.partner_id = p.partner_id
                                     AND earlier.end_at = p.start_at)) AS came
                   ) AS member
        CROSS JOIN LATERAL (
                   SELECT COALESCE(MAX(sg.start_at) FILTER (
                              WHERE sg.start_at <= member.read_from_at), '-infinity'
                          ) AS start_at,
                          COALESCE(MIN(sg.start_at) FILTER (
                              WHERE sg.start_at > member.read_from_at), 'infinity'
                          ) AS end_at
                     FROM focalist_meter_segment sg
                    WHERE sg.device_id = member.device_id
                      AND sg.meter = member.counter AND sg.reason <> 'first'
                   ) AS segment
        CROSS JOIN LATERAL (
                   SELECT MIN(p.end_at) AS end_at
                     FROM focalist_device_placement p
                    WHERE p.device_id = member.device_id
                      AND p.partner_id = member.partner_id
                      AND p.end_at > member.read_from_at
                      AND NOT EXISTS (
                          SELECT FROM focalist_device_placement later
                           WHERE later.device_id = p.device_id
                             AND later.partner_id = p.partner_id
                             AND later.start_at = p.end_at)) AS stay
        CROSS JOIN LATERAL (
                   SELECT MIN(l.read_to_at) AS at
                     FROM focalist_statement_line l
                    WHERE l.device_id = member.device_id AND l.meter = member.meter
                      AND l.cancelled IS NOT TRUE AND l.settled IS NOT TRUE
                      AND l.read_from_at >= member.read_to_at
                      AND l.read_to_at > l.read_from_at) AS following
        CROSS JOIN LATERAL (
                   SELECT MIN(m.end_at) AS end_at
                     FROM focalist_contract_device m
                    WHERE m.device_id = member.device_id
                      AND m.start_at < member.read_to_at
                      AND m.end_at >= member.read_to_at) AS membership
         LEFT JOIN LATERAL (%(reading)s %(own)s
                      AND r.id = member.reading_from_id) AS from_is ON TRUE
         LEFT JOIN LATERAL (%(reading)s %(own)s
                      AND r.id = member.reading_to_id) AS to_is ON TRUE
         LEFT JOIN LATERAL (
                   SELECT l.id AS line_id, l.reading_to_id AS id, l.read_to_at AS at,
                          l.value_to AS value,
                          l.to_settle AND NOT EXISTS (
                              SELECT %(own)s AND r.id = l.reading_to_id) AS moves
                     FROM focalist_statement_line l
                    WHERE l.device_id = member.device_id
                      AND l.partner_id = member.partner_id
                      AND l.meter = member.meter AND l.counter = member.counter
                      AND l.cancelled IS NOT TRUE AND l.settled IS NOT TRUE
                      AND (l.read_to_at > l.read_from_at
                           OR l.reading_to_id IS NOT NULL)
                      AND l.read_from_at >= GREATEST(member.stay_start,
                                                     segment.start_at)
                      AND l.read_to_at <= member.read_from_at AND l.id <> member.id
                    ORDER BY l.read_to_at DESC LIMIT 1) AS prior ON TRUE
         LEFT JOIN LATERAL (%(reading)s %(own)s
                      AND r.read_at <= member.read_from_at
                    ORDER BY r.read_at DESC, r.id DESC LIMIT 1) AS before ON TRUE
         LEFT JOIN LATERAL (%(reading)s %(own)s
                      AND r.read_at > member.read_from_at
                      AND r.read_at <= member.read_to_at
                    ORDER BY r.read_at, r.id LIMIT 1) AS within ON TRUE
         LEFT JOIN LATERAL (%(reading)s, %(near)s AS near %(own)s
                      AND r.read_at < COALESCE(following.at, 'infinity')
                      AND r.read_at <= COALESCE(membership.end_at, 'infinity')
                      AND r.read_at <= COALESCE(stay.end_at, 'infinity')
                      AND (r.read_at <= member.read_to_at
                           OR %(local_day)s <= member.service_end)
                      AND r.read_at < GREATEST(member.read_to_at,
                                               member.service_end + INTERVAL '2 days')
                                      + INTERVAL '1 second'
                    ORDER BY r.read_at DESC, r.id DESC LIMIT 1) AS inside ON TRUE
         LEFT JOIN LATERAL (%(reading)s %(own)s
                      AND r.read_at > member.read_to_at
                      AND r.read_at <= COALESCE(stay.end_at, 'infinity')
                      AND r.read_at < member.known_day
                                      + (member.tolerance + 2) * INTERVAL '1 day'
                      AND (%(local_day)s <= member.known_day
                           OR member.goes_on
                              AND r.read_at <= COALESCE(membership.end_at, 'infinity')
                              AND %(local_day)s <= member.known_day
                                                   + member.tolerance::integer)
                    ORDER BY r.read_at, r.id LIMIT 1) AS after ON TRUE
             WHERE member.meter = %(meter)s AND member.counter = %(counter)s
            """,
            reading=reading,
            own=own,
            near=near,
            local_day=local_day,
            meter=counter.meter,
            counter=counter.name,
        )


def _place(row):
    """Where a line is in its chain: one without length, before what begins there."""
    return row["read_from_at"], row["read_to_at"], row["id"]


def _bound(row, name):
    """One of the bounds around a line to settle; None where there is none."""
    if row[f"{name}_at"] is None:
        return None
    return Bound(row[f"{name}_id"], row[f"{name}_at"], row[f"{name}_value"])
