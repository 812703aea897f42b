"""The daemon: polls all known devices, spools each report, sends beside it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import signal
import time
from pathlib import Path

from . import files, reader, usb
from .clock import Clock, Stamp
from .config import Config, Device
from .report import Report, problems, utc_now
from .sender import Sender
from .snmp.engine import Engine
from .snmp.session import Limits, NoAnswer, SnmpError
from .spool import Spool, SpoolError
from .transport import Configuration, Transport, TransportError

_log = logging.getLogger(__name__)

CONFIGURATION = "configuration.json"
DEFAULT_INTERVAL = 900
MAX_SKEW = 60
"""Seconds that a clock may be wrong before it is worth a line."""

SPREAD = 0.1
"""Share of the interval over which a round's polls are spread."""


class Scheduler:
    """Polls and sends, until it is told to stop."""

    def __init__(
        self,
        config: Config,
        directory: Path,
        spool: Spool,
        transport: Transport,
        clock: Clock,
    ) -> None:
        self._config, self._directory = config, directory
        self._spool, self._transport = spool, transport
        self._clock = clock
        self._sender = Sender(spool, transport, clock)
        self._news, self._stop = asyncio.Event(), asyncio.Event()
        self._lost = 0

    async def once(self) -> bool:
        """One round, everything sent; True when nothing waits any more."""
        engine = self._engine()
        try:
            devices, _ = await self._what_to_poll()
            await self._round(engine, devices, spread=0)
            await self._sender.drain()
        except TransportError as error:
            _log.error("%s", error)
            self._spool.note(last_error=str(error))
        finally:
            engine.close()
        return self._spool.waiting() == 0

    async def forever(self) -> None:
        """Poll and send until SIGTERM or SIGINT; a batch on its way is settled."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        engine = self._engine()
        polling = asyncio.create_task(self._poll(engine))
        sending = asyncio.create_task(self._send())
        try:
            # Either ends by a stop, or by a fault that leaves nothing to go on with.
            await asyncio.wait(
                [polling, sending, asyncio.create_task(self._stop.wait())],
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            self._end()
            polling.cancel()
            ends = await asyncio.gather(polling, sending, return_exceptions=True)
            engine.close()
        for end in ends:
            if isinstance(end, Exception):
                raise end
        _log.info("Stopped; %d reports wait in the spool.", self._spool.waiting())

    def _end(self) -> None:
        self._stop.set()
        self._news.set()

    def _engine(self) -> Engine:
        limits = Limits(
            timeout=self._config.snmp_timeout, retries=self._config.snmp_retries
        )
        config = self._config
        return Engine(limits, config.snmp_concurrency, config.snmp_backend)

    async def _poll(self, engine: Engine) -> None:
        first = True
        while True:
            started = time.monotonic()
            devices, interval = await self._what_to_poll()
            await self._round(engine, devices, 0 if first else interval * SPREAD)
            first = False
            await asyncio.sleep(max(1.0, started + interval - time.monotonic()))

    async def _send(self) -> None:
        while not self._stop.is_set():
            self._news.clear()
            try:
                await self._sender.drain(self._stop.is_set)
            except (TransportError, SpoolError) as error:
                seconds = self._sender.wait_after(error)
                _log.warning("%s Next attempt in %.0f s.", error, seconds)
                self._spool.note(last_error=str(error))
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), seconds)
            else:
                if not self._stop.is_set():
                    await self._news.wait()

    async def _what_to_poll(self) -> tuple[list[Device], int]:
        """Devices and interval: the server's and the file's; when the server cannot
        be asked, what it said last."""
        path = self._directory / CONFIGURATION
        try:
            told = await asyncio.to_thread(self._transport.configuration)
        except TransportError as error:
            _log.warning("%s Polling what the server said last.", error)
            self._spool.note(last_error=str(error))
            told = _remembered(path)
        else:
            _remember(path, told)
            self._spool.note(last_contact=utc_now())
            self._compare_clocks()
        devices = dict.fromkeys(told.devices + self._config.devices_addresses)
        interval = self._config.poll_interval or told.poll_interval
        return list(devices), min(max(interval, 10), 86_400)

    def _compare_clocks(self) -> None:
        """Note how wrong our clock is; what reports say is corrected by it."""
        skew = self._transport.skew
        if skew is None:
            return
        self._spool.note(clock_ahead=round(skew))
        if abs(skew) > MAX_SKEW:
            side = "ahead of" if skew > 0 else "behind"
            _log.warning("This clock is %d s %s the server's: set it.", abs(skew), side)

    async def _round(
        self, engine: Engine, devices: list[Device], spread: float
    ) -> None:
        if not devices and not self._config.usb_enabled:
            _log.warning("No devices to poll: neither server nor file names one.")
        started = time.monotonic()
        told, on_usb = await asyncio.gather(
            asyncio.gather(
                *(self._device(engine, device, spread) for device in devices)
            ),
            self._usb(),
        )
        read = sum(told)
        self._spool.note(
            devices=len(devices),
            unanswered=len(devices) - read,
            usb=on_usb,
            last_round=utc_now(),
        )
        _log.info(
            "Round of %d devices: %d read, %d not, in %.1f s.",
            len(devices),
            read,
            len(devices) - read,
            time.monotonic() - started,
        )

    async def _device(self, engine: Engine, device: Device, spread: float) -> bool:
        """Poll one device and spool its report; False when it could not be read.

        Nothing that one device does may end the round of the others.
        """
        await asyncio.sleep(random.uniform(0, spread))
        try:
            report, stamp = await self._read(engine, device)
        except NoAnswer as error:
            _log.debug("%s", error)
            return False
        except SnmpError as error:
            _log.warning("%s: %s", device, error)
            return False
        except Exception:
            _log.exception("%s: the answers could not be understood", device)
            return False
        self._keep(report, stamp)
        return True

    async def _read(self, engine: Engine, device: Device) -> tuple[Report, Stamp]:
        credentials = self._config.snmp_credentials
        async with engine.session(device.address, device.port, credentials) as session:
            stamp = self._clock.stamp()
            report = await reader.read(session, device.address)
            return stamp.put_on(report), stamp

    async def _usb(self) -> int:
        """Read the printers on this computer's USB; gives how many there are."""
        if not self._config.usb_enabled:
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
        self._news.set()


def known_devices(config: Config, directory: Path) -> list[Device]:
    """What would be polled without asking the server again."""
    told = _remembered(directory / CONFIGURATION)
    return list(dict.fromkeys(told.devices + config.devices_addresses))


def _remember(path: Path, told: Configuration) -> None:
    try:
        files.write_json(
            path,
            {
                "devices": [vars(device) for device in told.devices],
                "poll_interval": told.poll_interval,
            },
        )
    except files.StateError as error:
        _log.warning("%s", error)


def _remembered(path: Path) -> Configuration:
    with contextlib.suppress(files.StateError, KeyError, TypeError, ValueError):
        data = files.read_json(path)
        if data:
            devices = tuple(Device(**device) for device in data["devices"])
            return Configuration(devices, int(data["poll_interval"]))
    return Configuration((), DEFAULT_INTERVAL)
