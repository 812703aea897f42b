from datetime import datetime
from typing import NamedTuple


class Place(NamedTuple):
    """Where a device stood for a time: a row of focalist.device.placement, plain.

    `partner_id`, `site_id` and `company_id` are ids. Moments are naive UTC; the last
    one is None while it stands there.
    """

    id: int
    partner_id: int
    site_id: int
    company_id: int
    start_at: datetime
    end_at: datetime | None

    @property
    def owner(self):
        """Whose what it tells there is: (partner id, site id, company id)."""
        return self.partner_id, self.site_id, self.company_id
