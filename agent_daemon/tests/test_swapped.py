"""Printers that swap their addresses between two rounds of one running daemon."""

import asyncio
import shutil

import pytest
from daemon_parts import DATA, Relay, start_responder

from focalist_agent import reader
from focalist_agent.snmp.credential import Community, User
from focalist_agent.snmp.engine import Engine
from focalist_agent.snmp.session import Limits

OFFICE, PLAIN = "R4P1234567", "ABC123"
NO_V3 = User("nobody")
V3 = User("user", "sha256", "auth-password", "aes128", "priv-password")


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """The ports of two printers: each with a community and an SNMPv3 engine of its own,
    and a user that both know."""
    processes, ports = [], []
    for name in ("office", "plain"):
        data = tmp_path_factory.mktemp("data")
        shutil.copy(DATA / f"{name}.snmprec", data)
        process, port = start_responder(
            data,
            tmp_path_factory.mktemp(name),
            f"--v3-user={V3.name}",
            f"--v3-auth-key={V3.auth_password}",
            "--v3-auth-proto=SHA256",
            f"--v3-priv-key={V3.priv_password}",
            "--v3-priv-proto=AES",
            default=name,
        )
        processes.append(process)
        ports.append(port)
    yield ports
    for process in processes:
        process.terminate()
        process.wait(10)


@pytest.mark.parametrize(
    "credentials",
    [[V3], [NO_V3, V3], [Community("office"), Community("plain")]],
    ids=["v3", "second", "v2c"],
)
def test_printers_that_swap_addresses_are_not_mixed_up(two, backend, credentials):
    """What an address answered to before (credential, engine, keys) is no identity."""
    relays = [Relay(port, lambda request: request) for port in two]
    for one in relays:
        one.start()

    async def run():
        engine = Engine(Limits(timeout=0.5, retries=1), backend=backend)

        async def serial(port):
            async with engine.session("127.0.0.1", port, credentials) as session:
                report = await reader.read(session, "127.0.0.1")
                assert report.meters and report.supplies is not None
                return report.serial

        async def both():
            return await asyncio.gather(*(serial(one.port) for one in relays))

        try:
            rounds = [await both(), await both()]
            for one, port in zip(relays, reversed(two), strict=True):
                one.answer_for(port)
            return [*rounds, await both(), await both()]
        finally:
            engine.close()

    try:
        before, after = [OFFICE, PLAIN], [PLAIN, OFFICE]
        assert asyncio.run(run()) == [before, before, after, after]
    finally:
        for one in relays:
            one.stop()
