"""True-ups of minimum volumes in a simulation: rated once their time is over."""

from collections import defaultdict
from typing import NamedTuple

from .billed_meters import TIERED
from .minimum import Guarantee, true_up
from .simulation import Amount, Bill, Span, add_up


class Time(NamedTuple):
    """A true-up period, as far as there is anything to count in it."""

    span: Span
    """as a row of the simulation"""
    numbers: tuple
    """which of the simulated periods its pages are in"""
    over: bool


def times(contract, spans):
    """The true-up periods that these periods are in, the oldest first.

    :param dict spans: number -> Span, of the periods that are known
    :return: list of Time
    """
    numbers = defaultdict(list)
    for number, span in spans.items():
        numbers[contract._period_of(span.start, "true_up")].append(number)
    found = []
    for (start, end), some in numbers.items():
        first, last = spans[some[0]], spans[some[-1]]
        over = last.end >= min(end, contract.date_end or end)
        span = Span(start, end, first.first, last.last, "true_up")
        found.append(Time(span, tuple(some), over))
    return found


def bill(simulator, version, spans, usages):
    """What a version of the prices asks for as short of its minimums.

    As `focalist.statement` does it: pages of all its periods together.

    :param list spans: of the periods of one true-up
    :param list usages: of each of them
    :return: Bill
    """
    minimums, devices = version._minimums(), defaultdict(float)
    guarantees, whose = _guarantees(simulator.contract, minimums, spans)
    amounts = []
    for key, found in true_up(guarantees, _printed(version, usages)).items():
        if found.short:
            price = whose[key]._price()
            amounts.append(Amount("minimum", found.short, price, "true_up"))
            _kind, _site, device = key
            if device:
                devices[device] += found.short * price
    money = simulator.currency.round
    return Bill(amounts, devices, add_up(amounts, money, simulator.by_line))


def _guarantees(contract, minimums, spans):
    """:return: (list of Guarantee, dict key -> the minimum)"""
    months = [
        span._replace(start=first, end=last, first=first, last=last)
        for span in spans
        for first, last, _part in contract._each_month(span.first, span.last)
    ]
    by_device = any(minimum.per == "device" for minimum in minimums)
    presences = contract._past_presences(months) if by_device else []
    guarantees, whose = [], {}
    for number, month in enumerate(months):
        [(_first, _last, part)] = contract._each_month(month.first, month.last)
        for minimum in minimums:
            shares = {None: 1}
            if minimum.per == "device":
                shares = {
                    device: stay.share for device, stay in presences[number].items()
                }
            for device, share in shares.items():
                key = (minimum.kind, minimum.site_id._origin.id or None, device)
                whose[key] = minimum
                guarantees.append(Guarantee(key, minimum.pages, part * share))
    return guarantees, whose


def _printed(version, usages):
    """The pages by any key of a minimum; an A3 page is as many as it costs."""
    prices, printed = version._prices({}), defaultdict(int)
    for usage in (one for some in usages for one in some):
        kind = TIERED.get(usage.meter)
        if kind:
            pages = usage.pages * prices.weight(usage.meter)
            for place in ((None, None), (usage.site, None), (None, usage.device)):
                for each in {kind, "total"}:
                    printed[(each, *place)] += pages
    return printed
