"""snmpsim's text format of a MIB: `OID|type|value`, a line a value, sorted."""

from collections.abc import Iterable

from .catalogue import Row


def dump(rows: Iterable[Row]) -> str:
    """The text of rows that are sorted; octets that are not plain text as hex."""
    return "".join(f"{_line(row)}\n" for row in rows)


def _line(row: Row) -> str:
    identifier = ".".join(map(str, row.oid))
    value = row.value
    if isinstance(value, bytes):
        # A backslash or a blank at an end would not come back as it was.
        plain = value.isascii() and value.decode("latin-1").isprintable()
        if not plain or b"\\" in value or value != value.strip():
            return f"{identifier}|{row.kind}x|{value.hex()}"
        value = value.decode("ascii")
    return f"{identifier}|{row.kind}|{value}"
