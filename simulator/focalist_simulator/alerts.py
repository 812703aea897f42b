"""The rows of prtAlertTable (RFC 3805) that are open in a state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from . import words

if TYPE_CHECKING:
    from .state import State, SupplyState

# PrtAlertSeverityLevelTC, PrtAlertTrainingLevelTC and PrtAlertGroupTC in the words of
# the device report.
SEVERITIES = {"critical": 3, "warning": 4, "warning_binary_change": 5}
TRAININGS = {"untrained": 3, "trained": 4, "no_intervention_required": 7}
GROUPS = {
    "general_printer": 5,
    "cover": 6,
    "input": 8,
    "marker_supplies": 11,
    "media_path": 13,
}

# The share left under which a supply is low; kits and belts warn later.
_LOW = {"toner": 0.12, "waste_toner": 0.08}
_WORN = 0.05
# Kind of supply -> words and PrtAlertCodeTC when low, words and code when used up.
_CODES = {
    "toner": ("low", 1104, "empty", 1101),
    "waste_toner": ("almost_full", 1107, "full", 1109),
    "drum": ("worn", 1111, "worn_out", 1112),
}
_LIFE = ("worn", 10, "worn_out", 11)  # subunitLifeAlmostOver, subunitLifeOver


class Alert(NamedTuple):
    """One row.

    :param raised: second of the fleet's time at which it was raised; None when that
        was before the printer's last start, or is not known
    """

    index: int
    severity: str
    training: str
    group: str
    group_index: int
    code: int
    text: str
    raised: float | None = None


def open_alerts(state: State) -> Iterator[Alert]:
    """The open alerts in the order of their index."""
    texts = words.ALERTS[state.printer.traits.locale]
    yield from _of_incidents(state, texts)
    if state.asleep and state.printer.maker.tells_sleep:
        text = texts["asleep"]
        place = ("general_printer", 1)
        training = "no_intervention_required"
        yield Alert(9, "warning", training, *place, 503, text)  # powerUp
    for tray in state.trays:
        if tray.low:
            text = texts["paper_low"].format(place=tray.place)
            index = 20 + tray.place
            # inputMediaSupplyLow
            yield Alert(index, "warning", "untrained", "input", tray.place, 807, text)
    for supply in state.supplies:
        alert = _of_supply(state, supply, texts)
        if alert:
            yield alert


def _of_incidents(state: State, texts: dict[str, str]) -> Iterator[Alert]:
    for kind, index, group, code in (
        ("cover", 1, "cover", 3),  # coverOpen
        ("jam", 2, "media_path", 8),  # jam
    ):
        one = state.incident(kind)
        if one:
            text = texts[kind]
            yield Alert(index, "critical", "untrained", group, 1, code, text, one.start)
    one = state.incident("paper")
    if one:
        media = state.trays[one.place - 1].media
        text = texts["paper"].format(place=one.place, media=media)
        # inputMediaSupplyEmpty
        place = ("input", one.place)
        yield Alert(3, "warning", "untrained", *place, 808, text, one.start)


def _of_supply(state: State, one: SupplyState, texts: dict[str, str]) -> Alert | None:
    kind = one.supply.kind
    if one.left > _LOW.get(kind, _WORN):
        return None
    low, low_code, gone, gone_code = _CODES.get(kind, _LIFE)
    name = words.supply(kind, one.supply.color, state.printer.traits.locale)
    stops = one.left <= 0 and one.supply.is_toner
    # Each cartridge raises alerts of its own: a new one has a new index.
    index = 100 + 40 * one.item + 2 * one.place + (one.left <= 0)
    return Alert(
        index,
        "critical" if stops else "warning",
        "untrained" if one.supply.is_toner else "trained",
        "marker_supplies",
        one.place,
        gone_code if one.left <= 0 else low_code,
        texts[gone if one.left <= 0 else low].format(supply=name),
    )
