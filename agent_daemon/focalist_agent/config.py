"""The configuration file, TOML: every key is known, checked and documented in
``packaging/agent.toml``. All of it is optional."""

from __future__ import annotations

import ipaddress
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import log, ranges
from .snmp import BACKENDS
from .snmp.credential import Community, Credential, User, secrets

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SNMP_PORT = 161
TRANSPORTS = ("xmlrpc", "json2")


class ConfigError(ValueError):
    """The configuration cannot be used; the text names the file, line and key."""


@dataclass(frozen=True)
class Device:
    """Where one printer is asked."""

    address: str
    port: int = SNMP_PORT
    network: int = field(default=0, compare=False)
    """that of the server which it is on; 0 where it is not known"""

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"


@dataclass(frozen=True)
class Config:
    """What the file says, with defaults. Times are in seconds."""

    server_url: str | None = None
    server_database: str | None = None
    server_ca_file: str | None = None
    server_transport: str = "xmlrpc"
    server_proxy: str | None = None
    snmp_credentials: tuple[Credential, ...] = (Community("public"),)
    snmp_from_file: bool = field(default=False, compare=False)
    """whether these are the file's, and stand above the server's"""
    snmp_backend: str = "auto"
    snmp_port: int = SNMP_PORT
    snmp_timeout: float = 2.5
    snmp_retries: int = 1
    snmp_concurrency: int = 30
    devices_addresses: tuple[Device, ...] = field(default=())
    discovery_ranges: tuple[str, ...] = ()
    discovery_exclude: tuple[str, ...] = ()
    discovery_rate: int = 500
    usb_enabled: bool = False
    usb_addresses: tuple[str, ...] = ()
    panel_enabled: bool = True
    panel_ports: tuple[int, ...] = (80, 443, 8000, 8080, 8443)
    poll_interval: int | None = None
    spool_max_size_mb: int = 200
    log_format: str = "text"


def parse_device(said: str, default_port: int = SNMP_PORT) -> Device:
    """Read ``10.1.2.3``, ``printer.example:1161``, ``fe80::1`` or ``[fe80::1]:161``.

    Raises ValueError, with a text for people.
    """
    said = said.strip()
    try:
        if ipaddress.ip_address(said).version == 6:
            return Device(said, default_port)
    except ValueError:
        pass
    match = re.fullmatch(r"(?:\[([^\]]+)\]|([^:\s/\[\]]+))(?::(\d+))?", said)
    if not match:
        raise ValueError(f"{said!r} is not an address or an address:port")
    port = int(match[3]) if match[3] else default_port
    return Device(match[1] or match[2], _between(port, 1, 65535))


def load(path: Path | None) -> Config:
    """Read a configuration; without a file, the defaults. Raises ConfigError."""
    if path is None:
        return Config()
    try:
        source = path.read_text("utf-8")
        data = tomllib.loads(source)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    found: dict[str, Any] = {}
    for section, content in data.items():
        if not isinstance(content, dict) or section not in _SECTIONS:
            raise ConfigError(_at(path, source, None, section, "is unknown"))
        for key, value in content.items():
            check = _KEYS.get(f"{section}.{key}")
            if check is None:
                raise ConfigError(_at(path, source, section, key, "is unknown"))
            try:
                found[f"{section}_{key}"] = check(value)
            except ValueError as error:
                raise ConfigError(
                    _at(path, source, section, key, str(error))
                ) from error
    # Communities are the shorter way to write the simplest of credentials.
    several = found.pop("snmp_credentials", ()), found.pop("snmp_communities", ())
    if any(several):
        found["snmp_credentials"] = several[0] + several[1]
        found["snmp_from_file"] = True
    config = _with_port(Config(**found))
    for secret in all_secrets(config):
        log.hide(secret)
    return config


def all_secrets(config: Config) -> tuple[str, ...]:
    """What of the configuration nobody else may read."""
    several = [*map(secrets, config.snmp_credentials)]
    proxy = urlsplit(config.server_proxy or "").password or ""
    return tuple(one for one in (proxy, *(s for few in several for s in few)) if one)


def _with_port(config: Config) -> Config:
    """Addresses without a port have ``snmp.port``, wherever it stands in the file."""
    devices = (parse_device(d, config.snmp_port) for d in config.devices_addresses)
    return Config(**{**vars(config), "devices_addresses": tuple(devices)})


def _at(path: Path, source: str, section: str | None, key: str, what: str) -> str:
    """``FILE, line N: section.key WHAT``; without the line where it is not found."""
    name = f"{section}.{key}" if section else key
    current, ends = None, {"[": "]", "[[": "]]"}
    for number, line in enumerate(source.splitlines(), 1):
        header = re.match(r"\s*(\[{1,2})\s*([\w.\-\"]+)\s*\]", line)
        if header:
            current = header[2].strip('"')
            if current == name:
                return (
                    f"{path}, line {number}: {header[1]}{name}{ends[header[1]]} {what}"
                )
        elif current == section and re.match(rf"\s*\"?{re.escape(key)}\"?\s*=", line):
            return f"{path}, line {number}: {name} {what}"
    return f"{path}: {name} {what}"


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("must be a text")
    return value


