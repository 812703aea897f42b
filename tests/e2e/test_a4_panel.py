"""The remote panel: Odoo with workers, nginx, the daemon, printers' pages, Chromium.

One printer is simulated; the other is in an attacker's hands and serves a page that
tries what it can against whoever looks at it while signed in to Odoo.
"""

import json
import re
import secrets
import signal
import socket
import ssl
import threading
import time
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import requests

from focalist_simulator import Fleet
from launcher.paths import LOGS
from launcher.processes import Service, wait_until
from tests.e2e.browser import running_browser
from tests.e2e.nginx import PANEL_DOMAIN, running_nginx
from tests.e2e.parts import Agent, free_port, running_site

PROXY_SECRET = secrets.token_urlsafe(48)
#: Above or below it nobody's panel may live.
ODOO = "odoo.localhost"
HOSTILE = "127.66.0.1"
COOKIE = "focalist_panel"

#: What a page can try in a browser; `odoo` is Odoo's address. Each says how it ended.
ATTACK = """
<!DOCTYPE html><html><head><title>hostile</title></head><body>
<form id="form" method="post" action="ODOO/web/dataset/call_kw/hostile-form">
<input name="x" value="1"></form><iframe name="frame"></iframe>
<script>
const odoo = "ODOO";
const told = {};
window.told = told;
addEventListener("securitypolicyviolation", e => {
    (told.blocked = told.blocked || []).push(e.effectiveDirective);
});
const call = {jsonrpc: "2.0", method: "call", params: {model: "res.partner",
    method: "create", args: [[{name: "HOSTILE"}]], kwargs: {}}};
async function attempt(name, what) {
    try { told[name] = String(await what()); }
    catch (error) { told[name] = "refused: " + error.name; }
}
function load(tag, url) {
    return new Promise((yes, no) => {
        const one = document.createElement(tag);
        one.onload = () => yes("loaded"); one.onerror = () => no(new Error("error"));
        one.src = url; document.body.append(one);
        setTimeout(() => no(new Error("nothing")), 1500);
    });
}
(async () => {
    await attempt("opener", () => window.opener === null ? "none" : "there");
    await attempt("fetch", async () => (await fetch(
        odoo + "/web/dataset/call_kw/hostile-fetch", {method: "POST", credentials:
        "include", headers: {"Content-Type": "application/json"},
        body: JSON.stringify(call)})).status);
    await attempt("simple", async () => (await fetch(
        odoo + "/web/dataset/call_kw/hostile-simple", {method: "POST", mode: "no-cors",
        credentials: "include", body: JSON.stringify(call)})).type);
    await attempt("xhr", () => new Promise((yes, no) => {
        const xhr = new XMLHttpRequest();
        xhr.onload = () => yes(xhr.status); xhr.onerror = () => no(new Error("error"));
        xhr.open("GET", odoo + "/web/session/hostile-xhr"); xhr.withCredentials = true;
        xhr.send();
    }));
    await attempt("image", () => load("img", odoo + "/web/image/hostile-image"));
    await attempt("script", () => load("script", odoo + "/web/hostile-script"));
    await attempt("frame", () => load("iframe", odoo + "/web?hostile-frame"));
    await attempt("beacon", () => navigator.sendBeacon(odoo + "/web/hostile-beacon",
        "x"));
    await attempt("socket", () => new Promise((yes, no) => {
        const one = new WebSocket(odoo.replace("http", "ws") + "/websocket?hostile=1");
        one.onopen = () => yes("open"); one.onerror = () => no(new Error("error"));
    }));
    await attempt("worker", async () => {
        await navigator.serviceWorker.register("/worker.js");
        return "registered";
    });
    await attempt("blob", () => new Promise((yes, no) => {
        const code = `fetch("${odoo}/web/hostile-blob", {credentials: "include"})
            .then(() => postMessage("sent"), () => postMessage("refused: blob"))`;
        const one = new Worker(URL.createObjectURL(new Blob([code])));
        one.onmessage = e => yes(e.data); one.onerror = () => no(new Error("error"));
    }));
    await attempt("empty", async () => {
        const frame = document.querySelector("iframe[name=frame]");
        return (await frame.contentWindow.fetch(odoo + "/web/hostile-empty",
            {credentials: "include"})).status;
    });
    await attempt("cookie", () => {
        document.cookie = "session_id=hostile; domain=localhost; path=/";
        document.cookie = "session_id=hostile; path=/";
        return document.cookie.includes("focalist_panel") ? "seen" : "hidden";
    });
    document.getElementById("form").target = "frame";
    document.getElementById("form").submit();
    setTimeout(() => { told.done = true; }, 1000);
})();
</script></body></html>
"""


