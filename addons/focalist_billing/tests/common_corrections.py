from odoo import fields

from .common import BillingCommon


class CorrectionsCommon(BillingCommon):
    """A device that printed 10 pages a day until it was read last, in February."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract.pricing_ids.missing = "estimate"
        cls.device = cls._read(
            cls.site,
            "A001",
            ("2026-01-31 08:00", {"mono": 1000}),
            ("2026-02-28 08:00", {"mono": 1280}),
        )

    def _invoice(self, day):
        statement = self._bill(day)
        statement._create_invoices().action_post()
        return statement

    def _tell(self, *readings):
        """Read the device: (moment, mono pages)."""
        self._read(
            self.site, "A001", *((moment, {"mono": mono}) for moment, mono in readings)
        )

    def _reading(self, moment):
        return self.device.reading_ids.filtered(
            lambda r: r.read_at == fields.Datetime.to_datetime(moment)
        )
