import json
from datetime import datetime

from odoo.tools import SQL


def _plain(value):
    return value.isoformat() if isinstance(value, datetime) else str(value)


def recordset(alias, columns, rows):
    """Rows of Python values as a relation: one parameter, however many rows.

    :param str alias: the relation's name
    :param dict columns: name -> name of PostgreSQL's type, as in pg_type
    :param list rows: dicts by column, NULL where it is missing; or sequences of values
        in the order of the columns
    :return: SQL to stand after FROM
    """
    if rows and not isinstance(rows[0], dict):
        rows = [dict(zip(columns, row, strict=True)) for row in rows]
    return SQL(
        "json_to_recordset(%s::json) AS %s(%s)",
        json.dumps(rows, default=_plain),
        SQL.identifier(alias),
        SQL(", ").join(
            SQL("%s %s", SQL.identifier(name), SQL.identifier(kind))
            for name, kind in columns.items()
        ),
    )


def insert(env, table, types, rows, log=True):
    """Insert rows in one statement, past the ORM: nothing is computed or checked.

    :param dict types: column -> type, in the order of the rows' values; the id is
        made here
    :param bool log: whether the table has Odoo's columns of who and when
    :return: list of their ids, in the order of the rows
    """
    if not rows:
        return []
    if "id" in types:
        position = list(types).index("id")
        rows = [row[:position] + row[position + 1 :] for row in rows]
        types = {name: kind for name, kind in types.items() if name != "id"}
    columns = SQL(", ").join(SQL.identifier(name) for name in types)
    who, values = SQL(), SQL()
    if log:
        now = env.cr.now()
        who = SQL(", create_date, write_date, create_uid, write_uid")
        values = SQL(", %s, %s, %s, %s", now, now, env.uid, env.uid)
    inserted = env.execute_query(
        SQL(
            "INSERT INTO %s (%s%s) SELECT %s%s FROM %s RETURNING id",
            SQL.identifier(table),
            columns,
            who,
            columns,
            values,
            recordset("v", types, rows),
        )
    )
    # json_to_recordset keeps the order of the rows, and ids count up.
    return sorted(row[0] for row in inserted)
