from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, ValidationError

from ..tools import simulation_workbook
from ..tools.simulator import Simulator

#: Fields that say whose prices these are, and no price.
OF_VERSION = {"contract_id", "pricing_id", "company_id", "date_from"}


def price_fields(records):
    """Names of the fields that make up prices, or a part of them: what a copy has."""
    return [
        name
        for name, field in records._fields.items()
        if field.store
        and field.copy
        and not field.related
        and name not in OF_VERSION
        and name not in models.MAGIC_COLUMNS
    ]


def plain_values(record):
    """The prices as they stand on the form, as values that JSON has."""
    values = {}
    for name in price_fields(record):
        field, value = record._fields[name], record[name]
        if field.type == "one2many":
            values[name] = [plain_values(part) for part in value]
        elif field.type == "many2many":
            values[name] = value._origin.ids
        elif field.type == "many2one":
            values[name] = value._origin.id
        elif field.type in ("date", "datetime"):
            values[name] = value and field.to_string(value)
        else:
            values[name] = value
    return values


class FocalistPricing(models.Model):
    """Prices that are tried: what they would have billed in the past year.

    A version on a form, of a contract or of a client without one, that is never stored.
    It is rated with the pages of the past periods, beside the prices that hold now.
    """

    _name = "focalist.pricing"
    _inherit = ["focalist.pricing"]

    simulated_client_id = fields.Many2one(
        "res.partner", "Client", store=False, copy=False
    )
    simulate = fields.Integer(
        store=False, copy=False, help="Changed to have them rated."
    )
    simulation = fields.Json(store=False, copy=False)
    simulation_stale = fields.Boolean(compute="_compute_simulation_stale")

    @api.depends(lambda self: ["simulation", *self._trial_depends()])
    def _compute_simulation_stale(self):
        """Whether the prices on the form are no longer those that were rated."""
        for pricing in self:
            shown = pricing.simulation
            pricing.simulation_stale = bool(shown) and (
                shown["values"] != plain_values(pricing)
            )

    @api.onchange("simulate")
    def _onchange_simulate(self):
        if not self.simulate:
            return
        values = plain_values(self)
        client, contract = self.simulated_client_id._origin, self.contract_id._origin
        simulator = self._simulator(client, contract, values)
        self.simulation = simulator.shown() | {"values": values}

    # -- the prices that are tried ----------------------------------------------------

    @api.model
    def _trial_depends(self):
        names = []
        for name in price_fields(self):
            names.append(name)
            field = self._fields[name]
            if field.type == "one2many":
                parts = self.env[field.comodel_name]
                names += [f"{name}.{part}" for part in price_fields(parts)]
        return names

    @api.model
    def _trial_commands(self, values):
        """Plain values as a new version takes them; what is no price is left out."""
        commands = {}
        for name in price_fields(self):
            if name not in values:
                continue
            field, value = self._fields[name], values[name]
            if field.type == "one2many":
                names = price_fields(self.env[field.comodel_name])
                value = [
                    Command.create({n: v for n, v in part.items() if n in names})
                    for part in value
                ]
            commands[name] = value
        return commands

    @api.model
    def default_get(self, fields):
        """A version that is made of prices that were tried begins with them."""
        tried = self.env.context.get("focalist_tried", {})
        return super().default_get(fields) | {
            name: value for name, value in tried.items() if name in fields
        }

    @api.model
    def _simulator(self, client, contract, values):
        """What rates prices that are not stored, for whoever may read the client's.

        :param contract: focalist.contract record, or none for a client without one
        :return: focalist_billing.tools.simulator.Simulator
        """
        self.check_access("read")
        (contract or client).check_access("read")
        if not contract:
            # Volumes are read in SQL; partners may be of all companies.
            if client.focalist_company_id not in self.env.companies:
                raise AccessError(
                    self.env._(
                        "%(client)s is no client of your company.",
                        client=client.display_name,
                    )
                )
            contract = contract.new(
                {
                    "partner_id": client.id,
                    "state": "draft",
                    "period": "month",
                    "anchor": "calendar",
                    "date_start": fields.Date.start_of(
                        fields.Date.context_today(self), "month"
                    ),
                }
            )
        trial = self.new(self._trial_commands(values))
        problem = trial.model == "tiered" and trial._tiers_problem()
        if problem := problem or trial._minimums_problem():
            raise ValidationError(problem)
        return Simulator(contract, trial)

    @api.model
    def _simulation_xlsx(self, client, contract, values):
        """A simulation as a workbook, to take to the client: in its language.

        :return: (name of the file, bytes)
        """
        client = contract.partner_id or client
        self = self.with_context(lang=client.lang or self.env.lang)
        simulator = self._simulator(client, contract.with_env(self.env), values)
        name = self.env._(
            "Simulation %(client)s %(date)s.xlsx",
            client=client.name,
            date=fields.Date.context_today(self),
        )
        return name.replace("/", "-"), simulation_workbook.write(simulator)

    # -- opening and using ------------------------------------------------------------

    @api.model
    def _action_simulate(self, client, contract):
        """Open the prices of now, to be changed and tried."""
        self.check_access("read")
        # Not those of a version that is announced only.
        today = fields.Date.context_today(self)
        present = contract.pricing_ids[-1:]
        if contract:
            present = contract._pricing_at(today) or present
        tried = self._trial_commands(plain_values(present)) if present else {}
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Simulate prices: %(client)s", client=client.name),
            "res_model": "focalist.pricing",
            "views": [
                (
                    self.env.ref(
                        "focalist_billing.focalist_pricing_view_form_simulation"
                    ).id,
                    "form",
                )
            ],
            "target": "new",
            "context": {
                "default_contract_id": contract.id,
                "default_simulated_client_id": client.id,
                "default_simulate": 1,
                "focalist_tried": tried,
                "dialog_size": "extra-large",
            },
        }

    @api.model
    def simulation_use(self, client_id, contract_id, values):
        """Make a version of prices that were tried: a form that is saved by its user.

        Where prices of that time exist that may change yet, as those of a draft, they
        get the values; a client without a contract gets a draft. The screen has asked.

        :return: an action
        """
        self.check_access("read")
        client = self.env["res.partner"].browse(client_id or ())
        contract = self.env["focalist.contract"].browse(contract_id or ())
        self._simulator(client, contract, values)
        commands = self._trial_commands(values)
        if not contract:
            return self._action_first_contract(client, commands)
        if contract.state != "draft" and not self.env.user.has_group(
            "focalist_base.group_focalist_accountant"
        ):
            raise AccessError(
                self.env._(
                    "%(contract)s is active: accountants change its prices. Download"
                    " the simulation and hand it to them.",
                    contract=contract.display_name,
                )
            )
        action = contract.action_change_prices()
        version = self.browse(action["res_id"])
        if version:
            for name in commands:
                if self._fields[name].type == "one2many":
                    commands[name] = [Command.clear(), *commands[name]]
            version.write(commands)
        else:
            action["context"] = action["context"] | {"focalist_tried": commands}
        return action

    @api.model
    def _action_first_contract(self, client, commands):
        """Open a draft contract of these prices."""
        contract = self.env["focalist.contract"].create(
            {"partner_id": client.id, "pricing_ids": [Command.create(commands)]}
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "focalist.contract",
            "res_id": contract.id,
            "views": [(False, "form")],
        }

    @api.model
    def simulation_question(self, client_id, contract_id):
        """What to ask before prices that were tried are used; False where nothing is.

        A new version of the prices is a form that its user saves: nothing to ask.
        """
        self.check_access("read")
        contract = self.env["focalist.contract"].browse(contract_id or ())
        if not contract:
            client = self.env["res.partner"].browse(client_id)
            return self.env._(
                "%(client)s has no contract: a draft is made with these prices.",
                client=client.display_name,
            )
        version = self.browse(contract.action_change_prices()["res_id"])
        return bool(version) and self.env._(
            "%(prices)s of %(contract)s are not invoiced yet: these take their place.",
            prices=version.display_name,
            contract=contract.display_name,
        )
