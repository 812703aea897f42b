"""Scan now, from the button in Odoo to the printers that wait to be completed."""

import ipaddress

import pytest

from focalist_simulator import Fleet
from launcher.processes import wait_until
from tests.e2e.parts import DEVICES, SEED, SITES, running_site


@pytest.fixture
def site(databases):
    with running_site(databases, "scan") as site:
        yield site


def test_a7_scan_now_finds_the_printers_and_progress_appears(
    site, printers, agent, epoch
):
    fleet = Fleet(devices=DEVICES, sites=SITES, seed=SEED, epoch=epoch)
    networks = {
        str(ipaddress.ip_network(f"{printer.address}/24", strict=False))
        for printer in fleet.printers
    }
    made = site.script("scheduler", ranges="\n".join(sorted(networks)), port=printers)
    agent.enroll(site, made["key"])
    daemon = agent.start()
    try:
        # Nobody asked yet, and the plan rests.
        wait_until(
            lambda: (agent.state / "configuration.json").exists(),
            seconds=30,
            what="The agent's settings",
        )
        asked = site.script("scheduler", agent=made["agent"])
        assert asked["state"] == "waiting"
        seen = set()

        def is_over():
            ((state, done),) = site.query(
                "SELECT state, done_count FROM focalist_agent_task"
            )
            seen.add((state, done))
            return state in ("done", "failed")

        wait_until(is_over, seconds=90, what="The scan")
    finally:
        daemon.terminate()
        daemon.wait(30)
    assert {state for state, _done in seen} >= {"running", "done"}
    assert len({done for state, done in seen if state == "running"}) > 1, "it moved"
    ((state, total, found, attempts),) = site.query(
        "SELECT state, total_count, found_count, attempts FROM focalist_agent_task"
    )
    assert (state, total, attempts) == ("done", 254 * len(networks), 1)
    assert found > 0
    waiting = site.query("SELECT count(*) FROM focalist_device WHERE ip_address <> ''")
    assert waiting == [(found,)]
    assert site.query(
        "SELECT last_found FROM focalist_agent_schedule WHERE last_found > 0"
    )
    # What SNMP was asked with is nowhere to be read.
    assert "wrong" not in str(site.query("SELECT * FROM focalist_snmp_credential"))