class Hostile(ThreadingHTTPServer):
    """A printer in an attacker's hands: it remembers what it is told."""

    daemon_threads = True

    def __init__(self):
        super().__init__((HOSTILE, 0), _Handler)
        self.got = []
        self.odoo = ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):  # noqa: N802
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.got.append((self.path, dict(self.headers)))
        name, _, target = self.path.strip("/").partition("?")
        status, body, headers = 200, f"page {self.path}", {}
        if name == "attack":
            body = ATTACK.replace("ODOO", self.server.odoo)
            headers["Set-Cookie"] = "session_id=hostile; Domain=localhost; Path=/"
            headers["Access-Control-Allow-Origin"] = "*"
            headers["Content-Security-Policy"] = "default-src *"
        elif name == "redirect":
            status, headers["Location"] = 302, target
        elif name == "accel":
            headers["X-Accel-Redirect"] = "/web/login"
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(data)))
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_GET

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def hostile():
    with Hostile() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def simulated(databases, tmp_path_factory):
    """A simulated printer with its page, and the port where that is."""
    epoch = datetime.now(timezone.utc) - timedelta(days=5)
    epoch = epoch.replace(hour=0, minute=0, second=0, microsecond=0)
    options = {"devices": 1, "sites": 1, "seed": 3}
    port, ready = free_port(), tmp_path_factory.mktemp("printer") / "ready"
    service = Service(
        "printer",
        [
            databases.environment.script("focalist-simulator"),
            "serve",
            *(f"--{name}={value}" for name, value in options.items()),
            f"--epoch={epoch:%Y-%m-%d}",
            f"--port={free_port(socket.SOCK_DGRAM)}",
            f"--web-port={port}",
            f"--ready-file={ready}",
        ],
        log=LOGS / "e2e-panel-printer.log",
        env=databases.variables,
    )
    try:
        wait_until(ready.exists, seconds=60, what="The printer", watch=[service])
        yield Fleet(**options, epoch=epoch).printers[0], port
    finally:
        service.stop()


@pytest.fixture(scope="module")
def world(databases, simulated, hostile, tmp_path_factory):
    """All of it, running: the site, its proxy, and the collector's daemon."""
    printer, web_port = simulated
    variables = {"FOCALIST_PROXY_SECRET": PROXY_SECRET}
    with running_site(databases, "panel", variables, proxy_mode=True) as site:
        site.made = site.script(
            "panel",
            devices=[
                {
                    "serial": printer.serial,
                    "address": printer.address,
                    "port": web_port,
                },
                {
                    "serial": "HOSTILE1",
                    "address": HOSTILE,
                    "port": hostile.server_port,
                },
            ],
        )
        folder = tmp_path_factory.mktemp("nginx")
        with running_nginx(site, folder, PROXY_SECRET, ODOO) as (url, certificate):
            port = urlsplit(url).port
            odoo = f"https://{ODOO}:{port}"
            site.script("panel", url=odoo, domain=f"{PANEL_DOMAIN}:{port}")
            hostile.odoo = odoo
            agent = Agent(databases, tmp_path_factory.mktemp("agent"))
            agent.file.write_text(
                f'[server]\nca_file = "{certificate}"\n'
                f"[panel]\nports = [{web_port}, {hostile.server_port}]\n"
            )
            done = agent.run(
                "enroll",
                f"--server={url}",
                f"--database={site.database}",
                f"--key={site.made['keys'][0]}",
            )
            assert done.returncode == 0, done.stderr
            daemon = agent.start()
            try:
                yield SimpleNamespace(
                    site=site,
                    url=url,
                    odoo=odoo,
                    port=port,
                    certificate=str(certificate),
                    agent=agent,
                    daemon=daemon,
                    devices=site.made["devices"],
                )
            finally:
                daemon.terminate()
                assert daemon.wait(20) == 0


