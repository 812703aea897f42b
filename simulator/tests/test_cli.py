import json
from datetime import timedelta

import pytest

from focalist_simulator.cli import main
from focalist_simulator.fleet import EPOCH

AT = ["--at", "2025-11-05T10:00:00Z"]


def test_list_as_json(capsys, fleet):
    assert main(["list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["serial"] for row in rows] == [one.serial for one in fleet.printers]


def test_list_as_text(capsys):
    assert main(["list", "--devices", "8"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 8


def test_report_is_that_of_the_fleet(capsys, fleet):
    assert main(["report", "2", *AT]) == 0
    moment = EPOCH + timedelta(days=35, hours=10)
    reports = fleet.reports(
        moment, moment + timedelta(days=1), printers=[fleet.printers[1]]
    )
    assert json.loads(capsys.readouterr().out) == next(reports)


def test_report_of_a_silent_printer(capsys, fleet):
    hours = (EPOCH + timedelta(hours=hour) for hour in range(24 * 396))
    printer = fleet.printers[0]
    moment = next(hour for hour in hours if printer.at(hour).silent)
    assert main(["report", "1", "--at", moment.isoformat()]) == 1
    assert "silent" in capsys.readouterr().err


def test_snmprec_is_that_of_the_printer(capsys, fleet):
    assert main(["snmprec", "2", *AT]) == 0
    moment = EPOCH + timedelta(days=35, hours=10)
    assert capsys.readouterr().out == fleet.printers[1].snmprec(moment)


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "61", *AT],
        ["list", "--devices", "0"],
        ["snmprec", "1", "--at", "2020-01-01"],
    ],
)
def test_mistakes_are_told_in_a_line(capsys, arguments):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("focalist-simulator: ") and error.count("\n") == 1
