"""Both SNMP backends with devices that are old, weak, silent or mad."""

import asyncio
import os
import random
import socket
import threading
import time

import pytest
from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto.api import v2c

from focalist_agent import reader
from focalist_agent.report import problems
from focalist_agent.snmp.credential import Community
from focalist_agent.snmp.engine import Engine
from focalist_agent.snmp.session import LimitReached, Limits, NoAnswer, SnmpError

GETBULK = 0xA5


@pytest.fixture
def read(backend):
    """Read a device: its report, and how many requests it took."""

    def read(port, community="office", **limits):
        async def run():
            engine = Engine(
                Limits(**{"timeout": 0.4, "retries": 1, **limits}), backend=backend
            )
            known = [Community(community)]
            try:
                async with engine.session("127.0.0.1", port, known) as session:
                    report = await reader.read(session, "127.0.0.1")
                    return report, session.budget.requests
            finally:
                engine.close()

        return asyncio.run(run())

    return read


def without_moment(report):
    return {k: v for k, v in report.to_dict().items() if k not in ("uid", "read_at")}


def version(datagram):
    """SEQUENCE, its length, INTEGER 1: the octet after is the version."""
    after = 2 if datagram[1] < 0x80 else 2 + (datagram[1] & 0x7F)
    return datagram[after + 2]


def test_a_device_with_v1_alone_says_the_same(read, responder, relay):
    v1 = relay(lambda datagram: datagram if version(datagram) == 0 else None)
    assert without_moment(read(v1.port)[0]) == without_moment(read(responder)[0])


def test_a_device_that_chokes_on_large_getbulk_says_the_same(read, responder, relay):
    def small_only(datagram):
        message, _ = decoder.decode(datagram, asn1Spec=v2c.Message())
        pdu = v2c.apiMessage.get_pdu(message)
        if not pdu.isSameTypeWith(v2c.GetBulkRequestPDU()):
            return datagram
        few = v2c.apiBulkPDU.get_max_repetitions(pdu) <= 1
        return datagram if few else None

    weak = relay(small_only)
    assert without_moment(read(weak.port)[0]) == without_moment(read(responder)[0])


def test_few_requests(read, responder):
    assert read(responder)[1] <= 10


def test_many_times_the_same_engine(read, backend, responder):
    """One engine serves all devices and communities of the process."""

    async def run():
        engine = Engine(Limits(timeout=1), concurrency=4, backend=backend)

        async def one(community):
            async with engine.session(
                "127.0.0.1", responder, [Community(community)]
            ) as session:
                return await reader.read(session, "127.0.0.1")

        try:
            return await asyncio.gather(*(one(c) for c in ["office", "plain"] * 5))
        finally:
            engine.close()

    reports = asyncio.run(run())
    assert [r.serial for r in reports] == ["R4P1234567", "ABC123"] * 5


def test_the_community_that_works_is_found(backend, responder):
    async def run():
        engine = Engine(Limits(timeout=0.3, retries=0), backend=backend)
        try:
            known = [Community("no"), Community("office")]
            async with engine.session("127.0.0.1", responder, known) as session:
                return session.credential
        finally:
            engine.close()

    assert asyncio.run(run()) == Community("office")


def test_silence_costs_its_time_and_no_more(read, silent_port):
    started = time.monotonic()
    with pytest.raises(NoAnswer):
        read(silent_port)
    assert time.monotonic() - started < 1.5


def test_a_device_that_stops_answering_loses_the_section_alone(read, relay):
    """A table that breaks off must be absent: what is missing from it would be
    taken for cleared alerts and removed supplies."""
    bulks = []

    def dies_after_identity(datagram):
        message, _ = decoder.decode(datagram, asn1Spec=v2c.Message())
        pdu = v2c.apiMessage.get_pdu(message)
        if pdu.isSameTypeWith(v2c.GetBulkRequestPDU()):
            name = str(v2c.apiBulkPDU.get_varbinds(pdu)[0][0])
            if name.startswith(("1.3.6.1.2.1.43.8", "1.3.6.1.2.1.43.18")):
                bulks.append(name)
                return None
        return datagram

    report = read(relay(dies_after_identity).port, timeout=0.2)[0].to_dict()
    assert bulks
    assert problems(report) == []
    assert report["meters"]["total"] == 100000
    assert len(report["supplies"]) == 3
    assert "alerts" not in report and "inputs" not in report