@pytest.fixture(scope="module")
def session(world):
    """A technician who signed in to Odoo, through the proxy."""
    session = requests.Session()
    call(
        session,
        world,
        "/web/session/authenticate",
        db=world.site.database,
        login="technician",
        password="technician",
    )
    return session


@pytest.fixture(scope="module")
def technician(world, session):
    """The technician's own calls to Odoo."""
    return lambda path, **params: call(session, world, path, **params)


def call(session, world, path, **params):
    answer = session.post(
        f"{world.url}{path}",
        json={"jsonrpc": "2.0", "params": params},
        verify=world.certificate,
        timeout=30,
    ).json()
    assert "error" not in answer, answer
    return answer["result"]


def press(technician, device):
    """The address that the button opens."""
    action = technician(
        "/web/dataset/call_button/focalist.device/action_open_panel",
        model="focalist.device",
        method="action_open_panel",
        args=[[device]],
        kwargs={},
    )
    return urlsplit(action["url"])


class Looker:
    """Whoever asks a panel's host, with any cookie and at any path."""

    def __init__(self, world, host):
        self.world, self.host, self.cookie = world, host, ""

    def ask(self, path="/", method="GET", at=None, **options):
        headers = {"Host": self.host, **options.pop("headers", {})}
        if self.cookie:
            headers.setdefault("Cookie", f"{COOKIE}={self.cookie}")
        return requests.request(
            method,
            f"{at or self.world.url}{path}",
            headers=headers,
            verify=self.world.certificate,
            allow_redirects=False,
            timeout=45,
            **options,
        )


def look(world, technician, device):
    """A panel that was just opened."""
    url = press(technician, device)
    looker = Looker(world, url.netloc)
    looker.token = f"{url.path}?{url.query}"
    page = looker.ask(looker.token)
    assert page.status_code == 200, page.text
    looker.cookie = (
        page.cookies.get(COOKIE)
        or re.search(rf"{COOKIE}=([^;]+)", page.headers["Set-Cookie"])[1]
    )
    return looker


@pytest.fixture(scope="module")
def looker(world, technician):
    """A panel of the hostile printer."""
    return look(world, technician, world.devices[1])


def log_of(world):
    return (LOGS / f"{world.site.database}.log").read_text()


def refused(world, code, ask, status):
    """Something is refused, with a line in the log that says why."""
    before = len(log_of(world))
    assert ask().status_code == status
    assert f"was refused ({code})" in log_of(world)[before:]


# -- in the browser --------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with running_browser(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture(scope="module")
def signed_in(browser, world, session):
    """A tab where the technician is signed in to Odoo."""
    page = browser.open("about:blank")
    # Not by the page for that: when it is left while it stores its translations, the
    # web client may wait for ever for that store (IndexedDB).
    browser.send(
        "Network.setCookie",
        page.session,
        name="session_id",
        value=session.cookies["session_id"],
        url=world.odoo,
        httpOnly=True,
        sameSite="Lax",
    )
    page.go(f"{world.odoo}/odoo")
    page.wait("!!document.querySelector('.o_main_navbar')")
    return page


