from datetime import datetime

from odoo import http
from odoo.exceptions import AccessError, MissingError
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.portal.controllers.portal import pager as portal_pager

from ..models.focalist_supply import LOW
from ..tools.meters import METERS, reading_field
from ..tools.portal_chart import Pages, add_up, first_month
from .portal import FocalistPortal

DEVICE, PLACEMENT = "focalist.device", "focalist.device.placement"
#: So many rows of a device's history are on a page.
HISTORY = 20
#: Readings that are looked at for the last value of each meter.
LATEST_READINGS = 60
#: An order that no field of a client's gives, see _devices_in_order.
CONTACT = "contact"
NEVER = datetime.min


class FocalistDevicesPortal(FocalistPortal):
    """A client's devices, and what they told."""

    @http.route(
        ["/my/devices", "/my/devices/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def portal_my_devices(
        self,
        page=1,
        sortby="site",
        filterby="all",
        groupby="site",
        search=None,
        search_in="all",
        **kw,
    ):
        """The list of the client's devices."""
        devices = request.env[DEVICE]
        if not devices.has_access("read"):
            return request.redirect("/my")
        sortings, filters = self._device_sortings(), self._device_filters()
        groupings, inputs = self._device_groupings(), self._device_inputs()
        sortby = sortby if sortby in sortings else "site"
        filterby = filterby if filterby in filters else "all"
        groupby = groupby if groupby in groupings else "site"
        search_in = search_in if search_in in inputs else "all"
        domain = self._focalist_in_service() & filters[filterby]["domain"]
        if search:
            domain &= self._device_search_domain(search.strip(), search_in)
        order = sortings[sortby]["order"]
        if groupby == "site":
            order = f"site_id, {order}"
        pager = portal_pager(
            url="/my/devices",
            url_args={
                "sortby": sortby,
                "filterby": filterby,
                "groupby": groupby,
                "search": search,
                "search_in": search_in,
            },
            total=devices.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        found = self._devices_in_order(
            domain, order, self._items_per_page, pager["offset"]
        )
        request.session["my_focalist_devices_history"] = found.ids[:100]
        values = self._prepare_portal_layout_values() | {
            "page_name": "focalist_devices",
            "default_url": "/my/devices",
            "devices": found,
            "models": self._device_models(found),
            "pages": add_up(
                self._volume_rows(Domain("device_id", "in", found.ids), months=2),
                lambda row: (row[2], row[0]),
            ),
            "no_pages": Pages(),
            "month": first_month(self._focalist_today(), 1),
            "last_month": first_month(self._focalist_today(), 2),
            "has_any": bool(found)
            or bool(devices.search_count(self._focalist_in_service(), limit=1)),
            "left_count": len(self._left_devices()),
            "asked_devices": self._asked_devices(),
            "pager": pager,
            "searchbar_sortings": sortings,
            "searchbar_filters": filters,
            "searchbar_groupby": groupings,
            "searchbar_inputs": inputs,
            "sortby": sortby,
            "filterby": filterby,
            "groupby": groupby,
            "search": search,
            "search_in": search_in,
        }
        return request.render("focalist_base.portal_my_devices", values)

    def _devices_in_order(self, domain, order, limit, offset):
        """A page of the reader's devices."""
        devices = request.env[DEVICE]
        if CONTACT not in order:
            return devices.search(domain, order=order, limit=limit, offset=offset)
        by_site = order != CONTACT
        found = devices.search(domain, order="site_id, id" if by_site else "id")
        told = self._told_here(found)
        sites = {site: rank for rank, site in enumerate(found.site_id)}
        found = found.sorted(lambda device: told[device].contact or NEVER, reverse=True)
        if by_site:
            found = found.sorted(lambda device: sites.get(device.site_id, -1))
        return found[offset : offset + limit]

    def _device_sortings(self):
        return {
            "site": {"label": request.env._("Site"), "order": "site_id, model_id, id"},
            "model": {
                "label": request.env._("Model"),
                "order": "model_id, serial_number, id",
            },
            "toner": {
                "label": request.env._("Lowest toner"),
                "order": "toner_percent, id",
            },
            "alerts": {
                "label": request.env._("Open alerts"),
                "order": "alert_count desc nulls last, id",
            },
            "contact": {
                "label": request.env._("Last contact"),
                "order": CONTACT,
            },
        }

    def _device_filters(self):
        labels = {
            "all": request.env._("All"),
            "alerts": request.env._("With open alerts"),
            "toner": request.env._("Toner low"),
            "silent": request.env._("Not heard of"),
        }
        domains = {
            "alerts": Domain("alert_count", ">", 0),
            "toner": Domain("toner_percent", "<", LOW),
            "silent": Domain("is_silent", "=", True),
        }
        filters = {
            name: {"label": label, "domain": domains.get(name, Domain.TRUE)}
            for name, label in labels.items()
        }
        return filters | self._site_filters()

    def _device_groupings(self):
        return {
            "none": {"label": request.env._("None")},
            "site": {"label": request.env._("Site")},
        }

    def _device_inputs(self):
        return {
            "all": {"input": "all", "label": request.env._("Search in all")},
            "serial": {
                "input": "serial",
                "label": request.env._("Search in serial numbers"),
            },
            "model": {"input": "model", "label": request.env._("Search in models")},
            "place": {
                "input": "place",
                "label": request.env._("Search in sites and places"),
            },
        }

    def _device_search_domain(self, text, search_in):
        # Clients read no catalogue: the models' names, which their devices bear, are
        # looked up for them.
        models = (
            request.env["focalist.device.model"]
            .sudo()
            .search(
                [
                    "|",
                    ("name", "ilike", text),
                    ("manufacturer_id.name", "ilike", text),
                ]
            )
        )
        places = Domain.OR(
            Domain(name, "ilike", text)
            for name in ("site_id.name", "location", "hostname", "ip_address")
        )
        domains = {
            "serial": Domain("serial_number", "ilike", text),
            "model": Domain("model_id", "in", models.ids),
            "place": places,
        }
        return domains.get(search_in) or Domain.OR(domains.values())

    def _device_models(self, devices):
        """The models of devices that the reader sees: {device: model as superuser}.

        Clients read no catalogue but what their own devices are.
        """
        return {device: device.sudo().model_id for device in devices}

    def _left_devices(self):
        """Devices that stood at the client and do no more: {device: last placement}."""
        placements = request.env[PLACEMENT].search(self._focalist_own(), order="end_at")
        present = placements.filtered(lambda placement: not placement.end_at).device_id
        return {
            placement.device_id: placement
            for placement in placements
            if placement.device_id not in present
        }

    @http.route(
        "/my/devices/former", type="http", auth="user", website=True, readonly=True
    )
    def portal_my_former_devices(self, **kw):
        """Devices that have left: their history at the client stays readable."""
        if not request.env[PLACEMENT].has_access("read"):
            return request.redirect("/my")
        left = sorted(
            self._left_devices().values(),
            key=lambda placement: placement.end_at,
            reverse=True,
        )
        values = self._prepare_portal_layout_values() | {
            "page_name": "focalist_devices",
            "former": True,
            "placements": left,
            "tz": request.env.user.tz or "UTC",
        }
        return request.render("focalist_base.portal_my_former_devices", values)

    @http.route(
        "/my/devices/<int:device_id>",
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def portal_my_device(self, device_id, **kw):
        """One device: what it is, what it told, and what it printed here."""
        if not request.env[PLACEMENT].has_access("read"):
            return request.redirect("/my")
        try:
            self._document_check_access(DEVICE, device_id)
            present = True
        except MissingError:
            return request.redirect("/my/devices")
        except AccessError:
            present = False
        device = request.env[DEVICE].browse(device_id)
        own = self._focalist_own() & Domain("device_id", "=", device.id)
        placements = request.env[PLACEMENT].search(own, order="start_at desc")
        if not placements:
            return request.redirect("/my/devices")
        values = self._prepare_portal_layout_values()
        values |= self._device_page_values(device, present, placements, own)
        return request.render("focalist_base.portal_my_device", values)

    def _device_page_values(self, device, present, placements, own):
        """What the page of a device shows.

        All of its history is searched for with the reader's rights, which go by whose
        each record was at its moment. Of a device that has left, nothing is read but
        its name: a placement of the reader's own was found.

        :param bool present: the reader may read the device itself
        :param Domain own: of the history of the device at the reader's client
        """
        env = request.env
        alerts = env["focalist.alert"]
        readings = env["focalist.meter.reading"].search(
            own & Domain("state", "!=", "void"), limit=LATEST_READINGS
        )
        shown = readings[:HISTORY]
        volumes = self._volume_rows(Domain("device_id", "=", device.id))
        tz = env.user.tz or placements[:1].site_id.tz or "UTC"
        values = {
            "page_name": "focalist_device",
            "device": device,
            "present": present,
            # Neither name tells anything of where the device is now.
            "device_name": device.sudo().display_name,
            "model": device.sudo().model_id,
            "placements": placements,
            "tz": tz,
            "meters": self._last_meters(readings),
            "readings": shown,
            "meter_names": self._meter_names(),
            "shown_meters": [
                meter
                for meter in ("total", "mono", "color", "scan")
                if any(reading[reading_field(meter)] is not False for reading in shown)
            ],
            "open_alerts": alerts.search(
                own & Domain("cleared_at", "=", False), limit=HISTORY
            ),
            "past_alerts": alerts.search(
                own & Domain("cleared_at", "!=", False), limit=HISTORY
            ),
            "replacements": env["focalist.supply.replacement"].search(
                own, limit=HISTORY
            ),
            "supplies": device.supply_ids if present else (),
            "device_fields": device.fields_get(attributes=["string"]),
        } | self._chart_values(volumes)
        history = request.session.get("my_focalist_devices_history", [])
        if present and device.id in history:
            position = history.index(device.id)
            around = history[max(position - 1, 0) : position]
            values["prev_record"] = around and f"/my/devices/{around[0]}"
            around = history[position + 1 : position + 2]
            values["next_record"] = around and f"/my/devices/{around[0]}"
        return values

    def _last_meters(self, readings):
        """The last value that counts of each meter: [(meter, value, moment)]."""
        last = {}
        for reading in readings:
            for meter in METERS:
                value = reading[reading_field(meter)]
                if value is not False:
                    last.setdefault(meter, (meter, value, reading.read_at))
        return [last[meter] for meter in METERS if meter in last]

    def _meter_names(self):
        names = request.env["focalist.meter.reading"].fields_get(
            [reading_field(meter) for meter in METERS], ["string"]
        )
        return {meter: names[reading_field(meter)]["string"] for meter in METERS}