def test_the_life_count_never_stands_in_for_a_total_that_was_not_read(read, relay):
    """The maker's own MIB goes silent for a while: no meters, not other ones."""

    def hides_counters(datagram):
        total = encoder.encode(
            v2c.ObjectIdentifier("1.3.6.1.4.1.1347.43.10.1.1.12.1.1")
        )
        return None if total in datagram else datagram

    report = read(relay(hides_counters).port, timeout=0.2)[0].to_dict()
    assert problems(report) == []
    assert report["serial"] == "R4P1234567"
    assert "meters" not in report and "supplies" not in report
    assert len(report["alerts"]) == 1


class Mad(threading.Thread):
    """A device that answers every request with what ``answer`` makes of it."""

    def __init__(self, answer):
        super().__init__(daemon=True)
        self.answer = answer
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def run(self):
        while True:
            try:
                datagram, sender = self.socket.recvfrom(65535)
                for reply in self.answer(datagram):
                    self.socket.sendto(reply, sender)
            except OSError:
                return


@pytest.fixture
def mad():
    devices = []

    def make(answer):
        devices.append(Mad(answer))
        devices[-1].start()
        return devices[-1].port

    yield make
    for device in devices:
        device.socket.close()


def reply(datagram, variables):
    """A well-formed response to a request: ``variables(requested names)``."""
    message, _ = decoder.decode(datagram, asn1Spec=v2c.Message())
    request = v2c.apiMessage.get_pdu(message)
    response = v2c.apiPDU.get_response(request)
    names = [tuple(n) for n, _ in v2c.apiPDU.get_varbinds(request)]
    v2c.apiPDU.set_varbinds(response, variables(names))
    v2c.apiMessage.set_pdu(message, response)
    return encoder.encode(message)


