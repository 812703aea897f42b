from odoo import fields


class ClientProperties(fields.Properties):
    """Properties whose values the model itself finds where their definition changes.

    Odoo drops the values whose definition is gone: those of a device that goes to
    another client, and comes back.
    """

    # The client is not known before the record is.
    precompute = False

    def _compute(self, records):
        records._compute_client_properties()
