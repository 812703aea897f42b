"""The printers' own web pages: each at its address, as their makers have them.

Status, supplies and counters; a page of settings with a form that keeps what is written
until the process ends, behind a redirect; nothing that needs more than a text browser.
"""

from __future__ import annotations

import threading
from html import escape
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from urllib.parse import parse_qs, urlsplit

from . import mib
from .answers import Answers
from .fleet import Fleet
from .printer import Printer
from .state import State

MAX_FORM = 4096
_STYLE = (
    "body{font:14px sans-serif;margin:0;color:#222}header{background:#1d3f5e;color:"
    "#fff;padding:12px 20px}nav{background:#e8edf1;padding:8px 20px}nav a{margin-right:"
    "16px;color:#1d3f5e}main{padding:16px 20px}table{border-collapse:collapse}td,th{"
    "text-align:left;padding:4px 16px 4px 0}meter{width:160px}"
)
_COUNTERS = {"total": "Total", "mono": "Black", "color": "Colour", "scan": "Scans"}


class Pages(ThreadingTCPServer):
    """One printer's web server. (That of `http.server` looks its name up in DNS.)"""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, printer: Printer, answers: Answers, port: int):
        super().__init__((printer.address, port), _Handler)
        self.printer, self.answers = printer, answers
        self.contact = ""
        self._lock = threading.Lock()

    def state(self) -> State:
        """The printer as it is now."""
        with self._lock:
            return self.printer.at(self.answers.moment())


def start(fleet: Fleet, answers: Answers, port: int) -> None:
    """Serve the pages of all printers from threads that end with the process.

    :raises OSError: where an address and port is taken
    """
    for printer in fleet.printers:
        pages = Pages(printer, answers, port)
        threading.Thread(target=pages.serve_forever, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: Pages
    protocol_version = "HTTP/1.1"
    timeout = 30

    def version_string(self) -> str:
        return f"{self.server.printer.manufacturer} HTTP server"

    def do_GET(self) -> None:  # noqa: N802
        page = {
            "/": self._status,
            "/counters": self._counters,
            "/settings": self._settings,
        }.get(urlsplit(self.path).path)
        if page:
            self._say(200, page(), {"Set-Cookie": "language=en; Path=/"})
        elif urlsplit(self.path).path == "/index.html":
            self._say(302, "", {"Location": f"http://{self.headers['Host']}/"})
        else:
            self._say(404, self._page("Not found", "<p>No such page.</p>"))

    do_HEAD = do_GET

    def do_POST(self) -> None:  # noqa: N802
        said = self.headers.get("Content-Length", "")
        if not said.isdigit() or int(said) > MAX_FORM:
            self.close_connection = True
            self._say(413, "")
            return
        form = parse_qs(self.rfile.read(int(said)).decode("utf-8", "replace"))
        self.server.contact = form.get("contact", [""])[0][:100]
        self._say(303, "", {"Location": "/settings"})

    def _status(self) -> str:
        state, printer = self.server.state(), self.server.printer
        rows = {
            "Model": f"{printer.manufacturer} {printer.model}",
            "Serial number": printer.serial,
            "Host name": printer.hostname,
            "Location": printer.location,
            "Status": state.console,
        }
        levels = {
            mib.supply_description(state, one): mib.percent(one.left)
            for one in state.supplies
        }
        supplies = "".join(
            f"<tr><td>{escape(name)}</td><td><meter min=0 max=100"
            f' value="{percent}"></meter></td></tr>'
            for name, percent in levels.items()
        )
        return self._page(
            "Status", f"{_table(rows)}<h2>Supplies</h2><table>{supplies}</table>"
        )

    def _counters(self) -> str:
        state = self.server.state()
        rows = {text: f"{state.meter(name):,}" for name, text in _COUNTERS.items()}
        return self._page("Counters", _table(rows))

    def _settings(self) -> str:
        contact = escape(self.server.contact, quote=True)
        return self._page(
            "Settings",
            '<form method="post" action="/settings"><label>Contact <input'
            f' name="contact" value="{contact}"></label> <button>Apply</button></form>',
        )

    def _page(self, title: str, content: str) -> str:
        printer = self.server.printer
        name = escape(f"{printer.manufacturer} {printer.model}")
        return (
            f"<!DOCTYPE html><html><head><title>{name}: {title}</title>"
            f"<style>{_STYLE}</style></head><body><header>{name}</header><nav>"
            '<a href="/">Status</a><a href="/counters">Counters</a>'
            '<a href="/settings">Settings</a></nav>'
            f"<main><h1>{title}</h1>{content}</main></body></html>"
        )

    def _say(self, status: int, text: str, headers: dict[str, str] | None = None):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_arguments) -> None:
        """Nothing: requests are told by whoever asks."""


def _table(rows: dict[str, str]) -> str:
    lines = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>"
        for name, text in rows.items()
    )
    return f"<table>{lines}</table>"
