import logging

from psycopg2.errors import SerializationFailure

from odoo import api, fields, models
from odoo.tools import SQL

_logger = logging.getLogger(__name__)


class FocalistClientStat(models.Model):
    """The counters of one client that its list shows, sorts by and adds up.

    They stand in a row of their own, for `res.partner` is written by everybody.
    Odoo's transactions are REPEATABLE READ: of two that write one row, the later fails.
    So each row has two kinds of writers, and ingestion is none of them:

    - what *people* change (sites, placements, who is followed) is counted anew in their
      own transaction, as `@api.depends` says. Nothing that a report changes is among
      these dependencies: collectors of one client never meet here. Two people at one
      client are rare, and Odoo tries the second one's request again;
    - what *reports* change, and the turn of the month, is counted by a cron, in one
      statement for all clients. It leaves out rows that somebody holds, and writes none
      that says the same already.

    A module adds a column with `compute="_compute_counters"`, its query in
    `_counter_queries`, and what people change about it in `@api.depends`.
    """

    _name = "focalist.client.stat"
    _description = "Client's Counters"
    _inherit = ["focalist.guarded.mixin"]
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner", "Client", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="partner_id.focalist_company_id",
        store=True,
        precompute=True,
        index=True,
    )
    site_count = fields.Integer(
        "Number of sites", compute="_compute_counters", store=True
    )
    device_count = fields.Integer(
        "Number of devices",
        compute="_compute_counters",
        store=True,
        help="Devices in service.",
    )
    silent_count = fields.Integer(
        "Silent devices",
        compute="_compute_counters",
        store=True,
        help="Devices in service that were not heard of for longer than the dealer's"
        " settings allow.",
    )
    alert_count = fields.Integer("Open alerts", compute="_compute_counters", store=True)
    last_month_pages = fields.Integer(
        "Last month's volume",
        compute="_compute_counters",
        store=True,
        help="Pages that the client's devices printed in the last calendar month.",
    )
    last_contact_at = fields.Datetime(
        "Last contact",
        compute="_compute_counters",
        store=True,
        help="When a device of the client was last heard of.",
    )

    _partner_uniq = models.UniqueIndex("(partner_id)", "A client is counted once.")

    @api.depends(
        "company_id.focalist_silent_days",
        "partner_id.focalist_active",
        "partner_id.focalist_placement_ids.device_id.active",
        "partner_id.focalist_placement_ids.end_at",
        "partner_id.focalist_site_ids.active",
    )
    def _compute_counters(self):
        names, counted = self._counted(
            SQL("unnest(%s::int[]) AS client(partner_id)", self.partner_id.ids)
        )
        rows = self.env.execute_query(counted)
        by_client = {client_id: values for client_id, *values in rows}
        for stat in self:
            values = by_client.get(stat.partner_id.id) or [False] * len(names)
            stat.update(dict(zip(names, values, strict=True)))

    @api.model
    def _counter_queries(self):
        """What is counted.

        :return: list of (fields' names, SQL): a query about the client whose id is
            `client.partner_id` that returns a row at most, a column a field in order
        """
        devices = self.env["focalist.device"].sudo()
        silent = devices._search(devices._search_is_silent("in", [True]))
        return [
            (
                ["site_count"],
                SQL(
                    """
                    SELECT COUNT(*) FROM focalist_site
                     WHERE partner_id = client.partner_id AND active
                    """
                ),
            ),
            (
                ["device_count", "silent_count", "alert_count", "last_contact_at"],
                SQL(
                    """
                    SELECT COUNT(*), COUNT(*) FILTER (WHERE d.id IN %s),
                           COALESCE(SUM(d.alert_count), 0), MAX(d.last_report_at)
                      FROM focalist_device_placement p
                      JOIN focalist_device d ON d.id = p.device_id
                     WHERE p.partner_id = client.partner_id AND p.end_at IS NULL
                       AND d.active
                    """,
                    silent.subselect(),
                ),
            ),
            (
                ["last_month_pages"],
                SQL(
                    """
                    SELECT COALESCE(SUM(pages_total), 0) FROM focalist_volume_month
                     WHERE partner_id = client.partner_id AND month = %s
                    """,
                    fields.Date.subtract(
                        fields.Date.start_of(fields.Date.today(), "month"), months=1
                    ),
                ),
            ),
        ]

    @api.model
    def _counted(self, clients):
        """Count.

        :param SQL clients: what names the clients: a relation `client(partner_id)`
        :return: the counters' names, and SQL of rows (partner_id, *counters)
        """
        for model, names in self._counted_fields().items():
            self.env[model].flush_model(names)
        queries = self._counter_queries()
        columns = [
            (f"q{number}", name)
            for number, (names, _query) in enumerate(queries)
            for name in names
        ]
        joins = [
            SQL(
                "LEFT JOIN LATERAL (%s) AS %s(%s) ON TRUE",
                query,
                SQL.identifier(f"q{number}"),
                SQL(", ").join(map(SQL.identifier, names)),
            )
            for number, (names, query) in enumerate(queries)
        ]
        return [name for _alias, name in columns], SQL(
            "SELECT client.partner_id, %s FROM %s %s",
            SQL(", ").join(SQL.identifier(*column) for column in columns),
            clients,
            SQL(" ").join(joins),
        )

    @api.model
    def _counted_fields(self):
        """The fields that the queries read, by model."""
        return {
            "focalist.site": ["partner_id", "active"],
            "focalist.device": ["active", "alert_count", "last_report_at", "state"],
            "focalist.device.placement": ["partner_id", "end_at", "device_id"],
        }

    @api.model
    def _refresh_all(self):
        """Count all clients anew, but for those whose row somebody holds."""
        self.flush_model()
        names, counted = self._counted(
            SQL(
                "(SELECT id, partner_id FROM focalist_client_stat"
                " FOR NO KEY UPDATE SKIP LOCKED) AS client"
            )
        )
        columns = SQL(", ").join(map(SQL.identifier, names))
        old = SQL(", ").join(SQL.identifier("stat", name) for name in names)
        new = SQL(", ").join(SQL.identifier("counted", name) for name in names)
        update = SQL(
            """
            WITH counted AS MATERIALIZED (%(counted)s)
            UPDATE focalist_client_stat AS stat
               SET (%(columns)s) = ROW (%(new)s)
              FROM counted
             WHERE stat.partner_id = counted.partner_id
               AND (%(old)s) IS DISTINCT FROM (%(new)s)
         RETURNING stat.id
            """,
            counted=counted,
            columns=columns,
            old=old,
            new=new,
        )
        self.env.cr.execute(update, log_exceptions=False)
        changed = self.browse([row[0] for row in self.env.cr.fetchall()])
        changed.invalidate_recordset(names, flush=False)
        changed.modified(names)

    @api.model
    def _cron_refresh(self):
        """See that each client has its row, and that all rows say what is."""
        clients = self.env["res.partner"].with_context(active_test=False)
        clients.search(
            [("is_focalist_client", "=", True), ("focalist_stat_id", "=", False)]
        )._ensure_focalist_stat()
        try:
            with self.env.cr.savepoint():
                self._refresh_all()
        except SerializationFailure:
            _logger.info("Somebody changed a client meanwhile: counted the next time")
