"""A billing run as jobs of OCA's `queue_job`, with one worker and with two.

Each worker is a process of Odoo's, and the scheduled action is off: jobs alone do it.
Two databases with the same 150 clients of 20 devices each; 50 are billed first, so that
the workers are warm, and 100 with a watch: from readings to draft invoices. Figures:

- `contracts_per_s_1`, `contracts_per_s_2`: with so many workers;
- `scaling`: the latter over the former.

PostgreSQL has its share of the cores too: on two of them, two workers have less than
one each.
"""

import os
from pathlib import Path

from benchmarks.extras import fetched
from launcher import environment, postgres
from launcher.databases import Databases
from launcher.paths import ADDONS
from tests.e2e.parts import Site

HERE = Path(__file__).parent
#: The second is what the first says it needs to be installed.
QUEUE = ("odoo-addon-queue_job==19.0.2.4.0.1", "openupgradelib==3.13.7")
WARM, CLIENTS, DEVICES = 50, 100, 20


def run() -> dict[str, float]:
    ready = environment.get()
    folder = fetched(ready, "queue", *QUEUE)
    path = [ready.variables["PYTHONPATH"], str(folder)]
    variables = {"PYTHONPATH": os.pathsep.join(path)}
    options = {
        "addons_path": f"{ADDONS},{folder / 'odoo' / 'addons'}",
        "server_wide_modules": "base,rpc,web,queue_job",
    }
    with postgres.running(ready) as server:
        databases = Databases(ready, server)
        template = databases.ensure_template()
        prepared = Site(databases, "queue", template=template, **options)
        try:
            databases.odoo(
                "server",
                f"--config={prepared.config}",
                "--init=focalist_queue",
                "--stop-after-init",
                "--no-http",
                log="bench-queue",
                env=variables,
            )
            made = prepared.script(
                "billing", folder=HERE, clients=WARM + CLIENTS, devices=DEVICES
            )
            prepared.query("ANALYZE")
            one, two = (
                _bill(prepared, workers, made["contracts"], variables, options)
                for workers in (1, 2)
            )
        finally:
            prepared.close()
    assert one["billed"] == two["billed"], (one, two)
    return {
        "contracts_per_s_1": round(CLIENTS / one["seconds"], 1),
        "contracts_per_s_2": round(CLIENTS / two["seconds"], 1),
        "scaling": round(one["seconds"] / two["seconds"], 2),
    }


def _bill(prepared: Site, workers: int, contracts, variables, options) -> dict:
    site = Site(
        prepared.databases,
        f"queue{workers}",
        template=prepared.database,
        variables=variables | {"ODOO_QUEUE_JOB_CHANNELS": f"root:{workers}"},
        workers=workers,
        **options,
    )
    try:
        site.start()
        return site.script("queue", folder=HERE, contracts=contracts, warm=WARM)
    finally:
        site.close()
