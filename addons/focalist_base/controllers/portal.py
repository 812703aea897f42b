from datetime import datetime
from typing import NamedTuple

from odoo import fields
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal

from ..tools.portal_chart import MONTHS, Pages, add_up, first_month, month_bars

#: So many sites are offered to filter by; the search finds the others.
MAX_SITES = 50


class Told(NamedTuple):
    """What a device last told: when (or False), and its three meters."""

    contact: datetime
    meters: tuple


class FocalistPortal(CustomerPortal):
    """What the pages of a client's fleet share, and their cards on the portal's home.

    Record rules say whose each record was at its moment; the pages look for the
    reader's own client besides, so that staff sees nobody's fleet here.
    """

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "focalist_device_count" in counters:
            values["focalist_device_count"] = self._focalist_count(
                "focalist.device", self._focalist_in_service()
            )
        if "focalist_volume_count" in counters:
            values["focalist_volume_count"] = self._focalist_count(
                "focalist.volume.month", self._focalist_own(), limit=1
            )
        return values

    def _focalist_count(self, model, domain, limit=None):
        records = request.env[model]
        if not records.has_access("read"):
            return 0
        return records.search_count(domain, limit=limit)

    def _focalist_own(self):
        """The records of the reader's own client."""
        client = request.env.user.partner_id.commercial_partner_id
        return Domain("partner_id", "=", client.id)

    def _focalist_in_service(self):
        """The client's devices, without those that only an agent has found there."""
        return self._focalist_own() & Domain("state", "=", "active")

    def _focalist_today(self):
        return fields.Date.context_today(request.env.user)

    def _site_filters(self):
        """A filter for each of the reader's sites, where there are several."""
        sites = request.env["focalist.site"].search(
            self._focalist_own(), limit=MAX_SITES
        )
        if len(sites) < 2:
            return {}
        return {
            f"site-{site.id}": {
                "label": site.name,
                "domain": Domain("site_id", "=", site.id),
            }
            for site in sites
        }

    def _asked_devices(self):
        """The reader's own devices whose meters are asked for."""
        devices = request.env["focalist.device"]
        # The field is the dealer's; what is found is the reader's by its rights.
        asked = devices.sudo().search(
            self._focalist_in_service() & Domain("reading_asked_at", "!=", False)
        )
        asked = asked.filtered(lambda device: device._is_reading_asked())
        return devices.browse(asked.ids)._filtered_access("read")

    def _told_here(self, devices):
        """What devices last told, as far as it is of their time at the reader's.

        :param devices: that the reader may read
        :return: dict device -> Told
        """
        since = dict(
            request.env["focalist.device.placement"]._read_group(
                self._focalist_own() & Domain("end_at", "=", False),
                ["device_id"],
                ["start_at:max"],
            )
        )
        told = {}
        for device in devices:
            # Clients read none of these fields: each is given by its moment only.
            known, came = device.sudo(), since.get(device)
            heard = came and known.last_report_at and known.last_report_at >= came
            read = came and known.last_reading_at and known.last_reading_at >= came
            meters = (known.total_meter, known.mono_meter, known.color_meter)
            told[device] = Told(
                heard and known.last_report_at, meters if read else (None,) * 3
            )
        return told

    def _volume_rows(self, domain, months=MONTHS):
        """Pages by month, site and device, as the reader's rights show them.

        :return: list of (month, focalist.site, focalist.device, Pages)
        """
        rows = request.env["focalist.volume.month"]._read_group(
            self._focalist_own()
            & domain
            & Domain("month", ">=", first_month(self._focalist_today(), months)),
            ["month:month", "site_id", "device_id"],
            ["pages_total:sum", "pages_mono:sum", "pages_color:sum"],
        )
        # Of a device that has left, whether it prints in colour is of that time, too.
        return [
            (month, site, device, Pages.told(*pages, device.sudo().is_color))
            for month, site, device, *pages in rows
        ]

    def _chart_values(self, rows):
        """What the chart shows of volumes, see _volume_rows."""
        by_month = add_up(rows, lambda row: row[0])
        return {
            "bars": month_bars(by_month, self._focalist_today()),
            "pages": add_up(rows, lambda row: None).get(None, Pages()),
        }
