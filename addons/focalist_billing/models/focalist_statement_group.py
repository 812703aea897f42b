from odoo import api, fields, models
from odoo.tools import groupby

from ..tools.rating import Billed, Usage, rate
from .focalist_contract_group import INVOICE_BY


class FocalistStatement(models.Model):
    """Invoices of one site or one cost centre: each has a statement of its own.

    Those of one contract and period are a family. Its pages are rated together, so that
    tiers and pools count over all of them; each is invoiced, credited and disputed by
    itself.
    """

    _name = "focalist.statement"
    _inherit = ["focalist.statement"]

    invoice_by = fields.Selection(
        INVOICE_BY, "An invoice for", required=True, readonly=True, default="client"
    )
    site_id = fields.Many2one(
        "focalist.site",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The one that it bills, where each site has an invoice of its own.",
    )
    cost_centre = fields.Char(
        readonly=True,
        help="The one that it bills, where each has an invoice of its own; empty:"
        " devices that name none.",
    )
    fee_device_ids = fields.Many2many(
        "focalist.device",
        "focalist_statement_fee_device_rel",
        readonly=True,
        copy=False,
        help="Whose fees are on this statement of a site or cost centre: a device that"
        " moves takes none along.",
    )

    def _group_key(self):
        """Whose statement it is: nobody's of a client that has one invoice."""
        self.ensure_one()
        return self.site_id.id, self.cost_centre or ""

    def _device_keys(self, devices):
        """On whose statement of its period and kind each device is; see `_group_key`.

        That of the site where it stood then, or of the cost centre that it names now.

        :return: dict device id -> key
        """
        self.ensure_one()
        contract, centres = self.contract_id, {}
        if self.invoice_by == "site":
            return {
                device.id: (contract._site_on(self.service_end, device).id, "")
                for device in devices
            }
        if self.invoice_by == "cost_centre":
            centres = contract._cost_centres(devices)
        return {device.id: (False, centres.get(device.id, "")) for device in devices}

    def _billed_devices(self):
        """The devices whose pages, supplies or fees it bills."""
        return self.line_ids.device_id | self.supply_ids.device_id | self.fee_device_ids

    def _group_name(self):
        """The site or cost centre, as an invoice names it; empty where it has none."""
        self.ensure_one()
        if self.site_id:
            return self.env._("Site: %(site)s", site=self.site_id.name)
        if self.cost_centre:
            return self.env._("Cost centre: %(name)s", name=self.cost_centre)
        return ""

    def _families(self):
        """These statements, each with those that are rated with it.

        :return: list of focalist.statement records
        """
        apart = self.filtered(
            lambda statement: (
                statement.invoice_by != "client" and statement.charge == "pages"
            )
        )
        families = list(self - apart)
        if not apart:
            return families
        key = ("contract_id", "date_start")
        wanted = {tuple(statement[name] for name in key) for statement in apart}
        siblings = self.search(
            [
                ("contract_id", "in", apart.contract_id.ids),
                ("charge", "=", "pages"),
                ("date_start", "in", apart.mapped("date_start")),
                ("cancelled", "=", False),
            ],
            order="id",
        )
        by_period = groupby(siblings, lambda s: tuple(s[name] for name in key))
        families += [
            self.browse().union(*some) for period, some in by_period if period in wanted
        ]
        return families

    def _not_invoiced(self):
        return self.filtered(lambda statement: statement.state != "invoiced")

    def _rate_pages(self, drafts, measured=None):
        """Rate the pages of a family: once, over all of it.

        What is invoiced stays as it is: the others share what it leaves of tiers and
        pools, so that all together are what one invoice would have been.

        :param drafts: those of which the charges are asked: at least one
        :param dict measured: new lines; see `_rate`
        :return: (line id -> Share, list of Charge), of the drafts alone
        """
        usages = self._usages(measured)
        shares, charges = self._rate_usages(drafts[0], usages, self - drafts)
        if drafts == self:
            return shares, charges
        own = set(drafts.ids)
        return (
            {usage.key: shares[usage.key] for usage in usages if usage.group in own},
            [charge for charge in charges if charge.group in own],
        )

    def _usages(self, measured=None):
        """The pages that a family bills, as the rating takes them.

        :param dict measured: new lines; see `_rate`
        :return: list of Usage, their keys the ids of the lines
        """
        measured = measured or {}
        stored = self.filtered(lambda s: s not in measured)
        # Those of all families that are rated are read with the first one's.
        stored = stored.with_prefetch(self._prefetch_ids)
        rows = [
            (
                line.statement_id.id,
                line.site_id.id,
                line.device_id.id,
                line.meter,
                line.id,
                line.pages,
            )
            for line in stored.line_ids
            if not line.settles_id
        ]
        rows += [
            (
                statement.id,
                row["site_id"],
                row["device_id"],
                row["meter"],
                row["id"],
                row["pages"],
            )
            for statement in self
            for row in measured.get(statement, ())
            if not row["settles_id"]
        ]
        # Of pages that are shared, the first device has one more: always the same one.
        rows.sort()
        devices = self.env["focalist.device"].browse({row[2] for row in rows})
        models_ = {device.id: device.model_id.id for device in devices}
        apart = len(self) > 1
        return [
            Usage(
                line,
                device,
                meter,
                pages,
                model=models_[device],
                site=site,
                group=statement if apart else None,
            )
            for statement, site, device, meter, line, pages in rows
        ]

    def _billed(self):
        """What these invoiced statements have of their family's tiers and pools."""
        return Billed(
            frozenset(self.ids),
            {line.id: line.included for line in self.line_ids if not line.settles_id},
            {
                (charge.statement_id.id, charge.meter, charge.tier_from): int(
                    charge.quantity
                )
                for charge in self.charge_ids
                if charge.tier_from and not charge.corrects_id
            },
        )

    def _rate_usages(self, statement, usages, invoiced=None):
        """Rate pages of a family.

        :param statement: the one of it of which the prices are taken
        :param list usages: see `_usages`
        :param invoiced: those of it that keep what they have
        :return: (line id -> Share, list of Charge)
        """
        contract = self.contract_id
        start, end = statement.service_start, statement.service_end
        sites = {usage.device: usage.site for usage in usages}
        return rate(
            usages,
            statement.pricing_id._prices(sites),
            months=contract._months(start, end),
            presence=contract._presence(start, end),
            by_site=contract.lines_by_site,
            billed=invoiced and invoiced._billed(),
        )

    def _divide(self, lines, supplies, was):
        """Share the measured rows of a period among these drafts of it.

        What is a statement's that is invoiced stays with the draft that had it, if one
        did. What is none's, a site's that was not there before, goes to the first.

        :param list lines, supplies: values of lines, and of supplies
        :param dict was: focalist.statement record -> ids of devices that it had
        :return: dict focalist.statement record -> (those of its lines, of its supplies)
        """
        first = self[:1]
        if first.invoice_by == "client":
            return {first: (lines, supplies)}
        [family] = first._families()
        known = {statement._group_key(): statement for statement in family}
        divided = {statement: ([], []) for statement in self}
        groups = self.contract_id._grouped_rows(lines, supplies, first.invoice_by)
        for key, found in groups.items():
            statement = known.get(key, first)
            for place, some in enumerate(found):
                if statement in divided:
                    divided[statement][place].extend(some)
                    continue
                for row in some:
                    for draft in self:
                        if row["device_id"] in was.get(draft, ()):
                            if "cost_centre" in row:
                                row["cost_centre"] = draft.cost_centre
                            divided[draft][place].append(row)
                            break
        return divided

    def _own_devices(self, devices):
        """Those of a contract's devices that this statement would bill.

        Devices of a site or cost centre without a statement are its family's first's.
        """
        self.ensure_one()
        if self.invoice_by == "client" or self.charge != "pages":
            return devices
        keys = self._device_keys(devices)
        [family] = self._families() or [self]
        known = {statement._group_key() for statement in family}
        first = self == family[:1]
        return devices.filtered(
            lambda device: (
                keys[device.id] == self._group_key()
                or (first and keys[device.id] not in known)
            )
        )

    @api.model
    def _live_groups(self, charge, periods):
        """Whose statements there are already in these periods of their contracts.

        :return: dict contract -> focalist.statement records
        """
        contracts = [c for c in periods if c.invoice_by != "client"]
        if not contracts:
            return {}
        found = self.search(
            [
                ("contract_id", "in", [contract.id for contract in contracts]),
                ("charge", "=", charge),
                ("date_start", "in", [periods[contract][0] for contract in contracts]),
                ("cancelled", "=", False),
            ]
        )
        return found.filtered(
            lambda statement: statement.date_start == periods[statement.contract_id][0]
        ).grouped("contract_id")

    # -- invoice ----------------------------------------------------------------------

    def _prepare_invoice_terms(self, payer):
        """Values of the invoice that its contract, site and company decide.

        What none of them does is Odoo's to decide: by its receiver, or by the company.
        """
        company, values = self.company_id, {}
        term = self.contract_id.payment_term_id
        if not term and not payer.with_company(company).property_payment_term_id:
            term = company.sudo().focalist_payment_term_id
        if term:
            values["invoice_payment_term_id"] = term.id
        if journal := company.sudo().focalist_journal_id:
            values["journal_id"] = journal.id
        # A receiver of its own keeps its address: the site is named in the terms.
        if self.site_id.address_id:
            values["partner_shipping_id"] = self.site_id.address_id.id
        return values
