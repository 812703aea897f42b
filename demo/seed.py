"""Fill the demo database: a dealer, its clients, their printers and a year of readings.

Run in an Odoo shell (`env` is its environment) by `launcher/demo.py`.
"""

import base64
import json
import os
from datetime import datetime, time, timedelta, timezone
from ipaddress import ip_network
from pathlib import Path

from dateutil.relativedelta import relativedelta

from odoo import Command

from odoo.addons.focalist_base.models.focalist_device_ingest import Origin

from focalist_simulator import Fleet

SEED = 1
DEVICES = 60
MONTHS = 13
#: The polls of the past, once a day.
POLLED_AT = time(16, 0)
DAYS_AT_ONCE = 14

DEALER = {
    "name": "Atelier Copie SAS",
    "street": "14 rue des Imprimeurs",
    "zip": "69007",
    "city": "Lyon",
    "phone": "+33 4 78 00 00 00",
    "email": "contact@atelier-copie.example",
    "website": "https://atelier-copie.example",
    "vat": "FR23334175221",
    "company_registry": "33417522100011",
}
LEGAL_FOOTER = (
    "<p>Atelier Copie SAS au capital de 80 000 € · RCS Lyon 334 175 221 · "
    "TVA FR23334175221</p>"
)
FR, EN = "fr_FR", "en_US"
#: Name, prefix, language, address, sites (the first is the main one), coordinator.
CLIENTS = (
    (
        "Mairie de Valmont",
        "MVA",
        FR,
        ("1 place de la République", "38000", "Grenoble"),
        ("Hôtel de ville", "Médiathèque", "Services techniques", "École Jules-Ferry"),
        "Claire Fontaine",
    ),
    (
        "Cabinet Berthier & Associés",
        "CBA",
        FR,
        ("22 quai Saint-Antoine", "69002", "Lyon"),
        ("Siège", "Bureau de Villefranche", "Archives"),
        "Hugo Martel",
    ),
    (
        "Clinique du Parc",
        "CDP",
        FR,
        ("5 avenue du Parc", "42000", "Saint-Étienne"),
        ("Accueil et soins", "Administration", "Laboratoire"),
        "Inès Rolland",
    ),
    (
        "Northbridge Logistics Ltd",
        "NBL",
        EN,
        ("120 route de l'Aéroport", "69125", "Colombier-Saugnieu"),
        ("Head office", "Warehouse"),
        "Oliver Grant",
    ),
    (
        "Lycée Ampère",
        "LAM",
        FR,
        ("31 rue de la Bourse", "69002", "Lyon"),
        ("Bâtiment A", "Bâtiment B"),
        "Nadia Belkacem",
    ),
    (
        "Harper Design Studio",
        "HDS",
        EN,
        ("8 rue Mercière", "69002", "Lyon"),
        ("Studio",),
        "Emily Harper",
    ),
)
#: Mono, colour and scan, in euros a page, by client.
PRICES = (
    (0.0045, 0.0390, 0.0),
    (0.0062, 0.0520, 0.0010),
    (0.0049, 0.0415, 0.0),
    (0.0058, 0.0495, 0.0008),
    (0.0041, 0.0370, 0.0),
    (0.0075, 0.0610, 0.0015),
)
#: Name, label and type of the custom fields that all devices have, and what differs.
CUSTOM_FIELDS = (
    ("place", "Bureau", "char", {}),
    ("inventory", "N° d'inventaire", "char", {}),
    ("contract_end", "Fin de contrat", "date", {}),
    (
        "warranty",
        "Garantie",
        "selection",
        {"selection": [["parts", "Pièces"], ["full", "Pièces et main-d'œuvre"]]},
    ),
)
#: The first client's own.
CLIENT_FIELDS = (("cost_center", "Centre de coûts", "char", {}),)
PLACES = ("Accueil", "Couloir", "Salle de réunion", "Bureau 12", "Open space")
#: What the first client wants to be told, by the type's code, and how often.
TOLD = {
    "device_silent": "daily",
    "meter_implausible": "once",
    "contract_field_due": "weekly",
}
#: Login (which is the password, too), name, groups.
USERS = (
    ("accountant", "Agathe Comptet", ["focalist_base.group_focalist_accountant"]),
    ("sales", "Victor Vendel", ["focalist_base.group_focalist_sales"]),
    ("technician", "Théo Techer", ["focalist_base.group_focalist_technician"]),
)


