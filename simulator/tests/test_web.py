"""The printers' own web pages, over real HTTP."""

import socket
import urllib.request
from datetime import datetime, timedelta, timezone
from urllib.error import HTTPError
from urllib.parse import urlencode

import pytest

from focalist_simulator import Fleet, web
from focalist_simulator.answers import Answers


@pytest.fixture(scope="module")
def served():
    epoch = datetime.now(timezone.utc).replace(
        hour=0, minute=0, second=0, microsecond=0
    ) - timedelta(days=15)
    fleet = Fleet(devices=3, sites=2, seed=1, epoch=epoch)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    web.start(fleet, Answers(fleet, 86_400), port)
    return fleet, port


def get(printer, port, path="/", **form):
    data = urlencode(form).encode() if form else None
    url = f"http://{printer.address}:{port}{path}"
    with urllib.request.urlopen(url, data, timeout=5) as answer:
        return answer.geturl(), answer.read().decode()


def test_each_printer_shows_itself(served):
    fleet, port = served
    for printer in fleet.printers:
        _url, page = get(printer, port)
        assert printer.serial in page and printer.model in page
        _url, page = get(printer, port, "/counters")
        total = printer.at(Answers(fleet, 86_400).moment()).meter("total")
        assert f"{total:,}" in page


def test_a_form_and_a_redirect(served):
    fleet, port = served
    first, second = fleet.printers[:2]
    url, page = get(first, port, "/settings", contact='<b>"Anna"')
    assert url.endswith("/settings") and "&lt;b&gt;&quot;Anna&quot;" in page
    assert "Anna" not in get(second, port, "/settings")[1]
    assert get(first, port, "/index.html")[0] == f"http://{first.address}:{port}/"
    with pytest.raises(HTTPError, match="404"):
        get(first, port, "/nothing")
    with pytest.raises(HTTPError, match="413"):
        get(first, port, "/settings", contact="x" * 5000)
