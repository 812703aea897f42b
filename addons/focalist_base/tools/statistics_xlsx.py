"""Statistics as a workbook: figures as numbers, and text that is never a formula."""

import io

import xlsxwriter

PAGES = ("mono", "color", "unsplit", "total")
WIDTHS = {"model": 30, "name": 30, "serial": 20, "site": 24, "last_report": 20}


def write_statistics(record, data):
    """Write the statistics of a client or a site.

    :param record: with the reader's language in its context
    :param dict data: what `_focalist_statistics` found
    :return: bytes of an XLSX file
    """
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream, {"in_memory": True, "strings_to_formulas": False}
    )
    _Writer(book, record, data).fill()
    book.close()
    return stream.getvalue()


class _Writer:
    def __init__(self, book, record, data):
        self.book, self.record, self.data = book, record, data
        self.env = record.env
        self.bold = book.add_format({"bold": True, "bottom": 1})
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.number = book.add_format({"num_format": "#,##0"})
        self.percent = book.add_format({"num_format": "+0.0%;-0.0%;0%"})
        self.day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
        self.moment = book.add_format(
            {"num_format": "yyyy-mm-dd hh:mm", "align": "left"}
        )

    def fill(self):
        data, pages = self.data, self._columns(*PAGES)
        if not data["totals"]["unsplit"]:
            pages = [column for column in pages if column[0] != "unsplit"]
        device = self._columns("model", "serial", "site")
        by = data["period"]["by"]
        series = self.env._("By day") if by == "day" else self.env._("By month")
        self._summary(pages)
        self._table(series, [*self._columns("date"), *pages], data["series"])
        custom = self.record._focalist_custom(data["devices"])
        # As they are named, in the order in which devices have them.
        labels = dict.fromkeys(label for texts in custom.values() for label in texts)
        self._table(
            self.env._("Devices"),
            [*device, *pages, *((("custom", label), label, 20) for label in labels)],
            [
                row | {("custom", k): v for k, v in custom.get(row["id"], {}).items()}
                for row in data["devices"]
            ],
        )
        sites = [*self._columns("name"), *pages]
        self._table(self.env._("Sites"), sites, data["sites"])
        unused = [*device, *self._columns("last_report")]
        self._table(self.env._("Unused devices"), unused, data["unused"])

    def _columns(self, *keys):
        """Columns of these keys: (key of a row, head, width)."""
        heads = {
            "date": self.env._("Date"),
            "last_report": self.env._("Last contact (UTC)"),
            "model": self.env._("Model"),
            "name": self.env._("Site"),
            "serial": self.env._("Serial number"),
            "site": self.env._("Site"),
            "mono": self.env._("Mono"),
            "color": self.env._("Colour"),
            "unsplit": self.env._("Not told"),
            "total": self.env._("Total"),
        }
        return [(key, heads[key], WIDTHS.get(key, 12)) for key in keys]

    def _summary(self, pages):
        data, period = self.data, self.data["period"]
        sheet = self.book.add_worksheet(self.env._("Summary")[:31])
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 3, 16)
        found = self.record._focalist_coordinates()
        lines = [*found["address"], found["person"], found["phone"], found["email"]]
        sheet.write_string(0, 0, found["name"] or "", self.title)
        row = 1
        for line in filter(None, lines):
            sheet.write_string(row, 0, line)
            row += 1
        heads = (
            "",
            self.env._("Period"),
            self.env._("Period before"),
            self.env._("Difference"),
        )
        row += 1
        for column, head in enumerate(heads):
            sheet.write_string(row, column, head, self.bold)
        for label, first, second in (
            (self.env._("First day"), period["first"], period["before_first"]),
            (self.env._("Last day"), period["last"], period["before_last"]),
        ):
            row += 1
            sheet.write_string(row, 0, label)
            sheet.write_datetime(row, 1, first, self.day)
            sheet.write_datetime(row, 2, second, self.day)
        for name, label, _width in pages:
            row += 1
            sheet.write_string(row, 0, label)
            sheet.write_number(row, 1, data["totals"][name], self.number)
            sheet.write_number(row, 2, data["before"][name], self.number)
            if data["change"].get(name) is not None:
                sheet.write_number(row, 3, data["change"][name], self.percent)

    def _table(self, name, columns, rows):
        """A sheet with a row of heads.

        :param list columns: (key of a row, head, width)
        """
        sheet = self.book.add_worksheet(name[:31])
        sheet.freeze_panes(1, 0)
        for column, (_key, head, width) in enumerate(columns):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, head, self.bold)
        for number, values in enumerate(rows, 1):
            for column, (key, _head, _width) in enumerate(columns):
                self._cell(sheet, number, column, values.get(key))
        sheet.autofilter(0, 0, max(1, len(rows)), len(columns) - 1)

    def _cell(self, sheet, row, column, value):
        if value is None or value is False:
            return
        if isinstance(value, str):
            sheet.write_string(row, column, value)
        elif isinstance(value, int | float):
            sheet.write_number(row, column, value, self.number)
        else:
            # A moment is a day with hours.
            form = self.moment if hasattr(value, "hour") else self.day
            sheet.write_datetime(row, column, value, form)
