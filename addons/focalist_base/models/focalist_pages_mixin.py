from odoo import models

from ..tools.meter_field import Meter


class FocalistPagesMixin(models.AbstractModel):
    """Pages by meter: what a day's and a month's volumes have in common."""

    _name = "focalist.pages.mixin"
    _description = "Pages by Meter"

    pages_total = Meter("Total", readonly=True)
    pages_mono = Meter("Mono", readonly=True)
    pages_color = Meter("Colour", readonly=True)
    pages_print = Meter("Print", readonly=True)
    pages_print_mono = Meter("Print mono", readonly=True)
    pages_print_color = Meter("Print colour", readonly=True)
    pages_copy = Meter("Copy", readonly=True)
    pages_copy_mono = Meter("Copy mono", readonly=True)
    pages_copy_color = Meter("Copy colour", readonly=True)
    pages_fax = Meter("Fax", readonly=True)
    pages_fax_mono = Meter("Fax mono", readonly=True)
    pages_fax_color = Meter("Fax colour", readonly=True)
    pages_scan = Meter("Scan", readonly=True)
    pages_scan_mono = Meter("Scan mono", readonly=True)
    pages_scan_color = Meter("Scan colour", readonly=True)
    pages_a4 = Meter("A4", readonly=True)
    pages_a4_mono = Meter("A4 mono", readonly=True)
    pages_a4_color = Meter("A4 colour", readonly=True)
    pages_a3 = Meter("A3", readonly=True)
    pages_a3_mono = Meter("A3 mono", readonly=True)
    pages_a3_color = Meter("A3 colour", readonly=True)
    pages_duplex = Meter("Duplex", readonly=True)
