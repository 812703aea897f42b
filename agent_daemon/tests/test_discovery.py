"""Ranges, the question of a scan, the scan itself, and who is who afterwards."""

import asyncio
import json
import socket
import time

import pytest
from daemon_parts import DATA, start_responder
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto.api import v1, v2c

from focalist_agent import ranges
from focalist_agent.identity import is_printer
from focalist_agent.snmp import oids, probe
from focalist_agent.snmp.credential import Community
from focalist_agent.snmp.session import oid


@pytest.mark.parametrize(
    ("said", "exclude", "expected"),
    [
        (["10.1.2.3"], [], ["10.1.2.3"]),
        (
            ["10.1.2.254-10.1.3.1"],
            [],
            ["10.1.2.254", "10.1.2.255"] + ["10.1.3.0", "10.1.3.1"],
        ),
        (["10.1.2.3 - 5"], ["10.1.2.4"], ["10.1.2.3", "10.1.2.5"]),
        (["10.1.2.0/30"], [], ["10.1.2.1", "10.1.2.2"]),
        (["10.1.2.7/32", "10.1.2.8/31"], [], ["10.1.2.7", "10.1.2.8", "10.1.2.9"]),
        (["fe80::1", "fe80::a-fe80::b"], ["fe80::a"], ["fe80::1", "fe80::b"]),
        (["fe80::/126"], [], ["fe80::1", "fe80::2", "fe80::3"]),
        (["10.0.0.1-9"], ["10.0.0.2-3", "10.0.0.3-8"], ["10.0.0.1", "10.0.0.9"]),
        (["10.0.0.1-2", "10.0.0.2"], ["fe80::/10"], ["10.0.0.1", "10.0.0.2"]),
        (
            ["10.0.0.0/8"],
            ["10.0.0.0-10.255.255.250"],
            [f"10.255.255.{n}" for n in (251, 252, 253, 254)],
        ),
    ],
)
def test_ranges(said, exclude, expected):
    assert ranges.addresses(said, exclude) == expected


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("10.1.2", "is no address, range"),
        ("printer.example", "is no address, range"),
        ("10.1.2.3-2", "ends before it begins"),
        ("10.1.2.3-fe80::1", "ends before it begins"),
        ("10.1.2.3-300", "is no address, range"),
        ("10.0.0.0/8", "more than 65,536 addresses"),
        ("fe80::/64", "more than 65,536 addresses"),
    ],
)
def test_what_is_no_range(said, problem):
    with pytest.raises(ValueError, match=problem):
        ranges.addresses([said])


@pytest.mark.parametrize(("version", "api"), [(probe.V1, v1), (probe.V2C, v2c)])
@pytest.mark.parametrize("community", ["public", "é" * 80, ""])
def test_the_question_is_snmp(version, api, community):
    """Read by another library, also when the request id was put in later."""
    message, position = probe.question(version, Community(community))
    datagram = bytearray(message)
    datagram[position : position + 4] = (probe.LAST_ID).to_bytes(4, "big")
    said, rest = decoder.decode(bytes(datagram), asn1Spec=api.Message())
    assert not rest
    assert api.apiMessage.get_community(said).asOctets() == community.encode()
    pdu = api.apiMessage.get_pdu(said)
    assert pdu.isSameTypeWith(api.GetNextRequestPDU())
    assert api.apiPDU.get_request_id(pdu) == probe.LAST_ID
    assert [tuple(n) for n, _ in api.apiPDU.get_varbinds(pdu)] == [
        oid("1.3.6.1.2.1.1.1"),
        oid("1.3.6.1.2.1.1.2"),
        oid("1.3.6.1.2.1.25.3.5.1.1"),
        oid("1.3.6.1.2.1.43.5.1.1"),
    ]


def answer(*variables, status=0):
    message, _ = probe.question(probe.V2C, Community("x"))
    said, _ = decoder.decode(message, asn1Spec=v2c.Message())
    response = v2c.apiPDU.get_response(v2c.apiMessage.get_pdu(said))
    v2c.apiPDU.set_error_status(response, status)
    v2c.apiPDU.set_varbinds(response, variables)
    v2c.apiMessage.set_pdu(said, response)
    return encoder.encode(said)


def test_a_printer_by_its_tables():
    found = probe.understand(
        answer(
            (oids.SYS_DESCR, v2c.OctetString(b"x" * 300)),
            (
                oids.SYS_OBJECT_ID,
                v2c.ObjectIdentifier((1, 3, 6, 1, 2**32 - 1)),
            ),
            ((1, 3, 6, 1, 2, 1, 25, 3, 5, 1, 1, 1), v2c.Integer(3)),
            ((1, 3, 6, 1, 2, 1, 44, 1), v2c.Counter64(2**64 - 1)),
        )
    )
    assert found == probe.Answer(
        probe.FIRST_ID, 1, True, b"x" * 300, (1, 3, 6, 1, 2**32 - 1)
    )


def test_a_switch():
    switch = ((1, 3, 6, 1, 2, 1, 31, 1), v2c.Integer(1))
    assert probe.understand(answer(switch, switch)).printer is False
    assert probe.understand(answer(switch, status=2)).printer is None


@given(st.binary(max_size=200))
def test_noise_is_no_answer(noise):
    with pytest.raises(ValueError, match="."):
        probe.understand(noise)


