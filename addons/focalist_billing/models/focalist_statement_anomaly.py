from odoo import api, fields, models
from odoo.tools import format_date, formatLang

from .focalist_statement_line import METERS

#: Those that a price or setting makes: once accepted, they are for all statements of
#: the same version of the prices. With the figures that make one what it is.
STANDING = {
    "no_price": (),
    "zero_price": ("supply", "fee", "tier"),
    "currency": ("case", "currency", "other"),
    "allowance": ("included",),
}
#: Those that only tell: their acceptance needs no reason.
WARNINGS = ("idle", "moved", "reset", "missing", "gap")


class FocalistStatementAnomaly(models.Model):
    """What a person should look at before a statement becomes an invoice.

    The figures are kept, and told in the reader's language. What is accepted stays so
    for as long as they are the same.
    """

    _name = "focalist.statement.anomaly"
    _description = "Anomaly of a Statement"
    _inherit = ["focalist.guarded.mixin"]
    _order = "statement_id desc, severity, kind, site_id, device_id, id"
    _rec_name = "kind"

    statement_id = fields.Many2one(
        "focalist.statement",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    contract_id = fields.Many2one(related="statement_id.contract_id")
    pricing_id = fields.Many2one(
        "focalist.pricing",
        "Prices",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
        help="The version of the prices that it was found with.",
    )
    partner_id = fields.Many2one(
        related="statement_id.partner_id",
        string="Client",
        store=True,
        precompute=True,
        index=True,
    )
    company_id = fields.Many2one(
        related="statement_id.company_id", store=True, precompute=True, index=True
    )
    kind = fields.Selection(
        [
            ("no_price", "No price"),
            ("zero_price", "Price of zero"),
            ("currency", "Currency"),
            ("allowance", "Included pages"),
            ("volume", "Unusual volume"),
            ("idle", "Nothing printed"),
            ("to_check", "Meters to check"),
            ("missing", "No readings"),
            ("moved", "Moved"),
            ("reset", "Counter reset"),
            ("gap", "Period not billed"),
        ],
        required=True,
        readonly=True,
    )
    severity = fields.Selection(
        [("blocking", "Blocking"), ("warning", "Warning")],
        compute="_compute_severity",
        store=True,
        precompute=True,
        help="A blocking one is accepted with a reason only.",
    )
    device_id = fields.Many2one(
        "focalist.device",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    site_id = fields.Many2one(
        "focalist.site",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
        help="Where the device stood in the period.",
    )
    meter = fields.Selection(METERS, readonly=True)
    figures = fields.Json(readonly=True)
    message = fields.Text("What is unusual", compute="_compute_message")
    state = fields.Selection(
        [("open", "Open"), ("accepted", "Accepted")],
        required=True,
        readonly=True,
        default="open",
    )
    accepted_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    accepted_at = fields.Datetime("Accepted on", readonly=True)
    reason = fields.Char(readonly=True, help="Why it was accepted.")

    _open_idx = models.Index("(statement_id) WHERE state = 'open'")

    @api.depends("kind")
    def _compute_severity(self):
        for anomaly in self:
            warning = anomaly.kind in WARNINGS
            anomaly.severity = "warning" if warning else "blocking"

    @api.depends("kind")
    @api.depends_context("lang")
    def _compute_display_name(self):
        titles = dict(self._fields["kind"]._description_selection(self.env))
        for anomaly in self:
            anomaly.display_name = titles.get(anomaly.kind)

    # -- what is told -----------------------------------------------------------------

    @api.depends("kind", "figures")
    @api.depends_context("lang")
    def _compute_message(self):
        for anomaly in self:
            tell = getattr(anomaly, f"_message_{anomaly.kind}", None)
            anomaly.message = tell(anomaly.figures or {}) if tell else False

    def _told(self, limit):
        """What is unusual, in as many lines as one reads in a list: list of str."""
        lines = [
            ": ".join(filter(None, [anomaly.device_id.display_name, anomaly.message]))
            for anomaly in self[:limit]
        ]
        return lines + ["…"] if len(self) > limit else lines

    def _pages(self, number):
        return formatLang(self.env, number, digits=0)

    def _day(self, text):
        return format_date(self.env, text)

    def _meter_names(self, meters):
        titles = self.env["focalist.meter.segment"]._fields["meter"]
        titles = dict(titles._description_selection(self.env))
        return ", ".join(titles.get(meter, meter) for meter in meters)

    def _message_volume(self, figures):
        values = {
            "pages": self._pages(figures["pages"]),
            "days": self._pages(figures["days"]),
            "expected": self._pages(figures["expected"]),
            "count": figures["count"],
        }
        if figures["by"] == "month":
            return self.env._(
                "%(pages)s pages in %(days)s days, where %(expected)s were to be"
                " expected by the %(count)s months before.",
                **values,
            )
        return self.env._(
            "%(pages)s pages in %(days)s days, where %(expected)s were to be expected"
            " by the %(count)s statements before.",
            **values,
        )

    def _message_idle(self, figures):
        return self.env._(
            "Not a page in %(days)s days, though it printed in each of the %(count)s"
            " periods before.",
            days=self._pages(figures["days"]),
            count=figures["count"],
        )

    def _message_no_price(self, figures):
        if not figures:
            return self.env._("The contract has no prices for this period.")
        values = {
            "pages": self._pages(figures["pages"]),
            "meters": self._meter_names(figures["meters"]),
        }
        if self.device_id:
            return self.env._(
                "%(pages)s pages of a device that has no price: %(meters)s.", **values
            )
        return self.env._(
            "%(pages)s pages, and no price for any of them: %(meters)s.", **values
        )

    def _message_zero_price(self, figures):
        if figures.get("supply"):
            return self.env._(
                "The price of %(supply)s is zero.", supply=figures["supply"]
            )
        if figures.get("fee"):
            return self.env._("The fee %(fee)s is zero.", fee=figures["fee"])
        values = {
            "pages": self._pages(figures["pages"]),
            "meter": self._meter_names([self.meter]),
        }
        if figures.get("tier"):
            return self.env._(
                "%(meter)s: %(pages)s pages in a tier whose price is zero.", **values
            )
        return self.env._(
            "%(meter)s: %(pages)s pages at a price of zero, while others have one.",
            **values,
        )

    def _message_currency(self, figures):
        values = {"currency": figures["currency"], "other": figures["other"]}
        match figures["case"]:
            case "contract":
                return self.env._(
                    "The statement is in %(currency)s, its contract in %(other)s by"
                    " now. Cancel the statement and bill the period anew.",
                    **values,
                )
            case "client":
                return self.env._(
                    "The contract is in %(currency)s, the client is billed in"
                    " %(other)s.",
                    **values,
                )
            case "account":
                return self.env._(
                    "The invoice is in %(currency)s, the payer's receivable account"
                    " in %(other)s.",
                    **values,
                )
            case "pricelist":
                return self.env._(
                    "The invoice is in %(currency)s, the payer's pricelist in"
                    " %(other)s.",
                    **values,
                )
            case _:
                return self.env._(
                    "%(currency)s has no rate: each would be booked as one %(other)s.",
                    **values,
                )

    def _message_allowance(self, figures):
        values = {
            "meter": self._meter_names([self.meter]),
            "included": self._pages(figures["included"]),
            "usual": self._pages(figures["usual"]),
            "most": self._pages(figures["most"]),
        }
        if figures["count"]:
            return self.env._(
                "%(meter)s: %(included)s pages are included in a period that usually"
                " has %(usual)s, and never had more than %(most)s.",
                **values,
            )
        return self.env._(
            "%(meter)s: %(included)s pages are included, and %(usual)s were printed.",
            **values,
        )

    def _message_to_check(self, figures):
        return self.env._(
            "Readings since %(date)s are not billed before somebody checks them:"
            " %(meters)s.",
            date=self._day(figures["since"]),
            meters=self._meter_names(figures["meters"]),
        )

    def _message_missing(self, figures):
        return self.env._(
            "No reading that counts: %(meters)s. Its pages are not billed.",
            meters=self._meter_names(figures["meters"]),
        )

    def _message_moved(self, figures):
        return " ".join(
            self.env._(
                "Went from %(before)s to %(after)s on %(date)s.",
                before=move["from"],
                after=move["to"],
                date=self._day(move["on"]),
            )
            if move["to"]
            else self.env._(
                "Left %(before)s on %(date)s.",
                before=move["from"],
                date=self._day(move["on"]),
            )
            for move in figures["moves"]
        )

    def _message_reset(self, figures):
        reasons = self.env["focalist.meter.segment"]._fields["reason"]
        reasons = dict(reasons._description_selection(self.env))
        return " ".join(
            self.env._(
                "The counter begins anew on %(date)s (%(reason)s); what lies between"
                " %(before)s and %(after)s is on no line.",
                date=self._day(change["on"]),
                reason=reasons[change["reason"]],
                before=self._known(change["before"]),
                after=self._known(change["after"]),
            )
            for change in figures["changes"]
        )

    def _known(self, value):
        return "?" if value is None else self._pages(value)

    # -- what is done about it --------------------------------------------------------

    def action_open_readings(self):
        """Open the device's readings; those that wait, where they do."""
        self.check_access("read")
        self.ensure_one()
        action = self.device_id.action_open_readings()
        if self.kind == "to_check":
            waiting = [*action["domain"], ("state", "=", "quarantined")]
            return action | {"domain": waiting}
        return action

    def action_open_device(self):
        """Open the device: where it stood, and what it tells."""
        self.check_access("read")
        self.ensure_one()
        return self._open_form(self.device_id)

    def action_set_price(self):
        """Open the statement's prices, or what its currency comes from."""
        self.check_access("read")
        self.ensure_one()
        if self.kind == "currency":
            return self._open_form(self.contract_id)
        pricing = self.statement_id.pricing_id
        if pricing:
            return self._open_form(pricing)
        return self.contract_id.action_change_prices()

    @api.model
    def _open_form(self, record):
        return {
            "type": "ir.actions.act_window",
            "name": record.display_name,
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }

    def action_accept(self):
        """Ask why these are all right."""
        self.check_access("write")
        return self.env["focalist.anomaly.accept"]._ask(self.statement_id, self)

    def _accept(self, reason=""):
        """Let these be; who, when and why is kept, and told on their statements.

        The caller has checked the rights: what was decided is nobody's to write.
        """
        going = self.sudo().filtered(lambda anomaly: anomaly.state == "open")
        going.write(
            {
                "state": "accepted",
                "accepted_by_id": self.env.uid,
                "accepted_at": fields.Datetime.now(),
                "reason": reason,
            }
        )
        by_statement = going.grouped("statement_id")
        self.env["focalist.statement"].union(*by_statement)._message_log_batch(
            bodies={
                statement.id: self._accepted_note(some, reason)
                for statement, some in by_statement.items()
            }
        )

    @api.model
    def _accepted_note(self, anomalies, reason):
        """What was accepted, for the statement's chatter."""
        told = "; ".join(
            " ".join(
                filter(
                    None,
                    [anomaly.device_id.display_name, anomaly.message],
                )
            )
            for anomaly in anomalies
        )
        if reason:
            return self.env._(
                "Accepted: %(anomalies)s Reason: %(reason)s",
                anomalies=told,
                reason=reason,
            )
        return self.env._("Accepted: %(anomalies)s", anomalies=told)
