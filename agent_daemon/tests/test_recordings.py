"""Recordings of real printers, where they are at hand, read through a responder.

They are not part of the project: each has a file of what a person read from it.
"""

import asyncio
import json
import re

import pytest
from daemon_parts import SHARED, start_responder

from focalist_agent import reader
from focalist_agent.report import problems
from focalist_agent.snmp.credential import Community
from focalist_agent.snmp.engine import Engine
from focalist_agent.snmp.session import Limits

NAMES = sorted(path.stem for path in SHARED.glob("*.snmprec"))
pytestmark = pytest.mark.skipif(not NAMES, reason=f"no recordings in {SHARED}")


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    process, port = start_responder(SHARED, tmp_path_factory.mktemp("recordings"))
    yield port
    process.terminate()
    process.wait(10)


READ = {}
"""Reports by backend: each recording is read once with each."""


@pytest.fixture
def reports(recordings, backend):
    if backend not in READ:
        READ[backend] = read_all(recordings, backend)
    return READ[backend]


def read_all(port, backend):

    async def run():
        engine = Engine(Limits(timeout=3), concurrency=4, backend=backend)

        async def one(name):
            async with engine.session("127.0.0.1", port, [Community(name)]) as session:
                report = (await reader.read(session, "127.0.0.1")).to_dict()
                return name, report | {"requests": session.budget.requests}

        try:
            return dict(await asyncio.gather(*map(one, NAMES)))
        finally:
            engine.close()

    return asyncio.run(run())


def plain(name):
    """A name without case, punctuation, series and maker's abbreviations."""
    return re.sub(r"[^a-z0-9]|series", "", (name or "").lower())


def find(supplies, wanted):
    """The supply at the index, or else of the kind and colour, that is wanted."""
    keys = ("index",) if "index" in wanted else ("kind", "color")
    return next(
        s for s in supplies if all(s[k] == wanted[k] for k in keys if k in wanted)
    )


@pytest.mark.parametrize("name", NAMES)
def test_few_requests(reports, name):
    """One more where the recording ends within a table: the end is asked for twice."""
    assert reports[name]["requests"] <= 11


@pytest.mark.parametrize("name", NAMES)
def test_recording(reports, name):
    expected = json.loads((SHARED / f"{name}.expected.json").read_text())
    report = {k: v for k, v in reports[name].items() if k != "requests"}
    assert problems(report) == []
    for key in ("manufacturer", "model"):
        if key in expected:
            assert plain(report.get(key)) == plain(expected[key])
    if "serial" in expected:
        assert report.get("serial") == expected["serial"]
    told = report.get("meters", {})
    assert expected["meters"].items() <= told.items()
    for wanted in expected["supplies"]:
        supply = find(report["supplies"], wanted)
        for key in ("kind", "color", "some_remaining"):
            if key in wanted:
                assert supply[key] == wanted[key], wanted
        if "percent" in wanted:
            assert supply["percent"] == (
                wanted["percent"]
                if wanted["percent"] is None
                else pytest.approx(wanted["percent"], abs=1)
            )


# Meters that the recordings hold beyond what is expected of them, each checked
# against the rest of its recording.
TRUE_BESIDES = {
    # The life count is 333, and so is the counter table's total.
    "brother-dcp-l2540dn": {"total"},
    # Letter is the only size printed; A4 is told as 0.
    # Simplex and duplex are its total.
    "kyocera-ecosys-p2040dw": {"a4", "duplex"},
    # Konica Minolta's own count of large sizes; mono and colour are all of it.
    "konica-accuriopress-c4070": {"a3", "a3_mono", "a3_color", "duplex"},
    # Named so by the device; print_mono and copy_mono are all of print and copy.
    "sharp_mxm266nv": {"color", "copy_mono", "print_mono", "duplex"},
}


@pytest.mark.parametrize("name", NAMES)
def test_no_meter_is_invented(reports, name):
    expected = json.loads((SHARED / f"{name}.expected.json").read_text())
    known = {"life", *expected["meters"], *TRUE_BESIDES.get(name, ())}
    assert set(reports[name].get("meters", {})) <= known | set(expected.get("also", ()))
