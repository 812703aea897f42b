"""What a thief of a key sends to a real server: refused, soon, and in little memory."""

import base64
import gzip
import json
import os
import socket
import time
import xmlrpc.client
import zlib
from contextlib import closing
from pathlib import Path

import pytest
import requests

from focalist_agent.certificate import make_request
from launcher.paths import LOGS
from tests.e2e.parts import running_site

RPC, SEND = "/focalist/agent/1/rpc", "/focalist/agent/1/json/send"
MIB = 1024 * 1024
SECONDS = 5
# Of a worker, beyond what it has after its first call.
MEMORY = 400 * MIB


@pytest.fixture(scope="module")
def site(databases):
    with running_site(databases, "attacks") as site:
        site.made = site.script("agents")
        yield site


@pytest.fixture(scope="module")
def key(site):
    """A collector's key, that was stolen."""
    key = site.made["keys"][0]
    _private, request = make_request("thief")
    request = xmlrpc.client.dumps(({"request": request},), "enroll")
    answer = post(site, "/focalist/agent/1/enroll", request, key)
    (told,), _method = xmlrpc.client.loads(answer.content)
    return told["key"]


def post(site, path, body, key, **headers):
    return requests.post(
        site.url + path,
        data=body,
        headers={
            "Content-Type": "text/xml",
            "X-Odoo-Database": site.database,
            "Authorization": f"Bearer {key}",
            **headers,
        },
        timeout=60,
    )


def peak(site) -> int:
    """The most memory that any of the server's processes ever had."""
    group = os.getpgid(site.service.process.pid)
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(folder.name)) == group:
                status = (folder / "status").read_text()
                found.append(int(status.partition("VmHWM:")[2].split()[0]))
        except (OSError, IndexError):
            continue
    return max(found) * 1024


def call(inside: bytes) -> bytes:
    return (
        b"<methodCall><methodName>send</methodName><params>%b</params></methodCall>"
        % (inside)
    )


def batch(text: bytes) -> bytes:
    packed = base64.b64encode(zlib.compress(text, 9)).decode()
    return xmlrpc.client.dumps((packed,), "send").encode()


LAUGHS = b"".join(
    b'<!ENTITY l%d "%s">' % (level, b"&l%d;" % (level - 1) * 10)
    for level in range(1, 10)
)
DEEP = b"<value><array><data>"
# What is sent, with the status and what the log says of it.
BODIES = {
    "billion laughs": (
        RPC,
        b'<!DOCTYPE m [<!ENTITY l0 "lol">%b]><methodCall>&l9;</methodCall>' % LAUGHS,
        {},
        400,
        "no DTD",
    ),
    "quadratic blow-up": (
        RPC,
        b'<!DOCTYPE m [<!ENTITY l "%b">]><methodCall>%b</methodCall>'
        % (b"a" * 50_000, b"&l;" * 50_000),
        {},
        400,
        "no DTD",
    ),
    "deep XML": (RPC, call(DEEP * 300_000), {}, 200, "too deeply"),
    "many elements": (RPC, call(b"<nil/>" * 1_000_000), {}, 200, "too long"),
    "many attributes": (
        RPC,
        b"<a %b/>" % b" ".join(b"a%d=''" % n for n in range(700_000)),
        {},
        200,
        "too long",
    ),
    "digits": (
        RPC,
        call(b"<param><value><int>%b</int></value></param>" % (b"9" * 8_000_000)),
        {},
        200,
        "no XML-RPC call",
    ),
    "deep JSON": (SEND, b"[" * 8_000_000, {}, 400, "too deeply"),
    "zlib bomb": (
        RPC,
        batch(b"[" + b" " * (512 * MIB) + b"]"),
        {},
        200,
        "bytes at most",
    ),
    "small parts": (RPC, batch(b"[" + b"{}," * 5_000_000 + b"0]"), {}, 413, "parts"),
    "deep batch": (RPC, batch(b"[" * 8_000_000), {}, 413, "parts"),
    "nested batch": (RPC, batch(b"[" * 500_000), {}, 200, "too deeply"),
    "gzip bomb": (
        RPC,
        gzip.compress(b" " * (512 * MIB), 9),
        {"Content-Encoding": "gzip"},
        413,
        "too large when it is inflated",
    ),
    "oversized": (RPC, b" " * (8 * MIB + 1), {}, 413, "8388609 bytes"),
}


@pytest.mark.parametrize("name", BODIES)
def test_bombs(site, key, name):
    path, body, headers, status, reason = BODIES[name]
    before = peak(site)
    start = time.monotonic()
    answer = post(site, path, body, key, **headers)
    took = time.monotonic() - start
    assert answer.status_code == status, answer.text
    assert took < SECONDS
    assert peak(site) - before < MEMORY
    log = (LOGS / f"{site.database}.log").read_text()
    assert reason in log.rpartition("A collector's call from")[2]
    assert key not in log


def raw(site, key, *headers, body=b""):
    """Send a request as it stands; the status of the answer."""
    lines = [
        f"POST {RPC} HTTP/1.1",
        "Host: localhost",
        f"X-Odoo-Database: {site.database}",
        f"Authorization: Bearer {key}",
        "Content-Type: text/xml",
        *headers,
    ]
    with closing(socket.create_connection(("127.0.0.1", site.port), 10)) as link:
        link.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        answer = link.recv(64).split()
    return int(answer[1])


def test_lengths_that_lie(site, key):
    """Answered from what the head says, without waiting for the rest."""
    huge = f"Content-Length: {10**15}"
    assert raw(site, key, huge, body=b"<") == 413
    assert raw(site, "wrong", huge, body=b"<") == 413
    endless = b"1000\r\n" + b"a" * 4096 + b"\r\n"
    assert raw(site, key, "Transfer-Encoding: chunked", body=endless) == 411
    # No length, less than none, or two: what follows is not taken for another call.
    body = b"POST /xmlrpc/2/common HTTP/1.1\r\n\r\n"
    for said in ("Content-Length: -1", "Content-Length: 9x"):
        assert raw(site, key, said, body=body) in (200, 400, 411)
    both = ("Content-Length: 5", "Transfer-Encoding: chunked")
    assert raw(site, key, *both, body=b"0\r\n\r\n" + body) in (200, 400, 411)
    log = (LOGS / f"{site.database}.log").read_text()
    assert "POST /xmlrpc/2/common" not in log


def test_calls_to_other_models(site, key):
    [[user]] = site.query("SELECT user_id FROM focalist_collector")
    login = site.query("SELECT login FROM res_users WHERE id = %s", user)[0][0]
    common = xmlrpc.client.ServerProxy(f"{site.url}/xmlrpc/2/common")
    assert not common.authenticate(site.database, login, key, {})
    objects = xmlrpc.client.ServerProxy(f"{site.url}/xmlrpc/2/object")
    with pytest.raises(xmlrpc.client.Fault):
        objects.execute_kw(site.database, user, key, "res.partner", "search", [[]])
    found = {"domain": []}
    answer = post(site, "/json/2/res.partner/search", json.dumps(found), key)
    assert answer.status_code in (400, 401, 415)
    said = {"Content-Type": "application/json"}
    answer = post(site, "/json/2/res.partner/search", json.dumps(found), key, **said)
    assert answer.status_code == 401
    log = (LOGS / f"{site.database}.log").read_text()
    assert log.count("was tried at Odoo's own interfaces") >= 3
    assert key not in log
