"""The daemon as a process: enrolled, polling the responder, sending to the server."""

import calendar
import json
import os
import re
import signal
import subprocess
import time

import pytest
from daemon_parts import AGENT, wait_for

FAST = "[snmp]\ncommunities = [{!r}]\ntimeout = 0.3\nretries = 0\n"
LOGGER = "focalist_agent.work"
OFFICE = FAST.format("office")


def seconds(moment):
    return calendar.timegm(time.strptime(moment, "%Y-%m-%dT%H:%M:%SZ"))


def status(agent):
    done = agent("status", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_one_round(enrolled, server, responder, silent_port):
    server.devices = [
        {"address": "127.0.0.1", "port": responder},
        {"address": "127.0.0.1", "port": silent_port},
    ]
    done = enrolled("run", "--once", config=OFFICE)
    assert done.returncode == 0, done.stderr
    assert "Round of 2 devices: 1 read, 1 not" in done.stderr
    (report,) = server.reports
    assert report["serial"] == "R4P1234567"
    found = status(enrolled)
    assert (found["spooled"], found["accepted"], found["pending"]) == (0, 1, 0)
    assert (found["devices"], found["unanswered"], found["rejected"]) == (2, 1, 0)
    assert "device_read_at" not in report
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["last_contact"])
    assert (found["collector"], found["agent"]) == ("collector 1", "Agent 1")


def test_everything_over_json(agent, server, responder):
    server.devices = [{"address": "127.0.0.1", "port": responder}]
    config = OFFICE + '[server]\ntransport = "json2"\n'
    where = ("--server", server.url, "--database", "db")
    done = agent("enroll", *where, "--key", server.enrolment_key, config=config)
    assert done.returncode == 0, done.stderr
    assert agent("run", "--once", config=config).returncode == 0
    assert server.calls == ["enroll", "configuration", "send"]
    types = {one["Content-Type"] for one in server.headers}
    assert types == {"application/json"}
    assert status(agent)["accepted"] == 1


def test_devices_of_the_file_are_polled_too(enrolled, server, responder):
    config = OFFICE + f'[devices]\naddresses = ["127.0.0.1:{responder}"]\n'
    assert enrolled("run", "--once", config=config).returncode == 0
    assert len(server.reports) == 1


@pytest.mark.parametrize("verdict", ["pending", "ignored", "rejected"])
def test_every_verdict_is_final(enrolled, server, responder, verdict):
    server.devices = [{"address": "127.0.0.1", "port": responder}]
    server.verdicts = {"R4P1234567": verdict}
    assert enrolled("run", "--once", config=OFFICE).returncode == 0
    found = status(enrolled)
    assert (found["spooled"], found[verdict]) == (0, 1)


def test_a_lost_answer_doubles_nothing(enrolled, server, responder):
    """The server took the report, the answer got lost: it is sent again with the
    same uid, and the server can tell."""
    server.devices = [{"address": "127.0.0.1", "port": responder}]
    server.faults = ["lost"]
    done = enrolled("run", "--once", config=OFFICE)
    assert done.returncode == 1
    assert status(enrolled)["spooled"] == 1
    server.devices = []
    assert enrolled("run", "--once", config=OFFICE).returncode == 0
    assert list(server.received.values()) == [2]
    found = status(enrolled)
    assert (found["spooled"], found["duplicate"]) == (0, 1)


def test_too_large_a_batch_is_halved(enrolled, server, responder):
    server.devices = [{"address": "127.0.0.1", "port": responder}]
    for fault in (503, 503, 413):
        server.calls.clear()
        server.faults = [fault]
        last = enrolled("run", "--once", config=OFFICE)
    assert last.returncode == 0, last.stderr
    # Three were refused together; then one, and the other two.
    assert server.calls == ["configuration", "send", "send", "send"]
    assert list(server.received.values()) == [1, 1, 1]


def test_one_report_too_large_is_set_aside(enrolled, server, responder):
    server.devices = [{"address": "127.0.0.1", "port": responder}]
    server.limit = 300
    assert enrolled("run", "--once", config=OFFICE).returncode == 0
    found = status(enrolled)
    assert (found["spooled"], found["rejected"]) == (0, 1)
    assert "too large" in found["last_rejected"][0]["reason"]


