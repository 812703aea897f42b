import json

from odoo.tools import SQL

_NUMBERS = ("int4", "float8", "bool")


def _array(values, kind):
    """Values as the text of PostgreSQL's array: read faster than anything else."""
    if kind in _NUMBERS:
        return "{" + str(values)[1:-1].replace("None", "NULL") + "}"
    if kind == "timestamp":
        # Nothing in it is to be escaped.
        told = ("NULL" if value is None else f'"{value}"' for value in values)
        return "{" + ",".join(told) + "}"
    if kind == "jsonb":
        values = [None if value is None else json.dumps(value) for value in values]
    return "{" + ",".join(map(_quoted, values)) + "}"


def _quoted(value):
    if value is None:
        return "NULL"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def recordset(alias, columns, rows):
    """Rows of Python values as a relation: one parameter a column, however many rows.

    :param str alias: the relation's name
    :param dict columns: name -> name of PostgreSQL's type, as in pg_type
    :param list rows: dicts by column, NULL where it is missing; or sequences of values
        in the order of the columns
    :return: SQL to stand after FROM
    """
    if isinstance(rows[0], dict):
        told = [[row.get(name) for row in rows] for name in columns]
    else:
        told = [list(values) for values in zip(*rows, strict=True)]
    return SQL(
        "unnest(%s) AS %s(%s)",
        SQL(", ").join(
            SQL("%s::%s[]", _array(values, kind), SQL.identifier(kind))
            for values, kind in zip(told, columns.values(), strict=True)
        ),
        SQL.identifier(alias),
        SQL(", ").join(map(SQL.identifier, columns)),
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
    if isinstance(rows[0], dict):
        # What no row tells is NULL without being named.
        told = set().union(*rows)
        types = {name: kind for name, kind in types.items() if name in told}
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
    # unnest keeps the order of the rows, and ids count up.
    return sorted(row[0] for row in inserted)
