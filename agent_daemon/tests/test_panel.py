"""The remote panel (A4): what is fetched of a printer, and what never is."""

import base64
import contextlib
import socket
import ssl
import threading
import time
import warnings
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from daemon_parts import wait_for
from test_tasks import FAST, resting, running

from focalist_agent import panel
from focalist_agent.config import Config, Device
from focalist_agent.panel import MAX_BODY, Refused, check, fetch
from focalist_agent.settings import Network, Settings
from focalist_agent.transport import PageRequest


class Printer(ThreadingHTTPServer):
    """A printer's web page, and what goes wrong with some."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.port = self.server_port
        self.got = []
        self.ends = threading.Event()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):  # noqa: N802
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        self.server.got.append((self.command, self.path, dict(self.headers), body))
        kind = self.path.split("?")[0].strip("/")
        if kind == "hang":
            self.server.ends.wait(30)
        elif kind == "drip":
            with contextlib.suppress(OSError):
                while not self.server.ends.wait(0.1):
                    self.wfile.write(b"H")
        elif kind == "garbage":
            self.wfile.write(b"\x16\x03 this is no HTTP\r\n\r\n")
            self.close_connection = True
        elif kind == "short":
            self.say(b"short", length=500)
            self.close_connection = True
        elif kind in ("huge", "endless"):
            length = MAX_BODY + 1 if kind == "huge" else None
            self.say(b"", length=length)
            with contextlib.suppress(OSError):
                for _ in range(MAX_BODY // 65536 + 2):
                    self.wfile.write(b"x" * 65536)
        elif kind == "redirect":
            self.say(b"", 302, Location="http://192.0.2.1/elsewhere")
        elif kind == "headers":
            for number in range(90):
                self.say_header(f"X-{number}: 1")
            self.say(b"many")
        else:
            self.say(b"<h1>MP C4503</h1>", Server="printer\x07")

    do_POST = do_HEAD = do_GET

    def say_header(self, line):
        self._early = [*getattr(self, "_early", []), line]

    def say(self, body, status=200, length=-1, **headers):
        self.send_response_only(status)
        for line in getattr(self, "_early", ()):
            self.send_header(*line.split(": "))
        if length is not None:
            self.send_header("Content-Length", len(body) if length < 0 else length)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def printer():
    with Printer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.ends.set()
        server.shutdown()


def ask(port, path="/", method="GET", address="127.0.0.1", scheme="http", **values):
    return PageRequest("r1", address, scheme, port, method, path, **values)


def refusal(request):
    with pytest.raises(Refused) as caught:
        fetch(request)
    return caught.value.code


def test_a4_a_page_is_fetched(printer):
    page = fetch(
        ask(printer.port, "/set.cgi?x=1", "POST", headers=("X-A: b",), body=b"form")
    )
    assert (page.status, page.body) == (200, b"<h1>MP C4503</h1>")
    # A header that XML cannot say loses itself.
    assert page.headers == ("Content-Length: 17",)
    ((method, path, headers, body),) = printer.got
    assert (method, path, body) == ("POST", "/set.cgi?x=1", b"form")
    assert headers == {
        "Host": f"127.0.0.1:{printer.port}",
        "Connection": "close",
        "Content-Length": "4",
        "X-A": "b",
    }
    assert fetch(ask(printer.port, method="HEAD")).body == b""


def test_a4_redirects_are_not_followed(printer):
    page = fetch(ask(printer.port, "/redirect"))
    assert page.status == 302
    assert "Location: http://192.0.2.1/elsewhere" in page.headers
    assert len(printer.got) == 1


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/hang", "slow"),
        ("/drip", "slow"),
        ("/garbage", "garbled"),
        ("/short", "garbled"),
        ("/huge", "large"),
        ("/endless", "large"),
    ],
)
def test_a4_what_a_printer_does_is_bounded(printer, monkeypatch, path, code):
    monkeypatch.setattr(panel, "TOTAL_TIMEOUT", 1.0 if code == "slow" else 10.0)
    started = time.monotonic()
    assert refusal(ask(printer.port, path)) == code
    assert time.monotonic() - started < 5


def test_a4_headers_are_bounded(printer):
    assert len(fetch(ask(printer.port, "/headers")).headers) <= panel.MAX_HEADERS


def test_a4_nobody_there(printer):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert refusal(ask(port)) == "unreachable"


@pytest.mark.parametrize(
    "request_",
    [
        {"path": "/x\r\nX-Evil: 1"},
        {"path": "/x y"},
        {"method": "GET / HTTP/1.1\r\nX:"},
        {"headers": ("X-A: b\r\nX-Evil: 1",)},
    ],
)
def test_a4_nothing_is_smuggled_into_a_request(printer, request_):
    assert refusal(ask(printer.port, **request_)) == "garbled"
    assert not printer.got


def test_a4_old_and_self_signed_tls(printer, tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "RICOH")])
    long_ago = datetime.now(timezone.utc) - timedelta(days=900)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(long_ago)
        .not_valid_after(long_ago + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    both = tmp_path / "both.pem"
    both.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    context.load_cert_chain(both)
    printer.socket = context.wrap_socket(printer.socket, server_side=True)
    assert fetch(ask(printer.port, scheme="https")).status == 200


# -- what is fetched at all ------------------------------------------------------------

SETTINGS = Settings(
    devices=(Device("10.1.2.3"), Device("printer.example")),
    networks=(Network(1, ranges=("10.1.3.0/24",), exclude=("10.1.3.9-20",)),),
)
CONFIG = Config(devices_addresses=(Device("10.9.9.9"),))


@pytest.mark.parametrize("address", ["10.1.2.3", "10.9.9.9", "10.1.3.200"])
def test_a4_devices_and_scanned_addresses(address):
    check(ask(80, address=address), CONFIG, SETTINGS)


@pytest.mark.parametrize(
    "address",
    [
        "10.1.2.4",
        "10.1.3.9",
        "127.0.0.1",
        "169.254.169.254",
        "::1",
        "::ffff:10.1.2.3",
        "printer.example",
        "localhost",
        "10.1.2.3@10.1.2.4",
        "010.1.2.3",
        "0x0a010203",
        "167838211",
        "",
    ],
)
def test_a4_no_other_address_whatever_the_server_wants(address):
    with pytest.raises(Refused, match="address"):
        check(ask(80, address=address), CONFIG, SETTINGS)


def test_a4_the_clients_administrator_has_the_last_word():
    with pytest.raises(Refused, match="port"):
        check(ask(22, address="10.1.2.3"), CONFIG, SETTINGS)
    few = Config(panel_ports=(443,))
    check(ask(443, address="10.1.2.3"), few, SETTINGS)
    with pytest.raises(Refused, match="port"):
        check(ask(80, address="10.1.2.3"), few, SETTINGS)
    with pytest.raises(Refused, match="closed"):
        check(ask(80, address="10.1.2.3"), Config(panel_enabled=False), SETTINGS)
    # Ranges of the file stand above those of the server.
    own = Config(discovery_ranges=("10.7.0.1",))
    with pytest.raises(Refused, match="address"):
        check(ask(80, address="10.1.3.200"), own, SETTINGS)


# -- the daemon ------------------------------------------------------------------------


def wanted(port, path="/", uid="r1", **values):
    return {
        "id": uid,
        "address": "127.0.0.1",
        "scheme": "http",
        "port": port,
        "method": "GET",
        "path": path,
        "headers": ["Accept: */*"],
        "body": "",
        **values,
    }


@pytest.fixture
def looked_at(server):
    """A server where a panel of the printer at 127.0.0.1 is open."""
    server.settings = {"schedules": resting()}
    server.devices = [{"address": "127.0.0.1", "port": 9}]
    server.panel = True
    return server


@pytest.mark.parametrize("transport", ["xmlrpc", "json2"])
def test_a4_the_daemon_brings_pages(enrolled, looked_at, printer, transport):
    looked_at.to_fetch = [
        wanted(printer.port, "/a?secret=1"),
        wanted(22, uid="r2"),
        wanted(printer.port, uid="r3", address="127.0.0.2"),
    ]
    config = f"{FAST}[panel]\nports = [{printer.port}]\n"
    config += f'[server]\ntransport = "{transport}"\n'
    with running(enrolled, config):
        wait_for(lambda: len(looked_at.pages) == 3)
        # It goes on while the panel is open, and rests when it is not.
        looked_at.to_fetch = [wanted(printer.port, "/b", uid="r4")]
        wait_for(lambda: len(looked_at.pages) == 4)
    pages = {page["id"]: page for page in looked_at.pages}
    assert base64.b64decode(pages["r1"]["body"]) == b"<h1>MP C4503</h1>"
    assert pages["r1"]["status"] == 200
    assert pages["r2"] == {"id": "r2", "error": "port"}
    assert pages["r3"] == {"id": "r3", "error": "address"}
    assert [path for _method, path, *_rest in printer.got] == ["/a?secret=1", "/b"]
    log = (enrolled.directory / "log").read_text()
    assert "/a'" in log and "secret" not in log
    assert "not fetched (port)" in log and "not fetched (address)" in log


def test_a4_switched_off_at_the_client(enrolled, looked_at, printer):
    looked_at.to_fetch = [wanted(printer.port)]
    config = f"{FAST}[panel]\nenabled = false\nports = [{printer.port}]\n"
    with running(enrolled, config):
        wait_for(lambda: looked_at.pages)
    assert looked_at.pages == [{"id": "r1", "error": "closed"}]
    assert not printer.got


def test_a4_slow_pages_hold_up_nothing(enrolled, looked_at, printer, responder):
    looked_at.devices += [{"address": "127.0.0.1", "port": responder}]
    looked_at.to_fetch = [wanted(printer.port, "/hang", uid=str(n)) for n in range(20)]
    config = (
        '[snmp]\ntimeout = 0.3\nretries = 0\ncommunities = ["office"]\n'
        f"[panel]\nports = [{printer.port}]\n[poll]\ninterval = 10\n"
    )
    with running(enrolled, config):
        wait_for(lambda: len(printer.got) == panel.CONCURRENCY)
        count = len(looked_at.reports)
        wait_for(lambda: len(looked_at.reports) > count)
        assert len(printer.got) == panel.CONCURRENCY
        # And the end is not waited for.


def test_a4_nothing_is_asked_while_no_panel_is_open(enrolled, looked_at, printer):
    looked_at.panel = False
    looked_at.to_fetch = [wanted(printer.port)]
    with running(enrolled, FAST):
        wait_for(lambda: any(method == "tasks" for method, _said in looked_at.told))
        time.sleep(1)
    assert not looked_at.pages and looked_at.to_fetch
