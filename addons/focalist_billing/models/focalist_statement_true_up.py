from odoo import models
from odoo.tools import SQL

from ..tools.billed_meters import TIERED
from ..tools.minimum import Guarantee, true_up

ACTIVITY = "focalist_billing.mail_activity_type_true_up"


class FocalistStatement(models.Model):
    """True-ups: pages short of what was guaranteed, once their time is over.

    A statement of its own, of which the database lets a contract and period have one:
    a shortfall is billed once or never, as pages are.
    """

    _name = "focalist.statement"
    _inherit = ["focalist.statement"]

    def _rate(self, measured=None):
        true_ups = self.filtered(lambda statement: statement.charge == "true_up")
        others = self - true_ups
        result = others and super(FocalistStatement, others)._rate(measured)
        (true_ups | others._true_ups())._true_up()
        return result

    def action_cancel(self):
        """Pages that are billed no more are short of the minimum."""
        result = super().action_cancel()
        self.sudo()._true_ups()._true_up()
        return result

    def unlink(self):
        """See `action_cancel`."""
        true_ups = self.sudo()._true_ups() - self
        result = super().unlink()
        true_ups._true_up()
        return result

    def _true_ups(self):
        """The true-ups that the pages of these statements count in.

        Corrections count in those of the statements that they correct.
        """
        pages = self.filtered(lambda statement: statement.charge == "pages")
        if not pages:
            return self.browse()
        pages |= pages._corrected()
        starts = {
            contract: statements.mapped("date_start")
            for contract, statements in pages.grouped("contract_id").items()
        }
        return self.search(
            [
                ("contract_id", "in", pages.contract_id.ids),
                ("charge", "=", "true_up"),
                ("cancelled", "=", False),
            ]
        ).filtered(
            lambda statement: any(
                statement.date_start <= start <= statement.date_end
                for start in starts[statement.contract_id]
            )
        )

    def _corrected(self):
        """The statements that lines of these correct."""
        self.env["focalist.statement.line"].flush_model()
        found = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT own.statement_id
                  FROM focalist_statement_line later
                  JOIN focalist_statement_line own ON own.id = later.origin_id
                 WHERE later.statement_id = ANY (%s)
                """,
                self.ids,
            )
        )
        return self.browse([row[0] for row in found])

    def _true_up(self):
        """Make the charges of these true-ups, in place of those there are.

        Invoiced ones stay: where pages have changed since, an accountant is told.
        """
        if not self:
            return
        invoiced = self.filtered(lambda statement: statement.state == "invoiced")
        drafts = self - invoiced
        drafts.charge_ids.unlink()
        printed = self._printed()
        charges = [
            values
            for statement in drafts
            for values in statement._prepare_true_up_charges(printed)
        ]
        self.env["focalist.statement.charge"].create(charges)
        for statement in invoiced:
            asked = sum(statement.charge_ids.mapped("quantity"))
            short = sum(
                values["quantity"]
                for values in statement._prepare_true_up_charges(printed)
            )
            if asked != short:
                statement._tell_of_true_up(asked, short)

    def _tell_of_true_up(self, asked, short):
        """An accountant is to credit a true-up whose pages have changed."""
        if self.activity_search([ACTIVITY], only_automated=False):
            return
        self._message_log(
            body=self.env._(
                "Pages of this time have changed since it was invoiced: %(asked)s pages"
                " were billed as short of the minimum, and %(short)s are. Credit its"
                " invoice, and this statement can be invoiced anew.",
                asked=int(asked),
                short=short,
            )
        )
        self._give_accountant(ACTIVITY)

    def _printed(self):
        """The pages that count in these true-ups, by any key of a minimum.

        What a later statement corrects counts where it was billed first.

        :return: dict (statement id, kind, site id or None, device id or None) -> pages
        """
        self.env["focalist.statement.line"].flush_model()
        self.env["focalist.statement"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT t.id, s.pricing_id, l.meter, l.site_id, l.device_id, SUM(l.pages)
                  FROM focalist_statement t
                  JOIN focalist_statement s ON s.contract_id = t.contract_id
                   AND s.charge = 'pages' AND s.cancelled IS NOT TRUE
                   AND s.date_start BETWEEN t.date_start AND t.date_end
            CROSS JOIN LATERAL (
                       SELECT own.meter, own.site_id, own.device_id, own.pages
                         FROM focalist_statement_line own
                        WHERE own.statement_id = s.id AND own.origin_id IS NULL
                    UNION ALL
                       SELECT later.meter, later.site_id, later.device_id, later.pages
                         FROM focalist_statement_line own
                         JOIN focalist_statement_line later ON later.origin_id = own.id
                        WHERE own.statement_id = s.id
                          AND later.cancelled IS NOT TRUE) AS l
                 WHERE t.id = ANY (%s)
              GROUP BY t.id, s.pricing_id, l.meter, l.site_id, l.device_id
                """,
                self.ids,
            )
        )
        versions = self.env["focalist.pricing"]
        prices = {
            version: versions.browse(version)._prices({})
            for version in {row[1] for row in rows}
            if version
        }
        printed = {}
        for statement, version, meter, site, device, pages in rows:
            kind = TIERED.get(meter)
            if not kind:
                continue
            # An A3 page is as many as it costs.
            number = int(pages) * (prices[version].weight(meter) if version else 1)
            for place in ((None, None), (site, None), (None, device)):
                for each in {kind, "total"}:
                    key = (statement, each, *place)
                    printed[key] = printed.get(key, 0) + number
        return printed

    def _prepare_true_up_charges(self, printed):
        """Values of the charges of a true-up; devices that are short of nothing have
        none.

        :param dict printed: see `_printed`
        """
        self.ensure_one()
        guarantees, minimums = self._guarantees()
        charges = []
        for key, found in true_up(guarantees, printed).items():
            minimum = minimums[key]
            if minimum.per == "device" and not found.short:
                continue
            _statement, kind, site, device = key
            charges.append(
                {
                    "statement_id": self.id,
                    "sequence": len(charges),
                    "minimum_id": minimum.id,
                    "meter": kind,
                    "site_id": site,
                    "device_id": device,
                    "date_start": self.service_start,
                    "date_end": self.service_end,
                    "printed": found.printed,
                    "guaranteed": found.guaranteed,
                    "quantity": found.short,
                    "price_unit": minimum._price(),
                }
            )
        return charges

    def _guarantees(self):
        """What each version of the prices guarantees in its months.

        :return: (list of Guarantee, dict key -> the last minimum with it, which says
            what a missing page costs)
        """
        guarantees, minimums = [], {}
        contract = self.contract_id
        for pricing, start, end in self._fee_spans(self.contract_id.pricing_ids):
            some = pricing._minimums()
            by_device = some.filtered(lambda minimum: minimum.per == "device")
            for first, last, months in contract._each_month(start, end) if some else ():
                presence = contract._presence(first, last) if by_device else {}
                for minimum in some:
                    shares = {None: 1} if minimum.per != "device" else presence
                    for device, share in shares.items():
                        site = minimum.site_id.id or None
                        key = (self.id, minimum.kind, site, device)
                        minimums[key] = minimum
                        guarantees.append(Guarantee(key, minimum.pages, months * share))
        return guarantees, minimums
