from datetime import timedelta

from odoo import api, fields, models

from ..tools.identity import mac_key, manufacturer_key, model_key, serial_key
from ..tools.sheet_values import cell_text, parse_moment

# A device may have been brought before it was entered; not before there was SNMP.
LONGEST = timedelta(days=365 * 30)


class FocalistImport(models.TransientModel):
    """Devices from a file: each is put into service at its site."""

    _inherit = "focalist.import"

    @api.model
    def _labels_devices(self):
        return {
            "manufacturer": self.env._("Manufacturer"),
            "model": self.env._("Model"),
            "serial": self.env._("Serial number"),
            "mac": self.env._("MAC address"),
            "ip": self.env._("IP address"),
            "client": self.env._("Client"),
            "site": self.env._("Site"),
            "start": self.env._("In service since"),
        }

    @api.model
    def _aliases_devices(self):
        return {
            "manufacturer": ("maker", "brand", "fabricant", "marque", "constructeur"),
            "model": ("device model", "modèle"),
            "serial": ("serial", "serial no", "s/n", "numéro de série", "n° de série"),
            "mac": ("mac", "adresse mac"),
            "ip": ("ip", "adresse ip"),
            "client": ("customer", "prefix", "préfixe"),
            "site": ("location", "emplacement"),
            "start": ("start", "start date", "date de début", "en service depuis"),
        }

    @api.model
    def _required_devices(self):
        return ("manufacturer", "model", "serial", "client")

    def _check_devices(self, rows):
        """Find out what becomes of each row; in a fixed number of queries."""
        sites = self._sites_by_client()
        known = self._known_devices(rows)
        now = fields.Datetime.now()
        seen = {}
        for row in rows:
            identity = self._device_identity(row)
            if not identity:
                continue
            if identity in seen:
                row.refuse(
                    self.env._(
                        "The same device stands in row %(row)s, too.",
                        row=seen[identity],
                    )
                )
                continue
            seen[identity] = row.number
            site = self._site_of(row, sites)
            if not site:
                continue
            at = self._start_of(row, site, now)
            device = known.get(identity)
            if device:
                self._check_known_device(row, device, site)
            if row.status != "error":
                row.values = (device, site, at)

    def _device_identity(self, row):
        """What makes the row's device one; None where the row is refused for it."""
        maker = cell_text(row.told.get("manufacturer"))
        model = cell_text(row.told.get("model"))
        key = manufacturer_key(maker)
        if not key or not model_key(model, maker):
            row.refuse(self.env._("The manufacturer or the model is missing."))
            return None
        serial = serial_key(cell_text(row.told.get("serial")))
        told_mac = cell_text(row.told.get("mac"))
        mac = mac_key(told_mac)
        if told_mac and not mac:
            row.refuse(self.env._("%(text)s is no MAC address.", text=told_mac))
            return None
        if not serial and not mac:
            row.refuse(
                self.env._(
                    "There is neither a serial number nor a MAC address: the device"
                    " cannot be told from others."
                )
            )
            return None
        return (key, serial) if serial else (None, mac)

    def _known_devices(self, rows):
        """The dealer's devices that rows may mean: identity -> focalist.device."""
        makers = self.env["focalist.manufacturer"]._by_key(
            cell_text(row.told.get("manufacturer")) for row in rows
        )
        spellings = {}
        for key, maker in makers.items():
            spellings.setdefault(maker.id, []).append(key)
        serials = {serial_key(cell_text(row.told.get("serial"))) for row in rows}
        macs = {mac_key(cell_text(row.told.get("mac"))) for row in rows}
        # Also those that the user may not see: they are one device all the same.
        devices = (
            self.env["focalist.device"]
            .sudo()
            .with_context(active_test=False)
            .search(
                [
                    ("company_id", "=", self.company_id.id),
                    "|",
                    ("serial_key", "in", list(serials - {None})),
                    ("mac_address", "in", list(macs - {None})),
                ]
            )
            .sudo(False)
        )
        known = {}
        for device in devices:
            if device.serial_key:
                for key in spellings.get(device.manufacturer_id.id, ()):
                    known[key, device.serial_key] = device
            else:
                known[None, device.mac_address] = device
        return known

    def _sites_by_client(self):
        """The dealer's sites, closed ones too, by the client's prefix and name.

        :return: dict of client's prefix or name in lower case -> list of sites of
            one or several clients
        """
        sites = self.env["focalist.site"].with_context(active_test=False)
        by_client = {}
        for site in sites.search([("company_id", "=", self.company_id.id)]):
            client = site.partner_id
            for name in {client.focalist_prefix, client.name} - {False}:
                by_client.setdefault(name.casefold(), []).append(site)
        return by_client

    def _site_of(self, row, sites):
        """The site that a row names; the main one where it names none."""
        client = cell_text(row.told.get("client"))
        found = sites.get(client.casefold(), [])
        if not found:
            row.refuse(
                self.env._("%(client)s is no client that has sites.", client=client)
            )
            return None
        if len({site.partner_id for site in found}) > 1:
            row.refuse(
                self.env._(
                    "Several clients are called %(client)s: use the prefix.",
                    client=client,
                )
            )
            return None
        name = cell_text(row.told.get("site"))
        named = [
            site
            for site in found
            if (site.name.casefold() == name.casefold() if name else site.is_main)
        ]
        if len(named) != 1:
            row.refuse(
                self.env._(
                    "%(client)s has no site %(site)s.", client=client, site=name or "?"
                )
                if not named
                else self.env._(
                    "%(client)s has several sites %(site)s.", client=client, site=name
                )
            )
            return None
        if not named[0].active:
            row.refuse(
                self.env._(
                    "%(site)s is closed: choose an active site.", site=named[0].name
                )
            )
            return None
        return named[0]

    def _start_of(self, row, site, now):
        try:
            at = parse_moment(row.told.get("start"), self.date_order, site.tz) or now
        except ValueError:
            row.refuse(
                self.env._(
                    "%(text)s is no date.", text=cell_text(row.told.get("start"))
                )
            )
            return None
        if not now - LONGEST < at <= now:
            row.refuse(self.env._("A device is in service since a day that is past."))
        return at

    def _check_known_device(self, row, device, site):
        if device.state == "retired":
            row.refuse(
                self.env._(
                    "%(device)s is out of service: restore it.",
                    device=device.display_name,
                )
            )
        elif device.state == "active":
            if device.site_id == site:
                row.status = "known"
            else:
                row.refuse(
                    self.env._(
                        "%(device)s stands at another site: move it.",
                        device=device.display_name,
                    )
                )

    def _import_devices(self, rows):
        """Create the rows' devices, and put them into service.

        :return: how many wait for a person: none
        """
        names = {
            row: (cell_text(row.told["manufacturer"]), cell_text(row.told["model"]))
            for row in rows
        }
        models_ = self.env["focalist.device.model"]._find_or_create(names.values())
        devices = self.env["focalist.device"].with_context(
            tracking_disable=True, mail_create_nolog=True
        )
        new = [row for row in rows if not row.values[0]]
        created = devices.create(
            [
                {
                    "company_id": self.company_id.id,
                    "model_id": models_[names[row]].id,
                    "serial_number": cell_text(row.told.get("serial")) or False,
                    "mac_address": mac_key(cell_text(row.told.get("mac"))),
                    "ip_address": cell_text(row.told.get("ip")) or False,
                    "proposed_site_id": row.values[1].id,
                }
                for row in new
            ]
        )
        made = dict(zip(new, created, strict=True))
        placed = [(made.get(row) or row.values[0], *row.values[1:]) for row in rows]
        self.env["focalist.device.placement"].create(
            [
                {"device_id": device.id, "site_id": site.id, "start_at": at}
                for device, site, at in placed
            ]
        )
        entered = devices.union(*(device for device, _site, _at in placed))
        entered._enter_service()
        text = self._source_text()
        entered._message_log_batch(dict.fromkeys(entered.ids, text))
        return 0
