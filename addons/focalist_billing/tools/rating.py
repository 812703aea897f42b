"""From pages to charges: how a version of the prices rates a period.

Nothing here knows Odoo: the same arithmetic bills, simulates, and can be tried with
random prices. Pages are whole numbers; prices are per page, in the contract's currency;
nothing is rounded but pages that are included in part of a period, since a page is
whole. An amount is `Charge.quantity * Charge.price`, and is rounded where it becomes
money: once a charge, as Odoo rounds an invoice line.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from .billed_meters import A4_OF, TIERED


@dataclass(frozen=True)
class Usage:
    """Pages of one meter of one device between two readings."""

    key: Hashable
    """whose pages these are, for the answer: unique"""
    device: Hashable
    meter: str
    pages: int
    model: Hashable = None
    site: Hashable = None
    group: Hashable = None
    """whose charges are apart, on an invoice of their own; None: nobody's"""


@dataclass(frozen=True)
class Rates:
    """The price of a page and the pages included, by meter.

    Included pages are those of one device in one month.
    """

    prices: Mapping[str, float]
    included: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Tier:
    """Pages from the `first` to the `last` of a month cost `price` each.

    The last tier has no end: `last` is None.
    """

    first: int
    last: int | None
    price: float


@dataclass(frozen=True)
class Pool:
    """Devices that share pages, by meter and month, in place of their own."""

    key: Hashable
    devices: frozenset[Hashable]
    included: Mapping[str, int]


@dataclass(frozen=True)
class Prices:
    """A version of a contract's prices.

    The most specific rates win: a device's, then its model's, then the default. With
    `tiers` (kind -> tiers in their order), pages of the meters in TIERED fall into
    them, over all devices together, one tier after the other; other meters keep their
    rates.
    """

    default: Rates
    of_model: Mapping[Hashable, Rates] = field(default_factory=dict)
    of_device: Mapping[Hashable, Rates] = field(default_factory=dict)
    tiers: Mapping[str, Sequence[Tier]] = field(default_factory=dict)
    tiers_grow: bool = True
    """bounds of tiers are those of a month, and grow with the period"""
    a3_factor: int = 0
    """an A3 page is so many A4 pages; 0: it has a price of its own"""
    pools: Sequence[Pool] = ()

    def rates(self, usage: Usage) -> Rates:
        return self.of_device.get(
            usage.device, self.of_model.get(usage.model, self.default)
        )

    @property
    def includes(self) -> bool:
        """Whether any page is included."""
        rates = (self.default, *self.of_model.values(), *self.of_device.values())
        return bool(self.pools) or any(any(each.included.values()) for each in rates)

    def price(self, usage: Usage) -> float:
        """The price of one page, where it falls into no tier."""
        prices = self.rates(usage).prices
        if self.a3_factor and (a4 := A4_OF.get(usage.meter)):
            return round(self.a3_factor * prices.get(a4, 0.0), 6)
        return prices.get(usage.meter, 0.0)

    def is_priced(self, usage: Usage) -> bool:
        """Whether its pages cost anything."""
        return bool(self.tier_kind(usage.meter) or self.price(usage))

    def weight(self, meter: str) -> int:
        """How many pages one page of a meter is, in a tier."""
        return self.a3_factor if self.a3_factor and meter in A4_OF else 1

    def tier_kind(self, meter: str) -> str | None:
        kind = TIERED.get(meter)
        return kind if kind in self.tiers else None


@dataclass(frozen=True)
class Billed:
    """What groups have that are invoiced already, and keep."""

    groups: frozenset[Hashable] = frozenset()
    included: Mapping[Hashable, int] = field(default_factory=dict)
    """pages included, by the key of the usage"""
    fallen: Mapping[tuple[Hashable, str, int], int] = field(default_factory=dict)
    """pages in tiers, by group, kind and first page of the tier"""


@dataclass
class Share:
    """What became of one usage's pages."""

    included: int = 0
    price: float | None = None
    """None: its pages fell into tiers, together with those of others"""
    amount: Decimal = Decimal(0)
    """its part of the charges, not rounded"""


@dataclass
class Charge:
    """Pages that cost the same, and are one line of the invoice."""

    meter: str
    """a meter, or the kind of the tiers"""
    price: float
    quantity: int
    printed: int
    """pages behind it, those that are included too; in a tier, the quantity"""
    keys: list[Hashable]
    site: Hashable = None
    tier: Tier | None = None
    group: Hashable = None


