"""Printers on the computer's own USB: what IPP attributes become in a report."""

import json
import random
import socket

import pytest
from ipp_parts import encoded, missing, played_printer, real_printer

from focalist_agent import ipp, usb
from focalist_agent.config import ConfigError, load
from focalist_agent.report import problems

PRINTER = {
    "printer-make-and-model": "HP Color LaserJet MFP M283fdw",
    "printer-device-id": "MFG:HP;MDL:HP Color LaserJet MFP M283fdw;SN:VNB3R12345;",
    "printer-firmware-string-version": ["20240101", "5.0"],
    "printer-impressions-completed": 1234,
    "printer-impressions-completed-col": {
        "monochrome": 1000,
        "full-color": 200,
        "full-color-two-sided": 34,
    },
    "printer-media-sheets-completed": 700,
    "printer-state": 4,
    "printer-state-message": "Printing\n",
    "printer-state-reasons": [
        "toner-low-warning",
        "media-jam",
        "cups-waiting-for-job-completed",
        "offline-report",
    ],
    "printer-location": "2e étage",
    "printer-up-time": 86400,
    "printer-supply": [
        b"index=1;class=supplyThatIsConsumed;type=toner;unit=percent;"
        b"maxcapacity=100;level=60;colorantname=black;",
        b"index=2;class=receptacleThatIsFilled;type=wasteToner;unit=tenthsOfGrams;"
        b"maxcapacity=500;level=125;colorantname=none;",
        b"index=3;class=supplyThatIsConsumed;type=toner;unit=percent;"
        b"maxcapacity=100;level=-3;colorantname=cyan;",
    ],
    "printer-supply-description": [
        "Black Cartridge HP W2110A",
        "Waste",
        "Cyan Cartridge",
    ],
    "printer-input-tray": [
        b"type=sheetFeedAutoRemovableTray;maxcapacity=250;level=100;name=tray-1;",
        b"type=sheetFeedManual;maxcapacity=-2;level=-2;name=manual;",
    ],
}
CUPS_QUEUE = {
    "device-uri": "usb://Brother/HL-L2340D%20series?serial=E78096C5N123456",
    "printer-make-and-model": "Brother HL-L2340D series, using brlaser v6",
    "printer-state": 3,
    "printer-state-reasons": "none",
    "printer-up-time": 1_795_000_000,
    "marker-names": ["Black Toner", "Drum", "Waste Toner Box", "Ink"],
    "marker-levels": [-3, 45, 80, -1],
    "marker-types": ["toner", "opc", "waste-toner", "ink-cartridge"],
    "marker-colors": ["#000000", "none", "none", "#00FFFF#FF00FF#FFFF00"],
}


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """What else may listen on this machine is none of the tests' business."""
    monkeypatch.setattr(usb, "_listens", lambda port: False)


def report_of(told):
    (one,) = ipp.parse(encoded(told))
    report = usb.to_report(one).to_dict()
    assert problems(report) == []
    return report


def test_identity_and_state():
    report = report_of(PRINTER)
    assert (report["manufacturer"], report["model"], report["serial"]) == (
        "HP",
        "Color LaserJet MFP M283fdw",
        "VNB3R12345",
    )
    assert (report["profile"], report["firmware"]) == ("hp", "20240101")
    assert (report["status"], report["console"]) == ("printing", "Printing")
    assert (report["location"], report["uptime"]) == ("2e étage", 86400)
    assert (report["address"], report["hostname"]) == ("usb", socket.gethostname())


def test_meters_are_those_that_it_tells():
    report = report_of(PRINTER)
    assert report["meters"] == {"total": 1234, "mono": 1000, "color": 234}
    assert set(report["meter_units"].values()) == {"impressions"}
    source = "ipp:printer-impressions-completed"
    assert report["meter_sources"]["color"] == source
    without = {k: v for k, v in PRINTER.items() if "impressions" not in k}
    report = report_of(without)
    assert report["meters"] == {"total": 700}
    assert report["meter_units"] == {"total": "sheets"}
    del without["printer-media-sheets-completed"]
    assert report_of(without)["meters"] == {}


@pytest.mark.parametrize("colors", [{"monochrome": 1000}, {}, {"blank": 1234}, 7])
def test_no_colour_meter_is_invented(colors):
    told = PRINTER | {"printer-impressions-completed-col": colors}
    assert report_of(told)["meters"] == {"total": 1234}


