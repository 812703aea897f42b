"""One bounded HTTP POST: TLS verified, proxies honoured, no redirects.

Bodies are compressed once the server said that it can read that (RFC 9110, 12.5.3).
"""

from __future__ import annotations

import gzip
import http.client
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path

from .. import __version__
from ..clock import Clock, ticks
from ..text import clean
from . import KeyRefused, Misunderstood, TooLarge, TransportError, Unreachable

TIMEOUT = 30.0
"""Seconds to wait for a connection and for each piece of an answer."""

TOTAL_TIMEOUT = 120.0
MAX_ANSWER = 8 * 1024 * 1024
_PIECE = 64 * 1024
_SMALL = 1400
"""Bytes that travel in one packet anyway."""


class Poster:
    """Posts to one server."""

    def __init__(
        self,
        ca_file: str | None = None,
        timeout: float = TIMEOUT,
        clock: Clock | None = None,
        proxy: str | None = None,
        certificate_file: Path | None = None,
    ) -> None:
        try:
            context = ssl.create_default_context(cafile=ca_file)
        except (OSError, ssl.SSLError) as error:
            raise TransportError(
                f"The CA file {ca_file} cannot be used: {error}"
            ) from error
        if certificate_file:
            try:
                context.load_cert_chain(certificate_file)
            except (OSError, ssl.SSLError) as error:
                raise TransportError(
                    f"Our certificate {certificate_file} cannot be used: {error}. "
                    "Enrol again with a new key."
                ) from error
        self._timeout, self._clock = timeout, clock
        self.skew: float | None = None
        """Seconds that our clock is ahead of the server's, by its last answer"""
        # Without one of its own, the environment's.
        proxies = {"http": proxy, "https": proxy} if proxy else None
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler(proxies),
            urllib.request.HTTPSHandler(context=context),
            _NoRedirect,
        )
        self._reads_gzip = self._refused_gzip = False

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """The answer's body; raises TransportError for anything but 200."""
        if self._reads_gzip and not self._refused_gzip and len(body) > _SMALL:
            try:
                encoding = {"Content-Encoding": "gzip"}
                return self._post(url, gzip.compress(body, 6), {**headers, **encoding})
            except _NoGzipError:
                self._refused_gzip = True
        return self._post(url, body, headers)

    def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        request = urllib.request.Request(
            url,
            data=body,
            method="POST",
            headers={"User-Agent": f"focalist-agent/{__version__}", **headers},
        )
        sent = ticks()
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                self._compare(answer.headers.get("Date"), sent, self._clock)
                self._reads_gzip = "gzip" in answer.headers.get("Accept-Encoding", "")
                return _bounded(answer)
        except urllib.error.HTTPError as error:
            with error:
                self._compare(error.headers.get("Date"), sent)
                raise _refusal(error) from None
        except urllib.error.URLError as error:
            raise Unreachable(f"Cannot reach the server: {error.reason}") from None
        except (OSError, http.client.HTTPException) as error:
            reason = str(error) or type(error).__name__
            raise Unreachable(f"The connection broke: {reason}") from None

    def _compare(
        self, date: str | None, sent: float, clock: Clock | None = None
    ) -> None:
        """Measure the clock by a Date header (RFC 9110, 6.6.1), to the second."""
        try:
            told = parsedate_to_datetime(date or "").timestamp() + 0.5
        except (ValueError, TypeError):
            return
        # Between sending and now the server wrote it, somewhere in that second.
        now = ticks()
        middle = (sent + now) / 2
        self.skew = time.time() - (now - middle) - told
        if clock:
            clock.hear(told, middle, (now - sent) / 2)


class _NoGzipError(Unreachable):
    """The server, or what now stands before it, reads no compressed bodies."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A POST that is sent on would lose its body, or give the key to a stranger."""

    def redirect_request(self, request, file, code, message, headers, new_url):
        raise Unreachable(
            f"The server redirects to {new_url.split('?')[0]}. "
            "Enrol with that address if it is right."
        )


def _bounded(answer: http.client.HTTPResponse) -> bytes:
    """Read an answer within limits of size and time."""
    until = time.monotonic() + TOTAL_TIMEOUT
    pieces, size = [], 0
    while piece := answer.read1(_PIECE):
        size += len(piece)
        if size > MAX_ANSWER:
            raise Unreachable(f"The answer is larger than {MAX_ANSWER} bytes.")
        if time.monotonic() > until:
            raise Unreachable(f"The answer took longer than {TOTAL_TIMEOUT:g} s.")
        pieces.append(piece)
    return b"".join(pieces)


def _refusal(error: urllib.error.HTTPError) -> TransportError:
    if error.code == 401:
        return KeyRefused("The server refuses the key (unknown, expired or revoked).")
    if error.code == 413:
        return TooLarge("The server finds the request too large.")
    if error.code == 415:
        return _NoGzipError("The server does not understand the request (HTTP 415).")
    if error.code in (400, 409) and (said := _message(error)):
        return Misunderstood(f"The server says: {said}")
    if error.code == 404:
        return Unreachable(
            "The server has no Focalist at this address (HTTP 404). "
            "Are the address and the database right?"
        )
    return Unreachable(
        f"The server answers HTTP {error.code}.",
        _retry_after(error.headers.get("Retry-After")),
    )


def _message(error: urllib.error.HTTPError) -> str:
    """What a refusal in JSON says to people; empty where it is none."""
    try:
        said = json.loads(error.read(_PIECE))["message"]
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return ""
    return clean(said) if isinstance(said, str) else ""


def _retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header (RFC 9110, 10.2.3), at most an hour."""
    if not value:
        return None
    try:
        if value.strip().isdigit():
            seconds = float(value)
        else:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), 3600.0)
