"""The screens that people open all day, with 500 devices and with 50,000.

Two databases of 100 clients with three sites each and 13 months of daily volumes: 5
devices a client in the small one, 500 in the large one (18 million rows). Each screen's
call is made as the web client makes it and timed by the server's own log, the median of
several. Figures:

- `NAME_s`: seconds of each screen with 50,000 devices;
- `growth`: the greatest ratio of a screen's time to its time with 500 devices;
- `slowest_s`: the slowest screen with 50,000 devices.
"""

import re
import statistics
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path

import requests
from lxml import etree

from launcher import environment, postgres
from launcher.databases import Databases
from launcher.paths import LOGS
from tests.e2e.parts import Site

HERE = Path(__file__).parent
CLIENTS, SITES = 100, 3
SMALL, LARGE = 500, 50_000
ROUNDS = 9
# Odoo's own figures at the end of a request's line: queries, their time, the rest.
PERFORMANCE = re.compile(
    r"POST /web/dataset/call_kw/\S+#(\S+) .* (\d+) ([\d.]+) ([\d.]+)$"
)


def run() -> dict[str, float]:
    ready = environment.get()
    with postgres.running(ready) as server:
        databases = Databases(ready, server)
        template = databases.ensure_template()
        times = {}
        for devices in (SMALL, LARGE):
            with _filled(databases, template, devices) as (site, made):
                times[devices] = _measure(site, made)
    small, large = times[SMALL], times[LARGE]
    return {
        **{f"{name}_s": seconds for name, seconds in large.items()},
        **{f"{name}_{SMALL}_s": seconds for name, seconds in small.items()},
        "growth": max(round(large[name] / small[name], 2) for name in large),
        "slowest_s": max(large.values()),
    }


@contextmanager
def _filled(databases: Databases, template: str, devices: int):
    """A server whose database has that many devices."""
    site = Site(databases, f"screens{devices}", template=template)
    try:
        started = time.monotonic()
        made = site.script(
            "screens", folder=HERE, clients=CLIENTS, sites=SITES, devices=devices
        )
        seconds = round(time.monotonic() - started)
        print(
            f"  {devices:,} devices, {made['days']:,} days, {made['months']:,} months"
            f" of volumes in {seconds} s",
            file=sys.stderr,
            flush=True,
        )
        # Planner's statistics, and a visibility map, as autovacuum leaves them.
        with closing(site.connect()) as connection:
            connection.autocommit = True
            connection.cursor().execute("VACUUM ANALYZE")
        site.start()
        yield site, made
    finally:
        site.close()


def _measure(site: Site, made: dict) -> dict[str, float]:
    browser = _Browser(site)
    client = made["client"]
    calls = {
        "statistics": ("res.partner", "focalist_statistics", [[client], "30d"], {}),
        "statistics_year": (
            "res.partner",
            "focalist_statistics",
            [[client], "12m"],
            {},
        ),
        "client_list": browser.list_of("focalist_base.focalist_client_action"),
        "fleet_pivot": browser.pivot_of("focalist_base.focalist_volume_fleet_action"),
    }
    return {name: browser.seconds(*call) for name, call in calls.items()}


class _Browser:
    """A person's session, and the calls that the web client makes in it."""

    def __init__(self, site: Site):
        self.site = site
        self.log = LOGS / f"{site.database}.log"
        self.session = requests.Session()
        self._post(
            "/web/session/authenticate",
            {"db": site.database, "login": "admin", "password": "admin"},
        )

    def _post(self, path: str, params: dict):
        answer = self.session.post(
            f"{self.site.url}{path}", json={"params": params}, timeout=600
        )
        answer.raise_for_status()
        found = answer.json()
        if "error" in found:
            raise RuntimeError(found["error"]["data"]["debug"])
        return found["result"]

    def call(self, model: str, method: str, args: list, kwargs: dict):
        return self._post(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": args, "kwargs": kwargs},
        )

    def seconds(self, *call) -> float:
        """What the server's log says of this call: the median, caches filled."""
        for _worker in range(4):
            self.call(*call)
        before = self.log.stat().st_size
        for _round in range(ROUNDS):
            self.call(*call)
        name = f"{call[0]}.{call[1]}"
        found: list[float] = []
        for _attempt in range(20):
            with self.log.open() as log:
                log.seek(before)
                lines = [PERFORMANCE.search(line) for line in log]
            found = [
                float(line[3]) + float(line[4])
                for line in lines
                if line and line[1] == name
            ]
            if len(found) >= ROUNDS:
                break
            time.sleep(0.1)
        return round(statistics.median(found), 3)

    def _action(self, name: str) -> dict:
        return self._post("/web/action/load", {"action_id": name, "context": {}})

    def _views(self, action: dict, *kinds: str) -> dict:
        views = [view for view in action["views"] if view[1] in kinds]
        search = action.get("search_view_id") or [False]
        return self.call(
            action["res_model"],
            "get_views",
            [],
            {"views": [*views, [search[0], "search"]], "options": {}},
        )

    def _domain(self, action: dict) -> list:
        """The action's own domain; who signs in here works for all companies."""
        companies = [
            company["id"]
            for company in self.call("res.company", "search_read", [[], ["id"]], {})
        ]
        return _literal(action.get("domain") or "[]", companies)

    def list_of(self, name: str) -> tuple:
        """The call of a list's first page."""
        action = self._action(name)
        arch = self._views(action, "list")["views"]["list"]["arch"]
        fields = self.call(action["res_model"], "fields_get", [], {})
        shown = {node.get("name") for node in etree.fromstring(arch).iter("field")}
        specification = {
            field: {"fields": {"display_name": {}}}
            if fields[field]["type"] == "many2one"
            else {}
            for field in shown & fields.keys()
        }
        options = {"specification": specification, "limit": 80, "count_limit": 10001}
        domain = self._domain(action)
        return action["res_model"], "web_search_read", [domain], options

    def pivot_of(self, name: str) -> tuple:
        """The call of a pivot as it opens, with the filters that the action sets."""
        action = self._action(name)
        views = self._views(action, "pivot")["views"]
        pivot = etree.fromstring(views["pivot"]["arch"])
        by_type: dict[str, list[str]] = {"row": [], "col": [], "measure": []}
        for node in pivot.iter("field"):
            interval = node.get("interval")
            found = node.get("name") + (f":{interval}" if interval else "")
            by_type[node.get("type", "row")].append(found)
        sections = [
            by_type["row"][:rows] + by_type["col"][:columns]
            for rows in range(len(by_type["row"]) + 1)
            for columns in range(len(by_type["col"]) + 1)
        ]
        domain = self._domain(action)
        for node in etree.fromstring(views["search"]["arch"]).iter("filter"):
            if f"search_default_{node.get('name')}" in str(action.get("context")):
                domain += _literal(node.get("domain"), [])
        options = {
            "domain": domain,
            "grouping_sets": sections,
            "aggregates": [f"{name}:sum" for name in by_type["measure"]] + ["__count"],
        }
        return action["res_model"], "formatted_read_grouping_sets", [], options


def _literal(domain: str | list, companies: list[int]) -> list:
    """A domain of the data files, which name nothing but the companies."""
    if isinstance(domain, list):
        return domain
    return eval(  # noqa: S307 - the project's own files
        domain, {"__builtins__": {}}, {"allowed_company_ids": companies}
    )
