"""Mutual TLS with the real nginx, configured by docs/nginx.conf: who gets in, who not.

The daemon verifies the server, nginx the daemon's certificate, and Odoo that the
certificate and the key belong together.
"""

import hashlib
import http.client
import json
import re
import secrets
import ssl
import xmlrpc.client
from urllib.parse import quote

import pytest
import requests

from launcher.paths import LOGS
from tests.e2e.nginx import certificate, running_nginx
from tests.e2e.parts import Agent, running_site

PROXY_SECRET = secrets.token_urlsafe(48)
ENROLL, RPC = "/focalist/agent/1/enroll", "/focalist/agent/1/rpc"


@pytest.fixture(scope="module")
def site(databases):
    variables = {"FOCALIST_PROXY_SECRET": PROXY_SECRET}
    with running_site(databases, "proxy", variables, proxy_mode=True) as site:
        site.made = site.script("agents")
        yield site


@pytest.fixture(scope="module")
def proxy(site, tmp_path_factory):
    """nginx as docs/nginx.conf has it; gives its URL and its certificate."""
    folder = tmp_path_factory.mktemp("nginx")
    with running_nginx(site, folder, PROXY_SECRET) as (url, certificate_file):
        yield url, certificate_file


@pytest.fixture(scope="module")
def installed(site, proxy, databases, tmp_path_factory):
    """Two agents, installed through the proxy by the real daemon."""
    url, server = proxy
    agents = []
    for key in site.made["keys"]:
        agent = Agent(databases, tmp_path_factory.mktemp("agent"))
        agent.file.write_text(f'[server]\nca_file = "{server}"\n')
        done = agent.run(
            "enroll", f"--server={url}", f"--database={site.database}", f"--key={key}"
        )
        assert done.returncode == 0, done.stderr
        done = agent.run("run", "--once")
        assert done.returncode == 0, done.stderr
        agents.append(agent)
    return agents


def credentials(agent):
    return json.loads((agent.state / "credentials.json").read_text())


@pytest.fixture(scope="module")
def call(site, proxy):
    """Call as an attacker does: the HTTP status."""
    url, server = proxy

    def call(agent, own=None, at=url, **headers):
        body = xmlrpc.client.dumps(({},), "configuration")
        return requests.post(
            f"{at}{RPC}",
            data=body,
            headers={
                "Content-Type": "text/xml",
                "X-Odoo-Database": site.database,
                "Authorization": f"Bearer {credentials(agent)['key']}",
                **headers,
            },
            cert=str(own) if own else None,
            verify=server,
            timeout=30,
        ).status_code

    return call


def test_key_and_certificate_open_it(installed, call):
    for agent in installed:
        assert call(agent, agent.state / "certificate.pem") == 200


def test_a_stolen_key_alone(installed, call):
    assert call(installed[0]) == 401


def test_a_foreign_certificate(installed, call, tmp_path):
    both = tmp_path / "both.pem"
    parts = certificate(tmp_path, "stranger")
    both.write_text("".join(part.read_text() for part in parts))
    assert call(installed[0], both) == 400


def test_the_certificate_of_another_collector(installed, call):
    assert call(installed[0], installed[1].state / "certificate.pem") == 401


def test_forged_headers(site, installed, call):
    agent = installed[0]
    forged = {"X-Focalist-Certificate": quote(credentials(agent)["certificate"])}
    # Through the proxy, without a certificate and with another's.
    assert call(agent, **forged) == 401
    assert call(agent, installed[1].state / "certificate.pem", **forged) == 401
    # Past the proxy.
    assert call(agent, at=site.url, **forged) == 401
    guessed = {"X-Focalist-Proxy": secrets.token_urlsafe(48)}
    assert call(agent, at=site.url, **forged, **guessed) == 401
    log = (LOGS / f"{site.database}.log").read_text()
    assert re.search(r"refused: not through the proxy", log)
    assert credentials(agent)["key"] not in log


