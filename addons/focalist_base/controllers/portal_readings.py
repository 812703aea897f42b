from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request

from .portal_devices import DEVICE, FocalistDevicesPortal


class FocalistReadingsPortal(FocalistDevicesPortal):
    """Meters that a client is asked for, and types."""

    def _device_page_values(self, device, present, placements, own):
        values = super()._device_page_values(device, present, placements, own)
        # Of a device that the reader may read, whether it is asked for, and no more.
        asked = present and device.sudo()._is_reading_asked()
        return values | {
            "asked_meters": device.sudo()._asked_meter_labels() if asked else {},
            "typed": {},
        }

    @http.route(
        "/my/devices/<int:device_id>/reading",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
        max_content_length=16 * 1024,
    )
    def portal_reading(self, device_id, **typed):
        """Take the meters of a device, once for each time that they are asked for."""
        try:
            device = self._document_check_access(DEVICE, device_id)
        except (AccessError, MissingError):
            return request.redirect("/my/devices")
        device = device.with_env(request.env).sudo()
        url = f"/my/devices/{device.id}"
        if not device._is_reading_asked():
            return request.redirect(url)
        try:
            meters = device._typed_meters(typed)
            with request.env.cr.savepoint():
                device._take_portal_reading(meters)
        except UserError as error:
            response = self.portal_my_device(device_id)
            response.qcontext |= {"typed": typed, "typed_error": error.args[0]}
            response.status_code = 422
            return response
        return request.redirect(f"{url}?typed=1#reading")
