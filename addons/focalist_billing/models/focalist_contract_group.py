from odoo import Command, api, fields, models
from odoo.exceptions import ValidationError

#: What a contract has an invoice of its own for.
INVOICE_BY = [
    ("client", "The client"),
    ("site", "Each site"),
    ("cost_centre", "Each cost centre"),
]

#: Custom fields of these types name a cost centre.
NAMING_TYPES = ("char", "selection", "many2one", "integer")


class FocalistContract(models.Model):
    """How a contract's invoices are divided, and when they are due."""

    _name = "focalist.contract"
    _inherit = ["focalist.contract"]

    payment_term_id = fields.Many2one(
        "account.payment.term",
        "Payment terms",
        check_company=True,
        tracking=True,
        help="Of its invoices; empty: those of whoever receives them, or else those of"
        " the company's settings.",
    )
    invoice_by = fields.Selection(
        INVOICE_BY,
        "An invoice for",
        required=True,
        default="client",
        tracking=True,
        help="Pages are rated together, whoever is invoiced: tiers and shared pages are"
        " those of the whole contract. Periods that have their statements stay.",
    )
    cost_centre_field = fields.Selection(
        "_cost_centre_fields",
        "Cost centre",
        tracking=True,
        help="The custom field of devices that names their cost centre. It is noted as"
        " a statement is made.",
    )

    @api.model
    def _cost_centre_fields(self):
        """The custom fields of devices that can name a cost centre."""
        devices = self.env["focalist.device"]
        # Who writes contracts sees the names of the fields, whatever else of them.
        clients = self.env["focalist.client.fields"].search(
            [("definition", "!=", False)]
        )
        sets = [("properties", "", devices._fields_of_all().sudo())]
        sets += [
            ("client_properties", f"{one.partner_id.name}: ", one) for one in clients
        ]
        return [
            (f"{name}.{told['name']}", f"{prefix}{told['string']}")
            for name, prefix, owner in sets
            for told in owner[
                "properties_definition" if name == "properties" else "definition"
            ]
            or ()
            if told["type"] in NAMING_TYPES and told.get("string")
        ]

    @api.constrains("invoice_by", "cost_centre_field")
    def _check_cost_centre(self):
        for contract in self:
            if contract.invoice_by == "cost_centre" and not contract.cost_centre_field:
                raise ValidationError(
                    self.env._(
                        "Choose the custom field that names the cost centre of the"
                        " devices of %(contract)s.",
                        contract=contract.name,
                    )
                )

    def _cost_centres(self, devices):
        """What devices have in the custom field that names their cost centre.

        :return: dict device id -> str, of those that have anything in it
        """
        self.ensure_one()
        path = self.cost_centre_field
        if not path:
            return {}
        # Of the devices that the contract bills, this field alone: sudo.
        values = devices.sudo()._custom_values()
        return {
            device.id: value.text.strip()
            for device, some in values.items()
            for value in some
            if value.path == path and value.text.strip()
        }

    def _reopened(self, charge):
        """First days of periods of which one of several statements was cancelled."""
        self.ensure_one()
        if self.invoice_by == "client":
            return set()
        statements = self.statement_ids.filtered(
            lambda s: s.charge == charge and s.invoice_by != "client"
        )
        live = statements.filtered(lambda s: not s.cancelled)
        there = {(s.date_start, s._group_key()) for s in live}
        return {
            s.date_start
            for s in statements - live
            if (s.date_start, s._group_key()) not in there
        }

    @api.model
    def _statement_parts(self, charge, periods):
        """What the statements of these periods are made of.

        Several of a contract that has an invoice for each site or cost centre; those
        that have their statement already are left out.

        :return: list of (contract, values of a statement, values of its lines)
        """
        live = self.env["focalist.statement"]._live_groups(charge, periods)
        if charge == "true_up":
            # What is guaranteed is guaranteed by the contract as a whole.
            return [(contract, {}, []) for contract in periods]
        if charge != "pages":
            return self._fee_parts(charge, periods, live)
        measured = self.env["focalist.statement.line"]._measure(periods)
        replaced = self.env["focalist.statement.supply"]._find(periods)
        parts = []
        for contract in periods:
            lines = measured.get(contract, [])
            supplies = replaced.get(contract, [])
            known = live.get(contract, self.env["focalist.statement"])
            taken = {statement._group_key() for statement in known}
            start, _end = periods[contract]
            was = contract._cancelled_keys(charge, start, known)
            groups = contract._grouped_rows(lines, supplies, was=was, taken=taken)
            parts += [
                (
                    contract,
                    contract._prepare_group(key)
                    | {"supply_ids": list(map(Command.create, some_supplies))},
                    some_lines,
                )
                for key, (some_lines, some_supplies) in groups.items()
                if key not in taken
            ]
        return parts

    def _grouped_rows(self, lines, supplies, invoice_by=None, was=None, taken=()):
        """Share rows of lines and supplies among statements, and note cost centres.

        :param invoice_by: as the statements have it; None: as the contract has it now
        :param was: see `_cancelled_keys`: a device whose cost centre has its statement
            comes again where it was
        :param taken: keys of the statements that there are
        :return: dict key of a statement -> (lines, supplies)
        """
        self.ensure_one()
        devices = self.env["focalist.device"].browse(
            dict.fromkeys(row["device_id"] for row in [*lines, *supplies])
        )
        centres = self._cost_centres(devices)
        invoice_by = invoice_by or self.invoice_by
        groups = {}
        for place, rows in enumerate((lines, supplies)):
            for row in rows:
                centre = centres.get(row["device_id"])
                key = (False, "")
                if invoice_by == "site":
                    key = (row["site_id"], "")
                elif invoice_by == "cost_centre":
                    key = (False, centre or "")
                    if key in taken and row["device_id"] in was:
                        key = was[row["device_id"]]
                        centre = key[1] or None
                groups.setdefault(key, ([], []))[place].append(row)
                if rows is lines:
                    row["cost_centre"] = centre
        return groups

    def _prepare_group(self, key, invoice_by=None):
        """Values of the statement of a site or cost centre.

        :param invoice_by: as other statements of its have it; None: as the contract
            has it now
        """
        site, cost_centre = key
        return {
            "invoice_by": invoice_by or self.invoice_by,
            "site_id": site,
            "cost_centre": cost_centre or False,
        }

    @api.model
    def _fee_parts(self, charge, periods, live):
        """The statements of the periods' fees; see `_statement_parts`.

        :param dict live: contract -> the statements that there are already
        """
        settling, settled = {}, {}
        drafts = self.env["focalist.statement"]
        if charge == "fees":
            settling = self.browse().union(*periods)._fees_to_settle()
        for contract, (start, end) in periods.items():
            settled[contract] = self.env["focalist.statement"]
            if start in settling.get(contract, ()):
                settled[contract] = contract.statement_ids.filtered(
                    lambda s, start=start: (
                        s.charge == "advance"
                        and s.date_start == start
                        and not s.cancelled
                    )
                )
            invoice_by = settled[contract][:1].invoice_by or contract.invoice_by
            if invoice_by != "client":
                drafts += drafts.new(
                    contract._prepare_statement(start, end, charge)
                    | {"invoice_by": invoice_by}
                )
        # What is asked of one at a time below is read of all at once.
        by_place = drafts.grouped("contract_id")
        contracts = drafts.contract_id
        contracts.partner_id.focalist_site_ids.fetch(["is_main", "tz"])
        contracts.member_ids.device_id.placement_ids.fetch(
            ["partner_id", "site_id", "start_at"]
        )
        fees = drafts._fees()
        parts = []
        for contract in periods:
            if draft := by_place.get(contract):
                parts += contract._fee_parts_by_place(
                    draft, fees[draft], live.get(contract), settled[contract]
                )
            else:
                parts.append((contract, {"invoice_by": "client"}, []))
        return parts

    def _fee_parts_by_place(self, draft, fees, live, settled):
        """The statements of fees of each site or cost centre; see `_statement_parts`.

        A fee of the contract, and that of a site among cost centres, is nobody's: it is
        on a statement of the whole contract.

        :param draft: a new statement of the period, of whoever the invoices are for
        :param fees: those that it bills
        :param live: the statements that there are already
        :param settled: those in advance that are settled with fees in arrears: each
            site's where it was billed, though its devices have moved within the period,
            or the contract has its invoices for others now
        """
        self.ensure_one()
        invoice_by = draft.invoice_by
        live = live or self.env["focalist.statement"]
        taken = {one._group_key() for one in live}
        if settled:
            fees |= self.pricing_ids.fee_ids.filtered("in_advance")
        kinds = {
            fee.per
            for pricing, _start, _end in draft._fee_spans(self.pricing_ids)
            for fee in pricing.fee_ids & fees
        }
        nobody = {"contract"} if invoice_by == "site" else {"contract", "site"}
        groups = {(False, ""): []} if kinds & nobody else {}
        if kinds - nobody:
            presence = self._presence(draft.service_start, draft.service_end).keys()
            devices = self.member_ids.device_id.filtered(lambda d: d.id in presence)
            devices -= live.fee_device_ids
            keys = draft._device_keys(devices)
            for device, key in self._cancelled_keys(
                draft.charge, draft.date_start, live
            ).items():
                # Where it is now has its statement: its fee comes again where it was.
                if keys.get(device) in taken:
                    keys[device] = key
            for device, key in keys.items():
                groups.setdefault(key, []).append(device)
        for one in settled:
            groups.setdefault(one._group_key(), [])
        return [
            (
                self,
                self._prepare_group(key, invoice_by)
                | {"fee_device_ids": [Command.set(devices)]},
                [],
            )
            for key, devices in groups.items()
            if key not in taken
        ]

    def _cancelled_keys(self, charge, start, live):
        """Whose statement each device was on that was cancelled beside others.

        :param live: the statements of the period that there are
        :return: dict device id -> key of a statement that there is not
        """
        if not live:
            return {}
        taken = {one._group_key() for one in live}
        cancelled = self.statement_ids.filtered(
            lambda one: (
                one.cancelled
                and one.charge == charge
                and one.date_start == start
                and one.invoice_by == self.invoice_by
                and one._group_key() not in taken
            )
        )
        return {
            device.id: one._group_key()
            for one in cancelled.sorted("id")
            for device in one._billed_devices()
        }
