"""The transport against a server that fails in every way the contract names."""

import base64
import json
import select
import shutil
import socket
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from daemon_parts import certify

from focalist_agent import cli, credentials
from focalist_agent.certificate import make_request
from focalist_agent.config import Config
from focalist_agent.report import Report
from focalist_agent.transport import (
    KeyRefused,
    Misunderstood,
    TooLarge,
    TransportError,
    Unreachable,
)
from focalist_agent.transport.http import Poster
from focalist_agent.transport.json2 import Json2Transport
from focalist_agent.transport.renewing import RenewingTransport
from focalist_agent.transport.xmlrpc import XmlRpcTransport


@pytest.fixture(params=[XmlRpcTransport, Json2Transport])
def kind(request):
    """Each transport in turn."""
    return request.param


@pytest.fixture
def transport(kind, server):
    return kind(server.url, "db", server.key, Poster(timeout=5))


def body(**fields):
    report = Report(address="10.0.0.1", **fields)
    return report.uid, json.dumps(report.to_dict()).encode()


def test_a_batch_arrives_as_it_is(transport, server):
    uid, one = body(location="2e étage ☃")
    (result,) = transport.send([one])
    assert (result.uid, result.status) == (uid, "accepted")
    assert server.reports == [json.loads(one)]
    headers = server.headers[-1]
    assert headers["X-Odoo-Database"] == "db"
    is_json = isinstance(transport, Json2Transport)
    wanted = "application/json" if is_json else "text/xml"
    assert headers["Content-Type"] == wanted
    assert headers["User-Agent"].startswith("focalist-agent/")


def test_configuration(transport, server):
    server.devices = [{"address": "10.0.0.1", "port": 1161}]
    told = transport.configuration()
    assert [(d.address, d.port) for d in told.devices] == [("10.0.0.1", 1161)]
    assert told.poll_interval == 300


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        (401, KeyRefused, "refuses the key"),
        (413, TooLarge, "too large"),
        (404, Unreachable, "no Focalist at this address"),
        (429, Unreachable, "HTTP 429"),
        (503, Unreachable, "HTTP 503"),
        ("lost", Unreachable, "connection broke|Cannot reach"),
        ("huge", Unreachable, "larger than"),
        ("redirect", Unreachable, "redirects to http://127.0.0.1:9/elsewhere"),
        ("fault", Misunderstood, "That is no batch"),
        ("garbage", Unreachable, "not what a Focalist server gives"),
        ("entities", Unreachable, "not what a Focalist server gives"),
    ],
)
def test_failures_are_named_and_tell_no_secret(transport, server, fault, error, said):
    server.faults = [fault]
    with pytest.raises(error, match=said) as caught:
        transport.send([body()[1]])
    assert server.key not in str(caught.value)
    assert server.key not in repr(caught.value.__cause__)


def test_a_redirect_is_not_followed(transport, server):
    server.faults = ["redirect"]
    with pytest.raises(Unreachable):
        transport.send([body()[1]])
    assert server.calls == ["send"]


def test_nobody_there():
    transport = XmlRpcTransport("http://127.0.0.1:9", "db", "key", Poster(timeout=1))
    with pytest.raises(Unreachable, match="Cannot reach the server"):
        transport.send([body()[1]])


def test_enrolment(server, kind):
    key = server.enrolment_key
    told = kind(server.url, "db", key, Poster(timeout=5)).enroll()
    assert (told.collector, told.issued.key) == ("collector 1", server.key)


def test_enrolment_with_a_wrong_key(server, kind):
    with pytest.raises(KeyRefused) as caught:
        kind(server.url, "db", "wrong-secret", Poster(timeout=5)).enroll()
    assert "wrong-secret" not in str(caught.value)


def test_a_proxy_is_honoured(server, monkeypatch):
    """http_proxy leads to the test's server, the address to nowhere."""
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    transport = XmlRpcTransport(
        "http://focalist.invalid", "db", server.key, Poster(timeout=5)
    )
    assert transport.send([body()[1]])[0].status == "accepted"


def large():
    return [body(location=f"place {n}")[1] for n in range(300)]


def test_requests_are_compressed_once_the_server_says_that_it_can(transport, server):
    transport.send(large())
    transport.send(large())
    transport.configuration()
    encodings = [one.get("Content-Encoding") for one in server.headers]
    # What fits in one packet is not worth it.
    assert encodings == [None, "gzip", None]
    assert server.bodies[1] < 0.85 * server.bodies[0]
    assert len(server.reports) == 600


def test_a_server_that_does_not_say_so_gets_plain_ones(transport, server):
    server.says_gzip = False
    for _ in range(2):
        transport.send(large())
    assert all("Content-Encoding" not in one for one in server.headers)


def test_what_stands_before_the_server_may_refuse_compressed_ones(transport, server):
    transport.configuration()
    server.reads_gzip = False
    for _ in range(3):
        assert len(transport.send(large())) == 300
    encodings = [one.get("Content-Encoding") for one in server.headers]
    assert encodings == [None, "gzip", None, None, None]


