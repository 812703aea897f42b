import ipaddress
from datetime import timedelta

from odoo import api, fields, models

HOUR = timedelta(hours=1)
# So many in an hour, at most.
REPORTS_OF_DEVICE = 20
REPORTS_OF_ADDRESS = 30
MISSES_OF_ADDRESS = 60


class FocalistPublicAttempt(models.Model):
    """Somebody without a login reported something, or guessed an address of a label."""

    _name = "focalist.public.attempt"
    _description = "Public Report"
    _log_access = False

    at = fields.Datetime(required=True, default=fields.Datetime.now)
    # An IPv4 address, or the network that an IPv6 subscriber has.
    address = fields.Char(required=True)
    device_id = fields.Many2one(
        "focalist.device",
        index="btree_not_null",
        ondelete="cascade",
        help="Empty where the label's address was none.",
    )

    _address_idx = models.Index("(address, at)")

    @api.model
    def _of_address(self, address):
        """What an IP address counts as: whoever has IPv6 has billions of them."""
        parsed = ipaddress.ip_address(address)
        # As a socket of both kinds tells IPv4: all of it is one network of IPv6.
        parsed = getattr(parsed, "ipv4_mapped", None) or parsed
        if parsed.version == 4:
            return str(parsed)
        return str(ipaddress.ip_network((parsed, 64), strict=False))

    @api.model
    def _may_look(self, address):
        """Whether this address has not guessed too often."""
        return self._count([("address", "=", address), ("device_id", "=", False)]) < (
            MISSES_OF_ADDRESS
        )

    @api.model
    def _may_report(self, address, device):
        """Whether neither this address nor anybody on this device reports too much."""
        return (
            self._count([("device_id", "=", device.id)]) < REPORTS_OF_DEVICE
            and self._count([("address", "=", address), ("device_id", "!=", False)])
            < REPORTS_OF_ADDRESS
        )

    @api.model
    def _count(self, domain):
        return self.search_count([*domain, ("at", ">", fields.Datetime.now() - HOUR)])

    @api.autovacuum
    def _gc_attempts(self):
        """Forget who asked as soon as nothing depends on it."""
        border = fields.Datetime.now() - timedelta(days=1)
        self.sudo().search([("at", "<", border)]).unlink()
