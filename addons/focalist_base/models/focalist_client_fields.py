from odoo import api, fields, models


class FocalistClientFields(models.Model):
    """The custom fields that the devices of one client have."""

    _name = "focalist.client.fields"
    _description = "Custom Fields of a Client"
    _inherit = ["focalist.guarded.mixin"]
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner",
        "Client",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="partner_id.focalist_company_id", store=True, index=True
    )
    definition = fields.PropertiesDefinition("Custom fields")

    _partner_uniq = models.UniqueIndex(
        "(partner_id)", "This client has its custom fields already."
    )

    @api.model
    def _of_clients(self, clients):
        """The set of each client, made where it is missing.

        :return: dict res.partner -> focalist.client.fields, as superuser
        """
        sets = self.sudo().search([("partner_id", "in", clients.ids)])
        missing = clients - sets.partner_id
        sets |= self.sudo().create([{"partner_id": c.id} for c in missing])
        return {one.partner_id.with_env(clients.env): one for one in sets}
