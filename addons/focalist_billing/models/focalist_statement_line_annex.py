from odoo import models
from odoo.tools import formatLang, groupby

from ..tools import annex
from .focalist_statement_line import METERS


class FocalistStatementLine(models.Model):
    _name = "focalist.statement.line"
    _inherit = ["focalist.statement.line"]

    def _annex_meters(self):
        """These lines as they are shown: list of focalist_billing.tools.annex.Meter."""
        # Of the readings this alone: each holds a report of some kilobytes, too.
        (self.reading_from_id | self.reading_to_id).fetch(["source"])
        readings = self.env["focalist.meter.reading"]
        sources = dict(readings._fields["source"]._description_selection(self.env))
        meters = dict(self._fields["meter"]._description_selection(self.env))
        counters = dict(self._fields["counter"]._description_selection(self.env))
        counters["total"] = self.env._("Total")
        return [
            annex.Meter(
                line,
                line.site_id.name,
                line.model_id.display_name,
                line.serial_number or "",
                meters[line.meter],
                counters[line.counter] if line.counter != line.meter else "",
                annex.local(line.read_from_at, line.site_id.tz),
                line._annex_source(line.reading_from_id, sources),
                line.value_from,
                annex.local(line.read_to_at, line.site_id.tz),
                line._annex_source(line.reading_to_id, sources, line.estimated),
                line.value_to,
                line.pages,
                line.included,
                line.billable,
                None if line.tiered else line.price_unit,
                line.amount,
                line.settled_pages,
                line._annex_note(),
            )
            for line in self._in_meters_order()
        ]

    def _annex_source(self, reading, sources, estimated=False):
        """Where a meter is from, in words: without a reading, from our arithmetic."""
        if reading:
            return sources.get(reading.source, "")
        return self.env._("Estimated") if estimated else self.env._("Calculated")

    def _annex_note(self):
        """How an estimate came about, or what is corrected; empty for other lines."""
        self.ensure_one()
        if self.settles_id:
            # Who reads the correction reads what it corrects, be that open again: sudo.
            corrected = self.sudo().origin_id.statement_id
            return self.env._(
                "Correction of %(statement)s: %(pages)s pages billed before",
                statement=corrected.name,
                pages=formatLang(self.env, self.settled_pages, digits=0),
            )
        note = self._estimate_note()
        return note and self.env._("Estimated: %(average)s", average=note)

    def _in_meters_order(self):
        """These lines, and of each device mono before colour before the others."""
        rank = {meter: number for number, (meter, _label) in enumerate(METERS)}
        return [
            line
            for _device, lines in groupby(
                self, key=lambda line: (line.site_id, line.device_id)
            )
            for line in sorted(lines, key=lambda line: rank[line.meter])
        ]

    def _pages_by_meter(self, shown):
        """Pages here of each meter of the devices that other lines show.

        :param shown: focalist.statement.line records of another period
        :return: dict (device id, meter) -> pages, of all its segments
        """
        rows = self._read_group(
            [
                ("id", "in", self.ids),
                ("device_id", "in", shown.device_id.ids),
                ("settles_id", "=", False),
            ],
            ["device_id", "meter"],
            ["pages:sum"],
        )
        return {(device.id, meter): pages for device, meter, pages in rows}
