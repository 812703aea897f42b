from odoo import models

from ..tools.presence import together
from .focalist_contract import _local_day


class FocalistContract(models.Model):
    """At which sites a contract's devices stood, and when there were any."""

    _name = "focalist.contract"
    _inherit = ["focalist.contract"]

    def _site_on(self, day, device):
        """Where a device stood at the client on a day: it may have moved since.

        One that is in the contract for longer than it is known to stand there stood
        where it was placed first.
        """
        zone = self._zone()
        stays = device.placement_ids.filtered(
            lambda placement: placement.partner_id == self.partner_id._origin
        ).sorted("start_at")
        begun = stays.filtered(lambda stay: _local_day(stay.start_at, zone) <= day)
        return (begun[-1:] or stays[:1]).site_id

    def _site_presences(self, presences, day):
        """When each site had devices: one that is swapped leaves it empty no day.

        :param dict presences: device id -> Presence
        :param day: where devices stood on it, they stood all the time
        :return: dict site id -> Presence
        """
        devices = self.env["focalist.device"].browse(presences)
        return together(
            (site.id, presences[device.id])
            for device in devices
            if (site := self._site_on(day, device))
        )
