from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

from odoo import fields, models

from ..tools.billed_meters import TIERED
from ..tools.rating import Share


class FocalistStatementCharge(models.Model):
    """Charges that correct an earlier statement: their days are its period."""

    _name = "focalist.statement.charge"
    _inherit = ["focalist.statement.charge"]

    corrects_id = fields.Many2one(
        "focalist.statement",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The statement of which pages are corrected, at its own prices.",
    )
    of_estimate = fields.Boolean("Of an estimate", readonly=True)

    def _title(self):
        title = super()._title()
        if self.of_estimate:
            return self.env._("Correction of an estimate: %(charge)s", charge=title)
        if self.corrects_id:
            return self.env._("Correction: %(charge)s", charge=title)
        return title

    def _included_note(self):
        return "" if self.corrects_id else super()._included_note()

    def _statement_lines(self):
        lines = self.statement_id.line_ids
        if self.corrects_id:
            return lines.filtered(
                lambda line: (
                    line.origin_id.statement_id == self.corrects_id
                    and self.meter in (line.meter, TIERED.get(line.meter))
                )
            )
        return super()._statement_lines().filtered(lambda line: not line.settles_id)


class FocalistStatement(models.Model):
    """What corrections cost: the corrected period is rated once more.

    As it was billed, and as it is now known, with the prices, included pages and tiers
    of its own; the difference is charged or credited. So a correction never changes
    what the present period's pages cost, nor credits more than was billed.
    """

    _name = "focalist.statement"
    _inherit = ["focalist.statement"]

    def _corrections(self):
        """The lines of these statements that correct earlier ones: by statement."""
        lines = self.env["focalist.statement.line"]
        return lines.search(
            [("statement_id", "in", self.ids), ("settles_id", "!=", False)], order="id"
        ).grouped("statement_id")

    def _rate_corrections(self, corrections, rated):
        """Rate the corrections on this statement.

        :param corrections: its lines that are some
        :param list rated: values of charges that earlier statements, which are rated
            with this one, will have
        :return: (dict line id -> Share, list of values of charges)
        """
        self.ensure_one()
        shares, charges = {}, []
        by_statement = corrections.grouped(lambda line: line.origin_id.statement_id)
        for corrected in self.browse().union(*by_statement).sorted(lambda s: s._turn()):
            lines = by_statement[corrected]
            before, after = corrected._rate_known(self, lines)
            shares |= _differences(lines, before[0], after[0])
            limits = corrected._billed_quantities(self, rated + charges)
            charges += self._prepare_correction_charges(
                corrected, lines, before, after, limits
            )
        return shares, charges

    def _rate_known(self, correcting, corrections):
        """Rate this statement as it was known before a correction, and with it.

        With its family, since tiers and pools are counted over that. Corrections are
        known one after the other, so that they add up to what all of them change.

        :param correcting: the statement that has the corrections
        :return: two of what `rate` returns
        """
        [family] = self._families()
        usages = family._usages()
        pages = {usage.key: usage.pages for usage in usages}
        for line in family.line_ids.search(
            [
                ("origin_id", "in", list(pages)),
                ("cancelled", "!=", True),
                ("statement_id.date_start", "<=", correcting.date_start),
            ]
        ):
            turn = line.statement_id._turn(), line.origin_id.statement_id._turn()
            if turn < (correcting._turn(), self._turn()):
                pages[line.origin_id.id] += line.pages
        known = pages.copy()
        for line in corrections:
            known[line.origin_id.id] += line.pages
        before, after = (
            family._rate_usages(
                self, [replace(usage, pages=count[usage.key]) for usage in usages]
            )
            for count in (pages, known)
        )
        return before, after

    def _prepare_correction_charges(self, corrected, lines, before, after, limits):
        """Values of the charges of what is now known less what was billed.

        :param limits: what can be credited at most; see `_billed_quantities`
        """
        quantities, printed = defaultdict(int), defaultdict(int)
        for sign, (_shares, made) in ((-1, before), (1, after)):
            for charge in made:
                key = _key(charge)
                quantities[key] += sign * charge.quantity
                printed[key] += sign * charge.printed
        estimated = set()
        for line in lines.filtered("origin_id.estimated"):
            estimated |= {line.meter, TIERED.get(line.meter)}
        values = []
        for key, quantity in quantities.items():
            meter, price, site, first, last = key
            if limits is not None:
                # Who was in the contract may be known better since: no more than that.
                quantity = max(quantity, -limits.get(key, 0))
            if not quantity:
                continue
            values.append(
                {
                    "statement_id": self.id,
                    "corrects_id": corrected.id,
                    "of_estimate": meter in estimated,
                    "date_start": corrected.service_start,
                    "date_end": corrected.service_end,
                    "meter": meter,
                    "site_id": site,
                    "tier_from": first,
                    "tier_to": last,
                    "printed": printed[key],
                    "quantity": quantity,
                    "price_unit": price,
                }
            )
        return values

    def _billed_quantities(self, correcting, rated):
        """What this statement, and its corrections before one, asked for.

        :param correcting: the statement that has the correction
        :param list rated: values of charges that are rated with it, and before it
        :return: dict of keys as in `_key` -> quantity; None for one that is no invoice
        """
        if self.state != "invoiced":
            return None
        [family] = self._families()
        corrections = family.charge_ids.search(
            [
                ("corrects_id", "in", family.ids),
                ("statement_id.cancelled", "=", False),
            ]
        )
        charges = family.charge_ids.filtered(lambda charge: not charge.corrects_id)
        charges |= corrections.filtered(
            lambda charge: (
                (charge.statement_id._turn(), charge.corrects_id._turn())
                < (correcting._turn(), self._turn())
            )
        )
        names = "meter", "price_unit", "site_id", "tier_from", "tier_to", "quantity"
        rows = charges.read(names, load=None)
        rows += [values for values in rated if values.get("corrects_id") in family.ids]
        billed = defaultdict(int)
        for row in rows:
            key = (
                row["meter"],
                row["price_unit"],
                row["site_id"] or None,
                row["tier_from"] or False,
                row["tier_to"] or False,
            )
            billed[key] += row["quantity"]
        return billed


def _key(charge):
    """What charges of the same pages have in common."""
    tier = charge.tier
    return (
        charge.meter,
        charge.price,
        charge.site,
        tier.first if tier else False,
        (tier.last or False) if tier else False,
    )


def _differences(lines, before, after):
    """The shares of corrections: what became of their pages, and of what else moved.

    Pages that are included for several devices may be other ones' now: the first line
    of the meter takes that, so that lines and charges are the same.
    """
    shares, moved = {}, defaultdict(lambda: [0, Decimal(0)])
    meters = {}
    for line in lines:
        origin = line.origin_id
        old, new = before[origin.id], after[origin.id]
        shares[line.id] = Share(
            new.included - old.included, new.price, new.amount - old.amount
        )
        meters.setdefault(line.meter, line.id)
    own = set(lines.origin_id.ids)
    for other in lines.origin_id.browse(before):
        if other.id not in own and other.meter in meters:
            old, new = before[other.id], after[other.id]
            moved[other.meter][0] += new.included - old.included
            moved[other.meter][1] += new.amount - old.amount
    for meter, (included, amount) in moved.items():
        shares[meters[meter]].included += included
        shares[meters[meter]].amount += amount
    return shares
