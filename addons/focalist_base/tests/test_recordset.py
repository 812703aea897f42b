from datetime import datetime

from odoo.tools import SQL

from ..tools.recordset import recordset
from .common import FocalistCase


class TestRecordset(FocalistCase):
    def test_values_arrive_as_they_are(self):
        columns = {
            "number": "int4",
            "share": "float8",
            "flag": "bool",
            "moment": "timestamp",
            "text": "varchar",
            "told": "jsonb",
        }
        texts = ["NULL", "", 'a "b" \\', "{1,2}", "x\ny\t'é\U0001f600%s", " padded "]
        rows = [
            (
                number - 2,
                number / 3,
                bool(number % 2),
                datetime(2026, 1, 1, number),
                text,
                {text: [text, None, 1.5, {"a": False}]},
            )
            for number, text in enumerate(texts)
        ]
        rows.append((None,) * len(columns))
        stored = self.env.execute_query(
            SQL("SELECT * FROM %s", recordset("v", columns, rows))
        )
        self.assertEqual(stored, rows)

    def test_what_a_dict_does_not_tell_is_null(self):
        rows = [{"b": 1}, {"a": "x"}]
        stored = self.env.execute_query(
            SQL(
                "SELECT * FROM %s",
                recordset("v", {"a": "varchar", "b": "int4"}, rows),
            )
        )
        self.assertEqual(stored, [(None, 1), ("x", None)])