def test_supplies_by_the_printers_own_table():
    black, waste, cyan = report_of(PRINTER)["supplies"]
    assert (black["kind"], black["color"], black["percent"]) == ("toner", "black", 60)
    assert black["part_number"] == "W2110A"
    # Of a receptacle the level is what is left of its room (RFC 3805).
    assert (waste["kind"], waste["color"], waste["percent"]) == (
        "waste_toner",
        None,
        75,
    )
    assert (waste["unit"], waste["capacity"]) == ("tenths_of_grams", 500)
    assert (cyan["color"], cyan["percent"], cyan["some_remaining"]) == (
        "cyan",
        None,
        True,
    )


def test_inputs_and_alerts():
    report = report_of(PRINTER)
    first, second = report["inputs"]
    assert (first["name"], first["level"], first["capacity"]) == ("tray-1", 100, 250)
    assert (second["level"], second["capacity"]) == (None, None)
    alerts = [(a["index"], a["severity"], a["code"]) for a in report["alerts"]]
    assert alerts == [
        ("toner-low", "warning", 1104),
        ("media-jam", "critical", 8),
        ("offline", "other", None),
    ]
    assert report["alerts"][0]["group"] == "marker_supplies"
    assert report["alerts"][0]["description"] == "Toner low"


def test_what_is_not_told_is_absent():
    report = report_of({"printer-make-and-model": "Acme 1"})
    for section in ("supplies", "inputs", "alerts", "serial", "status"):
        assert section not in report
    assert report_of({"printer-state-reasons": "none"})["alerts"] == []


def test_a_queue_of_cups():
    report = report_of(CUPS_QUEUE)
    assert (report["manufacturer"], report["serial"]) == ("Brother", "E78096C5N123456")
    assert report["model"].startswith("HL-L2340D")
    assert "uptime" not in report and report["meters"] == {}
    told = [
        (s["kind"], s["color"], s["percent"], s["some_remaining"])
        for s in report["supplies"]
    ]
    assert told == [
        ("toner", "black", None, True),
        ("drum", None, 45, False),
        ("waste_toner", None, 80, False),
        ("ink", "tri_color", None, False),
    ]


def test_of_cups_the_usb_queues_alone_and_each_printer_once(monkeypatch):
    others = [
        {**CUPS_QUEUE, "device-uri": "ipp://printer.example/ipp/print"},
        {**CUPS_QUEUE, "device-uri": "usb://HP/X?serial=VNB3R12345"}
        | {"printer-make-and-model": PRINTER["printer-make-and-model"]},
    ]
    with (
        played_printer(encoded(PRINTER)) as (uri, asked),
        played_printer(encoded(CUPS_QUEUE, *others)) as (cups, _asked),
    ):
        monkeypatch.setattr(usb, "CUPS", cups)
        monkeypatch.setattr(usb, "_listens", lambda port: port == ipp.PORT)
        found = usb.read_all([uri])
    assert {one.serial for one in found} == {"VNB3R12345", "E78096C5N123456"}
    # The printer's own word counts, not that of the queue.
    assert found[0].meters["total"] == 1234
    assert b"printer-impressions-completed" in asked[0] and b"all" not in asked[0]


def test_ipp_usb_is_found_by_itself(monkeypatch):
    with played_printer(encoded(PRINTER)) as (uri, _asked):
        port = int(uri.rsplit(":")[-1].split("/")[0])
        monkeypatch.setattr(usb, "IPP_USB_PORTS", [9, port])
        monkeypatch.setattr(usb, "_listens", lambda asked: asked == port)
        (found,) = usb.read_all([])
    assert found.serial == "VNB3R12345"


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        (b"", 200, "no IPP: it is cut off"),
        (b"<html>Hello</html>", 200, "refuses"),
        (encoded(PRINTER)[:-900], 200, "cut off"),
        (encoded(PRINTER), 500, "HTTP 500"),
        (encoded(status=0x0503), 200, "IPP status 0x0503"),
        (encoded({"x": b"x" * 60_000, "y": [b"y" * 60_000] * 20}), 200, "too much"),
        (b"\2\0\0\0\0\0\0\1\4" + b"\x34\0\1c\0\0" * 2000, 200, "nested too deeply"),
    ],
)
def test_a_bad_answer_is_named_and_holds_up_no_other(answer, status, said, caplog):
    with (
        played_printer(answer, status) as (bad, _),
        played_printer(encoded(PRINTER)) as (good, _),
    ):
        with pytest.raises(ipp.IppError, match=said):
            ipp.ask(bad, usb.WANTED)
        assert [one.serial for one in usb.read_all([bad, good])] == ["VNB3R12345"]
    assert said in caplog.text


def test_a_printer_that_hangs(monkeypatch):
    monkeypatch.setattr(ipp, "TIMEOUT", 0.2)
    with played_printer(b"", pause=1) as (uri, _):
        with pytest.raises(ipp.IppError, match="timed out"):
            ipp.ask(uri, usb.WANTED)


