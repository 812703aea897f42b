"""`./focalist demo`: a dealer with a year behind it, its printers and its agents."""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from launcher import console, environment, odoo_config, postgres, wkhtmltopdf
from launcher.console import Problem, say, step
from launcher.databases import Databases, installed_modules
from launcher.paths import LOGS, ROOT, STATE
from launcher.processes import Service, output, wait_until

DATABASE = "focalist_demo"
FOLDER = STATE / "demo"
DEFAULT_PORT = 8069
#: Held by the demo that runs, with its process id in it.
LOCK = STATE / "demo.lock"
#: There when the demo is up and checked.
READY = FOLDER / "ready"
BILL = FOLDER / "bill.json"
USERS = "admin, accountant, sales, technician, coordinator"


def run(flags: set[str]) -> int:
    if {"--once", "--detach"} <= flags:
        raise Problem("--once and --detach do not go together.")
    if "--detach" in flags:
        return _detach(flags - {"--detach"})
    with _alone(), ExitStack() as running:
        # Everything that is started ends with this block.
        Demo(running).run(fresh="--fresh" in flags, once="--once" in flags)
    return 0


def stop() -> int:
    pid = _running()
    if not pid:
        say("No demo of this checkout is running.")
        return 0
    with step("Stopping the demo"):
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not _running(), seconds=60, what="The demo's end")
    return 0


