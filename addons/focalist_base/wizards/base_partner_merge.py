from odoo import models
from odoo.exceptions import UserError


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    """Contacts that are one: a client takes others in, and never goes into another."""

    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Keep the client, whose devices, volumes, rules and contracts are its own.

        :raise UserError: where a client would go into another contact: what both have
            once each (counters, main site, a rule of a notification, …) Odoo would
            delete of one of them
        """
        partners = self.env["res.partner"].browse(partner_ids).exists()
        # Contacts are shared by the dealers of a database, clients are not.
        partners._check_focalist_dealer()
        # Whether one is a client decides, whoever may see it.
        clients = partners.sudo().filtered("is_focalist_client")
        kept = dst_partner or clients[:1].sudo(False)
        if gone := clients - kept.sudo():
            raise UserError(
                self.env._(
                    "%(clients)s: a client is merged into no other contact. Choose it"
                    " as the contact that stays; of two clients, move the devices to"
                    " one and deactivate the other.",
                    clients=", ".join(gone.mapped("display_name")),
                )
            )
        return super()._merge(partner_ids, kept, extra_checks)
