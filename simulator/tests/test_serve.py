"""Real SNMP requests to a real snmpsim."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    bulk_cmd,
    get_cmd,
    next_cmd,
    set_cmd,
)
from pysnmp.proto.rfc1902 import OctetString
from pysnmp.proto.rfc1905 import EndOfMibView, NoSuchInstance

from focalist_simulator import Fleet, mib
from focalist_simulator.answers import Answers

DEVICES = 9
EPOCH = datetime.now(timezone.utc).replace(
    hour=0, minute=0, second=0, microsecond=0
) - timedelta(days=15)
# Answers stay the same for a day: what is served can be computed here.
REFRESH = 86_400
SERIAL = "1.3.6.1.2.1.43.5.1.1.17.1"


def _fleet():
    """A fleet in which somebody is silent now, and somebody is not."""
    for seed in range(1, 500):
        fleet = Fleet(devices=DEVICES, sites=3, seed=seed, epoch=EPOCH)
        moment = Answers(fleet, REFRESH).moment()
        if any(one.at(moment).silent for one in fleet.printers):
            return fleet
    raise AssertionError("nobody is ever silent")


def _free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _command(fleet, port, ready):
    return [
        *(sys.executable, "-m", "focalist_simulator", "serve"),
        *(f"--devices={DEVICES}", "--sites=3", f"--seed={fleet.seed}"),
        *(f"--epoch={fleet.epoch:%Y-%m-%d}", f"--port={port}"),
        *(f"--refresh={REFRESH}", f"--ready-file={ready}"),
    ]


def _start(fleet, port, ready):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen(
        _command(fleet, port, ready),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = datetime.now() + timedelta(seconds=30)
    while not ready.exists():
        if process.poll() is not None or datetime.now() > deadline:
            process.kill()
            raise AssertionError(process.communicate())
        signal.sigtimedwait([], 0.05)
    return process


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A served fleet: (fleet, port, the moment of its answers)."""
    fleet = _fleet()
    port = _free_port()
    process = _start(fleet, port, tmp_path_factory.mktemp("serve") / "ready")
    try:
        yield fleet, port, Answers(fleet, REFRESH).moment()
    finally:
        process.terminate()
        _out, errors = process.communicate(timeout=20)
        assert process.returncode == 0
        assert errors == ""


@pytest.fixture(scope="module")
def ask():
    """A function that makes one request by pysnmp: (error, status, [(oid, value)])."""
    engine, loop = SnmpEngine(), asyncio.new_event_loop()

    async def request(command, address, port, asked, version, community, wait):
        target = await UdpTransportTarget.create(
            (address, port), timeout=wait, retries=0
        )
        return await command(
            engine,
            CommunityData(community, mpModel=version),
            target,
            ContextData(),
            *asked,
            lookupMib=False,
        )

    def ask(command, address, port, *asked, version=1, community="public", wait=3):
        error, status, _place, values = loop.run_until_complete(
            request(command, address, port, asked, version, community, wait)
        )
        return error, int(status), values

    yield ask
    engine.close_dispatcher()
    loop.close()


def _object(identifier, value=None):
    named = ObjectIdentity(identifier)
    return ObjectType(named) if value is None else ObjectType(named, value)


def _walk(ask, address, port):
    """All that a printer has, by GETBULK from the top: [(oid, value)]."""
    found, last = [], "1.3.6.1"
    while True:
        error, status, values = ask(bulk_cmd, address, port, 0, 30, _object(last))
        assert not error and not status
        for name, value in values:
            if isinstance(value, EndOfMibView):
                return found
            found.append((tuple(name), value))
        last = str(values[-1][0])


def _awake(served):
    fleet, port, moment = served
    return [one for one in fleet.printers if not one.at(moment).silent], port, moment


def test_a_walk_gives_all_that_was_computed(ask, served):
    printers, port, moment = _awake(served)
    for printer in printers:
        rows = mib.rows(printer.at(moment))
        found = _walk(ask, printer.address, port)
        assert [name for name, _value in found] == [row.oid for row in rows]
        for row, (_name, value) in zip(rows, found, strict=True):
            if row.kind == mib.OBJECT_ID:
                assert str(value) == row.value
            elif row.kind == mib.IP:
                assert value.prettyPrint() == row.value
            else:
                assert type(row.value)(value) == row.value


@pytest.mark.parametrize("version", [0, 1], ids=["v1", "v2c"])
def test_each_address_is_a_printer_of_its_own(ask, served, version):
    printers, port, _moment = _awake(served)
    for printer in printers:
        error, status, values = ask(
            get_cmd, printer.address, port, _object(SERIAL), version=version
        )
        assert not error and not status
        assert bytes(values[0][1]).decode() == printer.serial


def test_the_next_object_in_both_versions(ask, served):
    printers, port, _moment = _awake(served)
    for version in (0, 1):
        _error, status, values = ask(
            next_cmd,
            printers[0].address,
            port,
            _object("1.3.6.1.2.1.1.1.0"),
            version=version,
        )
        assert status == 0
        assert str(values[0][0]) == "1.3.6.1.2.1.1.2.0"


def test_an_object_that_is_not_there(ask, served):
    printers, port, _moment = _awake(served)
    asked = _object("1.3.6.1.2.1.1.99.0")
    question = (get_cmd, printers[0].address, port, asked)
    _error, _status, values = ask(*question)
    assert isinstance(values[0][1], NoSuchInstance)
    _error, status, _values = ask(*question, version=0)
    assert status == 2  # noSuchName


def test_nothing_can_be_set(ask, served):
    printers, port, _moment = _awake(served)
    name = "1.3.6.1.2.1.1.5.0"
    address = printers[0].address
    ask(set_cmd, address, port, _object(name, OctetString("mine")))
    _error, _status, values = ask(get_cmd, address, port, _object(name))
    assert bytes(values[0][1]) != b"mine"


def test_a_silent_printer_does_not_answer(ask, served):
    fleet, port, moment = served
    silent = next(one for one in fleet.printers if one.at(moment).silent)
    error, _status, _values = ask(
        get_cmd, silent.address, port, _object(SERIAL), wait=1
    )
    assert "timeout" in str(error)


def test_another_community_gets_no_answer(ask, served):
    printers, port, _moment = _awake(served)
    error, _status, _values = ask(
        get_cmd,
        printers[0].address,
        port,
        _object(SERIAL),
        community="private",
        wait=1,
    )
    assert "timeout" in str(error)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly(tmp_path, number):
    ready = tmp_path / "ready"
    fleet, port = _fleet(), _free_port()
    process = _start(fleet, port, ready)
    assert len(ready.read_text().splitlines()) == DEVICES
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    assert children == ""
    process.send_signal(number)
    _out, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert errors == ""
    assert not ready.exists()
    for printer in fleet.printers:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
            again.bind((printer.address, port))


def test_a_port_in_use_is_told(tmp_path):
    fleet, port = _fleet(), _free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((fleet.printers[-1].address, port))
        done = subprocess.run(
            _command(fleet, port, tmp_path / "ready"),
            cwd=Path(__file__).parents[1],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    assert done.returncode == 1
    assert f"{fleet.printers[-1].address}:{port}" in done.stderr
    assert "Traceback" not in done.stderr
