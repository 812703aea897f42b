"""A fleet of printers, and the device reports that a daemon would have made of it."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

from .catalogue import Maker
from .models import MAKERS
from .printer import Printer
from .report import report

# The first day of a fleet that names none.
EPOCH = datetime(2025, 10, 1, tzinfo=timezone.utc)

_SITES_A_NETWORK = 256
_PRINTERS_A_SITE = 250
_FIRST_NETWORK = 20  # 127.20.0.0/16 and those above it


class Fleet:
    """Printers of all makers at some sites: a pure function of its arguments.

    :param devices: how many printers
    :param sites: how many sites, of different sizes, each with a printer at least
        when there are enough
    :param seed: another seed is another fleet
    :param epoch: the first day that is known of it (from midnight UTC)
    :raises ValueError: for no devices, no sites, or more than there are addresses
    """

    def __init__(
        self,
        devices: int = 60,
        sites: int = 15,
        seed: int = 1,
        epoch: datetime = EPOCH,
    ):
        if devices < 1 or sites < 1:
            raise ValueError("a fleet has a device and a site at least")
        self.seed = seed
        self.epoch = epoch.replace(
            hour=0, minute=0, second=0, microsecond=0, tzinfo=timezone.utc
        )
        self.sites = sites
        rng = Random(f"{seed}:fleet:{devices}:{sites}")
        self.printers = list(self._printers(devices, rng))

    def reports(
        self,
        since: datetime,
        until: datetime,
        every: timedelta = timedelta(days=1),
        printers: Iterable[Printer] | None = None,
        private: bool = True,
    ) -> Iterator[dict[str, Any]]:
        """The device reports of polls at since, since + every … before `until`.

        They come in order of time, then of number; a printer that was silent then is
        missing. Nothing is kept, so that a large fleet takes no more memory.

        :param printers: those to poll, all when it is None
        :param private: whether the daemon reads the makers' own counters too; without,
            the report is what the standard MIBs say
        """
        polled = self.printers if printers is None else list(printers)
        moment = since
        while moment < until:
            for printer in polled:
                state = printer.at(moment)
                if not state.silent:
                    yield report(state, private=private)
            moment += every

    def _printers(self, devices: int, rng: Random) -> Iterator[Printer]:
        sites = self._places(devices, rng)
        used = [0] * self.sites
        for number, (maker, site) in enumerate(
            zip(_deal(devices, rng), sites, strict=True), start=1
        ):
            used[site] += 1
            yield Printer(
                seed=self.seed,
                number=number,
                maker=maker,
                spec=rng.choice(maker.models),
                site=site,
                address=self._address(site, used[site] - 1),
                epoch=self.epoch,
            )

    def _places(self, devices: int, rng: Random) -> list[int]:
        """The site of each printer, in order, so that numbers run site by site."""
        sizes = [rng.uniform(0.4, 2.5) for _site in range(self.sites)]
        chosen = list(range(self.sites))[:devices]
        chosen += rng.choices(range(self.sites), sizes, k=devices - len(chosen))
        return sorted(chosen)

    def _address(self, site: int, place: int) -> str:
        """127.20.SITE.N; the networks above take what has no room there."""
        block, host = divmod(place, _PRINTERS_A_SITE)
        blocks = (self.sites - 1) // _SITES_A_NETWORK + 1
        network = _FIRST_NETWORK + block * blocks + site // _SITES_A_NETWORK
        if network > 254:
            raise ValueError("too many printers at too many sites for 127.0.0.0/8")
        return f"127.{network}.{site % _SITES_A_NETWORK}.{host + 1}"


def _deal(devices: int, rng: Random) -> list[Maker]:
    """The maker of each printer: each maker once, then by their shares."""
    shares = [maker.share for maker in MAKERS]
    makers = rng.sample(MAKERS, k=min(devices, len(MAKERS)))
    makers += rng.choices(MAKERS, shares, k=devices - len(makers))
    rng.shuffle(makers)
    return makers
