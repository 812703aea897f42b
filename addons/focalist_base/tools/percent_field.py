from odoo import fields


class Percent(fields.Float):
    """A share from 0 to 100 that may be unknown: NULL, and never 0."""

    falsy_value = None

    def convert_to_column(self, value, record, values=None, validate=True):
        return None if value is None or value is False else float(value)

    def convert_to_cache(self, value, record, validate=True):
        return None if value is None or value is False else float(value)

    def convert_to_record(self, value, record):
        return False if value is None else value

    def convert_to_export(self, value, record):
        return "" if value is False else value
