"""What may keep an agent from working, looked at one by one, with what to do."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from . import credentials as enrolled
from . import files, settings
from .config import Config, Device, all_secrets
from .scheduler import MAX_SKEW
from .snmp.credential import User
from .snmp.engine import Engine, has_gufo
from .snmp.session import Limits, SnmpError
from .transport import KeyRefused, TransportError

MAX_DEVICES = 50
"""Of the known ones that are asked."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. ``todo`` is empty where nothing is wrong."""

    what: str
    said: str
    todo: str = ""

    def __str__(self) -> str:
        mark = "PROBLEM" if self.todo else "ok"
        todo = f"\n{'':19}-> {self.todo}" if self.todo else ""
        return f"{mark:8} {self.what:9} {self.said}{todo}"


def findings(
    config: Config,
    config_path: Path | None,
    directory: Path,
    connect: Callable[[], Any],
    devices: Sequence[Device],
) -> Iterator[Finding]:
    """All that is looked at, as it is known.

    ``connect`` gives the transport with the stored credentials.
    """
    yield _file(config, config_path)
    yield from _state(config, directory)
    known = None
    try:
        known = enrolled.load(directory)
        yield Finding("enrolment", f"{known.collector} of {known.agent}")
    except files.StateError as error:
        yield Finding("enrolment", str(error), "Run focalist-agent enroll.")
    url = config.server_url or (known and known.server)
    if url:
        yield from _network(url, config)
    if known:
        yield from _server(connect)
    yield from _backend(config)
    told = settings.remembered(directory)
    yield from asyncio.run(_devices(config, told, devices))


def _file(config: Config, path: Path | None) -> Finding:
    if path is None:
        return Finding("file", "no configuration file: all is as by default")
    if all_secrets(config) and os.name == "posix" and path.stat().st_mode & 0o004:
        return Finding(
            "file",
            f"{path} has passwords, and everybody can read it",
            f"chgrp focalist-agent {path} && chmod 640 {path}",
        )
    return Finding("file", f"{path} is understood")


def _state(config: Config, directory: Path) -> Iterator[Finding]:
    """Whether reports can be stored, and for how long."""
    existing = next(p for p in (directory, *directory.parents) if p.exists())
    if not os.access(existing, os.W_OK):
        yield Finding(
            "disk",
            f"{directory} cannot be written",
            "Run this as the user of the service, or name another --state-dir.",
        )
        return
    free = shutil.disk_usage(existing).free // 2**20
    room = f"{free} MiB free for {config.spool_max_size_mb} of waiting reports"
    enough = free > config.spool_max_size_mb
    yield Finding(
        "disk", room, "" if enough else "Free space, or lower spool.max_size_mb."
    )


def _network(url: str, config: Config) -> Iterator[Finding]:
    """Name, connection and TLS, up to where HTTP begins."""
    parts = urlsplit(url)
    host, scheme = parts.hostname or "", parts.scheme
    proxy = None if proxy_bypass(host) else getproxies().get(scheme)
    proxy = config.server_proxy or proxy
    if proxy:
        yield Finding("proxy", f"{urlsplit(proxy).hostname} is asked for {host}")
        return
    port = parts.port or (443 if scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        yield Finding(
            "DNS", f"{host}: {reason}", "Check server.url and the machine's resolver."
        )
        return
    yield Finding("DNS", f"{host} is {found[0][4][0]}")
    try:
        with socket.create_connection((host, port), timeout=10) as connection:
            yield Finding("TCP", f"port {port} is open")
            if scheme == "https":
                yield _tls(connection, host, config)
            elif _is_here(found[0][4][0]):
                yield Finding("TLS", "none, and none is needed within a machine")
            else:
                yield Finding("TLS", "http:// is not encrypted", "Use https://.")
    except OSError as error:
        reason = error.strerror or str(error)
        yield Finding(
            "TCP",
            f"{host}:{port}: {reason}",
            f"Let this machine reach TCP port {port}, or set https_proxy.",
        )


def _is_here(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


def _tls(connection: socket.socket, host: str, config: Config) -> Finding:
    try:
        context = ssl.create_default_context(cafile=config.server_ca_file)
        with context.wrap_socket(connection, server_hostname=host) as secure:
            until = (secure.getpeercert() or {}).get("notAfter", "?")
            return Finding("TLS", f"{secure.version()}, certificate until {until}")
    except ssl.SSLCertVerificationError as error:
        return Finding(
            "TLS",
            error.verify_message,
            "Set server.ca_file where the authority is your own; check the clock.",
        )
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or str(error)
        return Finding("TLS", reason, "Is there a TLS server at this port?")


def _server(connect: Callable[[], Any]) -> Iterator[Finding]:
    """Whether Focalist answers and knows us, and what its clock says."""
    try:
        transport = connect()
        try:
            told = transport.configuration()
            yield Finding(
                "server",
                f"{len(told.devices)} devices, each {told.poll_interval} s",
            )
        except KeyRefused as error:
            yield Finding("server", str(error), "Enrol again with a new key.")
        if transport.skew is not None:
            wrong = abs(transport.skew) > MAX_SKEW
            side = "ahead of" if transport.skew > 0 else "behind"
            yield Finding(
                "clock",
                f"{abs(transport.skew):.0f} s {side} the server's",
                "Set the clock (timedatectl set-ntp true)." if wrong else "",
            )
    except (TransportError, files.StateError) as error:
        yield Finding("server", str(error), "See the lines above, or the server's log.")


def _backend(config: Config) -> Iterator[Finding]:
    fast = has_gufo() and config.snmp_backend != "pysnmp"
    yield Finding(
        "SNMP",
        "gufo-snmp asks, pysnmp what it cannot"
        if fast
        else "pysnmp asks (pip install 'focalist-agent[fast]' saves processor time)",
    )
    ciphers = {one.priv for one in config.snmp_credentials if isinstance(one, User)}
    if any(ciphers):
        from .snmp.pysnmp import has_privacy

        missing = sorted(one for one in ciphers if not has_privacy(one))
        if missing and not fast:
            yield Finding(
                "SNMP",
                f"{', '.join(missing)} cannot be used",
                "Install a newer Python package cryptography.",
            )


async def _devices(
    config: Config, told: settings.Settings, devices: Sequence[Device]
) -> list[Finding]:
    """Which of the known devices answer."""
    engine = Engine(
        Limits(timeout=config.snmp_timeout, retries=config.snmp_retries),
        config.snmp_concurrency,
        config.snmp_backend,
    )

    async def ask(device: Device) -> str:
        try:
            credentials = told.credentials(device, config)
            async with engine.session(device.address, device.port, credentials):
                return ""
        except SnmpError as error:
            return str(error)

    asked = devices[:MAX_DEVICES]
    try:
        said = await asyncio.gather(*map(ask, asked))
    finally:
        engine.close()
    silent = [(device, text) for device, text in zip(asked, said, strict=True) if text]
    if not asked:
        return [
            Finding("printers", "none is known yet: the server names them when asked")
        ]
    return [
        Finding("printers", f"{len(asked) - len(silent)} of {len(asked)} answer"),
        *(
            Finding("printer", text, "Check that it is on, and its SNMP settings.")
            for _, text in silent
        ),
    ]
