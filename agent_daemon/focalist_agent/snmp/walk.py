"""Walking several columns side by side, over any backend.

One GETNEXT or GETBULK request asks for the next rows of every column that is not
done. A column ends when the device leaves it, says endOfMibView, or answers an OID
that does not increase (RFC 3416, 4.2.2: it must), which would otherwise never end.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from .session import LimitReached, Oid, SnmpError, Value

VALUES_PER_REQUEST = 60
"""About what fits into one unfragmented UDP datagram of short values."""

COLUMNS_PER_REQUEST = 20

Next = Callable[[list[Oid], int], Awaitable[list[tuple[Oid, "Value | None"]]]]
"""Ask for the ``n`` successors of each OID: rows one after another, as GETBULK does.

The answer may be shorter than what was asked for; a value of ``None`` is the end.
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
    answer: list[tuple[Oid, Value | None]],
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
            if value is None or not inside:
                del last[column]
                break
            found[column][name[len(column) :]] = value
            last[column] = name
