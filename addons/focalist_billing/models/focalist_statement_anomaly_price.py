from odoo import api, models
from odoo.tools import SQL


class FocalistStatementAnomaly(models.Model):
    """Prices that are missing or zero, and currencies that do not fit together."""

    _name = "focalist.statement.anomaly"
    _inherit = ["focalist.statement.anomaly"]

    @api.model
    def _find_free_pages(self, statements):
        """Pages that cost nothing, by what is missing.

        A statement without prices at all, a device without a price, or a meter or tier
        at zero while others have a price. Nothing is said where supplies are what is
        paid for.
        """
        found = [
            {"statement_id": statement.id, "kind": "no_price", "figures": {}}
            for statement in statements
            if not statement.pricing_id
        ]
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT * FROM (
                    SELECT l.statement_id, l.device_id, l.meter,
                           MAX(l.site_id) AS site_id, SUM(l.pages)::bigint AS pages,
                           BOOL_OR(l.tiered OR l.price_unit <> 0) AS meter_priced,
                           BOOL_OR(BOOL_OR(l.tiered OR l.price_unit <> 0)) OVER (
                               PARTITION BY l.statement_id, l.device_id) AS priced,
                           BOOL_OR(BOOL_OR(l.tiered OR l.price_unit <> 0)) OVER (
                               PARTITION BY l.statement_id) AS any_priced
                      FROM focalist_statement_line l
                      JOIN focalist_statement st ON st.id = l.statement_id
                      JOIN focalist_pricing p ON p.id = st.pricing_id
                       AND p.model <> 'supply'
                     WHERE st.id = ANY (%s) AND l.pages > 0
                     GROUP BY 1, 2, 3) AS printed
                 WHERE NOT meter_priced
                 ORDER BY statement_id, device_id, meter
                """,
                statements.ids,
            )
        )
        unpriced, free = {}, {}
        for row in rows:
            if row["priced"]:
                key = row["statement_id"], row["meter"]
                free[key] = free.get(key, 0) + row["pages"]
                continue
            # Where nothing has a price, that is one question and not one a device.
            device = row["any_priced"] and row["device_id"]
            values = unpriced.setdefault(
                (row["statement_id"], device),
                {
                    "statement_id": row["statement_id"],
                    "kind": "no_price",
                    "device_id": device,
                    "site_id": device and row["site_id"],
                    "figures": {"pages": 0, "meters": []},
                },
            )
            values["figures"]["pages"] += row["pages"]
            if row["meter"] not in values["figures"]["meters"]:
                values["figures"]["meters"].append(row["meter"])
        found += unpriced.values()
        found += [
            {
                "statement_id": statement_id,
                "kind": "zero_price",
                "meter": meter,
                "figures": {"pages": pages},
            }
            for (statement_id, meter), pages in free.items()
        ]
        found += [
            {
                "statement_id": charge.statement_id.id,
                "kind": "zero_price",
                "meter": charge.meter,
                "figures": {"pages": int(charge.quantity), "tier": charge.tier_from},
            }
            for charge in statements.charge_ids
            if charge.tier_from and charge.quantity and not charge.price_unit
        ]
        return found

    @api.model
    def _find_free_supplies(self, statements):
        """Supplies that were replaced and cost nothing."""
        return [
            {
                "statement_id": statement.id,
                "kind": "zero_price",
                "figures": {"supply": model.display_name},
            }
            for statement in statements
            for model in statement.supply_ids.filtered(
                lambda supply: not supply.price_unit
            ).supply_model_id
        ]

    @api.model
    def _find_free_fees(self, statements):
        """Fixed fees of nothing."""
        return [
            {
                "statement_id": statement.id,
                "kind": "zero_price",
                "figures": {"fee": fee.name},
            }
            for statement in statements
            for fee in statement.charge_ids.filtered(
                lambda charge: charge.quantity and not charge.price_unit
            ).fee_id
        ]

    @api.model
    def _find_currencies(self, statements):
        """Currencies that differ where they are one in all that was agreed.

        The statement's against its contract's, which may have changed since; the
        contract's against the client's; the invoice's against what the payer's
        receivable account and pricelist are kept in. And one that is not the dealer's
        and has no rate, which Odoo would book one to one.
        """
        rated = self._rated_currencies(statements)
        found = []
        for company, of_company in statements.grouped("company_id").items():
            local = of_company.with_company(company)
            for statement in local:
                payer = statement._payer()
                own, contract = statement.currency_id, statement.contract_id
                pairs = [
                    ("contract", own, contract.currency_id),
                    ("client", own, statement.partner_id.focalist_currency_id),
                    ("account", own, payer.property_account_receivable_id.currency_id),
                    ("pricelist", own, self._pricelist_currency(payer)),
                ]
                if own != company.currency_id and (company, own) not in rated:
                    pairs.append(("rate", own, company.currency_id))
                found += [
                    {
                        "statement_id": statement.id,
                        "kind": "currency",
                        "figures": {
                            "case": case,
                            "currency": own.name,
                            "other": other.name,
                        },
                    }
                    for case, own, other in pairs
                    if other and other != own
                ]
        return found

    @api.model
    def _pricelist_currency(self, payer):
        """The currency of the pricelist that somebody gave the payer."""
        return payer.specific_property_product_pricelist.currency_id

    @api.model
    def _rated_currencies(self, statements):
        """The currencies with a rate that counts: set of (company, currency)."""
        foreign = statements.filtered(
            lambda s: s.currency_id != s.company_id.currency_id
        )
        rates = self.env["res.currency.rate"]._read_group(
            [("currency_id", "in", foreign.currency_id.ids)],
            ["company_id", "currency_id"],
        )
        shared = {currency for company, currency in rates if not company}
        return {
            (company, currency)
            for company in foreign.company_id
            for currency in foreign.currency_id
            if currency in shared or (company.root_id, currency) in rates
        }
