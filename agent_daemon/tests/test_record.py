"""``record`` and ``explain``: the same meters again, and nothing of whose they are."""

import asyncio
import re

import pytest
from daemon_parts import DATA, SHARED, start_responder, values_of

from focalist_agent import reader, record, text
from focalist_agent.snmp import oids
from focalist_agent.snmp.credential import Community
from focalist_agent.snmp.engine import Engine
from focalist_agent.snmp.memory import MemorySession
from focalist_agent.snmp.session import Limits, oid

NAMES = sorted(path.stem for path in SHARED.glob("*.snmprec"))
SECRETS = {
    # What stands in the recordings and names one device, its owner or its network.
    "1.3.6.1.2.1.1.4.0": "alice.martin@client.example",
    "1.3.6.1.2.1.1.5.0": "KYO-LYON-7",
    "1.3.6.1.2.1.1.6.0": "2e etage, bureau Durand",
    "1.3.6.1.2.1.43.5.1.1.4.1": "Durand Claire",
    "1.3.6.1.2.1.43.16.5.1.2.2.1": "Printing contract-Smith.docx",
    "1.3.6.1.2.1.43.18.1.1.8.2.7": "Toner low on KYO-LYON-7 (10.44.0.100)",
    "1.3.6.1.4.1.1347.40.26.1.1": "s3cr3t-community",
    "1.3.6.1.4.1.1347.47.6.1.1": "Salaries 2026.xlsx",
    "1.3.6.1.4.1.1347.99.1": "Martin",
    "1.3.6.1.4.1.1347.99.2": "R4P1234567",
    "1.3.6.1.4.1.1347.99.3": "smb://files.client.example/scans",
    "1.3.6.1.4.1.1347.99.5.109.97.114.116.105.110": "quota of Martin",
}


@pytest.fixture(scope="module")
def secretive(tmp_path_factory):
    """A device that tells more than anybody asked for."""
    work = tmp_path_factory.mktemp("secretive")
    data = work / "recordings"
    data.mkdir()
    lines = dict(
        line.split("|", 1)
        for line in (DATA / "office.snmprec").read_text().splitlines()
    )
    lines |= {name: f"4|{said}" for name, said in SECRETS.items()}
    lines["1.3.6.1.2.1.1.1.0"] = "4|KYOCERA Printing System;S/N R4P1234567"
    lines["1.3.6.1.4.1.1347.42.2.1.1.1.2.1.1"] = "4|A4"
    lines["1.3.6.1.4.1.1347.42.2.1.1.1.6.1.1"] = "2|90"
    ordered = sorted(lines, key=oid)
    (data / "secretive.snmprec").write_text(
        "".join(f"{name}|{lines[name]}\n" for name in ordered)
    )
    process, port = start_responder(data, work)
    yield port
    process.terminate()
    process.wait(10)


def test_a_recording_gives_the_same_and_tells_nobody(agent, secretive):
    host = f"127.0.0.1:{secretive}", "--community=secretive"
    done = agent("record", *host, "-o", str(agent.directory / "x.snmprec"))
    assert done.returncode == 0, done.stderr
    assert "values written to" in done.stdout
    recording = (agent.directory / "x.snmprec").read_text()
    said = readable(recording)
    for secret in (*SECRETS.values(), "R4P1234567", "KMAABBCC", "0017c8aabbcc"):
        assert secret.lower() not in said, secret
    for part in ("lyon", "durand", "martin", "client.example", "10.44.0", "smith"):
        assert part not in said, part
    assert ".109.97.114.116.105.110" not in recording
    report = asyncio.run(reader.read(replayed(recording), "10.0.0.1"))
    assert report.meters["total"] == 100000
    assert report.meters["a4"] == 90
    assert (report.manufacturer, report.model) == ("Kyocera", "TASKalfa 3554ci")
    assert report.serial != "R4P1234567"
    assert report.alerts[0].code == 1104
    assert report.alerts[0].description.startswith("Toner low on ")
    assert report.mac.startswith("00:00:5e:00:53:")


