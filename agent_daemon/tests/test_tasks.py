"""Plans and tasks of the server, done by the daemon as a process."""

import json
import subprocess
from contextlib import contextmanager

import pytest
from test_daemon import start, status, wait_for

from focalist_agent import settings
from focalist_agent.config import Config, Device
from focalist_agent.snmp.credential import Community, User

FAST = "[snmp]\ntimeout = 0.3\nretries = 0\n"


def plan(action, on=True, interval=3600, **values):
    whole = {"days": list(range(7)), "from": 0, "to": 1440}
    return {"action": action, "on": on, "interval": interval, **whole, **values}


def resting(*but):
    """All plans off, but those given."""
    named = {one["action"]: one for one in but}
    return [
        named.get(action, plan(action, on=False))
        for action in ("supplies", "alerts", "scan")
    ]


def network(port, community="office", **values):
    return {
        "id": 7,
        "name": "LAN",
        "ranges": ["127.0.0.1"],
        "exclude": [],
        "port": port,
        "credentials": [{"community": community}],
        **values,
    }


@contextmanager
def running(agent, config=FAST):
    daemon = start(agent, config)
    try:
        yield daemon
    finally:
        daemon.terminate()
        try:
            assert daemon.wait(10) == 0
        except subprocess.TimeoutExpired:
            daemon.kill()
            raise


def results(server):
    return [said for method, said in server.told if method == "result"]


def test_a7_scan_now_finds_a_printer_with_the_servers_credentials(
    enrolled, server, responder
):
    server.settings = {
        "schedules": resting(),
        "networks": [network(responder, ranges=["127.0.0.1-3"])],
    }
    server.tasks = [{"uid": "t1", "action": "scan"}]
    with running(enrolled):
        wait_for(lambda: results(server) and server.reports)
    (result,) = results(server)
    assert (result["uid"], result["state"]) == ("t1", "done")
    assert (result["done"], result["total"], result["found"]) == (3, 3, 1)
    assert result["schema"] == 1
    progress = [said for method, said in server.told if method == "progress"]
    assert progress and all(said["uid"] == "t1" for said in progress)
    (report,) = server.reports
    assert report["serial"] == "R4P1234567" and report["meters"]
    log = (enrolled.directory / "log").read_text()
    assert "office" not in log


def test_a7_alerts_alone(enrolled, server, responder):
    server.settings = {
        "schedules": resting(),
        "networks": [network(responder)],
    }
    server.devices = [{"address": "127.0.0.1", "port": responder, "network": 7}]
    server.tasks = [{"uid": "t1", "action": "alerts"}]
    with running(enrolled):
        wait_for(lambda: results(server) and server.reports)
    (report,) = server.reports
    assert report["serial"] == "R4P1234567"
    assert "alerts" in report
    assert not report.keys() & {"meters", "supplies", "inputs"}


def test_a7_task_of_the_impossible_fails_with_the_reason(enrolled, server):
    server.settings = {"schedules": resting(), "networks": []}
    server.tasks = [{"uid": "t1", "action": "scan"}, {"uid": "t2", "action": "dance"}]
    with running(enrolled):
        wait_for(lambda: len(results(server)) == 2)
    told = {said["uid"]: said for said in results(server)}
    assert told["t1"]["state"] == told["t2"]["state"] == "failed"
    assert "no addresses to scan" in told["t1"]["message"]
    assert "dance" in told["t2"]["message"]


def test_a7_cancelled_task_stops(enrolled, server, silent_port):
    server.settings = {
        "schedules": resting(),
        "networks": [network(silent_port, ranges=["127.0.0.0/16"])],
    }
    server.go_on = False
    server.tasks = [{"uid": "t1", "action": "scan"}]
    with running(enrolled):
        wait_for(lambda: [m for m, _ in server.told].count("tasks") > 1)
        last = [said for method, said in server.told if method == "tasks"][-1]
        assert last["held"] == []
    assert not results(server)


