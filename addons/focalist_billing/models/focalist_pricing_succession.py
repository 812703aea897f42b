import json
from fractions import Fraction

from odoo import Command, api, fields, models
from odoo.tools import clean_context, format_date

from .focalist_pricing_simulation import plain_values


class FocalistPricing(models.Model):
    """What a change of prices means for the versions after them.

    One that was indexed is computed anew from the version before it, until somebody
    changes it or it is invoiced; others keep their prices, and the screen says so.
    """

    _name = "focalist.pricing"
    _inherit = ["focalist.pricing"]

    later_note = fields.Text(compute="_compute_later_note")

    @api.depends("date_from", "contract_id.pricing_ids.date_from")
    @api.depends_context("lang")
    def _compute_later_note(self):
        """What becomes of the later versions when this one is changed."""
        # A new version's form has its contract in the context alone.
        context = self.env.context.get("default_contract_id")
        for pricing in self:
            own, notes, follow = pricing._origin, [], True
            day = pricing.date_from
            contract = pricing.contract_id._origin
            versions = (contract or contract.browse(context)).pricing_ids - own
            later = versions.filtered(lambda v, day=day: day and v.date_from > day)
            if later and own and own._invoiced_statement():
                later = versions.browse()
            for version in later.sorted("date_from"):
                follow = follow and version._follows()
                date = format_date(self.env, version.date_from)
                notes.append(
                    self.env._(
                        "The prices from %(date)s are indexed: they are computed anew"
                        " from those before them.",
                        date=date,
                    )
                    if follow
                    else self.env._(
                        "The prices from %(date)s stay as they are: change them, too,"
                        " where they are to follow.",
                        date=date,
                    )
                )
            pricing.later_note = "\n".join(notes)

    # The whole change is followed once, not each of its parts: this class is the last
    # one that extends the model, and so the first to be called.

    @api.model_create_multi
    def create(self, vals_list):
        versions = super(FocalistPricing, self._as_a_whole()).create(vals_list)
        versions = versions.with_env(self.env)
        versions.contract_id.pricing_ids._follow_base()
        return versions

    def write(self, vals):
        result = super(FocalistPricing, self._as_a_whole()).write(vals)
        self.contract_id.pricing_ids._follow_base()
        return result

    def unlink(self):
        contracts = self.contract_id
        result = super(FocalistPricing, self._as_a_whole()).unlink()
        contracts.pricing_ids._follow_base()
        return result

    def _as_a_whole(self):
        return self.with_context(focalist_succession=True)

    def _plainly(self):
        """Without what a form begins with, and in no language."""
        context = clean_context(self.env.context) | {"lang": None}
        return self.with_env(self.env(context=context))

    # -- following --------------------------------------------------------------------

    def _keep_indexed(self):
        """Note what indexation made of these versions: see `_is_edited`."""
        for version in self._as_a_whole():
            told = version.indexed_by
            base = version.indexed_from_id
            version.indexed_by = told | {"values": base._plain_indexed(told)}

    def _plain_indexed(self, told):
        """What comes of these prices by an indexation: comparable, in no language.

        :param dict told: `indexed_by` of a version
        """
        base = self._plainly()
        values = base._indexed_values(Fraction(told["factor"]), told["what"])
        return _comparable(base.new(values))

    def _is_edited(self):
        """Whether somebody changed what indexation had made."""
        self.ensure_one()
        told = self.indexed_by
        return _comparable(self._plainly()) != told["values"]

    def _follows(self):
        """Whether this version is computed anew when the one before it changes."""
        self.ensure_one()
        told = self.indexed_by or {}
        return bool(
            told.get("values")
            and not self._is_edited()
            and not self._invoiced_statement()
        )

    def _follow_base(self):
        """Compute the indexed ones of these versions anew, where those before changed.

        Whoever changed these may change all of their contract.
        """
        if self.env.context.get("focalist_succession"):
            return
        indexed = self._as_a_whole().filtered(
            lambda version: (version.indexed_by or {}).get("values")
        )
        # The first ones first: one may be the base of the next.
        for version in indexed.sorted("date_from"):
            before = version.contract_id.pricing_ids.filtered(
                lambda v, day=version.date_from: v.date_from < day
            )
            base = before.sorted("date_from")[-1:]
            if not base or version._invoiced_statement():
                continue
            values = base._plain_indexed(version.indexed_by)
            if values != version.indexed_by["values"]:
                version._take_base(base, values)

    def _take_base(self, base, plain):
        """Be what indexation makes of other prices; those somebody edited are not.

        :param base: the version before
        :param plain: see `_plain_indexed`
        """
        told = self.indexed_by
        vals = {"indexed_by": told | {"values": plain}}
        edited = self._is_edited()
        if not edited:
            values = base._indexed_values(Fraction(told["factor"]), told["what"])
            for name, field in self._fields.items():
                if field.type == "one2many" and name in values:
                    values[name] = [Command.clear(), *values[name]]
            values |= {"indexed_from_id": base.id, "date_from": self.date_from}
            self.write(vals | values)
        else:
            self.write(vals)
        self._tell_of_base(edited)

    def _tell_of_base(self, edited):
        """Note it on the contract; who was told of other prices is told again."""
        contract = self.contract_id
        contract = contract.with_context(lang=contract.company_id.partner_id.lang)
        version, env = self.with_env(contract.env), contract.env
        told = {
            "date": format_date(env, self.date_from),
            "reason": self.reason or "",
        }
        if edited:
            note = env._(
                "The prices before those from %(date)s (%(reason)s) have changed. Those"
                " were edited after they were indexed, and stay: look at them.",
                **told,
            )
        else:
            note = env._(
                "The prices before those from %(date)s have changed: these were"
                " computed anew. %(reason)s",
                **told,
            )
        contract._message_log(body=note if edited else version._changes_note(note))
        if not edited and self.status == "announced":
            # Whoever changed the prices may; all accountants are looked up: sudo.
            contract.sudo()._give_accountant(
                env._(
                    "The client was told of other prices from %(date)s: look at them,"
                    " and tell it again.",
                    **told,
                )
            )


def _comparable(pricing):
    """The prices as plain values, whatever the order of their parts."""
    return _in_order(plain_values(pricing))


def _in_order(values):
    """Plain values with their lists, and those in them, in an order of their own."""
    if isinstance(values, dict):
        return {name: _in_order(value) for name, value in values.items()}
    if isinstance(values, list):
        return sorted(
            map(_in_order, values), key=lambda part: json.dumps(part, sort_keys=True)
        )
    return values
