"""From a printer that answers SNMP to the invoice that the client opens."""

import re
import subprocess
from datetime import datetime, timezone

import pytest
import requests

from tests.e2e.parts import DEVICES, prepare, running_site


@pytest.fixture(scope="module")
def site(databases):
    with running_site(databases, "line") as site:
        yield site


def test_thin_line(site, printers, agent, epoch, pdftotext):
    today = datetime.now(timezone.utc)
    made = prepare(site, printers, epoch, today.replace(day=1))
    assert made["devices"] == DEVICES

    # The agent is enrolled once, reads every printer and brings their meters.
    agent.enroll(site, made["key"])
    assert (agent.state / "credentials.json").stat().st_mode & 0o777 == 0o600
    again = agent.run(
        "enroll",
        f"--server={site.url}",
        f"--database={site.database}",
        f"--key={made['key']}",
    )
    assert again.returncode, "a key works once"
    done = agent.run("run", "--once")
    assert done.returncode == 0, done.stderr
    status = agent.status()
    assert status["accepted"] + status["unanswered"] == DEVICES
    assert status["spooled"] == 0
    new = site.query("SELECT count(*) FROM focalist_meter_reading")[0][0]
    assert new == made["readings"] + status["accepted"]

    # The statement ends with what the agent has read just now.
    bill = site.script("bill")
    assert bill["lines"]
    ends = {line["read_to_at"][:10] for line in bill["lines"]}
    assert ends == {f"{today:%Y-%m-%d}"}
    price = {"mono": 0.004567, "color": 0.0412, "scan": 0.001}
    pages = {meter: 0 for meter in price}
    for line in bill["lines"]:
        pages[line["meter"]] += line["to"] - line["from"]
    wanted = sum(pages[meter] * price[meter] for meter in price)
    assert bill["untaxed"] == pytest.approx(wanted, abs=0.02)

    # The client opens its invoice in the portal and finds each device's meters.
    session = requests.Session()
    page = session.get(f"{site.url}/web/login", timeout=60).text
    token = re.search(r'csrf_token" value="([^"]+)"', page)[1]
    session.post(
        f"{site.url}/web/login",
        data={
            "login": "portal-person",
            "password": "portal-person",
            "csrf_token": token,
        },
        timeout=60,
    )
    page = session.get(f"{site.url}/my/invoices/{bill['invoice_id']}", timeout=60).text
    for line in bill["lines"]:
        for text in (line["serial"], f"{line['from']:,}", f"{line['to']:,}"):
            assert text in page

    # and downloads it: the PDF names the seller and has the meters, too.
    pdf = session.get(
        f"{site.url}/my/invoices/{bill['invoice_id']}?report_type=pdf&download=true",
        timeout=60,
    )
    assert pdf.content.startswith(b"%PDF")
    text = subprocess.run(
        [pdftotext, "-layout", "-", "-"],
        input=pdf.content,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for part in (bill["invoice"], "Registered in Lyon", "US123"):
        assert part in text
    for line in bill["lines"]:
        assert line["serial"] in text
        assert f"{line['to']:,}" in text