class Demo:
    """One run of the demo, from an empty machine to the portal's invoice."""

    def __init__(self, running: ExitStack):
        self.running = running
        self.port = chosen_port()
        self.services: list[Service] = []
        self.started = time.monotonic()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self, *, fresh: bool, once: bool) -> None:
        self._check_ports()
        wkhtmltopdf.ensure()
        self.environment = environment.get()
        self.server = self.running.enter_context(postgres.running(self.environment))
        self.databases = Databases(self.environment, self.server)
        self._ensure_database(fresh)
        seed = self._ensure_seed()
        self._set_addresses()
        self.running.callback(self._stop)
        self._start_odoo()
        self._start_printers(seed)
        before = self._start_agents(seed["agents"])
        # An older one may have been changed: clients deactivated, agents revoked.
        proves = once or not BILL.exists()
        found = self._first_round(before) if proves else {}
        bill = self._bill()
        if proves:
            self._check(seed, found, bill)
        say(self._summary(seed, found, bill))
        if not once:
            READY.touch()
            say(f"\n{self.url} answers; Ctrl-C stops everything.")
            try:
                self._watch()
            except KeyboardInterrupt:
                say()  # This is how it is meant to end.

    # -- database ---------------------------------------------------------------------

    def _ensure_database(self, fresh: bool) -> None:
        """Make the demo database, or bring the one that is there up to date."""
        made_from = FOLDER / "template"
        seeded = (FOLDER / "seed.json").exists()
        there = DATABASE in self.databases.names()
        if there and seeded and not fresh:
            if made_from.read_text() != self.databases.template:
                update_modules(self.databases)
            return
        template = self.databases.ensure_template()
        with step("Creating the demo database"):
            self.databases.drop(DATABASE)
            shutil.rmtree(FOLDER, ignore_errors=True)
            self.databases.copy(template, DATABASE)
            FOLDER.mkdir(parents=True)
            made_from.write_text(template)

    def _ensure_seed(self) -> dict:
        result = FOLDER / "seed.json"
        if not result.exists():
            with step(
                "Filling it: clients, printers and 13 months of readings"
            ) as work:
                self._script("seed", result, work)
        seed = json.loads(result.read_text())
        for name in ("clients", "sites", "devices", "readings", "agents"):
            if not seed[name]:
                raise Problem(f"The demo data has no {name}.")
        return seed

    def _set_addresses(self) -> None:
        """Tell the database where site and printers answer.

        PDFs fetch their styles from the site; the ports may be others than last time.
        """
        for key, value in {
            "web.base.url": self.url,
            "report.url": self.url,
            # Browsers find all names under localhost on their own machine.
            "focalist_agents.panel_domain": f"panel.localhost:{self.port}",
        }.items():
            self.server.query(
                "INSERT INTO ir_config_parameter (key, value) "
                f"VALUES ('{key}', '{value}') "
                "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                DATABASE,
            )
        self.server.query(
            f"UPDATE focalist_network SET snmp_port = {snmp_port(self.port)}, "
            f"web_port = {web_port(self.port)}",
            DATABASE,
        )

    def _script(self, name: str, result: Path, work) -> None:
        """Run a script of demo/ in an Odoo shell; `result` appears when it is done."""
        unfinished = result.with_suffix(".new")
        with (ROOT / "demo" / f"{name}.py").open() as script:
            self.databases.odoo(
                "shell",
                f"--config={self._config()}",
                "--no-http",
                log=name,
                on_line=lambda line: work.progress(line[-60:]),
                stdin=script,
                env={"FOCALIST_RESULT": str(unfinished), "FOCALIST_URL": self.url},
            )
        if not unfinished.exists():
            raise Problem(f"demo/{name}.py gave no result; see {LOGS / name}.log")
        unfinished.rename(result)

    # -- services ---------------------------------------------------------------------

    def _config(self) -> Path:
        _, web, live = ports(self.port)
        return odoo_config.write("demo", DATABASE, http_port=web, gevent_port=live)

    def _check_ports(self) -> None:
        for port in ports(self.port):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError as error:
                    raise Problem(
                        f"Port {port} is taken by another program. Choose another: "
                        f"FOCALIST_PORT={self.port + 100} ./focalist demo"
                    ) from error

    def _start(self, name: str, *command: object) -> Service:
        service = Service(
            name,
            command,
            log=LOGS / f"{name}.log",
            env=self.databases.variables,
        )
        self.services.append(service)
        return service

    def _start_odoo(self) -> None:
        with step("Starting Odoo"):
            front = [ROOT / "launcher" / "front.py", *ports(self.port)]
            self._start("front", sys.executable, *front)
            script = self.environment.script("odoo")
            self._start(
                "odoo",
                self.environment.python,
                script,
                "server",
                f"--config={self._config()}",
            )
            self._wait(lambda: self._get("/web/health"), 120, "Odoo")
        with step("Building the style sheets and scripts"):
            self._get("/web/login")

    def _start_printers(self, seed: dict) -> None:
        with step(f"Starting {seed['devices']} simulated printers"):
            ready_file = FOLDER / "printers"
            ready_file.unlink(missing_ok=True)
            self._start(
                "printers",
                self.environment.script("focalist-simulator"),
                "serve",
                f"--devices={seed['devices']}",
                f"--sites={seed['sites']}",
                f"--seed={seed['seed']}",
                f"--epoch={seed['epoch']}",
                f"--port={snmp_port(self.port)}",
                f"--web-port={web_port(self.port)}",
                f"--ready-file={ready_file}",
            )
            self._wait(ready_file.exists, 60, "The printers")

    def _start_agents(self, agents: list[dict]) -> dict[Path, dict]:
        """Enrol and start a daemon per agent; gives the status that each had before."""
        with step(f"Enrolling and starting {len(agents)} agents") as work:
            before = {}
            for number, agent in enumerate(agents, 1):
                work.progress(f"{number}/{len(agents)} {agent['client']}")
                folder = FOLDER / "agents" / str(number)
                if not (folder / "credentials.json").exists():
                    self._agent(
                        folder,
                        "enroll",
                        f"--server={self.url}",
                        f"--database={DATABASE}",
                        # A command line can be read by all users of the machine.
                        env={"FOCALIST_KEY": agent["key"]},
                    )
                before[folder] = self._status(folder)
                self._start(
                    f"agent-{number}",
                    self.environment.script("focalist-agent"),
                    f"--config={self._agent_config(folder)}",
                    f"--state-dir={folder}",
                    "run",
                )

        return before

    def _first_round(self, before: dict[Path, dict]) -> dict[str, int]:
        """Wait for the first round of each agent; gives what came of them."""
        with step("Reading all printers and sending their reports") as work:
            found: dict[str, int] = {}

            def all_sent() -> bool:
                found.clear()
                found.update(printers=0, unanswered=0, accepted=0)
                done = 0
                for folder, old in before.items():
                    status = self._status(folder)
                    sent = _settled(status) - _settled(old)
                    # Not those sent: a scan may have read a printer once more.
                    found["printers"] += status["devices"] - status["unanswered"]
                    found["unanswered"] += status["unanswered"]
                    found["accepted"] += status["accepted"] - old["accepted"]
                    read = status["last_round"] != old["last_round"]
                    complete = sent + status["unanswered"] >= status["devices"] > 0
                    done += read and complete and status["spooled"] == 0
                work.progress(f"{found['printers']} printers")
                return done == len(before)

            self._wait(all_sent, 180, "The agents' first round")
        return found

    def _agent_config(self, folder: Path) -> Path:
        """Where the site answers now: maybe not where the agent was enrolled."""
        file = folder / "agent.toml"
        file.write_text(
            f'[server]\nurl = "{self.url}"\n[panel]\nports = [{web_port(self.port)}]\n'
        )
        return file

    def _agent(self, folder: Path, *arguments: str, env: dict | None = None) -> str:
        script = self.environment.script("focalist-agent")
        try:
            return output(
                [script, f"--state-dir={folder}", *arguments],
                env=self.databases.variables | (env or {}),
            )
        except subprocess.CalledProcessError as error:
            raise Problem(f"focalist-agent {arguments[0]}: {error.stderr}") from error

    def _status(self, folder: Path) -> dict:
        return json.loads(self._agent(folder, "status", "--json"))

    def _wait(self, ready, seconds: float, what: str) -> None:
        wait_until(ready, seconds=seconds, what=what, watch=self.services)

    def _watch(self) -> None:
        while True:
            for service in self.services:
                service.check()
            time.sleep(1)

    def _stop(self) -> None:
        # A second Ctrl-C must not cut this short.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        READY.unlink(missing_ok=True)
        with step("Stopping agents, printers and Odoo"):
            for service in reversed(self.services):
                service.stop()

    # -- result -----------------------------------------------------------------------

    def _bill(self) -> dict:
        if not BILL.exists():
            with step("Billing a month") as work:
                self._script("bill", BILL, work)
        return json.loads(BILL.read_text())

    def _check(self, seed: dict, found: dict, bill: dict) -> None:
        with step("Checking the invoice in the portal"):
            page = self._get(bill["portal_url"])
            for text in (bill["invoice"], *bill["serials"]):
                if text not in page:
                    raise Problem(f"{bill['portal_url']} does not show {text}.")
        if not found["printers"] or not found["accepted"]:
            raise Problem("No report of a printer was accepted.")
        if found["printers"] + found["unanswered"] < seed["devices"]:
            raise Problem(
                f"{found['printers']} printers were read and {found['unanswered']} "
                f"were silent, of {seed['devices']}."
            )
        if not bill["lines"] or float(bill["untaxed"]) <= 0:
            raise Problem(f"The statement {bill['statement']} is empty.")

    def _get(self, path: str) -> str:
        """A page of the site; empty while there is none."""
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=120) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            raise Problem(f"{self.url}{path}: {error}") from error
        except OSError:
            return ""

    def _summary(self, seed: dict, found: dict, bill: dict) -> str:
        readings = self.server.query(
            "SELECT count(*) FROM focalist_meter_reading", DATABASE
        )
        read = {}
        if found:
            silent = f", {found['unanswered']} silent" if found["unanswered"] else ""
            read = {
                "Printers found": f"{found['printers']}{silent}",
                "Reports accepted": f"{found['accepted']}",
            }
        pdf = f"{bill['pdf_bytes']:,} bytes" if bill.get("pdf_bytes") else "none"
        rows = {
            "Fleet": f"{seed['clients']} clients, {seed['sites']} sites, "
            f"{seed['devices']} printers",
            **read,
            "Readings": f"{int(readings):,}",
            "Statement": f"{bill['statement']}, {bill['lines']} lines, "
            f"{bill['client']}",
            "Invoice": f"{bill['invoice']}, {bill['untaxed']} {bill['currency']} "
            f"without tax, {bill['total']} {bill['currency']} in all",
            "PDF": pdf,
            "Portal": f"{self.url}{bill['portal_url']}",
            "Users": f"{USERS} (the password is the name)",
        }
        lines = [f"  {name + ':':<18}{text}" for name, text in rows.items()]
        seconds = [f"{work.seconds:6.1f} s  {work.title}" for work in console.finished]
        total = time.monotonic() - self.started
        return "\n".join(["", *lines, "", *seconds, f"{total:6.1f} s  in all"])