def test_smuggled_headers(site, proxy, installed):
    """Said twice, in other spellings, and with a body of two lengths."""
    url, server = proxy
    victim, thief = map(credentials, installed)
    context = ssl.create_default_context(cafile=server)
    other = ssl.create_default_context(cafile=server)
    other.load_cert_chain(installed[1].state / "certificate.pem")
    certificate = quote(victim["certificate"])
    tricks = [
        [("X-Focalist-Certificate", certificate)] * 2,
        [("X_Focalist_Certificate", certificate), ("X_Focalist_Proxy", PROXY_SECRET)],
        [("x-focalist-certificate", certificate), ("X-FOCALIST-PROXY", PROXY_SECRET)],
        [("X-Focalist-Certificate ", certificate)],
        [("Transfer-Encoding", "chunked"), ("X-Focalist-Certificate", certificate)],
        [("Connection", "X-Focalist-Certificate"), ("Authorization", "Basic eDp4")],
    ]
    port = int(url.rpartition(":")[2])
    for tls in (context, other):
        for headers in tricks:
            link = http.client.HTTPSConnection(
                "localhost", port, context=tls, timeout=30
            )
            link.putrequest("POST", RPC)
            for name, value in (
                ("Authorization", f"Bearer {victim['key']}"),
                ("X-Odoo-Database", site.database),
                ("Content-Type", "text/xml"),
                ("Content-Length", "3"),
                *headers,
            ):
                link.putheader(name, value)
            link.endheaders(b"0\r\n\r\n")
            assert link.getresponse().status in (400, 401), headers
            link.close()
    log = (LOGS / f"{site.database}.log").read_text()
    assert re.search(r"the key of collector \d+, .* was shown with another", log)
    for secret in (victim["key"], thief["key"], PROXY_SECRET):
        assert secret not in log


def test_a_second_installation_with_one_key(site, proxy, installed):
    url, server = proxy
    body = xmlrpc.client.dumps(({},), "enroll")
    answer = requests.post(
        f"{url}{ENROLL}",
        data=body,
        headers={
            "Content-Type": "text/xml",
            "X-Odoo-Database": site.database,
            "Authorization": f"Bearer {site.made['keys'][0]}",
        },
        verify=server,
        timeout=30,
    )
    assert answer.status_code == 401
    log = (LOGS / f"{site.database}.log").read_text()
    assert "refused: the installation key is unknown, used, or has ended" in log


def test_the_daemon_knows_its_server(installed, tmp_path):
    """A server whose certificate another authority signed is told nothing."""
    other, _key = certificate(tmp_path, "other")
    agent = installed[1]
    before = agent.file.read_text()
    agent.file.write_text(f'[server]\nca_file = "{other}"\n')
    try:
        done = agent.run("run", "--once")
    finally:
        agent.file.write_text(before)
    assert "CERTIFICATE_VERIFY_FAILED" in done.stderr


def test_a_revoked_collector(site, installed, call):
    site.script("revoke")
    agent = installed[0]
    assert call(agent, agent.state / "certificate.pem") == 401
    log = (LOGS / f"{site.database}.log").read_text()
    assert re.search(r"revoked, or has ended \(certificate of collector \d+, ", log)
    done = agent.run("run", "--once")
    assert "refuses the key" in done.stderr
    assert call(installed[1], installed[1].state / "certificate.pem") == 200


def test_a8_the_installer_needs_no_certificate(proxy, call, installed):
    """Who installs has none yet; what collectors say stays closed to them."""
    url, server = proxy
    script = requests.get(f"{url}/focalist/install/agent.sh", verify=server, timeout=30)
    assert script.status_code == 200
    (known,) = re.findall(r'^archive_sha256="(\w+)"$', script.text, re.MULTILINE)
    archive = requests.get(
        f"{url}/focalist/install/focalist-agent.tar.gz", verify=server, timeout=30
    )
    assert hashlib.sha256(archive.content).hexdigest() == known
    for path in (
        "",
        "..%2fagent/1/rpc",
        "../agent/1/rpc",
        "agent.sh/../../agent/1/rpc",
    ):
        request = requests.Request("POST", f"{url}/focalist/install/{path}").prepare()
        request.url = f"{url}/focalist/install/{path}"
        with requests.Session() as session:
            answer = session.send(request, verify=server, timeout=30)
        assert answer.status_code in (401, 404), path
    assert call(installed[1]) == 401
