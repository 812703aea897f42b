from dataclasses import dataclass
from datetime import timedelta

from odoo import models


@dataclass(frozen=True)
class Origin:
    """Who brings a report, and whose devices it may speak of.

    :param company: res.company, the dealer
    :param str source: a value of focalist.meter.reading.source
    :param site: focalist.site where an unknown device is presumed to stand, if known
    :param partner: res.partner, the only client whose devices may be touched; empty
        for the dealer's own people
    :param timedelta skew: how far the bringer's clock is behind the server's
    :param device: focalist.device that a person read; empty where reports say it
    """

    company: models.BaseModel
    source: str
    site: models.BaseModel | None = None
    partner: models.BaseModel | None = None
    skew: timedelta = timedelta()
    device: models.BaseModel | None = None