def _database(value: Any) -> str:
    # It travels in an HTTP header, as PostgreSQL's names of databases can.
    if not _text(value).isascii() or not value.isprintable():
        raise ValueError("must be plain ASCII text")
    return value


def _url(value: Any) -> str:
    return check_url(_text(value))


def check_url(value: str) -> str:
    """A server's address without the last slash; raises ValueError."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must start with https:// (or http://)")
    if parts.username or parts.query or parts.fragment:
        raise ValueError("must be an address alone, without user, ? or #")
    if parts.path.strip("/"):
        raise ValueError(
            "must be the address without a path: "
            f"{parts.scheme}://{parts.netloc}, not {value}"
        )
    return value.rstrip("/")


def _proxy(value: Any) -> str:
    parts = urlsplit(_text(value))
    if parts.scheme != "http" or not parts.hostname or not (parts.port or 80):
        raise ValueError("must be like http://proxy.example:3128")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError("must be a list of texts")
    return tuple(_text(one) for one in value)


def _communities(value: Any) -> tuple[Credential, ...]:
    return tuple(Community(one) for one in _texts(value))


_USER_KEYS = {"user", *(f.name for f in fields(User))} - {"name"}


def _credentials(value: Any) -> tuple[Credential, ...]:
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise ValueError("must be written as [[snmp.credentials]]")
    found = []
    for number, one in enumerate(value, 1):
        try:
            found.append(_credential(one))
        except ValueError as error:
            raise ValueError(f"(number {number}) {error}") from error
    return tuple(found)


def _credential(value: dict[str, Any]) -> Credential:
    unknown = sorted(value.keys() - _USER_KEYS - {"community"})
    if unknown:
        raise ValueError(f"has the unknown key {unknown[0]}")
    texts = {key: _text_of(key, one) for key, one in value.items()}
    if texts.keys() == {"community"}:
        return Community(texts["community"])
    if "community" in texts or "user" not in texts:
        raise ValueError("must have either a community, or a user")
    return User(texts.pop("user"), **texts)


def _text_of(key: str, value: Any) -> str:
    try:
        return _text(value)
    except ValueError as error:
        raise ValueError(f"has a {key} that is no text") from error


def _devices(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("must be a list of addresses")
    for one in value:
        parse_device(_text(one))
    return tuple(value)


def _ranges(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("must be a list of ranges")
    for one in value:
        ranges.parse(_text(one))
    return tuple(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _ports(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError("must be a list of ports")
    return tuple(map(_integer(1, 65535), value))


def _usb_addresses(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("must be a list of addresses")
    for one in value:
        _check_own(_text(one))
    return tuple(value)


def _check_own(uri: str) -> None:
    """An address of this computer: others are asked over SNMP."""
    parts = urlsplit(uri)
    host = parts.hostname or ""
    try:
        own = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        own = False
    if parts.scheme != "ipp" or not own:
        raise ValueError(
            "must be addresses of this computer, like ipp://127.0.0.1:60000/ipp/print"
        )


def _one_of(known: Sequence[str]) -> Any:
    def check(value: Any) -> str:
        if value not in known:
            raise ValueError(f"must be one of {', '.join(known)}")
        return value

    return check


def _between(value: Any, low: float, high: float) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("must be a number")
    if not low <= value <= high:
        raise ValueError(f"must lie between {low} and {high}")
    return value


def _integer(low: int, high: int) -> Any:
    def check(value: Any) -> int:
        if not isinstance(value, int):
            raise ValueError("must be a whole number")
        return _between(value, low, high)

    return check


_KEYS = {
    "server.url": _url,
    "server.database": _database,
    "server.ca_file": _text,
    "server.transport": _one_of(TRANSPORTS),
    "server.proxy": _proxy,
    "snmp.communities": _communities,
    "snmp.credentials": _credentials,
    "snmp.backend": _one_of(BACKENDS),
    "snmp.port": _integer(1, 65535),
    "snmp.timeout": lambda value: float(_between(value, 0.1, 60)),
    "snmp.retries": _integer(0, 10),
    "snmp.concurrency": _integer(1, 500),
    "devices.addresses": _devices,
    "discovery.ranges": _ranges,
    "discovery.exclude": _ranges,
    "discovery.rate": _integer(1, 10_000),
    "usb.enabled": _flag,
    "usb.addresses": _usb_addresses,
    "panel.enabled": _flag,
    "panel.ports": _ports,
    "poll.interval": _integer(10, 86_400),
    "spool.max_size_mb": _integer(1, 100_000),
    "log.format": _one_of(log.FORMATS),
}
_SECTIONS = {key.split(".")[0] for key in _KEYS}
