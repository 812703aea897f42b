from odoo import fields, http
from odoo.fields import Domain
from odoo.http import content_disposition, request

from ..tools import portal_workbook
from ..tools.portal_chart import first_month
from .portal import FocalistPortal

EXPORTED_MONTHS = 36


class FocalistExportPortal(FocalistPortal):
    """A client's devices and volumes as a workbook."""

    @http.route(
        "/my/devices/export", type="http", auth="user", website=True, readonly=True
    )
    def portal_my_devices_export(self, **kw):
        """The client's devices and monthly volumes as XLSX."""
        if not request.env["focalist.volume.month"].has_access("read"):
            return request.redirect("/my")
        content = portal_workbook.write(
            [self._devices_sheet(), self._volumes_sheet()],
        )
        name = request.env._("devices %(day)s", day=self._focalist_today())
        return request.make_response(
            content,
            [
                (
                    "Content-Type",
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                ),
                ("Content-Disposition", content_disposition(f"{name}.xlsx")),
            ],
        )

    def _devices_sheet(self):
        titles = [
            *(
                request.env._("Device"),
                request.env._("Manufacturer"),
                request.env._("Model"),
                request.env._("Serial number"),
            ),
            *(
                request.env._("Site"),
                request.env._("Location"),
                request.env._("Host name"),
                request.env._("IP address"),
            ),
            *(
                request.env._("Last contact"),
                request.env._("Total"),
                request.env._("Mono"),
                request.env._("Colour"),
            ),
            *(request.env._("Lowest toner (%)"), request.env._("Open alerts")),
        ]
        devices = request.env["focalist.device"].search(self._focalist_in_service())
        told = self._told_here(devices)
        rows = (self._device_row(device, told[device]) for device in devices)
        return request.env._("Devices"), titles, rows

    def _device_row(self, device, told):
        """A line of the sheet of devices.

        :param Told told: see _told_here
        """
        # The catalogue's names of a device that the reader sees.
        model = device.sudo().model_id
        return (
            device.display_name,
            model.manufacturer_id.name,
            model.name,
            device.serial_number,
            device.site_id.name,
            device.location,
            device.hostname,
            device.ip_address,
            told.contact and self._on_readers_clock(told.contact),
            *told.meters,
            device.toner_percent,
            device.alert_count,
        )

    def _on_readers_clock(self, moment):
        user = request.env.user
        return fields.Datetime.context_timestamp(user, moment).replace(tzinfo=None)

    def _volumes_sheet(self):
        titles = [
            request.env._("Month"),
            request.env._("Site"),
            request.env._("Device"),
            request.env._("Mono"),
            request.env._("Colour"),
        ]
        titles += [request.env._("Total"), request.env._("Scan")]
        rows = request.env["focalist.volume.month"]._read_group(
            self._focalist_own()
            & Domain(
                "month", ">=", first_month(self._focalist_today(), EXPORTED_MONTHS)
            ),
            ["month:month", "site_id", "device_id"],
            ["pages_mono:sum", "pages_color:sum", "pages_total:sum", "pages_scan:sum"],
        )
        # A device that has left is known by its name alone, which tells nothing else.
        return (
            request.env._("Monthly volumes"),
            titles,
            (
                (month, site.name, device.sudo().display_name, *pages)
                for month, site, device, *pages in rows
            ),
        )
