import psycopg2

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL


class FocalistMergeMixin(models.AbstractModel):
    """Two records of the catalogue that turn out to be one."""

    _name = "focalist.merge.mixin"
    _description = "Merged Records"

    def _absorb(self, others):
        """Let everything that refers to other records refer to this one.

        The others stay, archived: what devices tell by their spelling is this one.
        Called with superuser rights, behind the checks of the wizard: the catalogue
        is shared by all dealers.

        :param others: records of the same model
        """
        self.ensure_one()
        self.env.flush_all()
        for field in self._references():
            self._repoint(field, others)
        self.env.invalidate_all()
        values = {"active": False}
        if "merged_into_id" in self._fields:
            values["merged_into_id"] = self.id
        others.write(values)

    def _references(self):
        """The stored fields of all models that refer to this one."""
        return [
            field
            for model in self.env.registry.values()
            if model._auto and not model._abstract and not model._transient
            for field in model._fields.values()
            if field.store
            and field.comodel_name == self._name
            and field.type in ("many2one", "many2many")
            and not getattr(field, "company_dependent", False)
        ]

    def _repoint(self, field, others):
        if field.type == "many2one":
            table, column = self.env[field.model_name]._table, field.name
            rest = SQL()
        else:
            # What both had is there once.
            table, column = field.relation, field.column2
            rest = SQL(
                "AND NOT EXISTS (SELECT FROM %(table)s had WHERE had.%(other)s ="
                " t.%(other)s AND had.%(column)s = %(to)s)",
                table=SQL.identifier(table),
                column=SQL.identifier(column),
                other=SQL.identifier(field.column1),
                to=self.id,
            )
        self._update_references(
            SQL(
                "UPDATE %(table)s t SET %(column)s = %(to)s WHERE %(column)s IN %(ids)s"
                " %(rest)s",
                table=SQL.identifier(table),
                column=SQL.identifier(column),
                to=self.id,
                ids=tuple(others.ids),
                rest=rest,
            )
        )

    def _update_references(self, query):
        # What is unique there (a price for a model, say) is not ours to choose from.
        try:
            with self.env.cr.savepoint():
                self.env.cr.execute(query)
        except psycopg2.errors.UniqueViolation as error:
            raise UserError(
                self.env._(
                    "Something is set for both of them, and only one of it can stay:"
                    " %(detail)s",
                    detail=error.diag.table_name,
                )
            ) from error
