"""The dates in the custom fields of records, whichever property fields there are."""

from odoo import fields
from odoo.tools import SQL


def custom_dates(model, client_ids, start, end):
    """Dates from one day to another in the properties of records in service.

    :param model: focalist.device, whose table is read
    :param list client_ids: of which clients
    :return: ({property: label}, {(property, day): record ids})
    """
    labels, dues = {}, {}
    for field in model._fields.values():
        if field.type != "properties" or not field.store:
            continue
        names = _date_properties(model, field)
        labels |= names
        if not names:
            continue
        model.flush_model([field.name, "partner_id", "state"])
        rows = model.env.execute_query(
            SQL(
                """
                SELECT p.key, left(p.value, 10)::date AS day, array_agg(d.id)
                  FROM %s d
            CROSS JOIN LATERAL jsonb_each_text(d.%s) AS p
                 WHERE d.state = 'active' AND d.active
                   AND d.partner_id = ANY(%s)
                   AND p.key = ANY(%s)
                   AND left(p.value, 10) BETWEEN %s AND %s
              GROUP BY p.key, day
                """,
                SQL.identifier(model._table),
                SQL.identifier(field.name),
                client_ids,
                list(names),
                fields.Date.to_string(start),
                fields.Date.to_string(end),
            )
        )
        dues |= {(name, day): ids for name, day, ids in rows}
    return labels, dues


def _date_properties(model, field):
    """The properties of a field that are dates: {name: label}."""
    holders = model.env[model._fields[field.definition_record].comodel_name]
    definition = field.definition_record_field
    return {
        prop["name"]: prop.get("string") or prop["name"]
        # What a property is called is no secret: the caller reads its records.
        for holder in holders.sudo().search([(definition, "!=", False)])
        for prop in holder[definition] or ()
        if prop["type"] in ("date", "datetime")
    }
