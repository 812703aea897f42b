from collections import defaultdict

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, frozendict

from .focalist_cutoff_line import KINDS


class FocalistCutoff(models.Model):
    """The end of a month in the books: what is not billed yet, and what is ahead.

    One entry for invoices to be made and one for income billed ahead, both reversed on
    the day after.
    """

    _name = "focalist.cutoff"
    _description = "Cut-Off"
    _inherit = ["focalist.guarded.mixin", "mail.thread"]
    _order = "date desc, id desc"
    _rec_name = "date"
    _check_company_auto = True

    date = fields.Date(
        "Last day",
        required=True,
        default=lambda self: fields.Date.subtract(
            fields.Date.start_of(fields.Date.context_today(self), "month"), days=1
        ),
        tracking=True,
        help="What was printed until then counts for it; the entries are reversed on"
        " the day after.",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        index=True,
        ondelete="cascade",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    line_ids = fields.One2many(
        "focalist.cutoff.line", "cutoff_id", "Details", readonly=True
    )
    move_ids = fields.One2many(
        "account.move", "focalist_cutoff_id", "Entries", readonly=True
    )
    # Odoo shows an entry's lines to fewer people than may cut off.
    move_line_ids = fields.Many2many(
        "account.move.line", compute="_compute_move_line_ids", string="Journal items"
    )
    state = fields.Selection(
        [("draft", "To do"), ("made", "Entries to post"), ("posted", "Posted")],
        compute="_compute_state",
        store=True,
        tracking=True,
    )
    amount_accrued = fields.Monetary(
        "Invoices to be made", compute="_compute_amounts", store=True
    )
    amount_deferred = fields.Monetary(
        "Income billed ahead", compute="_compute_amounts", store=True
    )

    _date_uniq = models.UniqueIndex(
        "(company_id, date)",
        "There is a cut-off of this day already: open it and make its entries anew.",
    )

    @api.depends("date")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for cutoff in self:
            day = format_date(self.env, cutoff.date)
            cutoff.display_name = self.env._("Cut-off of %(day)s", day=day)

    @api.depends("move_ids.state")
    def _compute_state(self):
        for cutoff in self:
            states = set(cutoff.move_ids.mapped("state"))
            if "posted" in states:
                cutoff.state = "posted"
            else:
                cutoff.state = "made" if "draft" in states else "draft"

    @api.depends("move_ids.line_ids")
    def _compute_move_line_ids(self):
        for cutoff in self:
            cutoff.move_line_ids = cutoff.move_ids.line_ids

    @api.depends("line_ids.amount", "line_ids.kind")
    def _compute_amounts(self):
        for cutoff in self:
            for kind, _label in KINDS:
                lines = cutoff.line_ids.filtered(lambda line, k=kind: line.kind == k)
                cutoff[f"amount_{kind}"] = sum(lines.mapped("amount"))

    def write(self, vals):
        """What was entered in the books for a day stays that day's."""
        if vals.keys() & {"date", "company_id"} and any(
            cutoff.move_ids for cutoff in self
        ):
            raise UserError(
                self.env._("A cut-off with entries keeps its day: undo it first.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_without_entries(self):
        if any(cutoff.move_ids for cutoff in self):
            raise UserError(self.env._("Undo a cut-off before you delete it."))

    # -- what the accountant does -----------------------------------------------------

    def action_make(self):
        """Make the draft entries, in the place of those that there are."""
        self.check_access("write")
        for cutoff in self:
            cutoff._make()

    def action_post(self):
        """Post the entries, and reverse them on the day after."""
        self.check_access("write")
        self.lock_for_update()
        for cutoff in self:
            drafts = cutoff.move_ids.filtered(lambda move: move.state == "draft")
            if cutoff.state != "made" or not drafts:
                raise UserError(
                    self.env._("%(cutoff)s has no entries.", cutoff=cutoff.display_name)
                )
            cutoff._check_not_locked(drafts.journal_id[:1])
            # Its accountants may not all write in every journal: sudo.
            drafts.sudo()._post(soft=False)

    def action_undo(self):
        """Take the entries back: delete them, or reverse those that cannot be."""
        self.check_access("write")
        self.lock_for_update()
        moves = self.move_ids.sudo()
        reversals = moves.filtered("reversed_entry_id")
        # None is held by its cut-off any more.
        moves.focalist_cutoff_id = False
        for some in (reversals, moves - reversals):
            some._unlink_or_reverse()
        self.sudo().line_ids.unlink()

    def action_open_moves(self):
        """Open the entries and those that reverse them."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_move_journal_line"
        )
        return action | {
            "domain": [("id", "in", self.move_ids.ids)],
            "context": {"default_move_type": "entry"},
        }

    def action_open_lines(self):
        """Open the list of what the entries are made of."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_billing.focalist_cutoff_line_action"
        )
        return action | {"domain": [("cutoff_id", "=", self.id)]}

    # -- entries ----------------------------------------------------------------------

    def _make(self):
        self.ensure_one()
        self.lock_for_update()
        if self.date > fields.Date.context_today(self):
            raise UserError(
                self.env._(
                    "%(cutoff)s lies ahead: its pages are not printed yet.",
                    cutoff=self.display_name,
                )
            )
        if self.state == "posted":
            raise UserError(
                self.env._(
                    "The entries of %(cutoff)s are posted: undo it before you make them"
                    " anew.",
                    cutoff=self.display_name,
                )
            )
        journal, accrued, deferred = self.company_id._focalist_cutoff_setup()
        self._check_not_locked(journal)
        # What it is made of is written by nobody's hand.
        cutoff = self.sudo().with_company(self.company_id)
        cutoff.move_ids.unlink()
        cutoff.line_ids.unlink()
        lines = self.env["focalist.cutoff.line"].sudo()
        lines.create(
            [
                values | {"cutoff_id": self.id}
                for values in cutoff._accrued_lines() + cutoff._deferred_lines()
            ]
        )
        titles = dict(lines._fields["kind"]._description_selection(self.env))
        cutoff.env["account.move"].create(
            [
                cutoff._prepare_move(kind, titles[kind], journal, account)
                for kind, account in (("accrued", accrued), ("deferred", deferred))
                if any(line.kind == kind for line in cutoff.line_ids)
            ]
        )

    def _check_not_locked(self, journal):
        """Raise a UserError where Odoo would enter the day's entries on a later one."""
        self.ensure_one()
        company = self.company_id.sudo()
        if locks := company._get_violated_lock_dates(self.date, False, journal):
            raise UserError(
                self.env._(
                    "The books of %(company)s are closed on %(day)s: %(locks)s. Move"
                    " the lock date to make this cut-off, or cut off a later day.",
                    company=company.name,
                    day=format_date(self.env, self.date),
                    locks=company._format_lock_dates(locks),
                )
            )

    def _prepare_move(self, kind, title, journal, account):
        """Values of an entry: a line for each client, income account and distribution.

        :param account: where the other side of it stands
        """
        self.ensure_one()
        sign = 1 if kind == "accrued" else -1
        lines = self.line_ids.filtered(lambda line: line.kind == kind)
        income, others = defaultdict(float), defaultdict(float)
        for line in lines:
            distribution = frozendict(line.analytic_distribution or {})
            partner = line.partner_id
            income[partner, line.account_id, distribution] -= sign * line.amount
            others[partner, account, frozendict()] += sign * line.amount
        rows = [
            {
                "name": title,
                "partner_id": partner.id,
                "account_id": account.id,
                "balance": self.currency_id.round(balance),
                "analytic_distribution": dict(distribution) or False,
            }
            for side in (others, income)
            for (partner, account, distribution), balance in side.items()
            if not self.currency_id.is_zero(balance)
        ]
        return {
            "move_type": "entry",
            "company_id": self.company_id.id,
            "journal_id": journal.id,
            "date": self.date,
            "ref": f"{title}, {format_date(self.env, self.date)}",
            "focalist_cutoff_id": self.id,
            "line_ids": list(map(Command.create, rows)),
        }