def forward(datagram, port):
    """What the responder answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(2)
        asking.sendto(datagram, ("127.0.0.1", port))
        return asking.recv(65535)


def parts(datagram):
    message, _ = decoder.decode(datagram, asn1Spec=v2c.Message())
    return message, v2c.apiMessage.get_pdu(message)


def asks_for(datagram):
    """How many values a request asks for."""
    _, pdu = parts(datagram)
    count = len(v2c.apiPDU.get_varbinds(pdu))
    if pdu.isSameTypeWith(v2c.GetBulkRequestPDU()):
        count *= v2c.apiBulkPDU.get_max_repetitions(pdu)
    return count


def changed(datagram, change):
    """An answer with ``change(variables)`` in the place of its variables."""
    message, pdu = parts(datagram)
    v2c.apiPDU.set_varbinds(pdu, change(v2c.apiPDU.get_varbinds(pdu)))
    v2c.apiMessage.set_pdu(message, pdu)
    return encoder.encode(message)


def test_a_device_that_says_too_big(read, mad, responder):
    def answer(datagram):
        if asks_for(datagram) <= 10:
            return [forward(datagram, responder)]
        message, request = parts(datagram)
        response = v2c.apiPDU.get_response(request)
        v2c.apiPDU.set_error_status(response, 1)
        v2c.apiPDU.set_varbinds(response, [])
        v2c.apiMessage.set_pdu(message, response)
        return [encoder.encode(message)]

    said = without_moment(read(mad(answer))[0])
    assert said == without_moment(read(responder)[0])


@pytest.mark.parametrize("values", [1, 7, 20])
def test_a_device_that_cuts_its_answers_off(read, mad, responder, values):
    """RFC 3416, 4.2.3: an answer to GETBULK may stop anywhere."""

    def answer(datagram):
        true = forward(datagram, responder)
        _, pdu = parts(datagram)
        if pdu.isSameTypeWith(v2c.GetBulkRequestPDU()):
            true = changed(true, lambda variables: variables[:values])
        return [true]

    said = without_moment(read(mad(answer))[0])
    assert said == without_moment(read(responder)[0])


def test_long_answers(read, mad, responder):
    """A few kilobytes in one answer: more than the fast backend takes."""

    def wordy(variables):
        return [
            (name, v2c.OctetString(value.asOctets() + b" " * 400))
            if value.isSameTypeWith(v2c.OctetString()) and len(value) > 6
            else (name, value)
            for name, value in variables
        ]

    port = mad(lambda datagram: [changed(forward(datagram, responder), wordy)])
    assert without_moment(read(port)[0]) == without_moment(read(responder)[0])


def test_null_in_the_place_of_a_value(read, mad, responder):
    """Some firmware answers so in the middle of a table: the rest is read."""

    def some(variables):
        hidden = (1, 3, 6, 1, 2, 1, 43, 11, 1, 1, 9, 2, 1)
        return [(n, v2c.null if tuple(n) == hidden else v) for n, v in variables]

    port = mad(lambda datagram: [changed(forward(datagram, responder), some)])
    supplies = read(port)[0].supplies
    assert [s.percent for s in supplies] == [None, None, 20.0]
    assert len(supplies) == 3


def test_one_device_never_holds_up_another(backend, mad, responder, silent_port):
    def endless(datagram):
        time.sleep(0.1)
        return [reply(datagram, lambda ns: [((*n, 1), v2c.Integer(1)) for n in ns])]

    slow = mad(endless)
    done = {}

    async def run():
        limits = Limits(timeout=1.0, retries=1, total=4.0, rows=10_000)
        engine = Engine(limits, concurrency=3, backend=backend)
        started = time.monotonic()

        async def one(port):
            try:
                known = [Community("office")]
                async with engine.session("127.0.0.1", port, known) as session:
                    await reader.read(session, "127.0.0.1")
            except SnmpError:
                pass
            done.setdefault(port, time.monotonic() - started)

        try:
            await one(responder)  # what is built at the first time
            done.clear()
            started = time.monotonic()
            await asyncio.gather(*map(one, [slow, silent_port] + [responder] * 4))
        finally:
            engine.close()

    asyncio.run(run())
    assert done[responder] < 1.0
    assert 1.5 < done[silent_port] < 3.0
    assert done[slow] < 6.0


def test_noise_is_no_answer(read, mad):
    chance = random.Random(1)
    port = mad(lambda datagram: [chance.randbytes(chance.randrange(1, 200))])
    with pytest.raises(SnmpError):
        read(port)


def test_spoiled_answers(read, mad, responder, caplog):
    """Truncated and altered packets end in a report or an SnmpError, and no trace of
    what they do to the engine reaches the log."""
    chance = random.Random(7)

    def spoiled(datagram):
        true = forward(datagram, responder)
        packets = []
        for _ in range(6):
            packet = bytearray(true)
            for _ in range(chance.randrange(1, 6)):
                packet[chance.randrange(len(packet))] = chance.randrange(256)
            packets += [
                bytes(packet[: chance.randrange(1, len(packet))]),
                bytes(packet),
            ]
        return [*packets, true]

    port = mad(spoiled)
    for _ in range(200 if os.environ.get("FOCALIST_FULL") else 15):
        try:
            report = read(port, timeout=0.2, retries=0, total=5.0)[0]
        except SnmpError:
            continue
        assert problems(report.to_dict()) == []
    assert not [r.getMessage() for r in caplog.records if r.name == "asyncio"]


def test_a_table_that_goes_in_circles_ends(read, mad):
    """Every successor is the same OID: RFC 3416 forbids it, devices do it."""
    name = (1, 3, 6, 1, 2, 1, 43, 11, 1, 1, 6, 1, 1)

    def circle(names):
        return [(name, v2c.OctetString("again"))] * len(names)

    report = read(mad(lambda d: [reply(d, circle)]), total=10.0)[0].to_dict()
    assert problems(report) == []
    assert len(report.get("supplies", [])) <= 1


def test_an_endless_table_is_cut_off(read, mad):
    """Columns that go on for ever: the rows' limit ends them, and no part of the
    table is taken for the whole."""

    def endless(names):
        wild = ((1, 3, 6, 1, 2, 1, 43, 11), (1, 3, 6, 1, 2, 1, 43, 18))
        return [
            ((*n, 1) if n[:8] in wild else (1, 3, 7), v2c.OctetString("x"))
            for n in names
        ]

    port = mad(lambda d: [reply(d, endless)])
    report, requests = read(port, rows=20, total=20.0)
    assert requests < 120, requests
    assert problems(report.to_dict()) == []
    assert report.supplies is None and report.alerts is None


def test_half_an_identity_is_none(read, mad):
    """A device whose tables of identity do not end is not reported at all."""

    def endless(names):
        return [((*n, 1), v2c.OctetString("x")) for n in names]

    with pytest.raises(LimitReached):
        read(mad(lambda d: [reply(d, endless)]), rows=20, total=20.0)


def test_values_of_wrong_types_are_a_valid_report(read, mad):
    """Text where numbers belong, numbers where text does, and every type between."""
    chance = random.Random(3)
    values = [
        v2c.Integer(-2),
        v2c.Integer(2**31 - 1),
        v2c.OctetString(bytes(range(256))),
        v2c.OctetString(b"\xff" * 4000),
        v2c.OctetString(b""),
        v2c.ObjectIdentifier((1, 3, 6, 1)),
        v2c.IpAddress("10.0.0.1"),
        v2c.Counter64(2**64 - 1),
        v2c.TimeTicks(2**32 - 1),
        v2c.Opaque(b"\x9f\x78\x04"),
        v2c.null,
    ]

    def mixed(names):
        found = []
        for name in names:
            row = name + ((1, 1) if len(name) < 12 else ())
            row = row if row != name else (*name[:-1], name[-1] + 1)
            if row[-1] > 3:
                row = (1, 3, 7)
            found.append((row, chance.choice(values)))
        return found

    def answer(datagram):
        if b"\xa0" in datagram[:40]:  # GET: the names that were asked for
            return [
                reply(datagram, lambda ns: [(n, chance.choice(values)) for n in ns])
            ]
        return [reply(datagram, mixed)]

    port = mad(answer)
    for _ in range(10):
        report = read(port, total=10.0)[0].to_dict()
        assert problems(report) == []


@pytest.mark.parametrize("number", [-2, -(2**31), 2**31 - 1])
def test_numbers_that_name_no_row_are_a_valid_report(read, mad, number):
    """Some columns name a row of another table: what they hold may name none."""

    def rows(names):
        first = [(name, (*name, 1, 1) if len(name) < 12 else name) for name in names]
        return [
            (row if row != name else (1, 3, 7), v2c.Integer(number))
            for name, row in first
        ]

    def answer(datagram):
        if b"\xa0" in datagram[:40]:
            return [reply(datagram, lambda ns: [(n, v2c.Integer(number)) for n in ns])]
        return [reply(datagram, rows)]

    report = read(mad(answer), total=10.0)[0].to_dict()
    assert problems(report) == []


def test_the_time_for_one_device_ends(read, mad):
    def slow(datagram):
        time.sleep(0.15)
        return [reply(datagram, lambda ns: [((*n, 1), v2c.Integer(1)) for n in ns])]

    started = time.monotonic()
    try:
        read(mad(slow), total=1.0, rows=10_000)
    except LimitReached:
        pass
    assert time.monotonic() - started < 3
