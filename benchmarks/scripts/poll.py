"""The daemon's reading of many printers, as one process: what its round does.

python poll.py BACKEND PORT FIRST COUNT ROUNDS

Prints how many were read in all, the requests of one, and the memory in KiB after the
first tenth of the rounds and at the end.
"""

import asyncio
import ipaddress
import sys
from pathlib import Path

from focalist_agent import reader
from focalist_agent.report import problems
from focalist_agent.snmp.credential import Community
from focalist_agent.snmp.engine import Engine
from focalist_agent.snmp.session import Limits


def memory() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


async def main() -> None:
    backend, port, first, count, rounds = sys.argv[1:]
    start = ipaddress.ip_address(first)
    addresses = [str(start + number) for number in range(int(count))]
    engine = Engine(Limits(timeout=2.0, retries=1), concurrency=30, backend=backend)
    requests, read, early = 0, 0, 0

    async def one(address: str) -> int:
        nonlocal requests
        known = [Community("public")]
        async with engine.session(address, int(port), known) as session:
            report = await reader.read(session, address)
            requests = session.budget.requests
            return not problems(report.to_dict())

    for number in range(int(rounds)):
        read += sum(await asyncio.gather(*map(one, addresses)))
        if number == int(rounds) // 10:
            early = memory()
    engine.close()
    print(read, requests, early, memory())


asyncio.run(main())