@given(st.data())
def test_spoiled_answers(data):
    """Altered answers are understood, or are a ValueError."""
    true = bytearray(answer((oids.SYS_DESCR, v2c.OctetString(b"Printer"))))
    for _ in range(data.draw(st.integers(1, 4))):
        true[data.draw(st.integers(0, len(true) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = probe.understand(bytes(true[: data.draw(st.integers(0, len(true)))]))
    except ValueError:
        return
    assert isinstance(found, probe.Answer)


def test_printers_by_sys_object_id():
    assert is_printer(oid("11.2.3.9.1"))
    assert not is_printer(oid("11.2.3.7.11.1"))  # HP's switches
    assert not is_printer(())


def has_ipv6():
    """Whether this machine has a loopback address of IPv6."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as one:
            one.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """Three addresses of the loopback network with a printer, one of them in IPv6."""
    process, port = start_responder(
        DATA,
        tmp_path_factory.mktemp("network"),
        "--agent-udpv4-endpoint=127.0.0.3:PORT",
        *(["--agent-udpv6-endpoint=[::1]:PORT"] if has_ipv6() else []),
        "--v3-user=nobody",
        default="plain",
    )
    yield port
    process.terminate()
    process.wait(10)


@pytest.fixture
def switch(network):
    """A device that is no printer, at 127.0.0.5 and the network's port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.5", network))
        yield listener


def scanned(agent, port, *options, config="", **more):
    done = agent(
        "scan",
        *options,
        f"--port={port}",
        "--timeout=0.6",
        "--json",
        config=config,
        **more,
    )
    assert done.returncode == 0, done.stderr
    return {one["address"]: one for one in json.loads(done.stdout)}


def test_a_scan(agent, backend, network):
    found = scanned(
        agent,
        network,
        "127.0.0.0/28",
        *(["::1"] if has_ipv6() else []),
        "--exclude=127.0.0.3",
        "--community=office",
        config=f'[snmp]\nbackend = "{backend}"\n',
    )
    assert found.keys() - {"::1"} == {"127.0.0.1"}
    assert ("::1" in found) == has_ipv6()
    one = found["127.0.0.1"]
    assert one["printer"] is True
    assert (one["manufacturer"], one["model"]) == ("Kyocera", "TASKalfa 3554ci")
    assert (one["serial"], one["mac"]) == ("R4P1234567", "00:17:c8:aa:bb:cc")
    assert "meters" not in one and "uid" not in one


def test_what_the_configuration_says_is_scanned(agent, network):
    config = '[discovery]\nranges = ["127.0.0.1-4"]\nexclude = ["127.0.0.1"]\n'
    found = scanned(agent, network, "--community=office", config=config)
    assert found.keys() == {"127.0.0.3"}


def test_several_credentials(agent, network):
    """A wrong community first, then the user of SNMPv3."""
    config = """
        [snmp]
        communities = ["wrong"]
        [[snmp.credentials]]
        user = "nobody"
        """
    found = scanned(agent, network, "127.0.0.1-2", config=config)
    assert found["127.0.0.1"]["serial"] == "ABC123"


def test_other_devices_are_told_but_not_read(agent, network, switch):
    """One that is no printer is asked once, and gives its own description."""
    switch.settimeout(10)
    seen = []

    async def answering():
        datagram, sender = await asyncio.to_thread(switch.recvfrom, 65535)
        seen.append(datagram)
        said, _ = decoder.decode(datagram, asn1Spec=v2c.Message())
        response = v2c.apiPDU.get_response(v2c.apiMessage.get_pdu(said))
        v2c.apiPDU.set_varbinds(
            response,
            [
                (oids.SYS_DESCR, v2c.OctetString(b"Switch 24")),
                (oids.SYS_OBJECT_ID, v2c.ObjectIdentifier((1, 3, 6, 1, 4, 1, 9, 1))),
                ((1, 3, 6, 1, 2, 1, 31, 1), v2c.Integer(1)),
                ((1, 3, 6, 1, 2, 1, 47, 1), v2c.Integer(1)),
            ],
        )
        v2c.apiMessage.set_pdu(said, response)
        switch.sendto(encoder.encode(said), sender)

    async def run():
        return await asyncio.gather(
            answering(),
            asyncio.to_thread(
                scanned, agent, network, "127.0.0.4-6", "--community=office"
            ),
        )

    found = asyncio.run(run())[1]
    assert found == {
        "127.0.0.5": {
            "address": "127.0.0.5",
            "port": network,
            "printer": False,
            "sys_descr": "Switch 24",
            "sys_object_id": "1.3.6.1.4.1.9.1",
        }
    }
    switch.settimeout(0.2)
    with pytest.raises(TimeoutError):
        switch.recvfrom(65535)


def test_silent_addresses_cost_one_time_out_together(agent, network):
    """A /22 at once: the rate, and one time-out for all that are silent."""
    started = time.monotonic()
    found = scanned(
        agent,
        network,
        "127.0.0.0/22",
        "--exclude=127.0.0.3",
        "--community=office",
        "--retries=0",
        "--rate=1000",
    )
    seconds = time.monotonic() - started
    assert found.keys() == {"127.0.0.1"}
    assert 1.6 < seconds < 4.5, seconds


def test_a_rate_is_kept(agent, network):
    started = time.monotonic()
    options = "--community=office", "--retries=0", "--rate=20"
    scanned(agent, network, "127.0.0.10-40", *options)
    assert time.monotonic() - started > 2.0


def test_for_people(agent, network):
    done = agent(
        "scan",
        "127.0.0.1-2",
        f"--port={network}",
        "--community=office",
        "--timeout=0.5",
    )
    assert "127.0.0.1  Kyocera TASKalfa 3554ci  R4P1234567  00:17:c8" in done.stdout
    assert "2 addresses in " in done.stdout
    assert "1 printers, 0 other SNMP devices." in done.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [([], "Nothing to scan"), (["10.0.0.0/8"], "65,536"), (["x"], "is no address")],
)
def test_what_cannot_be_scanned(agent, options, said):
    done = agent("scan", *options)
    assert done.returncode == 2
    assert said in done.stderr
