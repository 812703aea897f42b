"""Levels, kinds and colours of supplies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from focalist_agent import supplies
from focalist_agent.report import SUPPLY_KINDS, Supply
from focalist_agent.supplies import add_private, color_by_words, kind_of, percent_of

PERCENT, IMPRESSIONS, OTHER = 19, 7, 1


@pytest.mark.parametrize(
    ("level", "capacity", "unit", "filled", "percent"),
    [
        (6000, 24000, IMPRESSIONS, False, 25.0),
        (0, 100, PERCENT, False, 0.0),
        # A receptacle's level is the space that is left.
        (67, 100, OTHER, True, 33.0),
        (100, 100, PERCENT, True, 0.0),
        # Not told, not known, some remaining.
        (-1, 100, PERCENT, False, None),
        (-2, 100, PERCENT, False, None),
        (-3, 100, PERCENT, False, None),
        (-100, 100, PERCENT, False, None),
        (None, 100, PERCENT, False, None),
        # An unknown maximum: only a level in percent says something.
        (39, -2, PERCENT, False, 39.0),
        (1, -2, OTHER, False, None),
        (9, -2, None, False, None),
        (101, -2, PERCENT, False, None),
        (50, 0, IMPRESSIONS, False, None),
        # A new cartridge may hold more than it says.
        (110, 100, IMPRESSIONS, False, 100.0),
    ],
)
def test_percent(level, capacity, unit, filled, percent):
    assert percent_of(level, capacity, unit, filled) == percent


numbers = st.one_of(st.none(), st.integers(-(2**31), 2**63))


@given(numbers, numbers, numbers, st.booleans())
def test_percent_is_none_or_within_bounds(level, capacity, unit, filled):
    percent = percent_of(level, capacity, unit, filled)
    assert percent is None or 0 <= percent <= 100
    if level is None or level < 0:
        assert percent is None


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_what_is_left_and_what_is_full_make_a_hundred(level, capacity):
    left = percent_of(level, capacity, IMPRESSIONS, False)
    full = percent_of(level, capacity, IMPRESSIONS, True)
    assert left + full == pytest.approx(100, abs=0.11)


@pytest.mark.parametrize(
    ("code", "description", "kind"),
    [
        (3, "TK-8555C", "toner"),
        (21, "", "toner"),
        (6, "Black ink", "ink"),
        (9, "Unid. imagem", "drum"),
        (8, "Maintenance Box", "waste_toner"),
        (1, "Kit manutenção", "maintenance_kit"),
        (1, "Roller Kit", "maintenance_kit"),
        (1, "Kit ADF", "maintenance_kit"),
        (1, "Transfer Roller Unit", "transfer"),
        (1, "Belt Unit", "transfer"),
        (2, "Waste Toner Container", "waste_toner"),
        (1, "Bac de récupération de toner", "waste_toner"),
        (1, "Unité de fusion", "fuser"),
        (1, "Fixiereinheit", "fuser"),
        (1, "Black Image Drum Unit", "drum"),
        (1, "Developer Cartridge (Cyan)", "developer"),
        (None, "Toner (Cyan)", "toner"),
        (1, "Staples", "staples"),
        (1, "Ozone Filter", "other"),
        (1, "", "other"),
    ],
)
def test_kind(code, description, kind):
    assert kind_of(code, description) == kind


@given(numbers, st.text(max_size=80))
def test_kind_is_of_the_closed_list(code, description):
    assert kind_of(code, description) in SUPPLY_KINDS


@pytest.mark.parametrize(
    ("said", "color"),
    [
        ("Black Cartridge HP CF410A", "black"),
        ("Toner preto", "black"),
        ("Toner noir", "black"),
        ("Photo Black Ink", "photo_black"),
        ("Light Cyan", "light_cyan"),
        ("tri-color ink cartridge", "tri_color"),
        ("Drum (Cyan) (Magenta)", None),
        ("Drum Unit", None),
    ],
)
def test_color(said, color):
    assert color_by_words(said) == color


@pytest.mark.parametrize(
    ("said", "parts"),
    [
        (
            "Black Toner, PN 006R01509;SN48178080E0000481",
            ("Black Toner", "006R01509", "48178080E0000481"),
        ),
        ("Fuser, PN unknown;SNunknown", ("Fuser", None, None)),
        (
            "Black Toner S/N:CRUM-18031234567",
            ("Black Toner", None, "CRUM-18031234567"),
        ),
        (
            "Black Cartridge HP CF258XC",
            ("Black Cartridge HP CF258XC", "CF258XC", None),
        ),
        ("TK-1162", ("TK-1162", "TK-1162", None)),
        ("Drum Unit", ("Drum Unit", None, None)),
    ],
)
def test_part_and_serial_numbers(said, parts):
    assert supplies.split_description(said) == parts


def row(index, kind, color, percent=None):
    return Supply(index, index, kind, color, percent=percent)


def test_the_private_percent_fills_what_the_standard_table_leaves_open():
    standard = (
        row("1.1", "toner", "black"),
        row("1.2", "toner", "cyan", 40.0),
        row("1.3", "drum", None),
    )
    private = [
        row("p.1", "toner", "black", 77.0),
        row("p.2", "toner", "cyan", 1.0),
        row("p.3", "fuser", None, 97.0),
    ]
    assert [(s.index, s.percent) for s in add_private(standard, private)] == [
        ("1.1", 77.0),
        ("1.2", 40.0),
        ("1.3", None),
        ("p.3", 97.0),
    ]
