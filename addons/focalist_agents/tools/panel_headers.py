"""What passes between a browser and a printer's own page, and what does not."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

COOKIE = "focalist_panel"
# Odoo's own: never a printer's to read. A printer's of that name goes by another.
_ODOO_COOKIE = "session_id"
_RENAMED = "focalist_device_session_id"
WEB_PORTS = (80, 443, 8000, 8080, 8443)
DEFAULT_PORTS = {"http": 80, "https": 443}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_MAX_HEADERS = 60
_MAX_HEADER = 8192

# Of the connection between browser and us, of proxies, or ours to say.
_NOT_TO_DEVICE = {
    "accept-encoding",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "origin",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-real-ip",
}
_NOT_TO_DEVICE_PREFIXES = ("x-forwarded", "x-focalist-", "x-odoo-", "sec-")
# Whatever else a device says may steer the browser, or the proxy before us
# (X-Accel-Redirect).
_FROM_DEVICE = {
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "www-authenticate",
}
_REFRESH = re.compile(
    r"\s*(\d{1,6})\s*(?:[;,]\s*(?:url\s*=\s*)?['\"]?([^'\"]*)['\"]?)?",
    re.IGNORECASE,
)
# Nothing of the page leaves for another host, whatever the browser holds for that.
PROTECTION = [
    (
        "Content-Security-Policy",
        "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; connect-src"
        " 'self'; form-action 'self'; frame-ancestors 'self'; base-uri 'self'",
    ),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
    ("X-Robots-Tag", "noindex, nofollow"),
]


class SentElsewhereError(Exception):
    """The device sends the browser to a place that is not its own; `target`."""

    def __init__(self, target):
        super().__init__(target)
        self.target = target


@dataclass(frozen=True)
class Place:
    """Where a device's pages are: its address, how it is asked, and its own name."""

    scheme: str
    address: str
    port: int
    name: str = ""

    @property
    def host(self):
        """As a Host header has it."""
        address = f"[{self.address}]" if ":" in self.address else self.address
        usual = self.port == DEFAULT_PORTS[self.scheme]
        return address if usual else f"{address}:{self.port}"

    @property
    def origin(self):
        return f"{self.scheme}://{self.host}"


def clean_path(path, query=""):
    """A path in printable ASCII that begins with one slash, with its query.

    :param str path: quoted, as in an address
    """
    # Backslashes and further slashes in front would name a host.
    cleaned = "/" + quote(path.lstrip("/\\"), safe="/:@!$&'()*+,;=~%")
    query = quote(query, safe="/:@!$&'()*+,;=~%?[]|{}")
    return f"{cleaned}?{query}" if query else cleaned


def to_device(headers, place):
    """The headers of a browser's request, as the device is to get them.

    :param headers: pairs of names and values
    :return: list of "Name: value"
    """
    passed = []
    for name, value in headers:
        lower = name.lower()
        if lower == "cookie":
            value = _cookies_to_device(value)
        elif lower == "origin":
            value = place.origin
        elif lower == "referer":
            parts = urlsplit(value)
            value = place.origin + clean_path(parts.path, parts.query)
        elif lower in _NOT_TO_DEVICE or lower.startswith(_NOT_TO_DEVICE_PREFIXES):
            continue
        if value and value.isprintable() and len(value) <= _MAX_HEADER:
            passed.append(f"{name}: {value}")
    return [*passed[:_MAX_HEADERS], "Accept-Encoding: identity"]


def _cookies_to_device(value):
    kept = []
    for one in value.split(";"):
        name, _, content = one.strip().partition("=")
        name = name.strip()
        if name == _RENAMED:
            kept.append(f"{_ODOO_COOKIE}={content}")
        elif name and name not in (COOKIE, _ODOO_COOKIE):
            kept.append(one.strip())
    return "; ".join(kept)


def from_device(headers, place, path, secure):
    """The headers of a device's answer, as the browser is to get them.

    :param headers: list of "Name: value"
    :param str path: what was asked for
    :param bool secure: whether the browser speaks https with us
    :return: (list of pairs, the device's place from now on)
    :raise SentElsewhereError: for a redirect to anywhere but the device
    """
    passed, now = [], place
    for line in headers:
        name, _, value = line.partition(":")
        name, value = name.strip(), value.strip()
        lower = name.lower()
        if not value.isprintable() or len(value) > _MAX_HEADER:
            continue
        if lower == "location":
            now, value = _follow(value, place, path)
        elif lower == "refresh":
            now, value = _refresh(value, place, path)
        elif lower == "set-cookie":
            value = _cookie_from_device(value, secure)
        elif lower not in _FROM_DEVICE:
            continue
        if value:
            passed.append((name, value))
    return passed, now


def _follow(target, place, path):
    """Where a redirect leads: the device's place from then on, and a path there."""
    try:
        parts = urlsplit(urljoin(place.origin + path, target))
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError as error:
        raise SentElsewhereError(target) from error
    own = {place.address.lower(), place.name.lower()} - {""}
    if (
        parts.scheme not in DEFAULT_PORTS
        or (parts.hostname or "") not in own
        or port not in {*WEB_PORTS, place.port}
    ):
        raise SentElsewhereError(target)
    there = clean_path(parts.path, parts.query)
    if parts.fragment:
        there += "#" + quote(parts.fragment, safe="/:@!$&'()*+,;=~%?")
    return Place(parts.scheme, place.address, port, place.name), there


def _refresh(value, place, path):
    match = _REFRESH.fullmatch(value)
    if not match:
        return place, ""
    if not match[2]:
        return place, match[1]
    now, there = _follow(match[2].strip(), place, path)
    return now, f"{match[1]}; url={there}"


def _cookie_from_device(value, secure):
    """A cookie for the panel's host alone; empty where it is none of the device's."""
    pair, *attributes = value.split(";")
    name, _, content = pair.strip().partition("=")
    name = name.strip()
    if not name or name in (COOKIE, _RENAMED):
        return ""
    if name == _ODOO_COOKIE:
        name = _RENAMED
    dropped = {"domain", "secure", "partitioned"}
    kept = [
        one.strip()
        for one in attributes
        if one.partition("=")[0].strip().lower() not in dropped
    ]
    return "; ".join([f"{name}={content}", *kept, *(["Secure"] if secure else [])])
