"""The habits of one printer's users: how much, in what, how densely."""

from dataclasses import dataclass
from random import Random

from .catalogue import Model
from .counters import Counts

LOCALES = ("fr", "fr", "en")


@dataclass(frozen=True)
class Traits:
    """Shares are of 1; coverages are multiples of the 5 % that yields are rated at.

    :param pages: impressions on an ordinary working day
    :param scans: pages scanned for each impression, copies apart
    :param coverage: by wear: "black", "cyan" …
    """

    pages: float
    color: float
    copies: float
    faxes: float
    a3: float
    duplex: float
    scans: float
    coverage: dict[str, float]
    locale: str

    def split(self, rng: Random, pages: int) -> Counts:
        """Divide impressions into the cells of `counters.CELLS`, adding scans."""

        def share(of: int, fraction: float) -> int:
            return int(of * fraction + rng.random())

        color = min(1.0, max(0.0, self.color * rng.uniform(0.8, 1.2)))
        fax = share(pages, self.faxes) if self.faxes else 0
        copied = share(pages - fax, self.copies) if self.copies else 0
        cells: list[int] = []
        for part in (pages - fax - copied, copied):
            colored = share(part, color) if color else 0
            for tinted in (part - colored, colored):
                large = share(tinted, self.a3) if self.a3 else 0
                cells += (tinted - large, large)
        scanned = share(pages, self.scans) if self.scans else 0
        tinted = share(scanned, 0.4)
        both_sides = 2 * int(pages * self.duplex * rng.uniform(0.85, 1.1) / 2)
        return (*cells, fax, scanned - tinted, tinted, min(both_sides, pages))


def draw(rng: Random, model: Model) -> Traits:
    """The traits of one printer of a model."""
    does = model.functions
    volume = rng.lognormvariate(0, 0.45)
    ink = rng.lognormvariate(0, 0.2)
    coverage = {
        "black": 1.1 * ink,
        "cyan": 0.9 * ink * rng.uniform(0.8, 1.2),
        "magenta": 0.95 * ink * rng.uniform(0.8, 1.2),
        "yellow": 0.8 * ink * rng.uniform(0.8, 1.2),
    }
    return Traits(
        pages=model.pages / 21 * volume,
        color=rng.uniform(0.12, 0.6) if model.color else 0.0,
        copies=rng.uniform(0.08, 0.35) if "copy" in does else 0.0,
        faxes=rng.uniform(0.005, 0.03) if "fax" in does else 0.0,
        a3=rng.uniform(0.02, 0.12) if model.a3 else 0.0,
        duplex=rng.uniform(0.2, 0.8),
        scans=rng.uniform(0.1, 0.5) if "scan" in does else 0.0,
        coverage=coverage,
        locale=rng.choice(LOCALES),
    )
