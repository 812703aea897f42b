"""A billing run, from readings to draft invoices, beside OCA's `contract`.

100 clients with 40 devices each, mono and colour, a reading a day: the statements of a
month with all device detail, then their draft invoices. The peer makes the same 100
invoices of 80 lines each, from recurring lines with fixed quantities, in a database of
its own. These two take turns, and their figures are medians: a machine whose speed
comes and goes is as slow for one as for the other. Figures:

- `speedup_vs_contract`: our invoices a second over the peer's;
- `invoices_per_s`, `contract_invoices_per_s`;
- `statement_lines_per_s`: lines (a device's meter) of statements alone;
- `growth_per_client`: a client's time with 1,000 clients over that with 100, 4 devices
  each;
- `rss_mib`: memory of the run with 1,000 clients.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median

from benchmarks.extras import fetched
from launcher import environment, postgres
from launcher.databases import Databases
from launcher.paths import ADDONS
from tests.e2e.parts import Site

HERE = Path(__file__).parent
PEER = "odoo-addon-contract==19.0.1.2.1.2"
CLIENTS, DEVICES = 100, 40
MANY, FEW_DEVICES = 1_000, 4
LINES = 2 * DEVICES
TURNS = 3


def run() -> dict[str, float]:
    ready = environment.get()
    with postgres.running(ready) as server:
        databases = Databases(ready, server)
        databases.ensure_template()
        ours, theirs = [], []
        with _peer(databases, ready) as peer:
            for _turn in range(TURNS):
                ours.append(_bill(databases, CLIENTS, DEVICES))
                theirs.append(
                    peer.script("contract", folder=HERE, clients=CLIENTS, lines=LINES)
                )
        few = _bill(databases, CLIENTS, FEW_DEVICES)
        many = _bill(databases, MANY, FEW_DEVICES)
    per_s = CLIENTS / median(map(_seconds, ours))
    theirs_per_s = CLIENTS / median(turn["invoices_s"] for turn in theirs)
    return {
        "speedup_vs_contract": round(per_s / theirs_per_s, 1),
        "invoices_per_s": round(per_s, 1),
        "contract_invoices_per_s": round(theirs_per_s, 2),
        "statement_lines_per_s": round(
            median(turn["lines"] / turn["statements_s"] for turn in ours)
        ),
        "growth_per_client": round(_seconds(many) / MANY / _seconds(few) * CLIENTS, 2),
        "rss_mib": round(many["rss_mib"]),
    }


def _seconds(figures: dict[str, float]) -> float:
    return figures["statements_s"] + figures["invoices_s"]


def _bill(databases: Databases, clients: int, devices: int) -> dict:
    with _site(databases, f"billing{clients}x{devices}") as site:
        made = site.script("billing", folder=HERE, clients=clients, devices=devices)
        _settle(site)
        return site.script("bill", folder=HERE, **made)


@contextmanager
def _peer(databases: Databases, ready: environment.Environment) -> Iterator[Site]:
    """The peer, installed for this alone: it is AGPL, and nothing of ours needs it."""
    addons = fetched(ready, "contract", PEER) / "odoo" / "addons"
    with _site(databases, "contract", addons_path=f"{ADDONS},{addons}") as site:
        databases.odoo(
            "server",
            f"--config={site.config}",
            "--init=contract",
            "--stop-after-init",
            "--no-http",
            log="bench-contract",
        )
        _settle(site)
        yield site


def _settle(site: Site) -> None:
    """Let the planner know what there is, and no vacuum begin while time is taken.

    One that comes amid a transaction finds none of its rows, and the plans of the
    queries that follow are for a table without any.
    """
    with closing(site.connect()) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("VACUUM ANALYZE")
        for table in ("account_move", "account_move_line"):
            cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")


@contextmanager
def _site(databases: Databases, name: str, **options: object) -> Iterator[Site]:
    template = databases.ensure_template()
    site = Site(databases, name, template=template, **options)
    try:
        yield site
    finally:
        site.close()
