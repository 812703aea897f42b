"""Who may do what with each of Focalist's models: the whole of it in one table."""

from odoo.tests import TransactionCase, new_test_user, tagged

GROUP = "focalist_base.group_focalist_"
#: A column a user: nobody of Focalist, a client in the portal, then the groups.
USERS = {
    "internal": "base.group_user",
    "portal": "base.group_portal",
    "sales": GROUP + "sales",
    "technician": GROUP + "technician",
    "accountant": GROUP + "accountant",
    "manager": GROUP + "manager",
    "support": GROUP + "support",
    "collector": GROUP + "collector",
}
OPERATIONS = {"r": "read", "w": "write", "c": "create", "d": "unlink"}
#: What rules leave to some operations only is tested with the model itself.
TABLE = """
                              internal portal sales technician accountant manager support collector
focalist.agent                -        -      r     rwcd       r          rwcd    r       -
focalist.agent.key            -        -      -     rwcd       -          rwcd    -       -
focalist.agent.schedule       -        -      r     rw         r          rw      r       -
focalist.agent.task           -        -      r     r          r          r       r       -
focalist.alert                -        r      r     r          r          r       r       -
focalist.anomaly.accept       -        -      -     -          rwcd       rwcd    -       -
focalist.billing.run          -        -      -     -          rwcd       rwcd    -       -
focalist.billing.run.contract -        -      -     -          r          r       -       -
focalist.certificate.authority -       -      -     -          -          -       -       -
focalist.charge.product       -        -      -     -          rwcd       rwcd    -       -
focalist.client.fields        -        -      r     r          r          rw      r       -
focalist.client.stat          -        -      r     r          r          r       r       -
focalist.collector            -        -      r     r          r          r       r       -
focalist.contract             -        -      rwcd  -          rwcd       rwcd    -       -
focalist.contract.device      -        -      r     -          rwcd       rwcd    -       -
focalist.custom.fields        -        -      -     -          -          rwcd    -       -
focalist.custom.fields.line   -        -      -     -          -          rwcd    -       -
focalist.cutoff               -        -      -     -          rwcd       rwcd    -       -
focalist.cutoff.line          -        -      -     -          rwcd       rwcd    -       -
focalist.device               -        r      r     rwcd       r          rwcd    r       -
focalist.device.complete      -        -      -     rwcd       -          rwcd    -       -
focalist.device.complete.line -        -      -     rwcd       -          rwcd    -       -
focalist.device.model         -        -      r     rwc        r          rwcd    r       -
focalist.device.placement     -        r      r     rwc        r          rwc     r       -
focalist.device.step          -        -      -     rwcd       -          rwcd    -       -
focalist.export               -        -      rwcd  rwcd       rwcd       rwcd    rwcd    -
focalist.import               -        -      -     rwcd       -          rwcd    -       -
focalist.import.line          -        -      -     rwcd       -          rwcd    -       -
focalist.label.print          -        -      -     rwcd       -          rwcd    -       -
focalist.label.print.field    -        -      -     rwcd       -          rwcd    -       -
focalist.manufacturer         -        -      r     rwc        r          rwcd    r       -
focalist.merge                -        -      -     -          -          rwcd    -       -
focalist.meter.decide         -        -      -     rwcd       -          rwcd    -       -
focalist.meter.decision       -        -      r     r          r          r       r       -
focalist.meter.entry          -        -      -     rwcd       -          rwcd    -       -
focalist.meter.line           -        -      -     rwcd       -          rwcd    -       -
focalist.meter.reading        -        r      r     r          r          r       r       -
focalist.meter.segment        -        -      r     r          r          r       r       -
focalist.network              -        -      r     rwcd       r          rwcd    r       -
focalist.notification         -        -      r     r          r          r       r       -
focalist.notification.rule    -        -      rwcd  r          r          rwcd    r       -
focalist.notification.setting -        -      rw    r          r          rw      r       -
focalist.notification.type    -        -      r     r          r          r       r       -
focalist.panel.session        -        -      -     r          -          r       r       -
focalist.pool                 -        -      rwcd  -          rwcd       rwcd    -       -
focalist.price.index          -        -      r     -          rwcd       rwcd    -       -
focalist.price.index.value    -        -      r     -          rwcd       rwcd    -       -
focalist.pricing              -        -      rwcd  -          rwcd       rwcd    -       -
focalist.pricing.fee          -        -      rwcd  -          rwcd       rwcd    -       -
focalist.pricing.minimum      -        -      rwcd  -          rwcd       rwcd    -       -
focalist.pricing.override     -        -      rwcd  -          rwcd       rwcd    -       -
focalist.pricing.supply       -        -      rwcd  -          rwcd       rwcd    -       -
focalist.pricing.tier         -        -      rwcd  -          rwcd       rwcd    -       -
focalist.public.attempt       -        -      -     -          -          -       -       -
focalist.revenue              -        -      -     -          r          r       -       -
focalist.site                 -        r      rwcd  rwc        r          rwcd    r       -
focalist.site.analytic        -        -      -     -          rw         rw      -       -
focalist.snmp.credential      -        -      -     rwcd       -          rwcd    -       -
focalist.statement            -        r      r     -          rwd        rwd     -       -
focalist.statement.anomaly    -        -      r     -          rw         rw      -       -
focalist.statement.charge     -        r      r     -          r          r       -       -
focalist.statement.line       -        r      r     -          r          r       -       -
focalist.statement.supply     -        r      r     -          r          r       -       -
focalist.supply               -        r      r     r          r          r       r       -
focalist.supply.item          -        r      r     r          r          r       r       -
focalist.supply.level         -        r      r     r          r          r       r       -
focalist.supply.model         -        -      r     rwc        r          rwcd    r       -
focalist.supply.replacement   -        r      r     r          r          r       r       -
focalist.volume               -        r      r     r          r          r       r       -
focalist.volume.fleet         -        -      r     r          r          r       r       -
focalist.volume.month         -        r      r     r          r          r       r       -
"""  # noqa: E501
#: The catalogue is shared by all dealers of a database; what has no company belongs to
#: a record that has, or to whoever has just opened it.
SHARED = {
    "focalist.certificate.authority",
    "focalist.device.model",
    "focalist.manufacturer",
    "focalist.notification.type",
    "focalist.public.attempt",
    "focalist.supply.model",
}


