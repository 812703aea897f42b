import re
from datetime import timedelta

from pysnmp.proto import rfc1902
from snmpsim.variation import RECORD_TYPES

from focalist_simulator import mib
from focalist_simulator.fleet import EPOCH
from focalist_simulator.report import report

NOON = EPOCH + timedelta(days=64, hours=11)


def _values(state):
    return {".".join(map(str, row.oid)): row.value for row in mib.rows(state)}


def test_rows_are_sorted_and_unique(printer):
    identifiers = [row.oid for row in mib.rows(printer.at(NOON))]
    assert identifiers == sorted(set(identifiers))


def test_snmpsim_reads_the_recording_as_it_was_meant(printer):
    rows = mib.rows(printer.at(NOON))
    lines = printer.snmprec(NOON).encode().splitlines(keepends=True)
    assert len(lines) == len(rows) > 100
    context = {"nextFlag": False, "exactMatch": True, "setFlag": False}
    for row, line in zip(rows, lines, strict=True):
        identifier, value = RECORD_TYPES["snmprec"].evaluate(line, **context)
        assert tuple(identifier) == row.oid
        if isinstance(row.value, bytes):
            assert bytes(value) == row.value
        elif isinstance(row.value, int):
            assert int(value) == row.value
        else:
            assert value == type(value)(row.value)


def test_counters_fit_their_types(printer):
    limits = {
        mib.INTEGER: (-(2**31), 2**31 - 1),
        mib.COUNTER: (0, 2**32 - 1),
        mib.GAUGE: (0, 2**32 - 1),
        mib.TICKS: (0, 2**32 - 1),
    }
    for row in mib.rows(printer.at(NOON)):
        if row.kind in limits:
            least, most = limits[row.kind]
            assert least <= row.value <= most
        elif row.kind == mib.OBJECT_ID:
            rfc1902.ObjectIdentifier(row.value)


def _read(values, source):
    """A source's value in the MIB: an object, or `object#id` in a Brother table."""
    if "#" not in source:
        return values[source]
    identifier, record = source.split("#")
    table = values[identifier]
    for at in range(0, len(table) - 1, 7):
        if table[at] == int(record, 16):
            return int.from_bytes(table[at + 3 : at + 7], "big")
    raise KeyError(source)


def test_every_meter_of_the_report_is_in_the_mib(printer):
    """Each meter is what its sources add up to, also after a month."""
    for days in (0, 31):
        state = printer.at(NOON + timedelta(days=days))
        values = _values(state)
        told = report(state)
        assert set(told["meter_sources"]) == set(told["meters"])
        for name, value in told["meters"].items():
            sources = told["meter_sources"][name].split("+")
            assert sum(_read(values, one) for one in sources) == value, name


def test_identity_and_life_are_the_same_on_both_sides(printer):
    state = printer.at(NOON)
    values, told = _values(state), report(state)
    assert values["1.3.6.1.2.1.43.5.1.1.17.1"].decode() == told["serial"]
    assert values["1.3.6.1.2.1.43.10.2.1.4.1.1"] == told["meters"]["life"]
    assert told["model"] in values["1.3.6.1.2.1.25.3.2.1.3.1"].decode()
    assert values["1.3.6.1.2.1.1.2.0"] == told["sys_object_id"]
    assert values["1.3.6.1.2.1.1.3.0"] == told["uptime"] * 100 % 2**32
    mac = bytes.fromhex(told["mac"].replace(":", ""))
    assert values[f"1.3.6.1.2.1.2.2.1.6.{printer.maker.mac_index}"] == mac
    unit = {"impressions": 7, "sheets": 8}[told["meter_units"]["life"]]
    assert values["1.3.6.1.2.1.43.10.2.1.3.1.1"] == unit


def test_supplies_and_alerts_are_the_same_on_both_sides(printer):
    state = printer.at(NOON)
    values, told = _values(state), report(state, private=False)
    table = "1.3.6.1.2.1.43.11.1.1"
    for one in told["supplies"]:
        assert values[f"{table}.8.{one['index']}"] == one["capacity"]
        assert values[f"{table}.9.{one['index']}"] == one["level"]
        colorant = values[f"{table}.3.{one['index']}"]
        if one["color"]:
            name = values[f"1.3.6.1.2.1.43.12.1.1.4.1.{colorant}"]
            assert name.decode() == one["color"]
        else:
            assert colorant == 0
    served = [
        key for key in values if re.match(r"1\.3\.6\.1\.2\.1\.43\.18\.1\.1\.7", key)
    ]
    assert len(served) == len(told["alerts"])


def test_the_life_count_is_above_the_total_where_it_should_be(printer):
    state = printer.at(NOON)
    life, total = state.meter("life"), state.meter("total")
    if printer.maker.sheets:
        assert life < total
    elif printer.maker.key == "kyocera":
        assert 1.004 < life / total < 1.02
    else:
        assert total <= life <= total * 1.002 + 4
