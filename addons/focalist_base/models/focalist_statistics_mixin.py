from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.statistics_period import MAX_YEARS, find_period, split_months

PAGES = ("total", "mono", "color", "unsplit")
# Rows of a table on the screen; files have them all.
LIMIT = 100


class FocalistStatisticsMixin(models.AbstractModel):
    """What was printed at a client or a site: read from volumes alone.

    A volume belongs to the client and the site where the device stood when it printed,
    and record rules go by these: a device that moves takes none of them along.
    """

    _name = "focalist.statistics.mixin"
    _description = "Statistics of Volumes"
    # The field of a volume that holds a record of the model.
    _statistics_field = None

    @api.readonly
    def focalist_statistics(self, period="30d", first=None, last=None, by=None):
        """Statistics of a period, for a screen: tables are cut at their first rows.

        :param str period: 30d, 3m, 12m, year or free
        :param str first: the first day of a free period (2026-01-31), `last` its last
        :param str by: `day` or `month`, the step of the chart
        :return: dict, see `_focalist_statistics`; dates as text
        :raise UserError: where there is no such period
        """
        self.check_access("read")
        found = self._focalist_statistics(period, first, last, by, limit=LIMIT)
        found["coordinates"] = self._focalist_coordinates()
        return found

    def action_open_statistics(self):
        """Open the statistics on a screen of their own."""
        self.check_access("read")
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Statistics of %(name)s", name=self.display_name),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(self._statistics_view().id, "form")],
        }

    def _statistics_view(self):
        raise NotImplementedError

    def _focalist_client(self):
        """The client, in whose language and with whose logo statistics are printed."""
        raise NotImplementedError

    def _focalist_coordinates(self):
        """Name, address and people, for the head of the statistics.

        :return: dict of name, address (list of lines), phone, email, person, logo
            (res.partner id); False where not known
        """
        raise NotImplementedError

    def _focalist_statistics(
        self, period="30d", first=None, last=None, by=None, limit=None
    ):
        """Statistics of a period. See `focalist_statistics` for the parameters.

        Pages are dicts of total, mono, color and unsplit, which are the rest: pages of
        a colour device that does not tell which of them were colour. A mono device
        that tells its total alone printed that in mono.

        :param int limit: rows of a table at most
        :return: dict of

            - ``period``: first, last, before_first, before_last, by, days
            - ``totals``, ``before``: pages of the period and of the one before
            - ``change``: growth of total, mono, color (0.1 is 10 % more); None where
              there is nothing to compare with: not measured yet at its start
            - ``since``: the day of the first volume here
            - ``series``: date and pages of each day or month, without gaps
            - ``devices``: id, site_id, model, serial, site, pages; most pages first
            - ``sites``: id, name, pages
            - ``unused``: id, model, serial, site, last_report; in service, no page
            - ``device_count``, ``site_count``, ``unused_count``: rows without limit
        """
        self.ensure_one()
        chosen = self._focalist_period(period, first, last, by)
        color_ids = self._focalist_color_ids()
        rows = self._focalist_pages(
            chosen.first,
            chosen.last,
            color_ids,
            (("device_id", "site_id"), ("moment",)),
            chosen.by,
        )
        by_device = {key[:2]: pages for key, pages in rows.items() if key[0]}
        by_site = _add_up(by_device, lambda key: key[1])
        totals = _add_up(by_device, lambda key: None).get(None, _pages())
        series = {key[2]: pages for key, pages in rows.items() if key[2]}
        before = self._focalist_pages(
            chosen.before_first, chosen.before_last, color_ids, ((),)
        )
        before = before[None, None, None]
        since = self._focalist_measured_since()
        comparable = since and since <= chosen.before_first
        used = {
            device for (device, _site), pages in by_device.items() if pages["total"]
        }
        unused, unused_count = self._focalist_unused(used, chosen, limit)
        return {
            "period": {
                "first": chosen.first,
                "last": chosen.last,
                "before_first": chosen.before_first,
                "before_last": chosen.before_last,
                "by": chosen.by,
                "days": chosen.days,
            },
            "totals": totals,
            "before": before,
            "change": {
                name: (totals[name] - before[name]) / before[name]
                if comparable and before[name]
                else None
                for name in ("total", "mono", "color")
            },
            "since": since,
            "series": [
                {"date": moment, **series.get(moment, _pages())}
                for moment in chosen.moments()
            ],
            "devices": self._focalist_device_rows(_most_first(by_device)[:limit]),
            "device_count": len(by_device),
            "sites": self._focalist_site_rows(_most_first(by_site)[:limit]),
            "site_count": len(by_site),
            "unused": unused,
            "unused_count": unused_count,
        }

    def _focalist_period(self, name, first, last, by):
        today = fields.Date.context_today(self)
        try:
            first, last = fields.Date.to_date(first), fields.Date.to_date(last)
            return find_period(name, today, first, last, by)
        except (TypeError, ValueError, OverflowError) as error:
            raise UserError(
                self.env._(
                    "Choose a first day and a last day after it, within less than"
                    " %(count)s years.",
                    count=MAX_YEARS,
                )
            ) from error

    def _focalist_measured_since(self):
        """The day of the first volume, False without any."""
        domain = [(self._statistics_field, "=", self.id)]
        return self.env["focalist.volume"].search(domain, order="day", limit=1).day

    def _focalist_color_ids(self):
        """The colour devices among those that ever stood here.

        Asked for one by one: else all devices there are would be read for some hundred.

        :return: list of ids
        """
        for model, names in (
            ("focalist.device", ["model_id"]),
            ("focalist.device.placement", ["device_id", self._statistics_field]),
            ("focalist.device.model", ["is_color"]),
        ):
            self.env[model].flush_model(names)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT device_id
                  FROM (SELECT DISTINCT device_id FROM focalist_device_placement
                         WHERE %s = %s) AS here
                 WHERE (SELECT m.is_color
                          FROM focalist_device d
                          JOIN focalist_device_model m ON m.id = d.model_id
                         WHERE d.id = here.device_id)
                """,
                SQL.identifier(self._statistics_field),
                self.id,
            )
        )
        return [device_id for (device_id,) in rows]

    def _focalist_pages(self, first, last, color_ids, sets, by="month"):
        """Add up volumes, months where whole ones will do.

        :param list color_ids: of colour devices, see `_focalist_color_ids`
        :param tuple sets: groupings, each of columns among device_id, site_id and
            moment
        :param str by: what a moment is; days are read where it is a `day`
        :return: dict, (device id, site id, moment) -> pages; None is what a grouping
            has not
        """
        spans = [(False, first, last)]
        if by == "month":
            spans = split_months(first, last, fields.Date.context_today(self))
        columns = [
            SQL.identifier(name)
            if any(name in names for names in sets)
            else SQL("NULL")
            for name in ("device_id", "site_id", "moment")
        ]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT %(columns)s, SUM(total), SUM(mono), SUM(color)
                  FROM (SELECT v.device_id, v.site_id,
                               %(moment)s AS moment,
                               told.mono, told.color,
                               CASE WHEN told.split THEN told.mono + told.color
                                    ELSE GREATEST(v.pages_total, told.mono + told.color)
                                END AS total
                          FROM (%(volumes)s) AS v
                    CROSS JOIN LATERAL (SELECT v.pages_color IS NULL
                           AND v.device_id <> ALL (%(color)s) AS mono_only) AS x
                    CROSS JOIN LATERAL (SELECT
                               COALESCE(v.pages_mono, CASE WHEN mono_only
                                   THEN v.pages_total END, 0) AS mono,
                               COALESCE(v.pages_color, 0) AS color,
                               v.pages_mono IS NOT NULL
                                   AND (mono_only OR v.pages_color IS NOT NULL) AS split
                               ) AS told
                       ) AS pages
                 GROUP BY GROUPING SETS (%(sets)s)
                """,
                color=color_ids,
                columns=SQL(", ").join(columns),
                # A date on its own would be truncated by way of a time zone.
                moment=SQL("date_trunc('month', v.day::timestamp)::date")
                if by == "month"
                else SQL("v.day"),
                volumes=SQL(" UNION ALL ").join(
                    self._focalist_volumes(*span) for span in spans
                ),
                sets=SQL(", ").join(
                    SQL("(%s)", SQL(", ").join(map(SQL.identifier, names)))
                    for names in sets
                ),
            )
        )
        return {
            row[:3]: _pages(*(int(value or 0) for value in row[3:])) for row in rows
        }

    def _focalist_volumes(self, monthly, first, last):
        """SQL of the volumes of these days that the user may read."""
        model, name = (
            ("focalist.volume.month", "month")
            if monthly
            else ("focalist.volume", "day")
        )
        volumes = self.env[model]
        query = volumes._search(
            Domain(self._statistics_field, "=", self.id)
            & Domain(name, ">=", first)
            & Domain(name, "<=", last)
        )
        return query.select(
            SQL("%s AS day", SQL.identifier(volumes._table, name)),
            *(
                SQL.identifier(volumes._table, column)
                for column in ("device_id", "site_id", "pages_total")
                + ("pages_mono", "pages_color")
            ),
        )

    def _focalist_unused(self, used, chosen, limit):
        """Devices that stand here since before the period's end and printed nothing.

        :return: (rows, how many there are)
        """
        devices = self.env["focalist.device"]
        after = fields.Datetime.to_datetime(chosen.last) + timedelta(days=1)
        domain = (
            Domain(self._statistics_field, "=", self.id)
            & Domain("state", "=", "active")
            & Domain("id", "not in", list(used))
            & Domain(
                "placement_ids",
                "any",
                [("end_at", "=", False), ("start_at", "<", after)],
            )
        )
        found = devices.search(domain, limit=limit)
        told = not self.env.user._is_portal()
        count = len(found) if not limit or len(found) < limit else None
        rows = [
            {
                "id": device.id,
                **self._focalist_names(device),
                "site": device.site_id.name,
                # It may be of the time at another client: none of a client's business.
                "last_report": told and device.last_report_at,
            }
            for device in found
        ]
        return rows, devices.search_count(domain) if count is None else count

    def _focalist_device_rows(self, pages):
        sites = self._focalist_sites({site for (_device, site), _pages in pages})
        # Who may read the volume may know what printed it, wherever that stands now.
        devices = self.env["focalist.device"].sudo()
        devices = devices.browse([device for (device, _site), _pages in pages])
        return [
            {
                "id": device.id,
                "site_id": key[1],
                **self._focalist_names(device),
                "site": sites[key[1]],
                **found,
            }
            for device, (key, found) in zip(devices, pages, strict=True)
        ]

    def _focalist_custom(self, rows):
        """Custom fields of the devices of these rows, for files.

        Of those that stand here now, as the reader sees them: what a former device
        holds is of its present client.

        :return: dict device id -> {label: text}, fields without a value left out
        """
        here = self.env["focalist.device"].search(
            Domain("id", "in", [row["id"] for row in rows])
            & Domain(self._statistics_field, "=", self.id)
        )
        return {
            device.id: {value.label: value.text for value in values if value.text}
            for device, values in here._custom_values().items()
        }

    def _focalist_site_rows(self, pages):
        names = self._focalist_sites({site for site, _pages in pages})
        return [{"id": site, "name": names[site], **found} for site, found in pages]

    def _focalist_sites(self, ids):
        # As above: a site's volumes name it, closed or not.
        sites = self.env["focalist.site"].sudo().browse(ids)
        return {site.id: site.name for site in sites}

    def _focalist_names(self, device):
        """What never changes of a device: its model and its serial number."""
        # A client reads no model but by its device.
        model = device.sudo().model_id
        return {
            "model": model.display_name,
            "serial": device.serial_number or device.mac_address or "",
        }


def _pages(total=0, mono=0, color=0):
    unsplit = total - mono - color
    return {"total": total, "mono": mono, "color": color, "unsplit": unsplit}


def _add_up(rows, key):
    """Sum the pages of rows that have the same key."""
    sums = {}
    for row, pages in rows.items():
        total = sums.setdefault(key(row), _pages())
        for name in PAGES:
            total[name] += pages[name]
    return sums


def _most_first(rows):
    return sorted(rows.items(), key=lambda row: -row[1]["total"])
