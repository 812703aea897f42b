"""A run that is killed, or started by two, ends with one right invoice a client."""

import os
import random
import time
import xmlrpc.client
from contextlib import closing, suppress
from decimal import ROUND_HALF_UP, Decimal
from threading import Barrier, Thread

import pytest

from launcher.processes import wait_until
from tests.e2e.parts import FULL, Site, running_site

CLIENTS, DEVICES = (200 if FULL else 40), 3
KILLS = 10 if FULL else 3
MONTH, DAYS = "2026-03-01", 31
PRICE = Decimal("0.004567")
RUN, ROW = "focalist.billing.run", "focalist.billing.run.contract"
BREAKS = (xmlrpc.client.Fault, OSError, xmlrpc.client.ProtocolError)


@pytest.fixture(scope="module")
def prepared(databases):
    """What each site starts from; nothing runs in it."""
    with closing(Site(databases, "run_prepared")) as site:
        made = site.script("billing_run", clients=CLIENTS, devices=DEVICES)
        site.contracts = made["contracts"]
        yield site


@pytest.fixture
def site(databases, prepared):
    template = prepared.database
    with running_site(databases, "run", template=template, max_cron_threads=1) as site:
        site.contracts = prepared.contracts
        yield site


class Accountant:
    """Somebody who works by XML-RPC, as the screens do."""

    def __init__(self, site, name: str):
        self.site, self.name = site, name
        self.uid = site.query("SELECT id FROM res_users WHERE login = %s", name)[0][0]

    def call(self, model: str, method: str, *arguments):
        with xmlrpc.client.ServerProxy(f"{self.site.url}/xmlrpc/2/object") as server:
            return server.execute_kw(
                self.site.database, self.uid, self.name, model, method, arguments
            )

    def new_run(self, **values) -> int:
        return self.call(RUN, "create", {"month": MONTH, "invoicing": "post"} | values)

    def start(self, run: int) -> None:
        self.call(RUN, "action_start", [run])

    def invoice(self, run: int) -> None:
        self.call(RUN, "action_invoice", [run])


def state(site, run: int) -> str:
    return site.query("SELECT state FROM focalist_billing_run WHERE id = %s", run)[0][0]


def steps(site) -> int:
    """How far the runs are: a step a contract measured, another one invoiced."""
    return site.query(
        "SELECT count(*) FILTER (WHERE state <> 'to_do')"
        "     + count(*) FILTER (WHERE state = 'done')"
        "  FROM focalist_billing_run_contract"
    )[0][0]


def in_the_middle(site) -> bool:
    """Whether a transaction has written something and is not over."""
    return bool(
        site.query(
            "SELECT 1 FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_xid IS NOT NULL"
        )
    )


def expected(number: int) -> Decimal:
    """What a client owes for its March, reckoned from what its devices print."""
    pages = sum(10 + 3 * number + device for device in range(1, DEVICES + 1)) * DAYS
    return (pages * PRICE).quantize(Decimal("0.01"), ROUND_HALF_UP)


def assert_one_right_invoice_each(site) -> None:
    invoices = site.query(
        "SELECT p.ref, m.state, m.amount_untaxed::text, m.name FROM account_move m"
        "  JOIN res_partner p ON p.id = m.partner_id"
        " WHERE m.move_type = 'out_invoice' ORDER BY p.ref::int"
    )
    assert [int(ref) for ref, *_rest in invoices] == list(range(CLIENTS))
    for ref, posted, amount, _name in invoices:
        assert (posted, Decimal(amount)) == ("posted", expected(int(ref))), ref
    numbers = sorted(int(name.rsplit("/")[-1]) for *_rest, name in invoices)
    assert numbers == list(range(numbers[0], numbers[0] + CLIENTS)), "no gap"
    statements = site.query(
        "SELECT count(*), count(DISTINCT contract_id), count(DISTINCT move_id),"
        "       count(*) FILTER (WHERE cancelled OR s.state <> 'invoiced'),"
        "       count(*) FILTER (WHERE s.amount_untaxed <> m.amount_untaxed)"
        "  FROM focalist_statement s LEFT JOIN account_move m ON m.id = s.move_id"
    )
    assert statements == [(CLIENTS, CLIENTS, CLIENTS, 0, 0)]
    lines = site.query(
        "SELECT count(*), sum(value_to - value_from) FROM focalist_statement_line"
    )[0]
    pages = sum(
        DAYS * (10 + 3 * client + device)
        for client in range(CLIENTS)
        for device in range(1, DEVICES + 1)
    )
    assert lines == (CLIENTS * DEVICES, pages), "each page once"


def test_run_killed_at_random_moments(site):
    """-9 for the server and its workers; what comes back goes on by itself."""
    seed = int(os.environ.get("FOCALIST_SEED", 5))
    chance = random.Random(seed)
    anna = Accountant(site, "anna")
    run = anna.new_run()
    anna.start(run)
    middle = []

    def go_on():
        site.wake_crons()
        if state(site, run) == "review":
            with suppress(*BREAKS):
                anna.invoice(run)
        return state(site, run) == "done"

    began = time.monotonic()
    for target in sorted(chance.sample(range(2 * CLIENTS - 10), KILLS)):
        wait_until(
            lambda least=target: go_on() or steps(site) >= least,
            seconds=180,
            what=f"Step {target}",
        )
        time.sleep(chance.uniform(0, 0.4))
        if not any(middle):
            # One at least in the middle, whatever the machine's speed.
            wait_until(
                lambda: in_the_middle(site) or go_on(), seconds=60, what="A batch"
            )
        middle.append(in_the_middle(site))
        site.kill()
        site.start()
    wait_until(go_on, seconds=180, what="The end of the run")
    print(
        f"seed {seed}: {CLIENTS} clients, {KILLS} kills, {sum(middle)} of them in the"
        f" middle of a transaction, {time.monotonic() - began:.0f} s"
    )
    assert any(middle)
    assert_one_right_invoice_each(site)


def test_run_started_by_two_at_once(site):
    """The same month twice, the same run twice, the same few contracts twice."""
    users = [Accountant(site, name) for name in ("anna", "bob")]
    refused = []

    def both(*calls):
        """Call the users' functions at the same moment."""
        barrier = Barrier(len(calls))

        def one(call, argument):
            barrier.wait()
            try:
                call(argument)
            except BREAKS as error:
                refused.append(str(error))

        threads = [Thread(target=one, args=call) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def settle(*runs):
        """Wait for what is in the background, and have invoiced what is ready."""

        def over():
            site.wake_crons()
            found = {run: state(site, run) for run in runs}
            ready = [run for run, now in found.items() if now == "review"]
            pairs = zip(users, ready, strict=False)
            both(*((user.invoice, run) for user, run in pairs))
            return set(found.values()) <= {"done"}

        wait_until(over, seconds=180, what="The end of the runs")

    few = 8
    half = site.contracts[: CLIENTS // 2]
    for at in range(0, len(half), few):
        runs = [user.new_run(contract_ids=half[at : at + few]) for user in users]
        both(*((user.start, run) for user, run in zip(users, runs, strict=True)))
        settle(*runs)
    runs = [user.new_run() for user in users]
    both(
        *((user.start, run) for user, run in zip(users, runs, strict=True)),
        *((user.start, run) for user, run in zip(users, reversed(runs), strict=True)),
    )
    settle(*runs)
    told = site.query(
        "SELECT count(*) FROM focalist_billing_run_contract WHERE message <> ''"
    )[0][0]
    print(f"{told} rows left to another run, {len(refused)} calls refused")
    assert_one_right_invoice_each(site)
