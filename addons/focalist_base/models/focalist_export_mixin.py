from odoo import api, fields, models
from odoo.fields import Domain

# Records held at once.
BATCH = 1000


class FocalistExportMixin(models.AbstractModel):
    """Records as rows of a spreadsheet, whatever their number."""

    _name = "focalist.export.mixin"
    _description = "Rows for a Spreadsheet"

    @api.model
    def _export_columns(self):
        """The columns of the export, in the user's language.

        :return: list of (header, source): the name of a field, or a callable that
            takes a batch of records and returns their values in their order
        """
        raise NotImplementedError

    @api.model
    def _field_columns(self, *names):
        """Columns of fields under the names that the screens show."""
        told = self.fields_get(names, ["string"])
        return [(told[name]["string"], name) for name in names if name in told]

    @api.model
    def _sheet_rows(self, domain):
        """Make the rows of the records that the user may read, one after the other.

        By batches in the order of their ids: the memory and the queries of a batch are
        the same however many there are.

        :return: generator of lists, in the order of `_export_columns`
        """
        columns = self._export_columns()
        names = [source for _header, source in columns if isinstance(source, str)]
        last_id = 0
        while True:
            batch = self.search_fetch(
                Domain(domain) & Domain("id", ">", last_id),
                names,
                order="id",
                limit=BATCH,
            )
            values = [
                batch._sheet_values(source)
                if isinstance(source, str)
                else source(batch)
                for _header, source in columns
            ]
            yield from map(list, zip(*values, strict=True))
            if len(batch) < BATCH:
                return
            last_id = batch[-1].id
            self.env.invalidate_all(flush=False)

    def _sheet_values(self, name):
        """The values of a field as a spreadsheet holds them, unknown ones as None."""
        field = self._fields[name]
        if field.type == "selection":
            labels = dict(field._description_selection(self.env))
            return [labels.get(record[name]) for record in self]
        if field.type == "many2one":
            return [record[name].display_name or None for record in self]
        if field.type == "datetime":
            return [
                fields.Datetime.context_timestamp(record, record[name]).replace(
                    tzinfo=None
                )
                if record[name]
                else None
                for record in self
            ]
        if field.type == "boolean":
            return [record[name] for record in self]
        return [None if record[name] is False else record[name] for record in self]
