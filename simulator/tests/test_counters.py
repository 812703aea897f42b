from datetime import timedelta

from focalist_simulator import counters
from focalist_simulator.fleet import EPOCH

STEPS = [timedelta(hours=5 * step + 1, minutes=7 * step % 60) for step in range(500)]


def _walk(printer):
    for step in STEPS:
        yield printer.at(EPOCH + step)


def test_counters_go_back_with_a_new_board_only(fleet):
    backward = swaps = 0
    for printer in fleet.printers:
        before = None
        for day in range(0, 396, 3):
            state = printer.at(EPOCH + timedelta(days=day, hours=9))
            if before and state.swaps > before.swaps:
                swaps += 1
                backward += state.meter("total") < before.meter("total")
            elif before:
                assert all(map(int.__ge__, state.counts, before.counts))
                assert state.meter("life") >= before.meter("life")
            before = state
    assert 2 <= backward <= swaps <= 20


def test_hour_by_hour_nothing_goes_back(printer):
    before = None
    for state in _walk(printer):
        if before and state.swaps == before.swaps:
            assert all(map(int.__ge__, state.counts, before.counts))
            assert state.meter("simplex") >= before.meter("simplex")
            assert state.meter("sheets") >= before.meter("sheets")
        before = state


def test_meters_agree_with_each_other(printer):
    for state in _walk(printer):
        meter = state.meter
        assert meter("mono") + meter("color") == meter("total")
        assert meter("print") + meter("copy") + meter("fax") == meter("total")
        assert meter("a4") + meter("a3") == meter("total")
        for name in ("print", "copy", "scan", "a4", "a3"):
            assert meter(f"{name}_mono") + meter(f"{name}_color") == meter(name)
        assert 0 <= 2 * meter("duplex") <= meter("total")
        assert meter("simplex") + meter("duplex") <= meter("sheets") <= meter("total")
        assert all(count >= 0 for count in state.counts)


def test_a_model_counts_only_what_it_can_do(printer):
    state = printer.at(EPOCH + timedelta(days=100))
    for function in ("copy", "scan", "fax"):
        assert bool(state.meter(function)) == (function in printer.spec.functions)
    assert bool(state.meter("color")) == printer.color
    assert bool(state.meter("a3")) == printer.spec.a3


def test_a_lost_share_keeps_duplex_within_the_total():
    counts = (0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1)
    left = counters.subtract(counts, counters.lost(counts, 0.05))
    assert 0 <= left[-1] <= counters.total(left)


def test_pages_in_colour_become_mono():
    plan = tuple(range(1, 13))
    mono = counters.in_mono(plan)
    assert counters.total(mono) == counters.total(plan)
    assert counters.meter(mono, "color") == 0
    assert counters.meter(mono, "copy_mono_a3") == 6 + 8
