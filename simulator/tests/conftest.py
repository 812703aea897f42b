"""Shared fixtures: fleets, and a printer of each model."""

from datetime import timedelta

import pytest

from focalist_simulator import Fleet, Printer
from focalist_simulator.fleet import EPOCH
from focalist_simulator.models import MAKERS

MODELS = [(maker, spec) for maker in MAKERS for spec in maker.models]


def _printer_of(maker, spec, number=1):
    """A printer of a model, whatever a fleet would have drawn."""
    return Printer(7, number, maker, spec, 0, "127.20.0.1", EPOCH)


@pytest.fixture
def printer_of():
    return _printer_of


@pytest.fixture(params=MODELS, ids=lambda pair: f"{pair[0].key}-{pair[1].name}")
def printer(request):
    """A printer of each model in turn."""
    return _printer_of(*request.param)


@pytest.fixture(scope="session")
def fleet():
    """The fleet of the demo."""
    return Fleet()


@pytest.fixture(scope="session")
def history(fleet):
    """Its 13 months of daily reports, late in the morning."""
    since = fleet.epoch + timedelta(hours=9)
    return list(fleet.reports(since, fleet.epoch + timedelta(days=396)))
