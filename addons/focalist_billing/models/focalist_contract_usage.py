from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.focalist_base.tools.meters import volume_field

from ..tools.billed_meters import TYPES, counters
from ..tools.presence import Presence, together
from ..tools.rating import Usage
from ..tools.simulation import Span
from .focalist_contract import PERIOD_MONTHS, _local_day


class FocalistContract(models.Model):
    """The pages of the past year, read again and written nowhere.

    The contract may be one that is not stored, of a client that has none yet.
    """

    _name = "focalist.contract"
    _inherit = ["focalist.contract"]

    def _past_year(self, since=None):
        """The periods of the last 12 months that are over, the oldest first.

        :param since: a day from which on they are wanted, too, if it is before
        :return: list of Span
        """
        self.ensure_one()
        today = fields.Date.context_today(self)
        day = self._period_of(today)[0] - timedelta(days=1)
        if self.date_end and self.date_end < today:
            day = self.date_end
        billed = set(self._page_statements().mapped("date_start"))
        spans = []
        number = 12 // PERIOD_MONTHS[self.period]
        while len(spans) < number or (since and spans[0].start > since):
            start, end = self._period_of(day)
            last = min(end, self.date_end or end)
            first = max(start, self.date_start)
            if start in billed:
                span = Span(start, end, first, last, "billed")
            elif self.state != "draft" and first <= last:
                span = Span(start, end, first, last, "readings")
            else:
                span = Span(start, end, start, end, "volumes")
            spans.insert(0, span)
            day = start - timedelta(days=1)
        return spans

    def _page_statements(self):
        """The statements that bill pages."""
        return self.statement_ids.filtered(
            lambda statement: statement.charge == "pages" and not statement.cancelled
        )

    def _past_usage(self, spans, meter_type):
        """The pages of these periods by device and meter, each as exact as it is known.

        What was billed, to the page; else what lies between the readings that a
        statement would lie between; without a contract, the pages of its days.

        :param list spans: of `_past_year`
        :param str meter_type: the Type of the prices
        :return: list of list of focalist_billing.tools.rating.Usage, a period each
        """
        self.ensure_one()
        read = self._read_usage(spans, meter_type)
        counted = self._counted_usage(
            [span for span in spans if span.source == "volumes"], meter_type
        )
        devices = self.env["focalist.device"].browse(
            {row[0] for rows in (*read.values(), *counted.values()) for row in rows}
        )
        models_ = {device.id: device.model_id.id for device in devices}
        return [
            [
                Usage(number, device, meter, pages, models_[device], site)
                for number, (device, meter, pages, site) in enumerate(
                    read.get(span, []) + counted.get(span, [])
                )
            ]
            for span in spans
        ]

    def _read_usage(self, spans, meter_type):
        """The pages between readings: those billed, and those that would be.

        A later period goes on where an earlier one ended that is not billed either.

        :return: dict span -> list of (device id, meter, pages, site id)
        """
        meters, lines = set(TYPES[meter_type]), self.env["focalist.statement.line"]
        statements = self._page_statements().grouped("date_start")
        billed_lines = self._page_statements().line_ids
        # Pages that were corrected since are those of the period that they correct.
        corrected = dict(
            lines._read_group(
                [("origin_id", "in", billed_lines.ids), ("cancelled", "!=", True)],
                ["origin_id"],
                ["pages:sum"],
            )
        )
        usage, closed = {}, {}
        for span in spans:
            if span.source == "volumes":
                continue
            billed = statements.get(span.start, self.statement_ids.browse())
            usage[span] = [
                (
                    line.device_id.id,
                    line.meter,
                    line.pages + corrected.get(line, 0),
                    line.site_id.id,
                )
                for line in billed.line_ids
                if line.meter in meters and not line.settles_id
            ]
            # What a statement bills by its Type is told by its lines, and else by none.
            left = meters.difference(*(p._meters() for p in billed.pricing_id))
            if not left:
                continue
            period = {self: (span.start, span.end)}
            for row in lines._measure(period, {self: meter_type}).get(self, ()):
                if row["meter"] not in left or row["settles_id"]:
                    continue
                key = row["device_id"], row["meter"], row["counter"]
                at, value = closed.get(key, (None, None))
                first = row["value_from"]
                if at and row["read_from_at"] < at:
                    first = value
                if at and row["read_to_at"] <= at:
                    continue
                closed[key] = row["read_to_at"], row["value_to"]
                usage[span].append(
                    (*key[:2], max(row["value_to"] - first, 0), row["site_id"])
                )
        return usage

    def _counted_usage(self, spans, meter_type):
        """The pages of days, of devices that would be in the contract.

        Months where periods are months of the calendar, else days. A mono printer
        that tells its total alone is counted by it, unless that counts sheets: as
        statements do.

        :return: dict span -> list of (device id, meter, pages, site id)
        """
        devices = self._would_be_members() if spans else ()
        if not devices:
            return {}
        by_month = all(
            span.start.day == 1 and (span.end + timedelta(days=1)).day == 1
            for span in spans
        )
        found = defaultdict(dict)
        wanted = counters(TYPES[meter_type])
        table = self.env["focalist.volume.month" if by_month else "focalist.volume"]
        table.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT period.start, v.device_id,
                       (array_agg(v.site_id ORDER BY v.%(day)s DESC))[1],
                       model.is_color IS TRUE, COALESCE(unit.name, '') = 'sheets',
                       %(sums)s
                  FROM (VALUES %(periods)s) AS period(start, last)
                  JOIN %(table)s v ON v.partner_id = %(client)s
                   AND v.%(day)s BETWEEN period.start AND period.last
                  JOIN focalist_device d ON d.id = v.device_id
                  JOIN focalist_device_model model ON model.id = d.model_id
             LEFT JOIN LATERAL (
                       SELECT r.raw #>> '{meter_units,total}' AS name
                         FROM focalist_meter_reading r
                        WHERE r.device_id = d.id AND r.meter_total IS NOT NULL
                        ORDER BY r.read_at DESC LIMIT 1) AS unit ON TRUE
                 WHERE v.device_id = ANY (%(devices)s)
                 GROUP BY period.start, v.device_id, model.is_color, unit.name
                 ORDER BY period.start, v.device_id
                """,
                day=SQL.identifier("month" if by_month else "day"),
                table=SQL.identifier(table._table),
                client=self.partner_id._origin.id,
                devices=list(devices),
                periods=SQL(", ").join(
                    SQL("(%s::date, %s::date)", span.start, span.end) for span in spans
                ),
                sums=SQL(", ").join(map(self._sum_of, wanted)),
            )
        )
        of_start = {span.start: span for span in spans}
        for start, device, site, is_color, sheets, *sums in rows:
            told = found[of_start[start]]
            for counter, pages in zip(wanted, sums, strict=True):
                if pages is None or (counter.split and is_color):
                    continue
                if counter.name == "total" and sheets and not self.bill_sheets:
                    continue
                key = device, counter.meter
                told[key] = told.get(key, (0, site))[0] + pages, site
        return {
            span: [(*key, pages, site) for key, (pages, site) in told.items()]
            for span, told in found.items()
        }

    @api.model
    def _sum_of(self, counter):
        """SQL of a counter's pages; of a whole one, where its parts were not told."""
        alone = [SQL("TRUE")] + [
            SQL("v.%s IS NULL", SQL.identifier(volume_field(name)))
            for name in counter.split
        ]
        return SQL(
            "(SUM(v.%s) FILTER (WHERE %s))::bigint",
            SQL.identifier(volume_field(counter.name)),
            SQL(" AND ").join(alone),
        )

    def _would_be_members(self):
        """Ids of the devices that this contract has, or would take."""
        self.ensure_one()
        if self.state != "draft":
            return set(self.member_ids.device_id.ids)
        taken = self.env["focalist.contract.device"].search(
            [
                ("partner_id", "=", self.partner_id._origin.id),
                ("end_at", "=", False),
                ("contract_id", "!=", self._origin.id),
            ]
        )
        return set(self._stood().device_id.ids) - set(taken.device_id.ids)

    def _stood(self):
        """Where the client's devices stood, and when."""
        return self.env["focalist.device.placement"].search(
            [("partner_id", "=", self.partner_id._origin.id)]
        )

    def _past_presences(self, spans):
        """When each device was there in each period, by its days.

        :return: list of dict device id -> Presence, a period each
        """
        self.ensure_one()
        members, stood, zone = set(), (), self._zone()
        if any(span.source == "volumes" for span in spans):
            members, stood = self._would_be_members(), self._stood()
        stays = [
            (
                placement.device_id.id,
                _local_day(placement.start_at, zone),
                placement.end_at and _local_day(placement.end_at, zone),
            )
            for placement in stood
            if placement.device_id.id in members
        ]
        return [
            self._stay_presences(stays, span.first, span.last)
            if span.source == "volumes"
            else self._presences(span.first, span.last)
            for span in spans
        ]

    @api.model
    def _stay_presences(self, stays, start, end):
        """See `_presences`; the day on which a device moves between sites is one."""
        after = end + timedelta(days=1)
        within = [
            (device, max(came, start), min(went or after, after))
            for device, came, went in stays
        ]
        return together(
            (device, Presence.between(start, end, came, went))
            for device, came, went in within
            if came < went
        )

    def _past_supplies(self, spans):
        """The supplies that were put into the devices of these periods.

        Those that statements charge, in their periods; others by the day on which they
        were seen.

        :return: list of list of (device id, supply model id), a period each
        """
        self.ensure_one()
        billed = self._page_statements().filtered(
            lambda s: s.supply_ids or s.pricing_id.model == "supply"
        )
        of_period, charged = defaultdict(list), set()
        for supply in billed.supply_ids:
            start = supply.statement_id.date_start
            model = supply.supply_model_id.id
            of_period[start].append((supply.device_id.id, model))
            charged.add(supply.replacement_id.id)
        closed = set(billed.mapped("date_start"))
        domain = [
            ("partner_id", "=", self.partner_id._origin.id),
            ("device_id", "in", list(self._would_be_members())),
            ("replaced_at", ">=", spans[0].start - timedelta(days=1)),
            ("replaced_at", "<", spans[-1].end + timedelta(days=2)),
            ("id", "not in", list(charged)),
        ]
        replacements = self.env["focalist.supply.replacement"].search(domain)
        zone = self._zone()
        for replacement in replacements.filtered("supply_model_id"):
            day = _local_day(replacement.replaced_at, zone)
            for span in spans:
                if span.first <= day <= span.last and span.start not in closed:
                    of_period[span.start].append(
                        (replacement.device_id.id, replacement.supply_model_id.id)
                    )
        return [of_period[span.start] for span in spans]

    def action_simulate(self):
        """Try prices on the contract's past year."""
        self.check_access("read")
        self.ensure_one()
        return self.env["focalist.pricing"]._action_simulate(self.partner_id, self)
