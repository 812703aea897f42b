from datetime import timedelta

import pytest

from focalist_simulator import Fleet, mib
from focalist_simulator.fleet import EPOCH
from focalist_simulator.models import brother, canon, hp, kyocera, lexmark, ricoh

HOUR = timedelta(hours=1)


def _rows(state):
    return {".".join(map(str, row.oid)): row.value for row in mib.rows(state)}


@pytest.fixture
def find(printer_of):
    """A function for the first state of some printer of a model that is as wanted."""

    def find(maker, spec, wanted):
        for number in range(1, 40):
            printer = printer_of(maker, spec, number)
            for hour in range(9, 24 * 500, 6):
                state = printer.at(EPOCH + hour * HOUR)
                if wanted(state):
                    return state
        raise AssertionError("not seen")

    return find


def test_printers_fall_silent_for_hours_and_for_days(fleet):
    lengths = []
    for printer in fleet.printers:
        length = 0
        for hour in range(0, 24 * 120, 2):
            if printer.at(EPOCH + hour * HOUR).silent:
                length += 2
            elif length:
                lengths.append(length)
                length = 0
    assert any(length <= 12 for length in lengths)
    assert any(length > 24 for length in lengths)


def test_printers_restart(fleet):
    restarts = 0
    for printer in fleet.printers:
        before = printer.at(EPOCH)
        for day in range(1, 60):
            state = printer.at(EPOCH + timedelta(days=day))
            if state.uptime < before.uptime:
                restarts += 1
                assert state.uptime <= 86_400
            else:
                assert state.uptime == before.uptime + 86_400
            before = state
    assert 20 < restarts < 150


def test_alerts_of_all_kinds_are_raised_and_cleared(fleet):
    codes, cleared = set(), 0
    for printer in fleet.printers[:30]:
        before = set()
        for hour in range(9, 24 * 60, 1):
            state = printer.at(EPOCH + hour * HOUR)
            codes |= {alert.code for alert in state.alerts}
            now = {alert.index for alert in state.alerts}
            assert len(now) == len(state.alerts)
            cleared += len(before - now)
            before = now
    # Toner low and empty, drum, tray low and empty, cover, jam, power saver.
    assert {1104, 1101, 1111, 807, 808, 3, 8, 503} <= codes
    assert cleared > 100


def test_waste_boxes_and_kits_warn_too(history):
    codes = {alert["code"] for one in history for alert in one["alerts"]}
    # Box nearly full and full, drum worn out, kit nearly at its end.
    assert {1107, 1109, 1112, 10} <= codes


def test_levels_are_vague_at_times(find):
    spec = kyocera.MAKER.models[0]
    state = find(kyocera.MAKER, spec, lambda one: one.has("vague"))
    assert state.supplies[0].told.level == -3
    assert _rows(state)[f"{mib.PRINTER}.11.1.1.9.1.1"] == -3


def test_ricoh_says_an_empty_toner_in_its_own_way(find):
    spec = next(one for one in ricoh.MAKER.models if one.name == "P C600")
    state = find(ricoh.MAKER, spec, lambda one: one.supplies[0].left == 0)
    rows = _rows(state)
    assert rows["1.3.6.1.4.1.367.3.2.1.2.24.1.1.5.1"] == -100
    assert rows[f"{mib.PRINTER}.11.1.1.9.1.1"] == 0
    full = find(ricoh.MAKER, spec, lambda one: one.supplies[0].left > 0.5)
    assert _rows(full)[f"{mib.PRINTER}.11.1.1.9.1.1"] == -3
    assert _rows(full)["1.3.6.1.4.1.367.3.2.1.2.24.1.1.5.1"] > 50


def test_brother_has_percentages_in_its_own_table_only(find):
    state = find(brother.MAKER, brother.MAKER.models[1], lambda one: True)
    table = _rows(state)["1.3.6.1.4.1.2435.2.3.9.4.2.1.5.5.8.0"]
    records = {
        table[at]: int.from_bytes(table[at + 3 : at + 7], "big")
        for at in range(0, len(table) - 1, 7)
    }
    assert table[-1] == 0xFF and len(table) % 7 == 1
    black = state.supplies[0]
    assert black.told.level == -3
    assert records[0x6F] == 100 * mib.percent(black.left)


def test_kyocera_leaves_alert_texts_and_its_name_empty(find):
    def asleep_with_toner_low(state):
        return {503, 1104} <= {alert.code for alert in state.alerts}

    rows = _rows(find(kyocera.MAKER, kyocera.MAKER.models[0], asleep_with_toner_low))
    texts = [v for k, v in rows.items() if k.startswith(f"{mib.PRINTER}.18.1.1.8.")]
    assert len(texts) >= 2
    assert set(texts) == {b""}
    assert rows["1.3.6.1.2.1.1.5.0"] == b""
    assert rows["1.3.6.1.4.1.1347.40.10.1.1.5.1"].startswith(b"prn-")


def test_french_words_come_in_the_encoding_of_the_maker(find):
    seen = {}
    for maker, word in (
        (lexmark.MAKER, "Unité d'imagerie"),
        (hp.MAKER, "Unité de récupération"),
        (canon.MAKER, "Récupérateur"),
    ):
        spec = next(one for one in maker.models if one.a3 or maker is lexmark.MAKER)
        state = find(maker, spec, lambda one: one.printer.traits.locale == "fr")
        columns = [
            value
            for name, value in _rows(state).items()
            if name.startswith(f"{mib.PRINTER}.11.1.1.6.")
        ]
        raw = word.encode(maker.encoding)
        assert any(raw in value for value in columns)
        seen[maker.key] = raw
    assert b"\x82" in seen["lexmark"]  # code page 850
    assert b"\xc5" in seen["hp"]  # Roman-8
    assert b"\xe9" in seen["canon"]  # Latin-1


def test_another_seed_has_other_incidents():
    def uptimes(seed):
        fleet = Fleet(devices=10, seed=seed)
        return [one.at(EPOCH + timedelta(days=30)).uptime for one in fleet.printers]

    assert uptimes(1) == uptimes(1) != uptimes(2)
