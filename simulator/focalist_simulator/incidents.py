"""What happens to a printer besides printing: paper, jams, silence, a new board.

Times are seconds since the fleet's first day began (UTC).
"""

from random import Random
from typing import NamedTuple

DAY = 86_400
_HOUR = 3_600


class Incident(NamedTuple):
    """Something that lasts.

    :param kind: "paper" (a tray is empty), "jam", "cover" (one is open), "vague"
        (levels are told as -3) or "silence" (no answer to SNMP)
    :param place: index of the tray, for "paper"
    """

    kind: str
    start: float
    end: float
    place: int = 1

    def holds(self, second: float) -> bool:
        return self.start <= second < self.end


# Kind -> its chance on a working day, and how long it lasts at least and at most.
_AT_WORK = {
    "paper": (0.10, 600, 3 * _HOUR),
    "cover": (0.05, 45, 400),
    "jam": (0.03, 180, 1.5 * _HOUR),
}
_LEFT_OVERNIGHT = 0.15
_VAGUE = 1 / 90
_SHORT_SILENCE = 1 / 80
_LONG_SILENCE = 1 / 500
_REBOOT = 1 / 50
_NEW_BOARD = 1 / 2500


def office_second(rng: Random, day: int, offset: int) -> float:
    """A moment of the working hours of a day, `offset` hours ahead of UTC."""
    return day * DAY + (8.5 - offset + 8.5 * rng.random()) * _HOUR


def draw(
    rng: Random, day: int, offset: int, working: bool, trays: int
) -> list[Incident]:
    """The incidents that begin on a day."""
    found = []
    if working:
        for kind, (chance, least, most) in _AT_WORK.items():
            if rng.random() < chance:
                start = office_second(rng, day, offset)
                end = start + rng.uniform(least, most)
                if kind == "paper" and rng.random() < _LEFT_OVERNIGHT:
                    end = (day + 1) * DAY + (8 - offset) * _HOUR
                place = rng.randint(1, trays) if kind == "paper" else 1
                found.append(Incident(kind, start, end, place))
    if rng.random() < _VAGUE:
        start = (day + rng.random()) * DAY
        found.append(Incident("vague", start, start + rng.uniform(1, 10) * _HOUR))
    if rng.random() < _SHORT_SILENCE:
        start = (day + rng.random()) * DAY
        found.append(Incident("silence", start, start + rng.uniform(0.5, 12) * _HOUR))
    if rng.random() < _LONG_SILENCE:
        start = (day + rng.random()) * DAY
        found.append(Incident("silence", start, start + rng.uniform(1, 5) * DAY))
    return found


class Restart(NamedTuple):
    """The printer starts anew at a moment, with a new board or not.

    :param lost: share of the counters that a new board has forgotten, 0 without one
    """

    second: float
    lost: float = 0.0


def draw_restart(rng: Random, day: int, offset: int, working: bool) -> Restart | None:
    """The restart of a day, if there is one."""
    if working and rng.random() < _NEW_BOARD:
        # A blank board counts from nothing, a restored one from its last backup.
        lost = 1.0 if rng.random() < 0.5 else rng.uniform(0.01, 0.08)
        return Restart(office_second(rng, day, offset), lost)
    if rng.random() < _REBOOT:
        return Restart((day + rng.random()) * DAY)
    return None
