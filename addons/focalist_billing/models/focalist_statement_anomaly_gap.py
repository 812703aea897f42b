from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL


class FocalistStatementAnomaly(models.Model):
    """Periods behind a statement that are not billed, or not any more.

    A run bills what was left out since the last statement, and nothing before it: who
    cancels an older one, or begins later than the contract, may have given its pages
    up, or forgotten them.
    """

    _name = "focalist.statement.anomaly"
    _inherit = ["focalist.statement.anomaly"]

    @api.model
    def _find_gaps(self, statements):
        """Periods before these statements whose own was cancelled, and not replaced.

        What was accepted on another statement is not told again.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT st.id, gone.date_start, gone.date_end,
                       (array_agg(gone.name ORDER BY gone.id DESC))[1]
                  FROM focalist_statement st
                  JOIN focalist_statement gone ON gone.contract_id = st.contract_id
                   AND gone.charge = st.charge AND gone.date_end < st.date_start
                   AND gone.site_id IS NOT DISTINCT FROM st.site_id
                   AND gone.cost_centre IS NOT DISTINCT FROM st.cost_centre
                   AND gone.cancelled
                   AND (gone.pages <> 0 OR gone.amount_untaxed <> 0)
                 WHERE st.id = ANY (%(ids)s)
                   AND NOT EXISTS (
                       SELECT FROM focalist_statement live
                        WHERE live.contract_id = gone.contract_id
                          AND live.charge = gone.charge
                          AND live.date_start <= gone.date_end
                          AND live.date_end >= gone.date_start
                          AND live.cancelled IS NOT TRUE
                          AND (live.invoice_by <> gone.invoice_by
                               OR live.site_id IS NOT DISTINCT FROM gone.site_id
                              AND live.cost_centre
                                  IS NOT DISTINCT FROM gone.cost_centre))
                   AND NOT EXISTS (
                       SELECT FROM focalist_statement_anomaly told
                         JOIN focalist_statement other ON other.id = told.statement_id
                        WHERE told.kind = 'gap' AND told.state = 'accepted'
                          AND told.figures ->> 'statement' = gone.name
                          AND other.contract_id = st.contract_id AND other.id <> st.id)
                 GROUP BY st.id, gone.date_start, gone.date_end
                 ORDER BY st.id, gone.date_start
                """,
                ids=statements.ids,
            )
        )
        return [
            {
                "statement_id": statement_id,
                "kind": "gap",
                "figures": {
                    "from": start.isoformat(),
                    "to": end.isoformat(),
                    "statement": name,
                },
            }
            for statement_id, start, end, name in rows
        ]

    @api.model
    def _find_before_first(self, statements):
        """Pages of the contract before its first statement, which nobody ever billed.

        What these devices printed while they were in the contract, by days, until that
        of the reading which their line begins with. What a cancelled statement had is
        told by `_find_gaps`.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT st.id, MIN(v.day), MAX(v.day), SUM(%(pages)s)::bigint
                  FROM focalist_statement st
                  JOIN focalist_contract c ON c.id = st.contract_id
            CROSS JOIN LATERAL (
                       SELECT GREATEST(c.date_start, MAX(o.date_end) + 1) AS day
                         FROM focalist_statement o
                        WHERE o.contract_id = st.contract_id AND o.charge = 'pages'
                          AND o.date_end < st.date_start
                          AND o.cancelled IS NOT TRUE) AS since
            CROSS JOIN LATERAL (
                       SELECT l.device_id, l.partner_id, l.counter,
                              MIN(l.read_from_at AT TIME ZONE 'UTC'
                                                 AT TIME ZONE s.tz)::date AS first_day
                         FROM focalist_statement_line l
                         JOIN focalist_site s ON s.id = l.site_id
                        WHERE l.statement_id = st.id AND l.settles_id IS NULL
                        GROUP BY l.device_id, l.partner_id, l.meter, l.counter) AS line
                  JOIN focalist_contract_device m ON m.contract_id = c.id
                   AND m.device_id = line.device_id
                  JOIN focalist_device_placement p ON p.device_id = line.device_id
                   AND p.partner_id = line.partner_id
                  JOIN focalist_volume v ON v.placement_id = p.id
                   AND v.day >= GREATEST(since.day, m.start_at::date)
                   AND (m.end_at IS NULL OR v.day < m.end_at::date)
                   AND v.day < LEAST(line.first_day, st.date_start)
                 WHERE st.id = ANY (%(ids)s) AND since.day < st.date_start
                   AND %(pages)s > 0
                   AND NOT EXISTS (
                       SELECT FROM focalist_statement gone
                        WHERE gone.contract_id = st.contract_id
                          AND gone.charge = 'pages' AND gone.cancelled
                          AND gone.pages <> 0
                          AND v.day BETWEEN gone.date_start AND gone.date_end)
                 GROUP BY st.id
                """,
                ids=statements.ids,
                pages=self._volume_of(SQL("line.counter")),
            )
        )
        return [
            {
                "statement_id": statement_id,
                "kind": "gap",
                "figures": {
                    "from": start.isoformat(),
                    "to": end.isoformat(),
                    "pages": pages,
                },
            }
            for statement_id, start, end, pages in rows
        ]

    def _message_gap(self, figures):
        if "pages" in figures:
            return self.env._(
                "%(start)s to %(end)s: about %(pages)s pages were printed before this"
                " statement begins, and never billed.",
                start=self._day(figures["from"]),
                end=self._day(figures["to"]),
                pages=self._pages(figures["pages"]),
            )
        return self.env._(
            "%(start)s to %(end)s: %(statement)s was cancelled, and nothing was billed"
            " in its place.",
            start=self._day(figures["from"]),
            end=self._day(figures["to"]),
            statement=figures["statement"],
        )

    def action_bill_gap(self):
        """Begin a billing run of the month in which the period can be billed."""
        self.check_access("read")
        self.ensure_one()
        charge = self.statement_id.charge
        start = fields.Date.to_date(self.figures["from"])
        if "pages" in self.figures:
            # There, the first of them have been printed since that day's reading.
            start += timedelta(days=1)
        due = self.contract_id._due_on(start, charge)
        if charge == "advance":
            # A run charges them until the day after its month.
            due -= timedelta(days=1)
        action = self.contract_id.action_bill()
        return action | {"context": action["context"] | {"default_month": due}}
