from markupsafe import Markup

from odoo import api, fields, models

FOCALIST_USERS = "focalist_base.group_focalist_user"


class ResPartner(models.Model):
    """The custom fields that a client's devices have."""

    _name = "res.partner"
    _inherit = ["res.partner"]

    focalist_custom_fields = fields.Html(
        "Custom fields",
        compute="_compute_focalist_custom_fields",
        sanitize=False,
        groups=FOCALIST_USERS,
    )

    @api.depends_context("lang", "uid")
    def _compute_focalist_custom_fields(self):
        """A list of the fields, for people."""
        sets = self.env["focalist.client.fields"].search(
            [("partner_id", "in", self.ids)]
        )
        by_client = dict(zip(sets.partner_id.ids, sets, strict=True))
        for partner in self:
            definition = by_client.get(partner.id, sets.browse()).definition
            partner.focalist_custom_fields = self._focalist_fields_table(definition)

    @api.model
    def _focalist_fields_table(self, definition):
        lines = self.env["focalist.custom.fields.line"]._prepare(definition or [])
        if not lines:
            return False
        types = dict(
            self.env["focalist.custom.fields.line"]
            ._fields["type"]
            ._description_selection(self.env)
        )
        row = Markup("<tr><td>%s</td><td>%s</td><td>%s</td></tr>")
        head = Markup("<tr><th>%s</th><th>%s</th><th>%s</th></tr>") % (
            self.env._("Field"),
            self.env._("Type"),
            self.env._("Choices"),
        )
        rows = Markup().join(
            row % (line["label"], types[line["type"]], line["options"] or "")
            for line in lines
        )
        return Markup('<table class="table table-sm"><thead>%s</thead>%s</table>') % (
            head,
            Markup("<tbody>%s</tbody>") % rows,
        )

    def action_focalist_custom_fields(self):
        """Add, rename and remove the custom fields of the client's devices."""
        self.check_access("write")
        self.ensure_one()
        fields_ = self.env["focalist.client.fields"]._of_clients(self)[self].sudo(False)
        fields_.check_access("write")
        return self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_base.focalist_custom_fields_action"
        ) | {"context": {"default_client_fields_id": fields_.id}}
