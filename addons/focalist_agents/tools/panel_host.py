"""Host names of panels: a random label each, under one domain of their own.

What a printer's page may do in a browser is bounded by its origin. So a panel is never
on Odoo's host (ports share cookies), and never on one above or below it.
"""

import base64
import re
import secrets
from urllib.parse import urlsplit

from odoo.http import Application, request

_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
_LABEL = re.compile(r"([a-z2-7]{26})\.(.+)")


def new_label():
    """A label that nobody guesses: 128 bits."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


def name_of(host):
    """The name in a Host header, without port; empty where there is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def check_domain(domain):
    """Whether this is a domain, with a port or without."""
    name, colon, port = domain.partition(":")
    return bool(_NAME.fullmatch(name)) and (not colon or port.isdigit())


def are_related(one, other):
    """Whether a host is another, or above or below it."""
    return f".{one}".endswith(f".{other}") or f".{other}".endswith(f".{one}")


def is_panel(host, domain):
    """Whether a Host header names a panel's host: all names under the domain."""
    return bool(domain) and f".{name_of(host)}".endswith(f".{name_of(domain)}")


def label_of(host, domain):
    """The label of a panel's host; None where it is none."""
    match = _LABEL.fullmatch(name_of(host))
    return match[1] if match and match[2] == name_of(domain) else None


_get_static_file = Application.get_static_file


def _get_no_static_file_of_panels(self, url, host=""):
    """Odoo gives out static files before anything is asked of a module: on a panel's
    host each path is the printer's, and nothing of Odoo is there."""
    if request and _LABEL.fullmatch(name_of(request.httprequest.host)):
        return None
    return _get_static_file(self, url, host)


Application.get_static_file = _get_no_static_file_of_panels
