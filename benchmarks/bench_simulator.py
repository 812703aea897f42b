"""The readings that the demonstration's printers would have sent, in this process.

- `history_s`: processor time of 13 months of its 60 printers;
- `reports_per_s`: of them;
- `growth_per_month`: processor time a report in 13 months, by that in one.
"""

import time
from datetime import timedelta

from focalist_simulator import Fleet

MONTH, YEAR = 30, 396


def run() -> dict[str, float]:
    _count, _seconds = _made(1)  # What is made once a process.
    few, short = _made(MONTH)
    many, long = _made(YEAR)
    return {
        "history_s": round(long, 2),
        "reports_per_s": round(many / long),
        "growth_per_month": round((long / many) / (short / few), 2),
    }


def _made(days: int) -> tuple[int, float]:
    """How many reports so many days have, and the seconds of processor time."""
    fleet = Fleet()
    started = time.process_time()
    reports = fleet.reports(fleet.epoch, fleet.epoch + timedelta(days=days))
    count = sum(1 for _report in reports)
    return count, time.process_time() - started