def test_a7_plan_of_the_server_is_followed_and_told(enrolled, server, responder):
    server.settings = {
        "schedules": resting(plan("scan")),
        "networks": [network(responder)],
    }
    server.devices = [{"address": "127.0.0.1", "port": responder, "network": 7}]
    with running(enrolled):
        wait_for(lambda: any(said.get("runs") for _, said in server.told))
    assert len(server.reports) == 1, "readings are off"
    (run,) = [run for _, said in server.told for run in said.get("runs", ())]
    assert (run["action"], run["total"], run["found"]) == ("scan", 1, 1)
    assert status(enrolled)["last_scan"] == run["at"]
    # Started anew within the interval, it does not scan anew.
    server.told.clear()
    with running(enrolled):
        wait_for(lambda: [m for m, _ in server.told].count("tasks") > 1)
    assert len(server.reports) == 1


def test_a7_switch_is_followed_at_once(enrolled, server, responder):
    server.settings = {
        "schedules": resting(),
        "networks": [network(responder)],
        "revision": "1",
    }
    server.devices = [{"address": "127.0.0.1", "port": responder, "network": 7}]
    with running(enrolled):
        wait_for(lambda: server.told)
        assert not server.reports
        server.settings |= {
            "schedules": resting(plan("supplies")),
            "revision": "2",
        }
        wait_for(lambda: server.reports, 15)


def test_a7_in_an_outage_the_last_plan_is_followed(enrolled, server, responder):
    server.settings = {
        "schedules": resting(),
        "networks": [network(responder)],
    }
    server.devices = [{"address": "127.0.0.1", "port": responder, "network": 7}]
    done = enrolled("run", "--once", config=FAST)
    assert done.returncode == 0
    path = enrolled.state / "configuration.json"
    assert path.stat().st_mode & 0o077 == 0, "it has SNMP credentials"
    # As if people had switched readings on before the line was cut.
    said = json.loads(path.read_text())
    said["schedules"] = resting(plan("supplies"))
    path.write_text(json.dumps(said))
    server.shutdown()
    server.server_close()
    with running(enrolled):
        wait_for(lambda: status(enrolled)["spooled"] == 1)


def test_a7_settings_that_are_not_understood_lose_themselves(
    enrolled, server, responder
):
    server.devices = [{"address": "127.0.0.1", "port": responder}]
    server.settings = {"schedules": "odd", "networks": [{"id": "x"}, 7]}
    config = FAST + 'communities = ["office"]\n'
    done = enrolled("run", "--once", config=config)
    assert done.returncode == 0, done.stderr
    assert len(server.reports) == 1
    assert "not understood" in done.stderr


def test_a7_server_without_tasks_is_read_for_all_the_same(enrolled, server, responder):
    server.knows_tasks = False
    server.devices = [{"address": "127.0.0.1", "port": responder}]
    with running(enrolled, FAST + 'communities = ["office"]\n'):
        wait_for(lambda: server.reports and server.told)
    assert "Traceback" not in (enrolled.directory / "log").read_text()


@pytest.mark.parametrize("from_file", [False, True])
def test_a7_file_stands_above_the_server(from_file):
    said = {
        "devices": [{"address": "10.1.2.3", "port": 161, "network": 7}],
        "poll_interval": 60,
        "schedules": [plan("supplies", on=False)],
        "networks": [
            network(161, ranges=["10.1.2.0/24"])
            | {
                "credentials": [
                    {"community": "theirs"},
                    {"user": "u", "auth": "sha", "auth_password": "12345678"},
                    {"user": "u", "auth": "rot13", "auth_password": "12345678"},
                ]
            }
        ],
    }
    told = settings.parse(said)
    config = Config(
        snmp_credentials=(Community("ours"),),
        snmp_from_file=from_file,
        discovery_ranges=("10.9.0.0/24",) if from_file else (),
        poll_interval=30 if from_file else None,
    )
    (device,) = told.devices
    user = User("u", "sha", "12345678")
    assert tuple(told.credentials(device, config)) == (
        (Community("ours"),) if from_file else (Community("theirs"), user)
    )
    # What the server does not name has the file's.
    assert told.credentials(Device("10.1.2.9"), config) == (Community("ours"),)
    (scanned,) = told.to_scan(config)
    assert scanned.ranges == (("10.9.0.0/24",) if from_file else ("10.1.2.0/24",))
    assert told.schedule("supplies", config).on is from_file
    assert told.schedule("alerts", config).on is False
