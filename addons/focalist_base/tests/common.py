import os
from datetime import datetime, timedelta
from itertools import count

from hypothesis import HealthCheck, Phase, settings

from odoo.tests import TransactionCase, new_test_user, tagged

from odoo.addons.focalist_base.models.focalist_device_ingest import Origin

START = datetime(2026, 3, 2, 8)

FULL = os.environ.get("FOCALIST_FULL") == "1"
# Examples run inside the test's own transaction, with a savepoint each.
PROPERTY = settings(
    max_examples=150 if FULL else 12,
    deadline=None,
    # To look for a smaller example takes minutes where each one ingests.
    phases=tuple(Phase) if FULL else (Phase.explicit, Phase.generate),
    derandomize=not FULL,
    database=None,
    suppress_health_check=list(HealthCheck),
)

MODELS = (
    "focalist.alert",
    "focalist.client.fields",
    "focalist.client.stat",
    "focalist.device",
    "focalist.device.model",
    "focalist.device.placement",
    "focalist.manufacturer",
    "focalist.meter.decision",
    "focalist.meter.reading",
    "focalist.meter.segment",
    "focalist.site",
    "focalist.supply",
    "focalist.supply.item",
    "focalist.supply.level",
    "focalist.supply.model",
    "focalist.supply.replacement",
    "focalist.volume",
    "focalist.volume.fleet",
    "focalist.volume.month",
)


@tagged("post_install", "-at_install")
class FocalistCase(TransactionCase):
    """Two clients of one dealer: A with two sites, B with one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.dealer = cls.env["res.company"].create({"name": "Dealer"})
        cls.env.user.company_ids |= cls.dealer
        cls.env.user.company_id = cls.dealer
        cls.env = cls.env(
            context={**cls.env.context, "allowed_company_ids": cls.dealer.ids}
        )
        cls.client_a = cls.client("Alpha", focalist_prefix="ALP")
        cls.client_b = cls.client("Beta", focalist_prefix="BET")
        cls.site_a = cls.site(cls.client_a, "Paris")
        cls.site_a2 = cls.site(cls.client_a, "Lyon")
        cls.site_b = cls.site(cls.client_b, "Lille")
        cls.maker = cls.env["focalist.manufacturer"].create({"name": "Ricoh"})
        cls.model = cls.env["focalist.device.model"].create(
            {"name": "MP C4503", "manufacturer_id": cls.maker.id}
        )
        cls.uids = count(1)

    @classmethod
    def client(cls, name, **values):
        return cls.env["res.partner"].create(
            {"name": name, "is_company": True, "is_focalist_client": True, **values}
        )

    @classmethod
    def contact(cls, client, name="Anna", **values):
        return cls.env["res.partner"].create(
            {"name": name, "parent_id": client.id, "type": "contact", **values}
        )

    @classmethod
    def coordinator(cls, client, name="Anna", **values):
        return cls.contact(client, name, is_focalist_coordinator=True, **values)

    @classmethod
    def site(cls, client, name, **values):
        return cls.env["focalist.site"].create(
            {"partner_id": client.id, "name": name, "tz": "Europe/Paris", **values}
        )

    @classmethod
    def device(cls, serial="E100", site=None, at=START, **values):
        """A device in service at a site (Paris, of client A) since a moment."""
        device = cls.env["focalist.device"].create(
            {
                "company_id": cls.dealer.id,
                "model_id": cls.model.id,
                "serial_number": serial,
                "proposed_site_id": (site or cls.site_a).id,
                **values,
            }
        )
        device._activate(at)
        return device

    @classmethod
    def report(cls, at=START, serial="E100", **values):
        """A device report; a moment may be given in hours after the start."""
        if not isinstance(at, datetime):
            at = START + timedelta(hours=at)
        return {
            "schema": 1,
            "uid": f"report-{next(cls.uids)}",
            "read_at": f"{at.isoformat()}Z",
            "manufacturer": "Ricoh",
            "model": "MP C4503",
            "serial": serial,
            "address": "10.1.2.3",
            "mac": None,
            **values,
        }

    @classmethod
    def metered(cls, at, serial="E100", **meters):
        return cls.report(at, serial, meters=meters)

    @classmethod
    def supply(cls, percent=60.0, index="1.1", **values):
        """A row of a report's supplies."""
        return {
            "index": index,
            "description": "Black Toner",
            "kind": "toner",
            "color": "black",
            "level": -2 if percent is None else int(percent),
            "capacity": 100,
            "unit": "percent",
            "percent": percent,
            "some_remaining": False,
            "part_number": None,
            "serial": None,
            **values,
        }

    @classmethod
    def alert(cls, index="1.5", **values):
        """A row of a report's alerts."""
        return {
            "index": index,
            "severity": "warning",
            "training": "untrained",
            "group": "marker_supplies",
            "code": 1104,
            "description": "Toner low",
            **values,
        }

    @classmethod
    def tables(cls, cartridge="CRUM0001"):
        """Sections of a report; with another cartridge the next time, all is told."""
        return {
            "supplies": [cls.supply(serial=cartridge)],
            "alerts": [cls.alert()],
        }

    @classmethod
    def origin(cls, **values):
        return Origin(**{"company": cls.dealer, "source": "agent", **values})

    @classmethod
    def ingest(cls, *reports, **origin):
        return cls.env["focalist.device"]._ingest(list(reports), cls.origin(**origin))

    @classmethod
    def statuses(cls, *reports, **origin):
        return [result["status"] for result in cls.ingest(*reports, **origin)]

    def ledger(self, devices):
        """What the ledger, the volumes and the devices say, without ids."""
        self.env.flush_all()
        self.env.invalidate_all()
        meters = [
            name
            for name in self.env["focalist.meter.reading"]._fields
            if name.startswith("meter_")
        ]
        pages = [
            name
            for name in self.env["focalist.volume"]._fields
            if name.startswith("pages_")
        ]
        readings = devices.reading_ids.sorted(lambda r: (r.device_id.id, r.read_at))
        domain = [("device_id", "in", devices.ids)]
        days = self.env["focalist.volume"].search(domain, order="device_id, day")
        months = self.env["focalist.volume.month"].search(
            domain, order="device_id, month"
        )
        return {
            "readings": [
                (r.device_id, r.read_at, r.uid, r.state, r.held)
                + tuple(r[name] for name in meters)
                for r in readings
            ],
            "days": [(v.placement_id, v.day, *(v[n] for n in pages)) for v in days],
            "months": [
                (v.placement_id, v.month, *(v[n] for n in pages)) for v in months
            ],
            "devices": [
                (d.last_meters, d.last_reading_at, d.last_report_at, d.total_meter)
                + (d.ip_address, d.state, d.site_id)
                for d in devices
            ],
        }

    @classmethod
    def user(cls, login, groups, **values):
        return new_test_user(
            cls.env(context={**cls.env.context, "no_reset_password": True}),
            login,
            groups=groups,
            **{"company_id": cls.dealer.id, "company_ids": cls.dealer.ids, **values},
        )

    @classmethod
    def portal(cls, login, partner):
        """A portal user for a contact that exists."""
        return cls.env["res.users"].create(
            {
                "login": login,
                "partner_id": partner.id,
                "group_ids": cls.env.ref("base.group_portal").ids,
                "company_id": cls.dealer.id,
                "company_ids": cls.dealer.ids,
            }
        )
