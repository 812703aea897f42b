"""Device reports as a broken or hostile collector might send them."""

import math
from copy import deepcopy
from datetime import datetime
from decimal import Decimal


def _nested(depth, value=1):
    for _level in range(depth):
        value = [value]
    return value


#: What XML-RPC or JSON can carry, and what only a caller in Python can.
SENDABLE = (
    *(None, True, False, 0, 1, -1, 2**31 - 1, 2**31, 2**63, -(2**63), 10**40),
    *(0.0, -0.5, 1e308, -1e-320, math.nan, math.inf, -math.inf, 10**400),
    *("", " ", "\x00", "a\x00b", "\ud800", "x\udfffy", "٣", "１２", "é" * 300),
    *("x" * 300_000, "'; DROP TABLE res_users; --", "%s%(a)s", "{}", "\u202e\u200b"),
    *("NaN", "1e5", "-7", "0x10", "null", "🖨", "\r\n\t", "=1+1", "<b>"),
    *([], {}, [[]], [None] * 7, {"": ""}, {"a": {"b": []}}, [0] * 6000),
    *(_nested(15), _nested(40), _nested(400), {"x": _nested(20)}),
    *([{}], [{"index": "1"}], ["text", 5, None], {"total": "many"}),
)
IN_PYTHON = (
    *(b"bytes", bytearray(b"\xff"), (1, 2), {1, 2}, object(), Decimal("NaN"), 1j),
    *(datetime(2026, 3, 2), {None: 1, 2: 3, (1,): 4}, {"\ud800": "\x00"}, range(3)),
)
MOMENTS = (
    *("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z"),
    *("9999-12-31T23:59:59-14:00", "2026-13-45T99:99:99Z", "2026-02-30T00:00:00Z"),
    *("2026-03-02", "2026-W10-1", "20260302T080000Z", "2026-03-02T08:00:00.123456789Z"),
    *("2026-03-02T08:00:00+99:00", "1700000000", "yesterday", "2099-01-01T00:00:00Z"),
)
NOT_REPORTS = (None, True, 7, -1.5, "report", "", [], [[]], {}, {"schema": 1}, [{}])


class Fuzzer:
    """Makes mutants of a good report.

    :param random.Random rng: the source of all chance, so that a run can be repeated
    :param bool python: also with values that only a caller in Python can bring
    """

    def __init__(self, rng, python=True):
        self.rng = rng
        self.values = SENDABLE + (IN_PYTHON if python else ())

    def mutant(self, report):
        """Another report, wrong in one to four places; or none at all."""
        if self.rng.random() < 0.05:
            return deepcopy(self.rng.choice(NOT_REPORTS))
        report = deepcopy(report)
        for _time in range(self.rng.choice((1, 1, 1, 2, 4))):
            self._break(report)
        return report

    def _break(self, report):
        holder, key = self._place(report)
        act = self.rng.random()
        if act < 0.15:
            del holder[key]
        elif act < 0.25 and isinstance(holder, dict):
            holder[self.rng.choice(("unknown", "\x00", "x" * 999, "total"))] = (
                self._value()
            )
        elif act < 0.35:
            report["read_at"] = self.rng.choice(MOMENTS)
        elif act < 0.42 and isinstance(holder, list):
            holder.extend([deepcopy(holder[key])] * self.rng.choice((1, 70, 400)))
        else:
            holder[key] = self._value()

    def _place(self, report):
        """Somewhere in a report: (dict or list, key or number)."""
        places = []

        def walk(holder, depth):
            keys = holder if isinstance(holder, dict) else range(len(holder))
            for key in list(keys)[:60]:
                places.append((holder, key))
                if depth < 4 and isinstance(holder[key], (dict, list)):
                    walk(holder[key], depth + 1)

        walk(report, 0)
        return self.rng.choice(places) if places else (report, "schema")

    def _value(self):
        value = self.rng.choice(self.values)
        # What cannot be copied is nothing that a report could change.
        return deepcopy(value) if isinstance(value, (dict, list)) else value
