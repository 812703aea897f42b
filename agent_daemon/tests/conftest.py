"""Real parts for the tests; see daemon_parts.py."""

from __future__ import annotations

import os
import socket
import subprocess
import threading

import pytest
from daemon_parts import AGENT, DATA, Relay, Server, start_responder
from hypothesis import settings

from focalist_agent.snmp.engine import has_gufo

# What breaks a test is a change, and no luck; `./focalist test --full` looks further.
settings.register_profile("same", derandomize=os.environ.get("FOCALIST_FULL") != "1")
settings.load_profile("same")


@pytest.fixture(
    params=[
        "pysnmp",
        pytest.param(
            "gufo",
            marks=pytest.mark.skipif(not has_gufo(), reason="gufo-snmp is not here"),
        ),
    ]
)
def backend(request):
    """Each backend of SNMP in turn."""
    return request.param


@pytest.fixture(scope="session")
def responder(tmp_path_factory):
    """The port of a responder with the recordings of ``tests/data``."""
    process, port = start_responder(DATA, tmp_path_factory.mktemp("responder"))
    yield port
    process.terminate()
    process.wait(10)


@pytest.fixture
def silent_port():
    """A port where datagrams arrive and nobody answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener.getsockname()[1]


@pytest.fixture
def relay(responder):
    """Make relays in front of the responder."""
    relays = []

    def make(rule) -> Relay:
        relays.append(Relay(responder, rule))
        relays[-1].start()
        return relays[-1]

    yield make
    for one in relays:
        one.stop()


@pytest.fixture
def server():
    """A server of the contract on loopback."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def agent(tmp_path):
    """Run ``focalist-agent`` with its own state directory, as a process."""

    def run(
        *arguments: str, config: str = "", **options
    ) -> subprocess.CompletedProcess:
        path = tmp_path / "agent.toml"
        path.touch(0o600)
        path.write_text(config)
        return subprocess.run(
            [
                *AGENT,
                "--config",
                str(path),
                "--state-dir",
                str(tmp_path / "state"),
                *arguments,
            ],
            capture_output=True,
            text=True,
            timeout=90,
            **options,
        )

    run.state = tmp_path / "state"
    run.directory = tmp_path
    return run


@pytest.fixture
def enrolled(agent, server):
    """The same, enrolled with the server."""
    done = agent(
        "enroll",
        "--server",
        server.url,
        "--database",
        "db",
        "--key",
        server.enrolment_key,
    )
    assert done.returncode == 0, done.stderr
    return agent