def test_any_rubbish_is_an_error_or_a_valid_report():
    whole = encoded(PRINTER, CUPS_QUEUE)
    chance = random.Random(8)
    for _number in range(3000):
        answer = bytearray(whole)
        for _change in range(chance.randint(1, 8)):
            answer[chance.randrange(8, len(answer))] = chance.randrange(256)
        try:
            printers = ipp.parse(bytes(answer))
        except (ValueError, ipp.IppError):
            continue
        for told in printers:
            assert problems(usb.to_report(told).to_dict()) == []


@pytest.mark.parametrize("uri", ["http://127.0.0.1/", "ipp://10.0.0.1/", "ipp:///x"])
def test_only_this_computers_addresses(tmp_path, uri):
    path = tmp_path / "agent.toml"
    path.write_text(f'[usb]\naddresses = ["{uri}"]\n')
    with pytest.raises(ConfigError, match="line 2.*addresses of this computer"):
        load(path)
    path.write_text('[usb]\naddresses = ["ipp://[::1]:60000/ipp/print"]\n')
    assert load(path).usb_addresses


def test_the_daemon_reads_them_where_it_may(enrolled, server):
    with played_printer(encoded(PRINTER)) as (uri, _):
        config = f'[usb]\naddresses = ["{uri}"]\n'
        assert enrolled("run", "--once", config=config).returncode == 0
        assert not server.reports, "it is off by default"
        config += "enabled = true\n"
        done = enrolled("run", "--once", config=config)
    assert done.returncode == 0, done.stderr
    assert "USB: 1 printers read." in done.stderr
    assert "No devices to poll" not in done.stderr
    (report,) = server.reports
    assert (report["serial"], report["address"]) == ("VNB3R12345", "usb")
    assert json.loads(enrolled("status", "--json").stdout)["usb"] == 1


def test_a3_the_server_says_that_it_is_a_usb_collector(enrolled, server):
    with played_printer(encoded(PRINTER)) as (uri, _):
        config = f'[usb]\naddresses = ["{uri}"]\n'
        server.usb = True
        assert enrolled("run", "--once", config=config).returncode == 0
    assert [report["address"] for report in server.reports] == ["usb"]


REAL = """
ATTR text printer-make-and-model "Acme Laser 9000"
ATTR text printer-device-id "MFG:Acme;MDL:Laser 9000;"
ATTR text printer-serial-number "ACME-4711"
ATTR text printer-firmware-string-version "1.2.3"
ATTR integer printer-impressions-completed 4242
ATTR collection printer-impressions-completed-col {
  MEMBER integer monochrome 4000
  MEMBER integer full-color 242
}
"""
real = pytest.mark.skipif(bool(missing()), reason=f"without {', '.join(missing())}")


@pytest.fixture
def read_real(agent, tmp_path):
    """What the real command reads of the real ippeveprinter."""
    work = tmp_path / "printer"
    work.mkdir()

    def read(*options):
        with real_printer(work, REAL, *options) as uri:
            done = agent("usb", "--json", config=f'[usb]\naddresses = ["{uri}"]\n')
        assert done.returncode == 0 and not done.stderr, done.stderr
        found = [
            one for one in json.loads(done.stdout) if "9000" in one.get("model", "")
        ]
        assert [problems(one) for one in found] == [[]]
        return found[0]

    return read


@real
def test_a_real_printer(read_real):
    report = read_real("-M", "Acme", "-m", "Laser 9000", "-s", "12,12", "-l", "Here")
    assert (report["manufacturer"], report["model"]) == ("Acme", "Laser 9000")
    assert (report["status"], report["location"]) == ("idle", "Here")
    supplies = [(s["kind"], s["color"]) for s in report["supplies"]]
    assert ("waste_toner", None) in supplies
    assert {color for kind, color in supplies if kind in ("ink", "toner")} == {
        "black",
        "cyan",
        "magenta",
        "yellow",
    }
    assert all(s["percent"] is not None for s in report["supplies"])
    assert report["inputs"] and report["alerts"] == []
    # It tells no count.
    assert report["meters"] == {}


@real
def test_a_real_printer_that_counts(read_real):
    report = read_real("-a", "attributes")
    assert (report["manufacturer"], report["model"]) == ("Acme", "Laser 9000")
    assert (report["serial"], report["firmware"]) == ("ACME-4711", "1.2.3")
    assert report["meters"] == {"total": 4242, "mono": 4000, "color": 242}
    assert "supplies" not in report