def make_dealer():
    company = env.ref("base.main_company")
    france = env.ref("base.fr")
    company.partner_id.write(DEALER | {"country_id": france.id, "tz": "Europe/Paris"})
    company.write(
        {
            "name": DEALER["name"],
            "report_footer": LEGAL_FOOTER,
            "logo": base64.b64encode(Path("demo/logo.png").read_bytes()),
        }
    )
    env["account.chart.template"].try_loading("fr", company, install_demo=False)
    # Lines that add up to the total, cent by cent: what a client checks first.
    company.tax_calculation_rounding_method = "round_per_line"
    company.external_report_layout_id = env.ref("web.external_layout_standard")
    return company


def make_users(company):
    env["res.users"].with_context(no_reset_password=True).create(
        [
            {
                "login": login,
                "password": login,
                "name": name,
                "email": f"{login}@atelier-copie.example",
                "tz": "Europe/Paris",
                "company_id": company.id,
                "company_ids": [Command.set(company.ids)],
                "group_ids": [
                    Command.set([env.ref(xmlid).id for xmlid in groups]),
                ],
            }
            for login, name, groups in USERS
        ]
    )


def make_clients(company):
    """The clients with their coordinators and sites, all with their own addresses."""
    for name, prefix, lang, address, sites, coordinator in CLIENTS:
        street, zip_code, city = address
        place = {"zip": zip_code, "city": city, "country_id": env.ref("base.fr").id}
        domain = f"{prefix.lower()}.example"
        client = env["res.partner"].create(
            {
                "name": name,
                "is_company": True,
                "is_focalist_client": True,
                "focalist_company_id": company.id,
                "focalist_prefix": prefix,
                "lang": lang,
                "street": street,
                "email": f"contact@{domain}",
                **place,
                "child_ids": [
                    Command.create(
                        {
                            "name": coordinator,
                            "email": f"{coordinator.split()[0].lower()}@{domain}",
                            "lang": lang,
                            "is_focalist_coordinator": True,
                        }
                    )
                ],
            }
        )
        env["focalist.site"].create(
            [
                {
                    "name": site,
                    "partner_id": client.id,
                    "tz": "Europe/Paris",
                    "opening_hours": "Lun-ven 8h30-12h, 13h30-17h30",
                    "delivery_note": "Livrer à l'accueil, demander un reçu.",
                    "address_id": env["res.partner"]
                    .create(
                        {
                            "name": site,
                            "parent_id": client.id,
                            "type": "delivery",
                            "street": street if not number else f"{street}, {site}",
                            **place,
                        }
                    )
                    .id,
                }
                for number, site in enumerate(sites)
            ]
        )
        yield client


def make_coordinator(client):
    """The first client's coordinator, who opens the portal."""
    person = client.child_ids.filtered("is_focalist_coordinator")
    env["res.users"].with_context(no_reset_password=True).create(
        {
            "login": "coordinator",
            "password": "coordinator",
            "partner_id": person.id,
            "group_ids": [Command.set(env.ref("base.group_portal").ids)],
        }
    )


def make_contracts(clients, start):
    contracts = env["focalist.contract"].create(
        [
            {
                "partner_id": client.id,
                "date_start": start,
                "pricing_ids": [
                    Command.create(
                        {
                            "date_from": start,
                            "price_mono": mono,
                            "price_color": color,
                            "price_scan": scan,
                        }
                    )
                ],
            }
            for client, (mono, color, scan) in zip(clients, PRICES, strict=True)
        ]
    )
    contracts.action_activate()


def ingest(company, fleet, since, until, site=None, printers=None):
    reports = list(fleet.reports(since, until, printers=printers))
    results = env["focalist.device"]._ingest(reports, Origin(company, "agent", site))
    rejected = [result for result in results if result["status"] == "rejected"]
    if rejected:
        raise ValueError(rejected[0]["message"])
    env.cr.commit()
    env.invalidate_all()
    return len(reports)