def open_panel(browser, world, page, device):
    """Click *Open panel* on the device's form; the tab that it opens."""
    known = {one["targetId"] for one in browser.pages()}

    def opened():
        return [one for one in browser.pages() if one["targetId"] not in known]

    # Found and clicked in one expression: the form may be drawn anew in between.
    click = (
        "(button => button && (button.click(), true))"
        "(document.querySelector('button[name=action_open_panel]'))"
    )
    page.go(f"{world.odoo}/odoo/focalist.device/{device}")
    page.wait(click)
    tabs = wait_until(opened, seconds=40, what="The panel's tab")
    return browser.attach(tabs[0]["targetId"])


def test_a4_a_printers_page_in_the_browser(browser, world, signed_in, simulated):
    printer, _port = simulated
    tab = open_panel(browser, world, signed_in, world.devices[0])
    tab.wait(f"document.body.innerText.includes('{printer.serial}')")
    host = tab.run("location.hostname")
    assert re.fullmatch(rf"[a-z2-7]{{26}}\.{PANEL_DOMAIN}", host)
    assert tab.run("window.opener === null")
    tab.run("document.querySelector('a[href=\"/counters\"]').click()")
    tab.wait("document.body.innerText.includes('Total')")
    tab.go(f"https://{host}:{world.port}/settings")
    tab.wait("!!document.querySelector('input[name=contact]')")
    tab.run("document.querySelector('input[name=contact]').value = 'Anna'")
    # The page that is left says so, too, until the answer is there.
    tab.run("window.left = true; document.querySelector('form').submit()")
    tab.wait(
        "!window.left"
        " && document.querySelector('input[name=contact]')?.value === 'Anna'"
    )
    # A redirect to its own address stays in the panel.
    tab.go(f"https://{host}:{world.port}/index.html")
    tab.wait(
        "location.pathname === '/' && document.body.innerText.includes('Supplies')"
    )
    assert tab.run("location.hostname") == host
    wait_until(
        lambda: world.site.query(
            "SELECT 1 FROM focalist_panel_session WHERE request_count >= 5"
        ),
        seconds=10,
        what="The count of requests",
    )


def test_a4_a_hostile_page_reaches_nothing(browser, world, signed_in, hostile):
    (before,) = world.site.query("SELECT count(*) FROM res_partner")
    tab = open_panel(browser, world, signed_in, world.devices[1])
    tab.wait("document.body.innerText.startsWith('page /')")
    tab.run("location.href = '/attack'")
    tab.wait("window.told && window.told.done")
    told = tab.run("window.told")
    blocked = told.pop("blocked")
    assert told.pop("done") and told.pop("opener") == "none"
    assert told.pop("cookie") == "hidden"
    # A beacon is taken by the browser, a frame is loaded with its refusal: they go
    # nowhere.
    assert told.pop("beacon") and told.pop("frame")
    for name, outcome in told.items():
        assert outcome.startswith("refused"), (name, outcome)
    assert {"connect-src", "img-src", "frame-src", "form-action"} <= set(blocked)
    assert any(one.startswith("script-src") for one in blocked)
    # Nothing arrived at Odoo, and nothing was done.
    time.sleep(1)
    assert "hostile-" not in log_of(world)
    assert world.site.query("SELECT count(*) FROM res_partner") == [before]
    assert not world.site.query("SELECT 1 FROM res_partner WHERE name = 'HOSTILE'")
    # The printer was told nothing of Odoo's, and of its own no more than it set.
    cookies = browser.send("Network.getAllCookies", signed_in.session)["cookies"]
    secrets_ = {
        one["value"]
        for one in cookies
        if (one["name"] == "session_id" and one["domain"] == ODOO)
        or one["name"] == COOKIE
    }
    assert len(secrets_) >= 2
    got = json.dumps(hostile.got)
    assert not any(secret in got for secret in secrets_)
    assert COOKIE not in got and "X-Focalist" not in got and "X-Forwarded" not in got
    # The person is still signed in.
    signed_in.go(f"{world.odoo}/odoo")
    signed_in.wait("location.pathname.startsWith('/odoo') && !!window.odoo")