def test_a_file_that_cannot_be_written(agent, responder):
    host = f"127.0.0.1:{responder}", "--community=office"
    done = agent("record", *host, "-o", "/nowhere/x.snmprec")
    assert done.returncode == 1
    assert done.stderr == "Error: /nowhere/x.snmprec: No such file or directory\n"


def test_explain(agent, responder, backend):
    done = agent(
        "explain",
        f"127.0.0.1:{responder}",
        "--community=office",
        config=f'[snmp]\nbackend = "{backend}"\n',
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout
    assert said.startswith("Kyocera TASKalfa 3554ci, profile kyocera ")
    # The placeholder was passed over, and the profile's own place marked.
    assert "     1.3.6.1.2.1.43.5.1.1.17.2 = XXXXXXXXXX  (prtGeneralSerial" in said
    assert (
        "  <- 1.3.6.1.4.1.1347.43.5.1.1.28.1 = R4P1234567  (profile, identity.serial)"
    ) in said
    # A sum has all its parts.
    assert re.search(
        r"^color: 10000\n"
        r"  <- [\d.]+\.1347\.42\.3\.1\.2\.1\.1\.1\.2 = 1000  \(profile, meters\)"
        r"\n  <- [\d.]+\.1347\.42\.3\.1\.2\.1\.1\.1\.3 = 9000",
        said,
        re.M,
    )
    assert "life: 100700 impressions\n  <- 1.3.6.1.2.1.43.10.2.1.4.2.1 = 100700" in said
    assert "supply 2.2: black toner, some, 'TK-8555K'" in said


def replayed(recording):
    return MemorySession(values_of(recording))


def readable(recording):
    """All texts of a recording, as letters and as they stand there."""
    texts = []
    for line in recording.splitlines():
        _, kind, value = line.split("|", 2)
        if kind == "4x":
            texts += [bytes.fromhex(value).decode("latin-1"), value]
        elif kind != "6":
            texts.append(value)
    return "\n".join(texts).lower()


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """The reports and walks of all recordings of real printers."""
    process, port = start_responder(SHARED, tmp_path_factory.mktemp("walked"))

    async def run():
        limits = Limits(timeout=3, rows=100_000, values=500_000, total=300)
        engine = Engine(limits, concurrency=4)

        async def one(name):
            known = [Community(name)]
            async with engine.session("127.0.0.1", port, known) as session:
                report = await reader.read(session, "127.0.0.1")
                return name, (report, await record.walk(session))

        try:
            return dict(await asyncio.gather(*map(one, NAMES)))
        finally:
            engine.close()

    yield asyncio.run(run())
    process.terminate()
    process.wait(10)


@pytest.mark.skipif(not NAMES, reason=f"no recordings in {SHARED}")
@pytest.mark.parametrize("name", NAMES)
def test_recordings_of_real_printers(walked, name):
    report, values = walked[name]
    recording = record.snmprec(record.anonymous(values))
    again = asyncio.run(reader.read(replayed(recording), "127.0.0.1"))
    assert again.meters == report.meters
    assert (again.manufacturer, again.model) == (report.manufacturer, report.model)
    for one, other in zip(report.supplies, again.supplies, strict=True):
        assert (one.kind, one.color, one.percent) == (
            other.kind,
            other.color,
            other.percent,
        )
    said = readable(recording)
    secrets = {report.serial, report.hostname, report.location}
    secrets |= {one.serial for one in report.supplies}
    macs = {text.mac(v) for n, v in values.items() if n[:10] == oids.IF_PHYS_ADDRESS}
    secrets |= {mac.replace(":", "") for mac in macs if mac}
    for secret in secrets - {None, "<private>"}:
        assert secret.lower() not in said, secret
    assert not re.search(r"[\w.]+@[\w.]+\.\w+", said)
    assert not re.search(r"\b(10|192|172)\.\d+\.\d+\.\d+\b", said)
