"""Printers that answer SNMP v1 and v2c as fast as a socket allows.

python responder.py RECORDING PORT FIRST ANSWERING SILENT

ANSWERING addresses from FIRST on answer what the recording says, all the same; SILENT
ones behind them take questions and never answer. Each question is worked out once:
after that its answer is looked up, and only the request id and the lengths are put in.
Prints "ready" when it listens, and on SIGTERM how many it answered and its seconds of
processor time.
"""

import bisect
import ipaddress
import resource
import select
import signal
import socket
import sys
from pathlib import Path

from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto.api import v2c

MOST = 1400
"""Octets of an answer's variables: what fits into an Ethernet frame."""

KINDS = {
    2: lambda said: v2c.Integer32(int(said)),
    6: lambda said: v2c.ObjectIdentifier(said),
    64: lambda said: v2c.IpAddress(said),
    65: lambda said: v2c.Counter32(int(said)),
    66: lambda said: v2c.Gauge32(int(said)),
    67: lambda said: v2c.TimeTicks(int(said)),
    70: lambda said: v2c.Counter64(int(said)),
}


class Answers:
    """What the recording says, as octets of variable bindings."""

    def __init__(self, recording: str) -> None:
        values = {}
        for line in recording.splitlines():
            name, kind, said = line.split("|", 2)
            value = (
                v2c.OctetString(hexValue=said)
                if kind == "4x"
                else v2c.OctetString(said)
                if kind == "4"
                else KINDS[int(kind)](said)
            )
            name = tuple(map(int, name.split(".")))
            values[name] = self._bound(name, value)
        self.names = sorted(values)
        self.values = values
        self.known: dict[tuple, bytes] = {}

    @staticmethod
    def _bound(name: tuple, value) -> bytes:
        message = v2c.GetRequestPDU()
        v2c.apiPDU.set_defaults(message)
        v2c.apiPDU.set_varbinds(message, [(name, value)])
        return encoder.encode(message[3][0])

    def to(self, datagram: bytes) -> bytes | None:
        """The answer to a question; None for what is none."""
        position = _content(datagram, 0)
        version = datagram[position : position + 3]
        position += 3
        end = position + 2 + datagram[position + 1]
        community, pdu = datagram[position:end], datagram[end]
        start = _content(datagram, end)
        request = datagram[start : start + 2 + datagram[start + 1]]
        rest = datagram[start + len(request) :]
        key = version, pdu, rest
        answer = self.known.get(key)
        if answer is None:
            answer = self.known[key] = self._work_out(datagram, version[2], pdu)
        return _tlv(0x30, version + community + _tlv(0xA2, request + answer))

    def _work_out(self, datagram: bytes, version: int, kind: int) -> bytes:
        """Error status, error index and variables, encoded."""
        message, _ = decoder.decode(datagram, asn1Spec=v2c.Message())
        pdu = v2c.apiMessage.get_pdu(message)
        names = [tuple(name) for name, _ in v2c.apiPDU.get_varbinds(pdu)]
        end = v2c.EndOfMibView("") if kind != 0xA0 else v2c.NoSuchInstance("")
        found, size = [], 0
        if kind == 0xA0:
            wanted = [(name, name if name in self.values else None) for name in names]
        elif kind == 0xA1:
            wanted = [(name, self._after(name)) for name in names]
        else:
            wanted = []
            for _ in range(int(v2c.apiBulkPDU.get_max_repetitions(pdu))):
                row = [(name, self._after(name)) for name in names]
                wanted += row
                names = [after or name for name, after in row]
                if len(wanted) > 200 or not any(after for _, after in row):
                    break
        for number, (name, other) in enumerate(wanted, 1):
            if other is None and version == 0:
                return b"\x02\x01\x02" + b"\x02\x01" + bytes([number]) + _tlv(0x30, b"")
            one = self.values[other] if other else self._bound(name, end)
            size += len(one)
            if size > MOST and kind == 0xA5:
                break
            found.append(one)
        return b"\x02\x01\x00\x02\x01\x00" + _tlv(0x30, b"".join(found))

    def _after(self, name: tuple) -> tuple | None:
        position = bisect.bisect_right(self.names, name)
        return self.names[position] if position < len(self.names) else None


def _content(datagram: bytes, position: int) -> int:
    """Where the content of what begins here begins."""
    size = datagram[position + 1]
    return position + 2 + (size & 0x7F if size & 0x80 else 0)


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    return bytes((tag, 0x82)) + size.to_bytes(2, "big") + content


def main() -> None:
    recording, port, first, answering, silent = sys.argv[1:]
    answers = Answers(Path(recording).read_text())
    count = int(answering) + int(silent)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 64,) * 2)
    sockets, poll, answered = {}, select.epoll(), 0
    start = ipaddress.ip_address(first)
    for number in range(count):
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.setblocking(False)
        one.bind((str(start + number), int(port)))
        sockets[one.fileno()] = one
        if number < int(answering):
            poll.register(one.fileno(), select.EPOLLIN)

    def end(*_arguments) -> None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(answered, used.ru_utime + used.ru_stime, flush=True)
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    print("ready", flush=True)
    while True:
        for number, _ in poll.poll():
            one = sockets[number]
            while True:
                try:
                    datagram, sender = one.recvfrom(65535)
                except BlockingIOError:
                    break
                try:
                    one.sendto(answers.to(datagram), sender)
                    answered += 1
                except (IndexError, ValueError, BlockingIOError):
                    continue


if __name__ == "__main__":
    main()