# -- without one -----------------------------------------------------------------------


def test_a4_nothing_of_odoo_at_a_panels_host(world, looker):
    for path in (
        "/web/login",
        "/web/dataset/call_kw",
        "/web/static/img/favicon.ico",
        "/focalist/panel",
        "/focalist/agent/1/rpc",
        "/websocket",
    ):
        page = looker.ask(path)
        assert page.text == f"page {path}"
        assert "session_id" not in page.headers.get("Set-Cookie", "")


def test_a4_no_panel_at_odoos_host(world, looker):
    for path in ("/focalist/panel", "/attack", "/.focalist/open"):
        answer = requests.get(
            f"{world.url}{path}",
            headers={"Cookie": f"{COOKIE}={looker.cookie}"},
            verify=world.certificate,
            timeout=30,
        )
        assert answer.status_code == 404


def test_a4_a_token_once(world, technician, looker):
    refused(world, "token", lambda: looker.ask(looker.token), 403)
    url = press(technician, world.devices[1])
    late = Looker(world, url.netloc)
    world.site.query(
        "UPDATE focalist_panel_session SET create_date = create_date"
        " - interval '61 seconds' WHERE label = %s",
        url.hostname.split(".")[0],
    )
    refused(world, "token", lambda: late.ask(f"{url.path}?{url.query}"), 403)


@pytest.fixture
def panel(world, technician):
    """One more of the hostile printer, for what ends it."""
    return look(world, technician, world.devices[1])


def test_a4_another_panels_cookie(world, technician, panel):
    other = look(world, technician, world.devices[0])
    other.cookie = panel.cookie
    refused(world, "cookie", other.ask, 403)
    other.cookie = ""
    refused(world, "cookie", other.ask, 403)


def test_a4_other_hosts(world, panel):
    label = panel.host.split(".")[0]
    for host in (f"x.{label}.{PANEL_DOMAIN}", f"{'a' * 26}.{PANEL_DOMAIN}"):
        panel.host = host
        refused(world, "unknown", panel.ask, 404)
    panel.host = f"{label}.localhost"
    assert panel.ask("/web/health").text == '{"status": "pass"}'


@pytest.mark.parametrize(
    "target",
    [
        "http://192.0.2.1/",
        "//evil.example/",
        "http://127.66.0.2/",
        "http://127.66.0.1:22/",
        "http://127.66.0.1@evil.example/",
        "https://odoo.localhost/web/login",
        "javascript:alert(1)",
        "file:///etc/passwd",
    ],
)
def test_a4_redirects_to_elsewhere(world, panel, target):
    refused(world, "elsewhere", lambda: panel.ask(f"/redirect?{target}"), 502)


def test_a4_the_proxy_obeys_no_printer(world, panel):
    assert panel.ask("/accel").text == "page /accel"