def rows():
    """The table as {model: {user: letters}}."""
    head, *lines = filter(str.strip, TABLE.splitlines())
    names = head.split()
    return {
        line.split()[0]: dict(zip(names, line.split()[1:], strict=True))
        for line in lines
    }


@tagged("post_install", "-at_install")
class TestRightsTable(TransactionCase):
    def models(self):
        """All models of Focalist that have records."""
        return {
            name: self.env[name]
            for name in self.env.registry
            if name.startswith("focalist.") and not self.env[name]._abstract
        }

    def test_every_model_has_a_row(self):
        self.assertEqual(sorted(rows()), sorted(self.models()))
        for rights in rows().values():
            self.assertEqual(list(rights), list(USERS))

    def test_rights_are_those_of_the_table(self):
        for name, group in USERS.items():
            user = new_test_user(self.env, f"the {name}", groups=group)
            for model, rights in rows().items():
                may = {
                    letter
                    for letter, operation in OPERATIONS.items()
                    if self.env[model].with_user(user).has_access(operation)
                }
                with self.subTest(user=name, model=model):
                    self.assertEqual(may, set(rights[name]) - {"-"})

    def test_rules_divide_what_is_stored(self):
        """A dealer's records are its own, and what the portal reads is its client's."""
        rules = self.env["ir.rule"].search([])
        portal = self.env.ref("base.group_portal")
        for name, model in self.models().items():
            own = rules.filtered(lambda rule, name=name: rule.model_id.model == name)
            with self.subTest(model=name):
                if not model._transient and name not in SHARED:
                    everybody = own.filtered(lambda rule: not rule.groups)
                    self.assertIn("company_id", str(everybody.mapped("domain_force")))
                    self.assertTrue(model._fields["company_id"].store)
                if "r" in rows()[name]["portal"]:
                    domains = own.filtered(lambda rule: portal in rule.groups)
                    self.assertIn("partner_id", str(domains.mapped("domain_force")))