class Proxy(ThreadingHTTPServer):
    """A real HTTP proxy, of one account; ``asked`` says for what."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _ProxyHandler)
        self.asked = []
        self.url = f"http://user:proxy-secret@127.0.0.1:{self.server_port}"


class _ProxyHandler(BaseHTTPRequestHandler):
    def do_CONNECT(self):  # noqa: N802
        self.server.asked.append(f"CONNECT {self.path}")
        account = base64.b64encode(b"user:proxy-secret").decode()
        if self.headers["Proxy-Authorization"] != f"Basic {account}":
            return self.send_error(407)
        assert "Authorization" not in self.headers, "the key is not the proxy's"
        with socket.create_connection(self.path.split(":")) as there:
            self.send_response(200)
            self.end_headers()
            ends = [self.connection, there]
            while ready := select.select(ends, [], [], 5)[0]:
                piece = ready[0].recv(65536)
                if not piece:
                    break
                ends[1 - ends.index(ready[0])].sendall(piece)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def proxy():
    proxy = Proxy()
    threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True).start()
    yield proxy
    proxy.shutdown()
    proxy.server_close()


def test_https_through_a_real_proxy(tls, server, proxy, kind, monkeypatch):
    """Named by the configuration or the environment; TLS is with the server itself."""
    url, certificate = tls
    for name in ("no_proxy", "https_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)

    def poster(ca=str(certificate), **options):
        return kind(url, "db", server.key, Poster(ca, timeout=5, **options))

    assert poster(proxy=proxy.url).configuration()
    assert proxy.asked == [f"CONNECT {url.removeprefix('https://')}"]
    monkeypatch.setenv("https_proxy", proxy.url)
    assert poster().configuration()
    assert len(proxy.asked) == 2
    with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
        poster(ca=None).configuration()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert poster().configuration()
    assert len(proxy.asked) == 3
    monkeypatch.delenv("no_proxy")
    wrong = proxy.url.replace("proxy-secret", "wrong-secret")
    with pytest.raises(Unreachable, match="407") as caught:
        poster(proxy=wrong).configuration()
    assert "wrong-secret" not in str(caught.value)


@pytest.fixture
def tls(server, tmp_path):
    """The same server behind TLS with a certificate of its own."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not there to make a certificate")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    command += " -addext subjectAltName=DNS:localhost,IP:127.0.0.1"
    command += f" -keyout {key} -out {certificate}"
    subprocess.run(command.split(), check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return server.url.replace("http:", "https:"), certificate


def test_tls_is_verified_and_an_own_ca_is_possible(tls, server):
    url, certificate = tls
    with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
        XmlRpcTransport(url, "db", server.key, Poster(timeout=5)).send([body()[1]])
    own = Poster(str(certificate), timeout=5)
    assert XmlRpcTransport(url, "db", server.key, own).send([body()[1]])


def test_a_ca_file_that_is_none(tmp_path):
    with pytest.raises(TransportError, match="CA file"):
        Poster(str(tmp_path / "missing.pem"))


def enrol(server, directory, key):
    private, request = make_request("c 1")
    known = credentials.Credentials(
        server.url, "db", "c 1", "Agent 1", key, certify(request), private
    )
    credentials.save(directory, known)


def renewing(directory):
    return RenewingTransport(
        lambda: cli._transport(Config(), directory),
        lambda issued: credentials.renew(directory, issued),
    )


def test_key_and_certificate_are_renewed_when_the_server_says_so(server, tmp_path):
    enrol(server, tmp_path, server.key)
    before = credentials.load(tmp_path)
    transport = renewing(tmp_path)
    server.renew = True
    server.faults = [503]
    # An answer that fails leaves everything as it was: the next round asks again.
    assert transport.configuration()
    assert credentials.load(tmp_path) == before
    assert transport.send([body()[1]])
    assert transport.configuration()
    after = credentials.load(tmp_path)
    assert after.key != before.key
    assert after.private_key != before.private_key
    assert after.certificate != before.certificate
    # The former key is of no use once the new one was shown.
    assert transport.send([body()[1]])
    assert server.key == after.key
    assert credentials.load(tmp_path) == after
    pem = tmp_path / credentials.CERTIFICATE_NAME
    assert pem.stat().st_mode & 0o777 == 0o600


def test_a_refused_key_is_looked_for_anew(server, tmp_path):
    """Enrolled again while the daemon runs: it goes on with the new key."""

    def enrolled(key):
        enrol(server, tmp_path, key)

    enrolled(server.key)
    transport = renewing(tmp_path)
    assert transport.send([body()[1]])
    server.key = "the-new-secret-key"
    with pytest.raises(KeyRefused):
        transport.send([body()[1]])
    (tmp_path / credentials.NAME).write_text("{")
    with pytest.raises(KeyRefused):
        transport.send([body()[1]])
    enrolled(server.key)
    assert transport.configuration()
    assert transport.send([body()[1]])