def test_what_the_server_does_not_name_stays(enrolled, server, responder):
    server.devices = [{"address": "127.0.0.1", "port": responder}]
    server.faults = ["forgets"]
    assert enrolled("run", "--once", config=OFFICE).returncode == 1
    assert status(enrolled)["spooled"] == 1


def test_a_revoked_key_keeps_spooling_and_says_so(enrolled, server, responder):
    server.devices = [{"address": "127.0.0.1", "port": responder}]
    assert enrolled("run", "--once", config=OFFICE).returncode == 0
    old, server.key = server.key, "another-secret-key"
    done = enrolled("run", "--once", config=OFFICE)
    assert done.returncode == 1
    assert "refuses the key" in done.stderr
    assert old not in done.stderr
    # The devices are those that the server named before.
    assert status(enrolled)["spooled"] == 1


def test_without_the_server_what_it_said_last_is_polled(enrolled, server, responder):
    server.devices = [{"address": "127.0.0.1", "port": responder}]
    assert enrolled("run", "--once", config=OFFICE).returncode == 0
    server.shutdown()
    server.server_close()
    done = enrolled("run", "--once", config=OFFICE)
    assert done.returncode == 1
    assert "Round of 1 devices: 1 read" in done.stderr
    assert status(enrolled)["spooled"] == 1


def start(agent, config):
    path = agent.directory / "daemon.toml"
    path.write_text(config)
    log = open(agent.directory / "log", "w")
    return subprocess.Popen(
        [*AGENT, "--config", str(path), "--state-dir", str(agent.state), "run"],
        stderr=log,
    )


def test_it_runs_until_sigterm(enrolled, server, responder, silent_port):
    """A silent device does not hold up the others, and the end is clean."""
    server.devices = [
        *({"address": f"127.0.0.{n}", "port": silent_port} for n in range(1, 6)),
        {"address": "127.0.0.1", "port": responder},
    ]
    config = FAST.format("office").replace("0.3", "60") + "[poll]\ninterval = 10\n"
    daemon = start(enrolled, config)
    try:
        # The report is there before the silent ones' time is over.
        wait_for(lambda: server.reports)
        second = enrolled("run", "--once", config=config)
        assert second.returncode == 1
        assert "Another focalist-agent runs" in second.stderr
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(10) == 0
    finally:
        daemon.kill()
    log = (enrolled.directory / "log").read_text()
    assert "Traceback" not in log
    assert "Stopped; 0 reports wait" in log


def test_it_comes_back_after_trouble(enrolled, server, responder):
    server.devices = [{"address": "127.0.0.1", "port": responder}]
    server.faults = [503, "lost", 503]
    daemon = start(enrolled, OFFICE)
    try:
        wait_for(lambda: status(enrolled)["spooled"] == 0 and server.reports, 60)
    finally:
        daemon.terminate()
        assert daemon.wait(10) == 0
    assert len(server.reports) == 1


def test_sigkill_while_it_sends(enrolled, server, responder):
    """Killed at any moment, started again: each report is there once."""
    server.devices = [{"address": "127.0.0.1", "port": responder}]
    server.faults = []
    for n in range(10 if os.environ.get("FOCALIST_FULL") else 4):
        before = len(server.received)
        daemon = start(enrolled, OFFICE)
        wait_for(lambda before=before: len(server.received) > before)
        time.sleep(0.003 * n)
        daemon.kill()
        daemon.wait(10)
    server.devices = []
    assert enrolled("run", "--once", config=OFFICE).returncode == 0
    assert status(enrolled)["spooled"] == 0
    assert len({r["uid"] for r in server.reports}) == len(server.reports)
    assert len(server.reports) == len(server.received)


def enroll_again(agent, server, *options):
    address = ("--server", server.url, "--database", "db")
    return agent("enroll", *address, "--key", server.enrolment_key, *options)


