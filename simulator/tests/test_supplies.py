from datetime import timedelta

import pytest

from focalist_simulator.catalogue import Supply
from focalist_simulator.fleet import EPOCH
from focalist_simulator.supplies import tell

DAYS = 396


def test_levels_stay_within_their_bounds(history):
    for report in history:
        for one in report["supplies"]:
            assert one["level"] >= 0 or one["level"] in (-2, -3)
            assert one["some_remaining"] == (one["level"] == -3)
            if one["percent"] is None:
                assert one["level"] < 0 or one["capacity"] < 0
            else:
                assert 0 <= one["percent"] <= 100
                assert one["level"] <= one["capacity"]


def test_supplies_run_down_and_are_changed_for_new_ones(fleet):
    changes = 0
    for printer in fleet.printers:
        before = None
        for day in range(0, DAYS, 2):
            supplies = printer.at(EPOCH + timedelta(days=day)).supplies
            for old, new in zip(before or (), supplies, strict=bool(before)):
                if new.item == old.item:
                    assert new.left <= old.left
                    assert new.serial == old.serial
                else:
                    changes += 1
                    assert new.item == old.item + 1
                    assert new.serial != old.serial
                    assert old.left < 0.3 and new.left > 0.7
            before = supplies
    assert 150 < changes < 600


def test_some_are_changed_late(fleet):
    """Empty for days now and then: then nothing is printed in black."""
    late = 0
    for printer in fleet.printers:
        black = next(
            place
            for place, one in enumerate(printer.spec.supplies)
            if one.kind == "toner"
        )
        empty_since = None
        for day in range(DAYS):
            state = printer.at(EPOCH + timedelta(days=day))
            if state.supplies[black].left > 0:
                empty_since = None
            elif empty_since is None:
                empty_since = state
            else:
                late += 1
                if state.swaps == empty_since.swaps:
                    assert state.meter("total") == empty_since.meter("total")
    assert late > 20


@pytest.mark.parametrize(
    ("tells", "left", "vague", "expected"),
    [
        ("percent", 0.301, False, (31, 100, "percent")),
        ("percent", 0.0, False, (0, 100, "percent")),
        ("percent", 0.3, True, (-3, 100, "percent")),
        ("pages", 0.5, False, (5000, 10_000, "impressions")),
        ("some", 0.5, False, (-3, -2, "impressions")),
        ("some", 0.0, False, (0, -2, "impressions")),
        ("percent", 0.0, True, (0, 100, "percent")),
    ],
)
def test_how_levels_are_told(tells, left, vague, expected):
    supply = Supply("toner", "black", "T", 10_000, "black", tells)
    assert tell(supply, left, vague) == expected
