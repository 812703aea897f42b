"""What a printer counts, and the meters of the device report made from it.

A printer's counters are one tuple of integers in the order of `CELLS`: impressions by
function, colour and size, then scanned pages, then the impressions made on both sides
of a sheet. Every meter and every counter of a MIB is a sum of them, and so they all
agree with each other.
"""

from collections.abc import Sequence
from typing import NamedTuple

Counts = tuple[int, ...]


class Cell(NamedTuple):
    function: str
    color: str
    size: str


IMPRESSIONS = (
    *(
        Cell(function, color, size)
        for function in ("print", "copy")
        for color in ("mono", "color")
        for size in ("a4", "a3")
    ),
    Cell("fax", "mono", "a4"),
)
SCANS = (Cell("scan", "mono", "a4"), Cell("scan", "color", "a4"))
CELLS = (*IMPRESSIONS, *SCANS, Cell("duplex", "", ""))
NOTHING: Counts = (0,) * len(CELLS)

_PAGES = len(IMPRESSIONS)
_DUPLEX = len(CELLS) - 1


def _names(cell: Cell) -> list[str]:
    names = [
        cell.function,
        f"{cell.function}_{cell.color}",
        f"{cell.function}_{cell.color}_{cell.size}",
    ]
    if cell.function != "scan":
        names += ["total", cell.color, cell.size, f"{cell.size}_{cell.color}"]
    return names


# Meter -> the cells whose sum it is.
_SUMS: dict[str, list[int]] = {}
for _index, _cell in enumerate(CELLS[:_DUPLEX]):
    for _name in _names(_cell):
        _SUMS.setdefault(_name, []).append(_index)


def meter(counts: Counts, name: str) -> int:
    """One meter, in impressions (scans: pages; duplex and sheets: sheets).

    :param name: a meter of the device report but "life"; a cell, e.g.
        "copy_mono_a3"; "sheets", all that went through the engine; or "simplex", the
        impressions that are alone on their sheet
    :raises KeyError: for another name
    """
    if name == "duplex":
        return counts[_DUPLEX] // 2
    if name == "simplex":
        return sum(counts[:_PAGES]) - counts[_DUPLEX]
    if name == "sheets":
        return sum(counts[:_PAGES]) - counts[_DUPLEX] // 2
    return sum(counts[index] for index in _SUMS[name])


def total(counts: Sequence[int]) -> int:
    """All impressions."""
    return sum(counts[:_PAGES])


def duplexed(pages: int, plan: Counts) -> int:
    """Impressions on both sides among the first `pages` of a plan's impressions.

    It grows by 0 or 1 a page, so that simplex and duplex counters never go back.
    """
    return pages * plan[_DUPLEX] // (total(plan) or 1)


def portion(plan: Counts, share: float) -> Counts:
    """What of a plan is done when `share` (0 to 1) of it is over."""
    if share >= 1:
        return plan
    done = [int(count * share) for count in plan[:_DUPLEX]]
    return (*done, duplexed(total(done), plan))


def add(one: Counts, other: Counts) -> Counts:
    return tuple(map(int.__add__, one, other))


def subtract(one: Counts, other: Counts) -> Counts:
    return tuple(map(int.__sub__, one, other))


def lost(counts: Counts, share: float) -> Counts:
    """What is forgotten when a `share` of the counters is lost with a board.

    The duplex impressions lose the odd page, so that they stay within the total.
    """
    gone = [int(count * share) for count in counts]
    gone[_DUPLEX] = min(counts[_DUPLEX], gone[_DUPLEX] + 1)
    return tuple(gone)


def in_mono(counts: Counts) -> Counts:
    """The same pages with no colour in them."""
    pages = list(counts)
    for index, cell in enumerate(IMPRESSIONS):
        if cell.color == "color":
            mono = IMPRESSIONS.index(cell._replace(color="mono"))
            pages[mono] += pages[index]
            pages[index] = 0
    return tuple(pages)