def find_devices(company, fleet, sites):
    """Let each site's printers be found there, and take them into account."""
    for number, site in enumerate(sites):
        printers = [one for one in fleet.printers if one.site == number]
        missing = set(printers)
        day = fleet.epoch
        # One that was silent on the first day is found on another.
        while missing:
            ingest(company, fleet, day, day + timedelta(hours=1), site, missing)
            known = env["focalist.device"].search([("proposed_site_id", "=", site.id)])
            serials = set(known.mapped("serial_number"))
            missing = {one for one in printers if one.serial not in serials}
            day += timedelta(days=1)
    env["focalist.device"].search([])._activate(fleet.epoch.replace(tzinfo=None))


def read_history(company, fleet, until):
    """The daily polls from the fleet's first day on."""
    moment = datetime.combine(fleet.epoch, POLLED_AT, tzinfo=timezone.utc)
    while moment < until:
        end = min(until, moment + timedelta(days=DAYS_AT_ONCE))
        count = ingest(company, fleet, moment, end)
        print(f"{moment:%Y-%m-%d} {count} reports", flush=True)
        moment += timedelta(days=DAYS_AT_ONCE)


def make_custom_fields(client, until):
    """Fields of all devices and of the client's, with something in each."""

    def definition(fields):
        return [
            {"name": name, "string": label, "type": kind, **more}
            for name, label, kind, more in fields
        ]

    devices = env["focalist.device"].search([], order="id")
    devices._fields_of_all().properties_definition = definition(CUSTOM_FIELDS)
    for number, device in enumerate(devices):
        end = until + relativedelta(months=number % 36, day=28)
        device.properties = {
            "place": PLACES[number % len(PLACES)],
            "inventory": f"INV-{1000 + number}",
            "contract_end": f"{end:%Y-%m-%d}",
            "warranty": "full" if number % 3 else "parts",
        }
    own = devices.filtered(lambda device: device.partner_id == client)
    own.client_fields_id.definition = definition(CLIENT_FIELDS)
    for number, device in enumerate(own):
        device.client_properties = {"cost_center": f"CC-{100 + number % 4}"}


def make_notifications(client):
    """The client's rules; its e-mails wait, for a demo sends none."""
    env["focalist.notification.rule"].create(
        [
            {
                "partner_id": client.id,
                "type_id": kind.id,
                "enabled": True,
                "frequency": TOLD[kind.code],
            }
            for kind in env["focalist.notification.type"].search(
                [("code", "in", list(TOLD))]
            )
        ]
    )
    env["focalist.notification.type"]._cron_scan()


def main():
    today = datetime.now(timezone.utc).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    epoch = today.replace(day=1) - relativedelta(months=MONTHS)
    company = make_dealer()
    make_users(company)
    clients = list(make_clients(company))
    make_coordinator(clients[0])
    sites = env["focalist.site"]
    for client in clients:
        sites += client.focalist_site_ids
    fleet = Fleet(devices=DEVICES, sites=len(sites), seed=SEED, epoch=epoch)
    make_contracts(clients, epoch.date())
    find_devices(company, fleet, sites)
    read_history(company, fleet, today)
    make_custom_fields(clients[0], today)
    make_notifications(clients[0])
    env["focalist.client.stat"]._cron_refresh()
    agents = [{"client": client.name, "key": make_agent(client)} for client in clients]
    # What support does; the others' panels are still locked.
    clients[0].focalist_panel_unlocked = True
    env.cr.commit()
    return {
        "seed": SEED,
        "epoch": f"{epoch:%Y-%m-%d}",
        "clients": len(clients),
        "sites": len(sites),
        "devices": env["focalist.device"].search_count([]),
        "readings": env["focalist.meter.reading"].search_count([]),
        "agents": agents,
    }


def network_of(client):
    """The networks that a client's printers are on, as a scan asks them."""
    devices = env["focalist.device"].search([("partner_id", "=", client.id)])
    found = {
        str(ip_network(f"{device.ip_address}/24", strict=False)) for device in devices
    }
    return "\n".join(sorted(found))


def make_agent(client):
    """An agent of the client, for its simulated network; returns its one-time key."""
    agent = env["focalist.agent"].create(
        {
            "name": f"{client.name}",
            "partner_id": client.id,
            "network_ids": [
                Command.create({"name": "LAN", "ranges": network_of(client)}),
            ],
        }
    )
    return agent._new_enrolment_key()


Path(os.environ["FOCALIST_RESULT"]).write_text(json.dumps(main()))
