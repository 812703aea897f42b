import logging

import psycopg2
from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, split_every

from odoo.addons.focalist_base.tools.people import least_busy, of_group

_logger = logging.getLogger(__name__)

ACTIVITY = "focalist_billing.mail_activity_type_indexation"
TEMPLATE = "focalist_billing.mail_template_indexation"
BATCH = 100


class FocalistContract(models.Model):
    """Indexation is announced before it applies: to the client, and to accountants."""

    _name = "focalist.contract"
    _inherit = ["focalist.contract"]

    announced_pricing_id = fields.Many2one(
        "focalist.pricing", "Announced prices", compute="_compute_announced_pricing_id"
    )
    announced_from = fields.Date(compute="_compute_announced_pricing_id")

    @api.depends("pricing_ids.announced_on", "pricing_ids.date_from")
    def _compute_announced_pricing_id(self):
        for contract in self:
            announced = contract.pricing_ids.filtered(
                lambda pricing: pricing.status == "announced"
            ).sorted("date_from")[-1:]
            contract.announced_pricing_id = announced
            contract.announced_from = announced.date_from

    @api.model
    def _cron_index(self):
        """Announce the indexations whose day has come; each once."""
        today = fields.Date.context_today(self)
        due = self.search(
            [
                ("state", "=", "active"),
                ("indexation_announce_on", "<=", today),
                "|",
                ("date_end", "=", False),
                ("date_end", ">", today),
            ],
            order="indexation_announce_on, id",
        )
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(due))
        for some in split_every(BATCH, due.ids, self.browse):
            # Whoever holds one of them announces it, or it is its turn tomorrow.
            free = some.try_lock_for_update()
            free._announce_indexation()
            if not cron._commit_progress(len(some)):
                break

    def _announce_indexation(self):
        """Make the next version of these contracts' prices, and tell of it.

        One that cannot be indexed holds up no other: an accountant is told why.

        :return: focalist.pricing records
        """
        try:
            with self.env.cr.savepoint():
                return self._index()
        except (UserError, psycopg2.IntegrityError):
            _logger.info("An indexation cannot be made; making them one by one.")
        versions = self.env["focalist.pricing"]
        for contract in self:
            try:
                with self.env.cr.savepoint():
                    versions += contract._index()
            except UserError as error:
                contract._give_accountant(str(error))
            except psycopg2.IntegrityError:
                contract._give_accountant(
                    self.env._(
                        "The prices cannot be indexed as they are: look at them."
                    )
                )
        return versions

    def _index(self):
        """See `_announce_indexation`."""
        values, dates = [], {}
        for contract in self:
            contract = contract.with_context(lang=contract.company_id.partner_id.lang)
            day = contract._indexed_from()
            renewed = contract.notice_until
            if contract.date_end and contract.date_end < day and not renewed:
                continue
            factor, reason = contract._indexation_factor()
            # In the language that the version is made in: its fees are found by name.
            source = contract._pricing_at(day).with_env(self.env)
            if source.date_from == day:
                raise UserError(
                    contract.env._(
                        "There are prices from %(date)s already, which is when the next"
                        " indexation would hold: index them by hand and move the next"
                        " indexation on, or delete them.",
                        date=format_date(contract.env, day),
                    )
                )
            values.append(source._prepare_indexed(day, factor, reason))
            dates[contract] = contract._prepare_next_indexation(day)
        versions = self.env["focalist.pricing"].create(values)
        versions._keep_indexed()
        for contract, vals in dates.items():
            contract.write(vals)
        versions.contract_id._tell_of_indexation()
        return versions

    def _prepare_next_indexation(self, day):
        """Values of the contract once prices are indexed from a day on."""
        self.ensure_one()
        following = self.indexation_date
        count = 0
        while following <= day:
            count += 1
            # From the date itself: the 31st of one month is no 30th for ever.
            following = self.indexation_date + relativedelta(
                months=count * self.indexation_months
            )
        vals = {"indexation_date": following}
        if self.indexation == "index":
            vals["indexation_base"] = self._indexation_month()
        return vals

    def _tell_of_indexation(self):
        """Tell the clients of the announced prices, and note it on the contracts."""
        self.activity_feedback([ACTIVITY])
        mailed = self.filtered(lambda contract: contract._billing_contact().email)
        for contract in self:
            contract = contract.with_context(lang=contract.company_id.partner_id.lang)
            contract._message_log(body=contract._indexation_note())
        if mailed:
            self.env.ref(TEMPLATE).send_mail_batch(mailed.ids)
        for contract in self - mailed:
            contract._give_accountant(
                self.env._(
                    "%(client)s has no e-mail address for bills: tell it of the prices"
                    " from %(date)s.",
                    client=contract.partner_id.name,
                    date=format_date(self.env, contract.announced_from),
                )
            )

    def _billing_contact(self):
        """Who at the client is told of prices: where its bills go."""
        self.ensure_one()
        client = self.partner_id
        return client.browse(client.address_get(["invoice"])["invoice"])

    def _indexation_note(self):
        """The announced prices, beside those before, as the chatter shows them."""
        version = self.announced_pricing_id
        head = self.env._(
            "Prices from %(date)s: %(reason)s",
            date=format_date(self.env, version.date_from),
            reason=version.reason,
        )
        return version._changes_note(head)

    def _give_accountant(self, note):
        """One thing to do for an accountant, until it is done."""
        self.ensure_one()
        if self.activity_search([ACTIVITY], only_automated=False):
            return
        self.activity_schedule(ACTIVITY, user_id=self._accountant().id, note=note)

    def _accountant(self):
        """The contract's responsible, if an accountant, else the least busy one."""
        self.ensure_one()
        group = "focalist_base.group_focalist_accountant"
        people = of_group(self.env, group, self.company_id)
        return self.user_id & people or least_busy(people, self._name)
