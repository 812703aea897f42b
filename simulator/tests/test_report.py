import re
from datetime import datetime, timedelta

from focalist_simulator.fleet import EPOCH
from focalist_simulator.models import konica_minolta, xerox
from focalist_simulator.report import report

METERS = {"life", "total", "mono", "color", "duplex"} | {
    f"{name}{suffix}"
    for name in ("print", "copy", "fax", "scan", "a4", "a3")
    for suffix in ("", "_mono", "_color")
}
KINDS = {
    *("toner", "ink", "drum", "developer", "fuser", "transfer", "maintenance_kit"),
    *("waste_toner", "staples", "other"),
}
NOON = EPOCH + timedelta(days=64, hours=11)


def test_the_report_has_the_fields_of_schema_1(printer):
    told = report(printer.at(NOON))
    assert list(told) == [
        *("schema", "uid", "read_at", "profile", "profile_version", "uptime"),
        *("address", "hostname", "mac", "location", "sys_object_id", "sys_descr"),
        *("manufacturer", "model", "serial", "firmware", "status", "console"),
        *("meters", "meter_sources", "meter_units", "supplies", "inputs", "alerts"),
    ]
    assert told["schema"] == 1
    assert told["read_at"] == "2025-12-04T11:00:00Z"
    assert re.fullmatch(r"[0-9a-f-]{36}", told["uid"])
    assert re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", told["mac"])
    assert set(told["meters"]) <= METERS
    assert all(isinstance(value, int) for value in told["meters"].values())
    for one in told["supplies"]:
        assert set(one) == {
            *("index", "description", "kind", "color", "level", "capacity", "unit"),
            *("percent", "some_remaining", "part_number", "serial"),
        }
        assert one["kind"] in KINDS


def test_meters_that_are_told_add_up(history):
    for one in history:
        meters = one["meters"]
        if "color" in meters:
            assert meters["mono"] + meters["color"] == meters["total"]


def test_mono_printers_tell_no_colour(printer):
    told = report(printer.at(NOON))
    if not printer.color:
        colored = {name for name in told["meters"] if name.endswith("color")}
        assert colored <= {"scan_color"}
    elif printer.spec.private:
        assert "color" in told["meters"]


def test_without_private_counters_there_is_the_life_count_alone(printer):
    told = report(printer.at(NOON), private=False)
    assert set(told["meters"]) == {"life", "total"}
    assert told["meters"]["total"] == told["meters"]["life"]
    assert told["meter_units"]["total"] == told["meter_units"]["life"]


def test_a_model_with_the_standard_mibs_alone(printer_of):
    spec = next(one for one in konica_minolta.MAKER.models if not one.private)
    told = report(printer_of(konica_minolta.MAKER, spec).at(NOON))
    assert told["profile"] == "standard"
    assert set(told["meters"]) == {"life", "total"}


def test_part_and_serial_are_split_from_a_description(printer_of):
    printer = printer_of(xerox.MAKER, xerox.MAKER.models[0])
    state = printer.at(NOON)
    toner = report(state)["supplies"][0]
    whole = report(state, private=False)["supplies"][0]
    assert toner["part_number"] == "106R03737"
    assert whole["description"] == (
        f"{toner['description']}, PN 106R03737;SN{toner['serial']}"
    )
    assert whole["part_number"] is None


def test_read_at_is_the_moment_of_the_poll(fleet):
    since = fleet.epoch + timedelta(days=1, hours=3, minutes=20)
    told = next(fleet.reports(since, since + timedelta(days=1)))
    assert datetime.fromisoformat(told["read_at"].replace("Z", "+00:00")) == since
