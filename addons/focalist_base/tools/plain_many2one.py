from odoo import fields


class PlainMany2one(fields.Many2one):
    """A many2one that PostgreSQL does not check.

    For the rows that are written in thousands a batch: five foreign keys are most of
    the cost of a row. What they would guard is guarded by what the row stands beside:
    a device, its site and its client cannot be deleted once it has stood there.
    """

    def update_db_foreign_key(self, model, column):
        """Make none."""