def chosen_port() -> int:
    return int(os.environ.get("FOCALIST_PORT") or DEFAULT_PORT)


def ports(port: int) -> tuple[int, int, int]:
    """Where the site answers, and behind it Odoo's pages and its live messages."""
    return port, port + 1, port + 3


def snmp_port(port: int) -> int:
    """Where the printers answer: two demos on one machine do not meet."""
    return 16161 + port - DEFAULT_PORT


def web_port(port: int) -> int:
    """Where the printers' own web pages answer."""
    return 28080 + port - DEFAULT_PORT


def update_modules(databases: Databases) -> None:
    with step("Updating the modules of the demo") as work:
        databases.load_modules(DATABASE, "--update", installed_modules(), work)
        (FOLDER / "template").write_text(databases.template)


def _settled(status: dict) -> int:
    """How many reports of a daemon the server has given a final answer to."""
    answers = ("accepted", "duplicate", "pending", "ignored", "rejected")
    return sum(status[answer] for answer in answers)


# -- one at a time, perhaps in the background ------------------------------------------


@contextmanager
def _alone() -> Iterator[None]:
    STATE.mkdir(exist_ok=True)
    with LOCK.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Problem(
                "A demo of this checkout is running already. `./focalist stop` ends it."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _running() -> int | None:
    """The process id of the demo that runs, if one does."""
    try:
        with LOCK.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return int(LOCK.read_text() or 0) or None
    return None


def _detach(flags: set[str]) -> int:
    """Start the demo in the background and show what it says until it is ready."""
    if _running():
        raise Problem("A demo of this checkout is running already.")
    READY.unlink(missing_ok=True)
    log = LOGS / "demo.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, ROOT / "launcher", "demo", *flags],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    with log.open() as lines:
        while process.poll() is None and not READY.exists():
            sys.stdout.write(lines.read())
            sys.stdout.flush()
            time.sleep(0.3)
        sys.stdout.write(lines.read())
    if process.returncode is not None:
        return process.returncode or 1
    say("It goes on in the background; `./focalist stop` ends it.")
    return 0
