"""What the server says an agent is to do, as it arrives, lives and is remembered.

What is on disk is what was on the line, so one function reads both.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from . import files, log, ranges
from .config import SNMP_PORT, Config, Device
from .plan import ACTIONS, MINUTES, SUPPLIES, WEEK, Schedule
from .snmp.credential import Community, Credential, User, secrets

_log = logging.getLogger(__name__)

NAME = "configuration.json"
DEFAULT_INTERVAL = 900
MAX_NETWORKS = 500


@dataclass(frozen=True)
class Network:
    """Addresses to scan, and how devices answer there."""

    id: int
    name: str = ""
    ranges: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    port: int = SNMP_PORT
    credentials: tuple[Credential, ...] = ()


@dataclass(frozen=True)
class Settings:
    """What the server said last."""

    devices: tuple[Device, ...] = ()
    poll_interval: int = DEFAULT_INTERVAL
    schedules: tuple[Schedule, ...] = ()
    tz: str = "UTC"
    networks: tuple[Network, ...] = ()
    revision: str = ""
    usb: bool = False
    """whether the printers at this computer's own USB are to be read"""
    renew: bool = False
    """it is time for another key and certificate"""
    said: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """the answer that it was read from"""

    def schedule(self, action: str, config: Config) -> Schedule:
        """The plan of an action. ``poll.interval`` of the file stands above that of
        readings; a server that knows no plans has readings alone."""
        if action == SUPPLIES and config.poll_interval:
            return Schedule(action, True, config.poll_interval)
        for schedule in self.schedules:
            if schedule.action == action:
                return schedule
        return Schedule(action, action == SUPPLIES, self.poll_interval)

    def credentials(self, device: Device, config: Config) -> Sequence[Credential]:
        """How a device is asked: as the file says, else as its network has it."""
        if not config.snmp_from_file:
            for network in self.networks:
                if network.id == device.network and network.credentials:
                    return network.credentials
        return config.snmp_credentials

    def to_scan(self, config: Config) -> tuple[Network, ...]:
        """What a scan asks: the ranges of the file, else of the server."""
        if config.discovery_ranges:
            return (
                Network(
                    0,
                    ranges=config.discovery_ranges,
                    exclude=config.discovery_exclude,
                    port=config.snmp_port,
                ),
            )
        return tuple(network for network in self.networks if network.ranges)


def parse(said: dict[str, Any]) -> Settings:
    """Read the server's answer. A device, plan or network that cannot be understood
    loses itself alone; raises KeyError, TypeError or ValueError for the rest."""
    devices = said["devices"]
    if not isinstance(devices, list):
        raise TypeError("devices are no list")
    return Settings(
        devices=tuple(
            Device(str(d["address"]), int(d["port"]), int(d.get("network", 0)))
            for d in devices
        ),
        poll_interval=int(said["poll_interval"]),
        schedules=tuple(_each(said.get("schedules", ()), _schedule)),
        tz=str(said.get("tz", "UTC")),
        networks=tuple(_each(said.get("networks", ()), _network)),
        revision=str(said.get("revision", "")),
        usb=said.get("usb") is True,
        renew=said.get("renew") is True,
        said=said,
    )


def remember(directory: Path, settings: Settings) -> None:
    """Keep the answer for a time without the server. The file is its owner's alone:
    it may have SNMP credentials."""
    known = {f.name for f in fields(Settings)}
    said = {name: value for name, value in settings.said.items() if name in known}
    try:
        files.write_json(directory / NAME, said)
    except files.StateError as error:
        _log.warning("%s", error)


def remembered(directory: Path) -> Settings:
    """What the server said last; nothing to poll where that is not known."""
    with contextlib.suppress(files.StateError, KeyError, TypeError, ValueError):
        if data := files.read_json(directory / NAME):
            return parse(data)
    return Settings()


def _each(said: Any, read: Any) -> list[Any]:
    found = []
    for one in said[:MAX_NETWORKS] if isinstance(said, list) else ():
        try:
            found.append(read(one))
        except (KeyError, TypeError, ValueError, AttributeError):
            # Not what it says: it may be a secret.
            _log.warning("The server's settings have an entry that is not understood.")
    return found


def _schedule(said: dict[str, Any]) -> Schedule:
    action = said["action"]
    if action not in ACTIONS:
        raise ValueError(action)
    return Schedule(
        action,
        bool(said["on"]),
        int(said["interval"]),
        WEEK & {int(day) for day in said["days"]},
        min(max(int(said["from"]), 0), MINUTES - 1),
        min(max(int(said["to"]), 1), MINUTES),
    )


def _network(said: dict[str, Any]) -> Network:
    for one in (*said["ranges"], *said["exclude"]):
        ranges.parse(one)
    credentials = tuple(_each(said.get("credentials", []), _credential))
    for one in credentials:
        for secret in secrets(one):
            log.hide(secret)
    return Network(
        int(said["id"]),
        str(said["name"]),
        tuple(said["ranges"]),
        tuple(said["exclude"]),
        int(said["port"]),
        credentials,
    )


def _credential(said: dict[str, Any]) -> Credential:
    values = {str(key): str(value) for key, value in said.items()}
    if "community" in values:
        return Community(values["community"])
    return User(values.pop("user"), **values)
