from odoo import fields


class Meter(fields.Integer):
    """An integer that may be unknown.

    Odoo's own Integer stores and shows 0 where nothing was told; a meter that a device
    does not have is absent, and a bill must tell the two apart. Unknown is NULL in the
    database, False on a record, and an empty cell on the screen.
    """

    falsy_value = None

    def convert_to_column(self, value, record, values=None, validate=True):
        return None if value is None or value is False else int(value)

    def convert_to_cache(self, value, record, validate=True):
        return None if value is None or value is False else int(value)

    def convert_to_record(self, value, record):
        return False if value is None else value

    def convert_to_export(self, value, record):
        return "" if value is False else value
