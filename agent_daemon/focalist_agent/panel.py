"""The remote panel: fetches printers' own pages for people who look at them.

The server asks; what is fetched is decided here. Only devices that are polled, or
addresses within the networks that are scanned, on the ports that the configuration
allows: the client's administrator has the last word. Redirects are not followed.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import ipaddress
import logging
import socket
import ssl
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from . import ranges
from .config import Config
from .settings import Settings
from .transport import Page, PageRequest, Transport, TransportError

_log = logging.getLogger(__name__)

WAIT = 20
"""Seconds that the server may keep us waiting for something to fetch."""

CONCURRENCY = 6
"""Pages fetched at once: printers have few connections."""

MAX_QUEUE = 40
CONNECT_TIMEOUT = 5.0
TOTAL_TIMEOUT = 25.0
"""Seconds for one page, whatever the printer does; the browser waits 30."""

MAX_BODY = 4 * 1024 * 1024
MAX_HEADERS = 100
_PIECE = 64 * 1024

_T = TypeVar("_T")


class Refused(Exception):
    """What is not fetched, or could not be; the code is one that the server knows."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Panel:
    """Asks for pages to fetch while the server says that a panel is open."""

    def __init__(
        self, transport: Transport, config: Config, settings: Callable[[], Settings]
    ) -> None:
        """``settings()`` are those in force."""
        self._transport, self._config, self._settings = transport, config, settings
        self._wanted = asyncio.Event()
        self._turns = asyncio.Semaphore(CONCURRENCY)
        self._fetching: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Somebody has a panel open: ask what is to be fetched."""
        self._wanted.set()

    async def forever(self) -> None:
        """Ask and fetch, until cancelled."""
        try:
            while True:
                await self._wanted.wait()
                self._wanted.clear()
                with contextlib.suppress(TransportError):
                    await self._serve()
        finally:
            for task in self._fetching:
                task.cancel()

    async def _serve(self) -> None:
        _log.info("A remote panel is open.")
        while True:
            asked = await _in_thread(lambda: self._transport.panel((), WAIT))
            for request in asked.requests:
                task = asyncio.create_task(self._do(request))
                self._fetching.add(task)
                task.add_done_callback(self._fetching.discard)
            if not asked.open:
                _log.info("No remote panel is open any more.")
                return

    async def _do(self, request: PageRequest) -> None:
        """Fetch one page and bring it. The server gives up what is not brought."""
        if len(self._fetching) > MAX_QUEUE:
            return
        async with self._turns:
            page = await _in_thread(lambda: self._page(request))
        try:
            await _in_thread(lambda: self._transport.panel((page,), 0))
        except TransportError as error:
            _log.debug("%s", error)

    def _page(self, request: PageRequest) -> Page:
        where = f"{request.scheme}://{request.address} port {request.port}"
        try:
            check(request, self._config, self._settings())
            page = fetch(request)
        except Refused as refused:
            _log.warning(
                "Remote panel: not fetched (%s): %s", refused.code, ascii(where)
            )
            return Page(request.id, error=refused.code)
        except Exception:
            _log.exception("Remote panel: a page could not be fetched")
            return Page(request.id, error="garbled")
        _log.info(
            "Remote panel: %s %s %s: %d",
            request.method,
            where,
            ascii(request.path.partition("?")[0]),
            page.status,
        )
        return page


def check(request: PageRequest, config: Config, settings: Settings) -> None:
    """Raise Refused for what is not to be fetched, whatever the server wants."""
    if not config.panel_enabled:
        raise Refused("closed")
    if request.port not in config.panel_ports:
        raise Refused("port")
    if not _is_known(request.address, config, settings):
        raise Refused("address")


def _is_known(said: str, config: Config, settings: Settings) -> bool:
    """Whether this is an address, not a name, of what is polled or scanned."""
    try:
        address = ipaddress.ip_address(said)
    except ValueError:
        return False
    devices = settings.devices + config.devices_addresses
    if said in {device.address for device in devices}:
        return True
    number = (address.version, int(address))
    return any(
        _within(number, network.ranges) and not _within(number, network.exclude)
        for network in settings.to_scan(config)
    )


def _within(address: tuple[int, int], some: tuple[str, ...]) -> bool:
    version, number = address
    return any(
        version == known and first <= number <= last
        for known, first, last in map(ranges.parse, some)
    )


def fetch(request: PageRequest) -> Page:
    """One exchange with a printer, bounded in time and size. Raises Refused."""
    until = time.monotonic() + TOTAL_TIMEOUT
    try:
        plain = socket.create_connection(
            (request.address, request.port), CONNECT_TIMEOUT
        )
    except OSError as error:
        raise Refused("unreachable") from error
    # A printer that drips bytes ends no time-out of the socket: this does.
    with plain, plain.dup() as guard:
        timer = threading.Timer(TOTAL_TIMEOUT, _cut, [guard])
        timer.daemon = True
        timer.start()
        try:
            plain.settimeout(TOTAL_TIMEOUT)
            return _exchange(request, plain)
        except (OSError, http.client.HTTPException, ValueError) as error:
            late = isinstance(error, TimeoutError) or time.monotonic() >= until
            raise Refused("slow" if late else "garbled") from error
        finally:
            timer.cancel()


def _cut(guard: socket.socket) -> None:
    with contextlib.suppress(OSError):
        guard.shutdown(socket.SHUT_RDWR)


def _exchange(request: PageRequest, plain: socket.socket) -> Page:
    connection = http.client.HTTPConnection(request.address, request.port)
    secure = request.scheme == "https"
    connection.sock = _tls().wrap_socket(plain) if secure else plain
    with contextlib.closing(connection):
        connection.putrequest(
            request.method, request.path, skip_host=True, skip_accept_encoding=True
        )
        connection.putheader("Host", _host(request))
        connection.putheader("Connection", "close")
        if request.body or request.method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(request.body)))
        for header in request.headers:
            name, _, value = header.partition(":")
            connection.putheader(name.strip(), value.strip())
        connection.endheaders(request.body or None)
        with contextlib.closing(connection.getresponse()) as answer:
            return Page(
                request.id,
                answer.status,
                tuple(_headers(answer)),
                b"" if request.method == "HEAD" else _bounded(answer),
            )


def _headers(answer: http.client.HTTPResponse) -> list[str]:
    """The headers that can be told: of XML and of the next hop, one line each."""
    lines = [f"{name}: {value}" for name, value in answer.getheaders()]
    return [line for line in lines if line.isprintable()][:MAX_HEADERS]


def _bounded(answer: http.client.HTTPResponse) -> bytes:
    pieces, size = [], 0
    while piece := answer.read1(_PIECE):
        size += len(piece)
        if size > MAX_BODY:
            raise Refused("large")
        pieces.append(piece)
    if answer.length:
        raise http.client.IncompleteRead(b"", answer.length)
    return b"".join(pieces)


def _host(request: PageRequest) -> str:
    host = f"[{request.address}]" if ":" in request.address else request.address
    usual = 443 if request.scheme == "https" else 80
    return host if request.port == usual else f"{host}:{request.port}"


def _tls() -> ssl.SSLContext:
    """TLS as printers have it: certificates that they signed themselves, for no name,
    and versions of fifteen years ago. Nobody vouches for them on their own network
    either; what it keeps out is whoever only listens there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:!aNULL:!eNULL:@SECLEVEL=0")
    context.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
    return context


async def _in_thread(function: Callable[[], _T]) -> _T:
    """Call a blocking function in a thread of its own. Unlike asyncio's, these are not
    waited for when the daemon stops, and take no turn from what else it does."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def settle(result: Any, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error:
            future.set_exception(error)
        else:
            future.set_result(result)

    def run() -> None:
        result, error = None, None
        try:
            result = function()
        except Exception as caught:
            error = caught
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, daemon=True).start()
    return await future
