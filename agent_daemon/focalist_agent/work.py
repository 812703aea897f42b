"""The three actions: reading devices, reading their alerts, scanning networks."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from . import discovery, ranges, reader, usb
from .clock import Clock, Stamp
from .config import Config, Device
from .plan import ALERTS, SCAN, SUPPLIES
from .report import Report, problems, utc_now
from .settings import Network, Settings
from .snmp.engine import Engine
from .snmp.session import NoAnswer, SnmpError
from .spool import Spool, SpoolError
from .transport import Count

_log = logging.getLogger(__name__)

_READERS = {SUPPLIES: reader.read, ALERTS: reader.read_alerts}


class CannotWork(Exception):
    """An action that cannot be done as things are set; the text is for people."""


@dataclass
class Progress:
    """How far an action is; whoever tells of it looks at ``count``."""

    count: Count = Count()

    def set(self, **values: int) -> None:
        self.count = replace(self.count, **values)


class Worker:
    """Does the actions. What it reads is spooled; ``news`` is called for each."""

    def __init__(
        self,
        config: Config,
        engine: Engine,
        spool: Spool,
        clock: Clock,
        news: Callable[[], None],
    ) -> None:
        self._config, self._engine = config, engine
        self._spool, self._clock, self._news = spool, clock, news
        self._scanning = asyncio.Lock()
        self._lost = 0

    async def do(
        self, action: str, settings: Settings, progress: Progress, spread: float = 0
    ) -> None:
        """Do one action; raises CannotWork. Nothing that one device does ends it.

        ``spread``: seconds over which the devices' turns are spread.
        """
        if action == SCAN:
            async with self._scanning:
                await self._scan(settings, progress)
        elif action not in _READERS:
            raise CannotWork(f"This collector does not know {action!r}: update it.")
        else:
            await self._round(action, settings, progress, spread)

    async def _round(
        self, action: str, settings: Settings, progress: Progress, spread: float
    ) -> None:
        devices = list(dict.fromkeys(settings.devices + self._config.devices_addresses))
        has_usb = self._config.usb_enabled or settings.usb
        if not devices and not has_usb:
            _log.warning("No devices to poll: neither server nor file names one.")
        started = time.monotonic()
        progress.set(total=len(devices))

        async def turn(device: Device) -> None:
            await asyncio.sleep(random.uniform(0, spread))
            read = await self._read(action, settings, device)
            count = progress.count
            progress.set(done=count.done + 1, found=count.found + read)

        polled = asyncio.gather(*map(turn, devices))
        if action == SUPPLIES:
            on_usb, _turns = await asyncio.gather(self._usb(has_usb), polled)
            self._spool.note(
                devices=len(devices),
                unanswered=len(devices) - progress.count.found,
                usb=on_usb,
                last_round=utc_now(),
            )
        else:
            await polled
        read = progress.count.found
        _log.info(
            "%s of %d devices: %d read, %d not, in %.1f s.",
            "Round" if action == SUPPLIES else "Alerts",
            len(devices),
            read,
            len(devices) - read,
            time.monotonic() - started,
        )

    async def _read(self, action: str, settings: Settings, device: Device) -> bool:
        """Read one device and spool its report; False when it could not be read."""
        credentials = settings.credentials(device, self._config)
        try:
            async with self._engine.session(
                device.address, device.port, credentials
            ) as session:
                stamp = self._clock.stamp()
                report = await _READERS[action](session, device.address)
        except NoAnswer as error:
            _log.debug("%s", error)
            return False
        except SnmpError as error:
            _log.warning("%s: %s", device, error)
            return False
        except Exception:
            _log.exception("%s: the answers could not be understood", device)
            return False
        self._keep(stamp.put_on(report), stamp)
        return True

    async def _usb(self, wanted: bool) -> int:
        """Read the printers on this computer's USB; gives how many there are."""
        if not wanted:
            return 0
        stamp = self._clock.stamp()
        try:
            found = await asyncio.to_thread(usb.read_all, self._config.usb_addresses)
        except Exception:
            _log.exception("USB: the answers could not be understood")
            return 0
        for report in found:
            self._keep(stamp.put_on(report), stamp)
        _log.info("USB: %d printers read.", len(found))
        return len(found)

    async def _scan(self, settings: Settings, progress: Progress) -> None:
        """Find the printers of all networks and read each in full."""
        networks = settings.to_scan(self._config)
        if not networks:
            raise CannotWork(
                "There are no addresses to scan: see the agent's networks."
            )
        try:
            addresses = [ranges.addresses(n.ranges, n.exclude) for n in networks]
        except ValueError as error:
            raise CannotWork(f"The scan is not possible: {error}.") from error
        started = time.monotonic()
        progress.set(total=sum(map(len, addresses)))
        others = 0
        for network, some in zip(networks, addresses, strict=True):
            others += await self._scan_one(settings, network, some, progress)
        _log.info(
            "Scan of %d addresses: %d printers, %d other SNMP devices, in %.1f s.",
            progress.count.total,
            progress.count.found,
            others,
            time.monotonic() - started,
        )

    async def _scan_one(
        self,
        settings: Settings,
        network: Network,
        addresses: list[str],
        progress: Progress,
    ) -> int:
        """Scan one network; gives the number of those that are no printers."""
        before, others = progress.count.done, 0

        def asked(share: float) -> None:
            progress.set(done=before + int(share * len(addresses)))

        anywhere = Device("", network.port, network.id)
        reading: list[asyncio.Task[bool]] = []
        try:
            async for found in discovery.scan(
                self._engine,
                addresses,
                network.port,
                settings.credentials(anywhere, self._config),
                self._config.discovery_rate,
                asked,
            ):
                if not found.printer:
                    others += 1
                    continue
                progress.set(found=progress.count.found + 1)
                device = replace(found.device, network=network.id)
                turn = self._read(SUPPLIES, settings, device)
                reading.append(asyncio.create_task(turn))
            await asyncio.gather(*reading)
        finally:
            for task in reading:
                task.cancel()
        progress.set(done=before + len(addresses))
        return others

    def _keep(self, report: Report, stamp: Stamp) -> None:
        wrong = problems(report.to_dict())
        if wrong:
            # A fault of ours: the server would reject it, and say less.
            _log.error("%s: the report is not valid: %s", report.address, wrong[0])
        try:
            self._spool.put(report, stamp)
        except SpoolError as error:
            self._lost += 1
            _log.error("A report is lost (%d since the start): %s", self._lost, error)
        self._news()
