"""``focalist-agent read`` against a real responder."""

import json

import pytest

from focalist_agent.report import problems


@pytest.fixture
def read(agent, backend):
    def read(port, community, *options):
        return agent(
            "read",
            f"127.0.0.1:{port}",
            "--community",
            community,
            *options,
            config=f'[snmp]\nbackend = "{backend}"\n',
        )

    return read


def test_a_report_of_everything(read, responder):
    done = read(responder, "office", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert problems(report) == []
    assert report["manufacturer"] == "Kyocera"
    assert report["model"] == "TASKalfa 3554ci"
    # The placeholder in the standard MIB gives way to the maker's own.
    assert report["serial"] == "R4P1234567"
    assert report["hostname"] == "KMAABBCC"
    assert report["mac"] == "00:17:c8:aa:bb:cc"
    assert report["location"] == "2e etage"
    assert report["uptime"] == 86400
    assert report["status"] == "printing"
    assert report["console"] == "Ready to print."
    # The maker's total is not the life count, and a meter not told is absent.
    assert report["meters"] == {
        "life": 100700,
        "total": 100000,
        "print": 60000,
        "copy": 40000,
        "print_mono": 50000,
        "print_color": 10000,
        "mono": 50000,
        "color": 10000,
    }
    assert report["meter_units"] == {"life": "impressions"}
    assert report["meter_sources"]["life"] == "1.3.6.1.2.1.43.10.2.1.4.2.1"
    assert [
        (s["index"], s["kind"], s["color"], s["percent"], s["some_remaining"])
        for s in report["supplies"]
    ] == [
        ("2.1", "toner", "cyan", 25.0, False),
        ("2.2", "toner", "black", None, True),
        # 80 % of the waste box is still free: it is 20 % full.
        ("2.3", "waste_toner", None, 20.0, False),
    ]
    assert report["supplies"][0]["part_number"] == "TK-8555C"
    assert report["inputs"][0] == {
        "index": "2.1",
        "name": "Cassette 1",
        "level": 320,
        "capacity": 500,
        "media": "iso-a4-white",
    }
    assert report["inputs"][1]["level"] is None
    # The second row of the table is one that the device left empty.
    assert report["alerts"] == [
        {
            "index": "2.7",
            "severity": "warning",
            "training": "untrained",
            "group": "marker_supplies",
            "code": 1104,
            "description": "Toner low",
        }
    ]


def test_an_unknown_maker_without_host_resources(read, responder):
    report = json.loads(read(responder, "plain", "--json").stdout)
    assert problems(report) == []
    assert "manufacturer" not in report and "profile" not in report
    # prtGeneralPrinterName is the host's name there, so it is no model.
    assert report["model"] == "Acme Printer 2000"
    assert report["serial"] == "ABC123"
    # hrDeviceIndex is 0, there are two markers, and both count sheets.
    assert report["meters"] == {"life": 1023, "total": 1023}
    assert report["meter_units"] == {"life": "sheets", "total": "sheets"}
    (kit,) = report["supplies"]
    assert kit["description"] == "Kit manutenção"
    assert (kit["kind"], kit["percent"]) == ("maintenance_kit", 61.0)
    assert report["alerts"] == []


def test_for_people(read, responder):
    done = read(responder, "office")
    assert done.returncode == 0
    assert done.stdout.startswith("Kyocera TASKalfa 3554ci\n")
    assert "100,700 impressions" in done.stdout
    assert "20 %  Waste Toner Box" in done.stdout


@pytest.mark.parametrize("community", ["", "wrong", "a b", "é{}'\"\\%s@:/", "--json"])
def test_a_wrong_community_is_said_so(read, responder, community):
    done = read(responder, community, "--json", "--timeout", "0.3", "--retries", "0")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"Error: No answer from 127.0.0.1:{responder} within 0.3 s. "
        "Is SNMP on, and is the community right?\n"
    )


def test_a_name_that_does_not_exist(agent):
    done = agent("read", "printer.invalid", "--community", "public")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: Cannot ask printer.invalid")
    assert "Traceback" not in done.stderr


def test_not_an_address(agent):
    done = agent("read", "http://10.1.2.3/")
    assert done.returncode == 2
    assert "is not an address" in done.stderr
