from datetime import datetime

from odoo import Command, fields
from odoo.tests import tagged

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.focalist_base.models.focalist_device_ingest import Origin


@tagged("post_install", "-at_install")
class BillingCommon(AccountTestInvoicingCommon):
    """A client with one site and a contract: 0.01 mono, 0.1 colour, 0.002 scan."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.company_data["company"]
        cls.env.user.group_ids += cls.env.ref("focalist_base.group_focalist_manager")
        cls.client, cls.site = cls._make_client("Client")
        cls.contract = cls._make_contract(cls.client)

    @classmethod
    def _make_client(cls, name, **values):
        client = cls.env["res.partner"].create(
            {
                "name": name,
                "is_company": True,
                "is_focalist_client": True,
                "focalist_company_id": cls.company.id,
                **values,
            }
        )
        site = cls.env["focalist.site"].create(
            {"name": f"{name}'s site", "partner_id": client.id, "tz": "Europe/Paris"}
        )
        return client, site

    @classmethod
    def _make_contract(cls, client, active=True, **prices):
        prices = {
            "price_mono": 0.01,
            "price_color": 0.1,
            "price_scan": 0.002,
        } | prices
        contract = cls.env["focalist.contract"].create(
            {
                "partner_id": client.id,
                "date_start": "2026-01-01",
                "pricing_ids": [Command.create({"date_from": "2026-01-01", **prices})],
            }
        )
        if active:
            contract.action_activate()
        return contract

    @classmethod
    def _read(
        cls,
        site,
        serial,
        *readings,
        model="MP C4503",
        units=None,
        sources=None,
        supplies=None,
    ):
        """Ingest readings of one device, which is activated at `site` if it is new.

        :param readings: (moment "YYYY-MM-DD HH:MM" in UTC, dict meter -> value)
        """
        devices = cls.env["focalist.device"]
        origin = Origin(cls.company, "agent", site=site, partner=site.partner_id)
        reports = [
            {
                "schema": 1,
                "uid": f"{serial} {moment}",
                "read_at": f"{moment.replace(' ', 'T')}:00Z",
                "manufacturer": "Ricoh",
                "model": model,
                "serial": serial,
                "meters": meters,
                "meter_units": units or {},
                "meter_sources": sources or {},
                **({"supplies": supplies} if supplies else {}),
            }
            for moment, meters in readings
        ]
        device = devices.search([("serial_number", "=", serial)])
        if not device:
            device = devices.sudo().create(
                {
                    "company_id": cls.company.id,
                    "model_id": cls.env["focalist.device.model"]
                    ._find_or_create([("Ricoh", model)])["Ricoh", model]
                    .id,
                    "serial_number": serial,
                    "proposed_site_id": site.id,
                }
            )
            device._activate(datetime(2025, 12, 1))
        results = devices.sudo()._ingest(reports, origin)
        assert {result["status"] for result in results} <= {"accepted"}, results
        return device.sudo(False)

    @classmethod
    def _read_toner(
        cls, site, serial, moment, cartridge, part_number="841853", **meters
    ):
        """Ingest a reading of a device with a black toner of this serial number."""
        return cls._read(
            site,
            serial,
            (moment, meters),
            supplies=[
                {
                    "index": "1.1",
                    "description": "Black Toner MP C4503",
                    "kind": "toner",
                    "color": "black",
                    "level": 60,
                    "capacity": 100,
                    "unit": "percent",
                    "percent": 60.0,
                    "some_remaining": False,
                    "part_number": part_number,
                    "serial": cartridge,
                }
            ],
        )

    @classmethod
    def _bill(cls, day="2026-03-15", contract=None):
        """The statement of the period that a day is in; empty where there is none."""
        contract = contract or cls.contract
        statements, _problems = contract._bill(fields.Date.to_date(day))
        return statements
