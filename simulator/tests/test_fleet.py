import gc
import ipaddress
from collections import Counter
from datetime import datetime, timedelta, timezone

import pytest

from focalist_simulator import Fleet
from focalist_simulator.day import Day
from focalist_simulator.models import MAKERS
from focalist_simulator.state import State


def test_eight_makers_mono_and_color(fleet):
    assert {one.manufacturer for one in fleet.printers} == {m.name for m in MAKERS}
    assert len(MAKERS) >= 8
    assert {one.color for one in fleet.printers} == {True, False}


def test_makers_come_by_their_shares():
    found = Counter(one.maker.key for one in Fleet(devices=4000).printers)
    shares = {maker.key: maker.share for maker in MAKERS}
    for key, share in shares.items():
        expected = 4000 * share / sum(shares.values())
        assert found[key] == pytest.approx(expected, rel=0.15)


def test_every_model_is_met():
    met = {(one.manufacturer, one.model) for one in Fleet(devices=1000).printers}
    assert met == {(maker.name, spec.name) for maker in MAKERS for spec in maker.models}


def test_identities_are_unique():
    printers = Fleet(devices=2000, sites=300).printers
    for name in ("number", "address", "mac", "hostname"):
        assert len({getattr(one, name) for one in printers}) == len(printers)
    assert len({(one.manufacturer, one.serial) for one in printers}) == len(printers)


def test_addresses_name_the_site(fleet):
    places = [[int(part) for part in one.address.split(".")] for one in fleet.printers]
    assert all(place[:2] == [127, 20] for place in places)
    assert [place[2] for place in places] == [one.site for one in fleet.printers]
    assert {one.site for one in fleet.printers} == set(range(15))


def test_addresses_of_a_large_fleet_stay_on_the_loopback():
    printers = Fleet(devices=10_000, sites=15).printers
    addresses = {ipaddress.ip_address(one.address) for one in printers}
    assert len(addresses) == 10_000
    assert all(address.is_loopback for address in addresses)


@pytest.mark.parametrize("arguments", [{"devices": 0}, {"sites": 0}])
def test_an_empty_fleet_is_refused(arguments):
    with pytest.raises(ValueError, match="at least"):
        Fleet(**arguments)


def test_the_same_arguments_are_the_same_fleet(fleet):
    names = [(one.serial, one.mac, one.model, one.site) for one in fleet.printers]
    again = [(one.serial, one.mac, one.model, one.site) for one in Fleet().printers]
    other = [
        (one.serial, one.mac, one.model, one.site) for one in Fleet(seed=2).printers
    ]
    assert again == names
    assert other != names


def test_the_same_whatever_was_asked_before(fleet):
    """Forward, backward and at random, over midnight and within an hour."""
    hours = [0, 7.5, 9, 9.01, 24, 250, 251, 2000, 2001.5, 5000, 8759]
    moments = [fleet.epoch + timedelta(hours=hour) for hour in hours]
    shuffled = [moments[place] for place in (5, 0, 10, 3, 3, 8, 1, 9, 2, 7, 4, 6)[:11]]
    for number in (0, 11, 29):
        fresh = {moment: Fleet().printers[number].snmprec(moment) for moment in moments}
        for order in (moments, moments[::-1], shuffled):
            printer = Fleet().printers[number]
            assert all(printer.snmprec(moment) == fresh[moment] for moment in order)


def test_a_moment_without_zone_or_before_the_epoch_is_refused(fleet):
    printer = fleet.printers[0]
    with pytest.raises(ValueError, match="time zone"):
        printer.at(datetime(2026, 1, 1))
    with pytest.raises(ValueError, match="before"):
        printer.at(fleet.epoch - timedelta(seconds=1))


def test_reports_do_not_depend_on_who_is_polled_or_how_often(fleet):
    since, until = fleet.epoch + timedelta(days=40), fleet.epoch + timedelta(days=44)
    chosen = fleet.printers[3:5]
    daily = {one["uid"]: one for one in fleet.reports(since, until, printers=chosen)}
    hourly = {
        one["uid"]: one for one in Fleet().reports(since, until, timedelta(hours=1))
    }
    assert daily
    assert all(hourly[uid] == one for uid, one in daily.items())


def test_reports_come_in_order_of_time(fleet):
    since = fleet.epoch + timedelta(days=3, hours=8)
    until = since + timedelta(hours=6)
    reports = list(fleet.reports(since, until, every=timedelta(hours=2)))
    times = [one["read_at"] for one in reports]
    assert times == sorted(times)
    assert set(times) == {f"2025-10-04T{hour:02}:00:00Z" for hour in (8, 10, 12)}


def test_thirteen_months_of_sixty_printers(history):
    """Nearly one report a printer a day: a few are missing, where one was silent."""
    assert 0.97 * 60 * 396 < len(history) < 60 * 396
    assert len({one["uid"] for one in history}) == len(history)
    days = Counter(one["read_at"][:10] for one in history)
    assert len(days) == 396
    assert len({one["serial"] for one in history}) == 60


def test_a_printer_keeps_one_day_however_long_it_is_followed():
    fleet = Fleet(devices=40)
    since = fleet.epoch + timedelta(hours=9)
    for _one in fleet.reports(since, since + timedelta(days=50)):
        pass
    gc.collect()
    kept = [one for one in gc.get_objects() if isinstance(one, (Day, State))]
    mine = [one for one in kept if one.printer in fleet.printers]
    assert len(mine) == 40


def test_people_print_on_weekdays_and_in_office_hours(fleet):
    week = datetime(2026, 3, 9, tzinfo=timezone.utc)  # a Monday without holidays

    def printed(since, until):
        return sum(
            one.at(until).meter("total") - one.at(since).meter("total")
            for one in fleet.printers
            if one.at(until).swaps == one.at(since).swaps
        )

    weekdays = printed(week, week + timedelta(days=5))
    weekend = printed(week + timedelta(days=5), week + timedelta(days=7))
    assert weekdays > 30 * weekend > 0
    morning = week + timedelta(days=1, hours=8)
    day = printed(morning, morning + timedelta(hours=10))
    night = printed(morning + timedelta(hours=14), morning + timedelta(hours=20))
    assert day > 50 * night
