"""One printer of the fleet: who it is, and what it is like at any moment."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import cached_property
from random import Random

from . import mib, snmprec, traits, words
from .catalogue import Maker, Model
from .day import Day
from .incidents import DAY
from .state import State


class Printer:
    """A printer: a pure function of its arguments and of the clock.

    :param seed: the fleet's seed
    :param number: from 1, unique in the fleet
    :param site: index of the site that it stands at
    :param address: its IPv4 address
    :param epoch: midnight UTC of the fleet's first day
    """

    def __init__(
        self,
        seed: int,
        number: int,
        maker: Maker,
        spec: Model,
        site: int,
        address: str,
        epoch: datetime,
    ):
        self.seed = seed
        self.number = number
        self.maker = maker
        self.spec = spec
        self.site = site
        self.address = address
        self.epoch = epoch
        self._day: Day | None = None

    def __repr__(self) -> str:
        return f"<Printer {self.number}: {self.manufacturer} {self.model}>"

    @property
    def manufacturer(self) -> str:
        return self.maker.name

    @property
    def model(self) -> str:
        return self.spec.name

    @property
    def color(self) -> bool:
        return self.spec.color

    @cached_property
    def serial(self) -> str:
        return self.maker.serial(self.random("serial"))

    @cached_property
    def mac(self) -> str:
        """Its MAC address, in lower case with colons."""
        tail = self.random("mac").randrange(1 << 24).to_bytes(3, "big")
        return f"{self.maker.oui}:{tail.hex(':')}"

    @property
    def hostname(self) -> str:
        return f"prn-{self.number:04d}"

    @cached_property
    def location(self) -> str:
        return self.random("location").choice(words.FLOORS[self.traits.locale])

    @cached_property
    def traits(self) -> traits.Traits:
        return traits.draw(self.random("traits"), self.spec)

    def random(self, *purpose: object) -> Random:
        """Random numbers for one purpose, the same each time they are asked for."""
        return Random(":".join(map(str, (self.seed, self.number, *purpose))))

    def moment(self, second: float) -> datetime:
        """The moment that is some seconds after the fleet's first day began."""
        return self.epoch + timedelta(seconds=second)

    def at(self, moment: datetime) -> State:
        """Its state at a moment, the same whatever was asked before.

        Going forward costs a step a day; going back starts again from the first day.

        :raises ValueError: for a moment before the epoch, or without a time zone
        """
        if moment.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        second = (moment.astimezone(timezone.utc) - self.epoch) // timedelta(seconds=1)
        if second < 0:
            raise ValueError(f"{moment.isoformat()} is before {self.epoch.isoformat()}")
        index = second // DAY
        day = self._day
        if day is None or day.index > index:
            day = Day.first(self)
        while day.index < index:
            day = day.next()
        self._day = day
        return State(day, second)

    def snmprec(self, moment: datetime) -> str:
        """What it would answer to a walk at a moment, in snmpsim's .snmprec format."""
        return snmprec.dump(mib.rows(self.at(moment)))
