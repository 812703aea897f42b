"""Walking columns: side by side, or one sweep through all, as the backend can ask.

Side by side, one GETNEXT or GETBULK request asks for the next rows of every column
that is not done. A sweep asks for what follows one OID, whatever it is, and takes the
columns out of it. A column ends when the device leaves it, says endOfMibView, or
answers an OID that does not increase (RFC 3416, 4.2.2: it must), which would
otherwise never end.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from .session import LimitReached, Oid, SnmpError, Value

VALUES_PER_REQUEST = 60
"""About what fits into one unfragmented UDP datagram of short values."""

COLUMNS_PER_REQUEST = 20

END: Any = object()
"""In the place of a value: the device has nothing more (endOfMibView)."""

Answer = list[tuple[Oid, "Value | None"]]
"""Names and values; a value of ``None`` is a NULL, which devices should not send."""

Next = Callable[[list[Oid], int], Awaitable[Answer]]
"""Ask for the ``n`` successors of each OID: rows one after another, as GETBULK does.

The answer may be shorter than what was asked for.
"""


async def walk_columns(
    ask: Next, columns: Iterable[Oid], rows: int
) -> dict[Oid, dict[Oid, Value]]:
    """Read whole columns; raises LimitReached when one has more than ``rows``."""
    wanted = list(dict.fromkeys(columns))
    found: dict[Oid, dict[Oid, Value]] = {column: {} for column in wanted}
    for start in range(0, len(wanted), COLUMNS_PER_REQUEST):
        last = {c: c for c in wanted[start : start + COLUMNS_PER_REQUEST]}
        while last:
            asked = list(last)
            repetitions = max(1, VALUES_PER_REQUEST // len(asked))
            answer = await ask([last[c] for c in asked], repetitions)
            if not answer:
                raise SnmpError("The device answers a table with nothing.")
            _take(answer, asked, last, found)
            for column in asked:
                if len(found[column]) > rows:
                    raise LimitReached(f"More than {rows} rows in a table.")
    return found


def _take(
    answer: Answer,
    asked: list[Oid],
    last: dict[Oid, Oid],
    found: dict[Oid, dict[Oid, Value]],
) -> None:
    """Sort one answer into ``found``; what is done leaves ``last``.

    An answer may stop anywhere (RFC 3416, 4.2.3): a column that got nothing is
    asked for again.
    """
    for position, column in enumerate(asked):
        for name, value in answer[position :: len(asked)]:
            inside = name[: len(column)] == column and name > last[column]
            if value is END or not inside:
                del last[column]
                break
            last[column] = name
            if value is not None:
                found[column][name[len(column) :]] = value


After = Callable[[Oid], Awaitable[Answer]]
"""Ask for what follows an OID, in the device's order; nothing is the end of all."""


async def sweep_columns(
    ask: After, columns: Iterable[Oid], rows: int
) -> dict[Oid, dict[Oid, Value]]:
    """Read whole columns in the order of their OIDs, with few requests for many small
    neighbours; raises LimitReached when one has more than ``rows``."""
    found: dict[Oid, dict[Oid, Value]] = {column: {} for column in columns}
    todo = sorted(found, reverse=True)
    last: Oid = ()
    while todo:
        last = max(last, todo[-1])
        answer = await ask(last)
        if not answer:
            break
        for name, value in answer:
            if name <= last:
                if last[: len(todo[-1])] == todo[-1]:
                    todo.pop()
                break
            last = name
            while todo and name > todo[-1] and name[: len(todo[-1])] != todo[-1]:
                todo.pop()
            if not todo:
                break
            column = todo[-1]
            if name[: len(column)] == column and value is not None:
                found[column][name[len(column) :]] = value
                if len(found[column]) > rows:
                    raise LimitReached(f"More than {rows} rows in a table.")
    return found