def test_reports_that_wait_are_one_agents(enrolled, server, responder):
    server.devices = [{"address": "127.0.0.1", "port": responder}]
    assert enroll_again(enrolled, server).returncode == 0
    before = (enrolled.state / "credentials.json").read_text()
    server.faults = [503]
    assert enrolled("run", "--once", config=OFFICE).returncode == 1
    server.calls.clear()
    done = enroll_again(enrolled, server)
    assert done.returncode == 1
    assert "1 reports of Agent 1 wait" in done.stderr
    assert "--state-dir" in done.stderr and "run --once" in done.stderr
    assert not server.calls, "the key is used up"
    assert (enrolled.state / "credentials.json").read_text() == before
    assert enroll_again(enrolled, server, "--same-agent").returncode == 0
    assert status(enrolled)["spooled"] == 1


def test_a_server_with_a_path_is_refused(agent, server):
    done = agent(
        "enroll", "--server", f"{server.url}/odoo", "--database", "db", "--key", "k"
    )
    assert done.returncode == 2
    assert f"without a path: {server.url}, not {server.url}/odoo" in done.stderr


def test_not_enrolled(agent):
    done = agent("run", "--once")
    assert done.returncode == 1
    assert "Not enrolled" in done.stderr
    assert agent("status", "--json").returncode == 0


def test_enrolment_refused(agent, server):
    done = agent(
        "enroll", "--server", server.url, "--database", "db", "--key", "used-up-key"
    )
    assert done.returncode == 1
    assert done.stderr == (
        "Error: The server refuses the key (unknown, expired or revoked).\n"
    )
    assert not (agent.state / "credentials.json").exists()


def test_no_secret_in_the_log(enrolled, server, responder):
    server.devices = [{"address": "127.0.0.1", "port": responder}]
    done = enrolled("run", "--once", "-v", config=OFFICE)
    assert done.returncode == 0
    assert server.key not in done.stdout + done.stderr
    assert server.enrolment_key not in (enrolled.state / "spool.sqlite3").read_text(
        "latin-1"
    )


def test_a_fault_of_the_server_keeps_the_reports(enrolled, server, responder):
    """A server that took a wrong turn must not cost the reports."""
    server.devices = [{"address": "127.0.0.1", "port": responder}]
    server.faults = ["fault"] * 3
    done = enrolled("run", "--once", config=OFFICE)
    assert done.returncode == 1
    assert "That is no batch." in done.stderr
    found = status(enrolled)
    assert (found["spooled"], found["rejected"]) == (1, 0)
    assert found["last_error"] == "The server says: That is no batch."


def test_a_batch_on_its_way_is_settled_at_the_end(enrolled, server, responder):
    """SIGTERM while the server is thinking: the answer is waited for."""
    server.devices = [{"address": "127.0.0.1", "port": responder}]
    server.thinks = 1.5
    daemon = start(enrolled, OFFICE)
    try:
        wait_for(lambda: "send" in server.calls)
        daemon.terminate()
        assert daemon.wait(10) == 0
    finally:
        daemon.kill()
    found = status(enrolled)
    assert (found["spooled"], found["accepted"]) == (0, 1)


def test_json_logs_have_no_secrets(enrolled, server, responder, silent_port):
    server.devices = [
        {"address": "127.0.0.1", "port": responder},
        {"address": "127.0.0.1", "port": silent_port},
    ]
    server.clock = -600
    config = (
        FAST.format("very-secret-community")
        + """
        [[snmp.credentials]]
        community = "office"
        [[snmp.credentials]]
        user = "u"
        auth = "sha"
        auth_password = "very-secret-password"
        [log]
        format = "json"
        """
    )
    done = enrolled("run", "--once", "--verbose", config=config)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert all(line["time"].endswith("+00:00") for line in lines)
    said = [line["message"] for line in lines if line["logger"] == LOGGER]
    assert any("Round of 2 devices: 1 read" in one for one in said)
    # The wrong clock is told, in the log and in the status.
    (clock,) = (line for line in lines if "clock" in line["message"])
    assert clock["level"] == "warning"
    assert "s ahead of the server's" in clock["message"]
    assert status(enrolled)["clock_ahead"] in range(598, 603)
    # What was read has the server's moment, and the clock's beside it.
    (report,) = server.reports
    assert 598 <= seconds(report["device_read_at"]) - seconds(report["read_at"]) <= 603
    for secret in ("very-secret", server.key):
        assert secret not in done.stderr
