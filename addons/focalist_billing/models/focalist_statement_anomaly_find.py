from odoo import api, models

from .focalist_statement_anomaly import STANDING


class FocalistStatementAnomaly(models.Model):
    """Finding what is unusual: of all statements at once, a few queries in all."""

    _name = "focalist.statement.anomaly"
    _inherit = ["focalist.statement.anomaly"]

    @api.model
    def _find(self, statements):
        """What is unusual on these statements now: list of values of records.

        A module adds what it knows of.
        """
        # Looked for in SQL.
        self.env.flush_all()
        of_pages = statements.filtered(lambda s: s.charge == "pages")
        found = [
            *self._find_gaps(statements),
            *self._find_currencies(statements),
            *self._find_free_fees(statements),
        ]
        if of_pages:
            waiting = self._find_to_check(of_pages)
            # Where a reading waits to be checked, that is why there is none.
            told = {(each["statement_id"], each["device_id"]) for each in waiting}
            found += [
                *self._find_before_first(of_pages),
                *self._find_volumes(of_pages),
                *self._find_free_pages(of_pages),
                *self._find_free_supplies(of_pages),
                *self._find_allowances(of_pages),
                *self._find_moves(of_pages),
                *self._find_resets(of_pages),
                *waiting,
                *(
                    values
                    for values in self._find_missing(of_pages)
                    if (values["statement_id"], values["device_id"]) not in told
                ),
            ]
        return found

    @api.model
    def _replace(self, statements, found):
        """Keep the records that were found again, and what was accepted.

        What is the same, figures and all, stays as it is. What a price or a setting
        makes (`STANDING`) and was accepted once, under the same version of the prices,
        is accepted for the statements after it: nobody is asked about free scans each
        month. Everything else is open again.

        :param list found: see `_find`
        """
        existing = self.search([("statement_id", "in", statements.ids)])
        kept = {}
        for anomaly in existing:
            kept.setdefault(self._key(anomaly._values()), anomaly)
        standing = self._accepted_before(statements)
        making, staying = [], self.browse()
        for values in found:
            statement = statements.browse(values["statement_id"])
            values["pricing_id"] = statement.pricing_id.id
            before = kept.get(self._key(values), self.browse())
            if before and before.figures == values["figures"]:
                staying += before
                continue
            accepted = before.filtered(lambda a: a.state == "accepted")
            if values["kind"] in STANDING:
                accepted = accepted or standing.get(self._identity(values))
                if accepted:
                    values |= {
                        "state": "accepted",
                        "accepted_by_id": accepted.accepted_by_id.id,
                        "accepted_at": accepted.accepted_at,
                        "reason": accepted.reason,
                    }
            making.append(values)
        (existing - staying).unlink()
        self.create(making)

    def _values(self):
        """What a record was found with, as `_find` gives it."""
        self.ensure_one()
        return {
            "statement_id": self.statement_id.id,
            "pricing_id": self.pricing_id.id,
            "kind": self.kind,
            "device_id": self.device_id.id,
            "meter": self.meter,
            "figures": self.figures,
        }

    @api.model
    def _identity(self, values):
        """What makes an anomaly the same one as another: a tuple.

        Of what a price makes, the version of the prices, and not each figure.
        """
        kind, figures = values["kind"], values["figures"]
        return (
            kind,
            kind in STANDING and values["pricing_id"],
            values.get("device_id") or False,
            values.get("meter") or False,
            *(str(figures.get(name)) for name in STANDING.get(kind, sorted(figures))),
        )

    @api.model
    def _key(self, values):
        return values["statement_id"], *self._identity(values)

    @api.model
    def _accepted_before(self, statements):
        """What was accepted on other statements of the same versions of prices.

        :return: dict as `_identity` makes its keys -> focalist.statement.anomaly
        """
        accepted = self.search(
            [
                ("kind", "in", list(STANDING)),
                ("state", "=", "accepted"),
                ("pricing_id", "in", statements.pricing_id.ids),
                ("statement_id", "not in", statements.ids),
            ],
            order="accepted_at, id",
        )
        return {self._identity(anomaly._values()): anomaly for anomaly in accepted}

    @api.model
    def _find_missing(self, statements):
        """Devices of the contract of which a priced meter has no line."""
        return [
            {
                "statement_id": statement.id,
                "kind": "missing",
                "device_id": device.id,
                "site_id": device.site_id.id,
                "figures": {"meters": list(meters)},
            }
            for statement, missing in statements._missing_meters().items()
            for device, meters in missing.items()
        ]
