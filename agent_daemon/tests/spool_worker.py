"""A child process that fills and empties a spool until it is killed.

Says on standard output what is certain: ``put UID`` after a report is on disk,
``settling UID`` before and ``settled UID`` after it was let go.
"""

import sys
from pathlib import Path

from focalist_agent.report import Report
from focalist_agent.spool import Spool
from focalist_agent.transport import Result

spool = Spool(Path(sys.argv[1]), 64 * 1024 * 1024)
number = 0
print("ready", flush=True)
while True:
    number += 1
    report = Report(address=f"10.0.0.{number % 20}")
    spool.put(report)
    print("put", report.uid, flush=True)
    if number % 3 == 0:
        uids = [uid for uid, _ in spool.batch(2, 1 << 20)]
        print("settling", *uids, flush=True)
        spool.settle([Result(uid, "accepted", "") for uid in uids])
        print("settled", *uids, flush=True)