def raw(world, panel, line, host=None):
    """The status of a request line that no library would write."""
    context = ssl.create_default_context(cafile=world.certificate)
    with (
        socket.create_connection(("127.0.0.1", world.port), 10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        secure.sendall(
            f"{line} HTTP/1.1\r\nHost: {host or panel.host}\r\n"
            f"Cookie: {COOKIE}={panel.cookie}\r\nConnection: close\r\n\r\n".encode()
        )
        answer = b""
        while piece := secure.recv(65536):
            answer += piece
    return answer.decode()


def test_a4_request_lines(world, panel, hostile):
    host = panel.host
    seen = len(hostile.got)
    assert "page /abs" in raw(world, panel, f"GET https://{host}/abs")
    assert "page /double" in raw(world, panel, "GET //double")
    # An absolute address names another host than the panel's: then it is that one's.
    for line in ("GET http://127.66.0.2/other", "GET https://localhost/focalist/panel"):
        assert "page" not in raw(world, panel, line).split("\r\n\r\n", 1)[1][:5]
    assert "200" not in raw(world, panel, "CONNECT 127.66.0.2:80").split("\r\n")[0]
    hosts = {headers["Host"] for _path, headers in hostile.got[seen:]}
    assert hosts == {f"{HOSTILE}:{hostile.server_port}"}


def test_a4_no_other_address_by_any_header(world, panel, hostile):
    seen = len(hostile.got)
    page = panel.ask(
        "/plain",
        headers={
            "X-Forwarded-Host": "evil.example",
            "X-Forwarded-For": "192.0.2.9",
            "X-Real-IP": "192.0.2.9",
            "X-Odoo-Database": "",
            "Forwarded": "host=evil.example",
            "Service-Worker": "",
            "Referer": f"https://{panel.host}/a?b",
            "Origin": f"https://{panel.host}",
            "Cookie": f"session_id=odoos; {COOKIE}={panel.cookie}; own=1",
        },
    )
    assert page.text == "page /plain"
    ((_path, headers),) = hostile.got[seen:]
    text = json.dumps(headers)
    assert headers["Cookie"] == "own=1"
    assert headers["Referer"] == f"http://{HOSTILE}:{hostile.server_port}/a?b"
    for word in ("evil", "192.0.2.9", "odoos", panel.host, "X-Forwarded", "X-Focalist"):
        assert word not in text


def test_a4_too_large(world, panel):
    # nginx is the first to refuse it; Odoo would be the second.
    assert panel.ask("/", "POST", data=b"x" * (5 << 20)).status_code == 413
    at = f"http://127.0.0.1:{world.site.live_port}"
    refused(
        world, "large", lambda: panel.ask("/", "POST", at, data=b"x" * 4194305), 413
    )


def test_a4_an_http_worker_takes_no_panel(world, panel):
    at = f"http://127.0.0.1:{world.site.port}"
    refused(world, "proxy", lambda: panel.ask("/", at=at), 503)


def test_a4_locked_while_it_is_open(world, technician, panel):
    (session,) = world.site.query(
        "SELECT id FROM focalist_panel_session ORDER BY id DESC LIMIT 1"
    )
    assert panel.ask("/before").status_code == 200
    technician(
        "/web/dataset/call_button/focalist.panel.session/action_close",
        model="focalist.panel.session",
        method="action_close",
        args=[list(session)],
        kwargs={},
    )
    refused(world, "ended", lambda: panel.ask("/after"), 410)


def test_a4_the_client_has_the_last_word(world, technician, hostile):
    """A port that the collector's own file does not allow."""
    world.site.query("UPDATE focalist_network SET web_port = 8081")
    try:
        panel = look(world, technician, world.devices[1])
        refused(world, "port", panel.ask, 403)
    finally:
        world.site.query(
            "UPDATE focalist_network SET web_port = %s", hostile.server_port
        )
    log = (world.agent.folder / "daemon.log").read_text()
    assert "not fetched (port)" in log


@contextmanager
def stopped(process):
    """A process that does nothing for a while."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def test_a4_who_waits_holds_nothing(world, panel):
    """Ten requests wait for a collector that does not come; two workers answer on."""
    statuses = []
    waiting = [
        threading.Thread(target=lambda: statuses.append(panel.ask("/").status_code))
        for _ in range(10)
    ]
    with stopped(world.daemon):
        for thread in waiting:
            thread.start()
        time.sleep(3)
        assert not statuses
        for _ in range(20):
            started = time.monotonic()
            health = requests.get(
                f"http://127.0.0.1:{world.site.port}/web/health", timeout=5
            )
            assert health.ok and time.monotonic() - started < 2
        live = f"http://127.0.0.1:{world.site.live_port}/websocket/health"
        assert requests.get(live, timeout=5).ok
        held = world.site.query(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
            " AND state LIKE 'idle in transaction%%'",
            world.site.database,
        )
        assert held == [(0,)]
    for thread in waiting:
        thread.join(60)
    assert len(statuses) == 10
