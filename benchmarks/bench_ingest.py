"""Device reports through the collectors' route, against bare create() over XML-RPC.

Both in one run, on one server: 1,000 reports with 8 supplies each, in batches as the
daemon sends them, and 1,000 rows of the readings' table by Odoo's own XML-RPC. Figures:

- `reports_per_s`, `creates_per_s`: what each did in a second;
- `ratio_to_create`: the first by the second.
"""

import base64
import json
import time
import xmlrpc.client
import zlib
from datetime import datetime, timedelta, timezone
from pathlib import Path

import requests

from focalist_agent.certificate import make_request
from launcher import environment, postgres
from launcher.databases import Databases
from tests.e2e.parts import Site

HERE = Path(__file__).parent
REPORTS = 1_000
BATCH = 1_000
ROUNDS = 8


def run() -> dict[str, float]:
    ready = environment.get()
    with postgres.running(ready) as server:
        databases = Databases(ready, server)
        site = Site(databases, "bench", template=databases.ensure_template())
        try:
            site.start()
            return _measure(site)
        finally:
            site.close()


def _measure(site: Site) -> dict[str, float]:
    made = site.script("ingest", folder=HERE, reports=REPORTS)
    _private, request = make_request("bench")
    about = {"version": "bench", "request": request}
    key = _call(site, made["key"], "enroll", about)["key"]
    # A year ago: each round adds the reports of a later day.
    day = datetime.now(timezone.utc) - timedelta(days=300)
    _send(site, key, day)
    ingested, created = [], []
    # In turns: what else the machine does hits both.
    for number in range(ROUNDS):
        ingested.append(_send(site, key, day + timedelta(days=number + 1)))
        created.append(_create(site, made, number))
    return {
        "reports_per_s": round(REPORTS / min(ingested), 1),
        "creates_per_s": round(REPORTS / min(created), 1),
        "ratio_to_create": round(min(created) / min(ingested), 2),
    }


def _call(site: Site, key: str, method: str, argument: object) -> dict:
    route = "enroll" if method == "enroll" else "rpc"
    answer = requests.post(
        f"{site.url}/focalist/agent/1/{route}",
        data=xmlrpc.client.dumps((argument,), method),
        headers={
            "Content-Type": "text/xml",
            "X-Odoo-Database": site.database,
            "Authorization": f"Bearer {key}",
        },
        timeout=120,
    )
    answer.raise_for_status()
    return xmlrpc.client.loads(answer.content)[0][0]


def _send(site: Site, key: str, moment: datetime) -> float:
    """Seconds for one report of each device."""
    batches = [
        [_report(number, moment) for number in range(first, first + BATCH)]
        for first in range(0, REPORTS, BATCH)
    ]
    started = time.monotonic()
    for batch in batches:
        packed = base64.b64encode(zlib.compress(json.dumps(batch).encode())).decode()
        results = _call(site, key, "send", packed)["results"]
        refused = [result for result in results if result["status"] != "accepted"]
        if refused:
            raise RuntimeError(f"not accepted: {refused[0]}")
    return time.monotonic() - started


def _report(number: int, moment: datetime) -> dict:
    pages = 1_000 * number + (moment - datetime(2020, 1, 1, tzinfo=timezone.utc)).days
    return {
        "schema": 1,
        "uid": f"{number}-{moment:%Y%m%d}",
        "read_at": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "address": f"10.0.{number // 250}.{number % 250}",
        "manufacturer": "Ricoh",
        "model": "MP C4503",
        "serial": f"BENCH{number:05}",
        "meters": {"life": pages + 9, "total": pages, "mono": pages, "color": 0},
        "supplies": [
            {
                "index": f"1.{index}",
                "description": f"Supply {index}",
                "kind": "toner",
                "color": "black",
                "level": 50,
                "capacity": 100,
                "unit": "percent",
                "percent": 50.0,
            }
            for index in range(8)
        ],
    }


def _create(site: Site, made: dict, number: int) -> float:
    """Seconds for as many rows of the same table, by one call of Odoo's own."""
    rows = [
        values | {"uid": f"create-{number}-{row}"}
        for row, values in enumerate(made["rows"])
    ]
    proxy = xmlrpc.client.ServerProxy(f"{site.url}/xmlrpc/2/object", allow_none=True)
    started = time.monotonic()
    proxy.execute_kw(
        site.database, made["user"], "bench", "focalist.meter.reading", "create", [rows]
    )
    return time.monotonic() - started