def rate(
    usages: Sequence[Usage],
    prices: Prices,
    months: Fraction = Fraction(1),
    presence: Mapping[Hashable, Fraction] | None = None,
    by_site: bool = False,
    billed: Billed | None = None,
) -> tuple[dict[Hashable, Share], list[Charge]]:
    """Rate a period.

    What is counted over all devices, tiers and pools, is counted over all groups of
    them, too, and then shared out: each page is in the charges of its own group, so
    that the quantities of the groups add up to the whole. So do the amounts before
    they are rounded; what each group's invoice rounds may differ by a cent a charge.

    :param months: of the period; included pages and bounds of tiers are by month
    :param presence: device -> the part of the period that it was in the contract; of
        the others, all of it
    :param by_site: whether each site has charges of its own; tiers have none, since
        their pages are counted over all devices
    :param billed: what groups that are invoiced already have had: the others share
        what that leaves
    :return: (key of a usage -> Share, charges in the order of meters and prices)
    """
    shares = {usage.key: Share() for usage in usages}
    billed = billed or Billed()
    _include(usages, prices, months, presence or {}, shares, billed)
    flat = defaultdict(list)
    tiered = defaultdict(list)
    for usage in usages:
        if kind := prices.tier_kind(usage.meter):
            tiered[kind].append(usage)
        else:
            price = prices.price(usage)
            shares[usage.key].price = price
            site = usage.site if by_site else None
            flat[usage.meter, price, site, usage.group].append(usage)
    charges = []
    for (meter, price, site, owner), group in flat.items():
        printed = sum(usage.pages for usage in group)
        charges.append(
            Charge(
                meter,
                price,
                printed - sum(shares[usage.key].included for usage in group),
                printed,
                [usage.key for usage in group],
                site,
                group=owner,
            )
        )
        exact = Decimal(str(price))
        for usage in group:
            share = shares[usage.key]
            share.amount = exact * (usage.pages - share.included)
    for kind, group in tiered.items():
        charges += _tier(kind, group, prices, months, shares, billed)
    return shares, charges


def _include(usages, prices, months, presence, shares, billed):
    """Give usages the pages that are included for them.

    A device's own; or its pool's, shared among the pool's usages by their pages. A
    device that was here for a part of the period has that part.
    """
    if not (prices.includes or billed.groups):
        return
    pooled = {device: pool for pool in prices.pools for device in pool.devices}
    groups = defaultdict(list)
    for usage in usages:
        pool = pooled.get(usage.device)
        owner = ("pool", pool.key) if pool else ("device", usage.device)
        groups[owner, usage.meter].append(usage)
    pools = {pool.key: pool for pool in prices.pools}
    for ((kind, owner), meter), group in groups.items():
        if kind == "pool":
            free = whole(pools[owner].included.get(meter, 0) * months)
        else:
            part = presence.get(owner, 1)
            free = whole(prices.rates(group[0]).included.get(meter, 0) * months * part)
        had = [usage for usage in group if usage.group in billed.groups]
        for usage in had:
            shares[usage.key].included = billed.included.get(usage.key, 0)
            free -= shares[usage.key].included
        others = [usage for usage in group if usage.group not in billed.groups]
        for usage, included in zip(
            others,
            spread(max(free, 0), [usage.pages for usage in others]),
            strict=True,
        ):
            shares[usage.key].included = included


def _tier(kind, group, prices, months, shares, billed):
    """Let pages fall into tiers, one after the other, and share what they cost.

    Of each tier, every group has pages in proportion to those that it has left, whole
    ones: the largest remainders are rounded up. All its pages are in some tier then.
    """
    pages = {
        usage.key: (usage.pages - shares[usage.key].included)
        * prices.weight(usage.meter)
        for usage in group
    }
    left, keys = defaultdict(int), defaultdict(list)
    for usage in group:
        left[usage.group] += pages[usage.key]
        keys[usage.group].append(usage.key)
    # In an order that is not that of the devices.
    owners = sorted(left, key=lambda owner: (-left[owner], str(owner)))
    total = dict(left)
    growth = months if prices.tiers_grow else Fraction(1)
    charges, cost = [], defaultdict(Decimal)
    for tier in prices.tiers[kind]:
        first = whole((tier.first - 1) * growth) + 1
        last = None if tier.last is None else whole(tier.last * growth)
        had = {
            owner: min(billed.fallen.get((owner, kind, first), 0), left[owner])
            for owner in owners
            if owner in billed.groups
        }
        room = sum(left.values()) if last is None else max(last - first + 1, 0)
        room = max(room - sum(had.values()), 0)
        others = [owner for owner in owners if owner not in had]
        had |= zip(others, spread(room, [left[owner] for owner in others]), strict=True)
        fallen = [had[owner] for owner in owners]
        for owner, number in zip(owners, fallen, strict=True):
            left[owner] -= number
            cost[owner] += Decimal(str(tier.price)) * number
            if number:
                charges.append(
                    Charge(
                        kind,
                        tier.price,
                        number,
                        number,
                        [key for key in keys[owner] if pages[key]],
                        tier=Tier(first, last, tier.price),
                        group=owner,
                    )
                )
    for usage in group:
        if total[usage.group]:
            shares[usage.key].amount = (
                cost[usage.group] * pages[usage.key] / total[usage.group]
            )
    return charges


def whole(number: Fraction | int) -> int:
    """Round pages, half up."""
    return math.floor(number + Fraction(1, 2))


def spread(free: int, pages: Sequence[int]) -> list[int]:
    """Share included pages by the pages that were printed, no more than these.

    What is left by rounding down goes to the largest remainders, the first of equal
    ones: the same pages give the same shares.

    :return: list of int as long as `pages`; its sum is min(free, sum(pages))
    """
    total = sum(pages)
    if free >= total:
        return list(pages)
    shares = [free * number // total for number in pages]
    remainders = sorted(
        range(len(pages)), key=lambda place: (-(free * pages[place] % total), place)
    )
    for place in remainders[: free - sum(shares)]:
        shares[place] += 1
    return shares
