"""Statistics as a workbook: figures as numbers, and text that is never a formula."""

import io

import xlsxwriter


def write_statistics(record, data):
    """Write the statistics of a client or a site.

    :param record: with the reader's language in its context
    :param dict data: what `_focalist_statistics` found
    :return: bytes of an XLSX file
    """
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False})
    _Writer(book, record, data).write()
    book.close()
    return stream.getvalue()


class _Writer:
    def __init__(self, book, record, data):
        self.book, self.record, self.data = book, record, data
        self.translate = record.env._
        self.bold = book.add_format({"bold": True, "bottom": 1})
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.number = book.add_format({"num_format": "#,##0"})
        self.percent = book.add_format({"num_format": "+0.0%;-0.0%;0%"})
        self.day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
        self.moment = book.add_format(
            {"num_format": "yyyy-mm-dd hh:mm", "align": "left"}
        )

    def write(self):
        _ = self.translate
        data, pages = self.data, self._page_names()
        self._summary()
        by_day = data["period"]["by"] == "day"
        self._table(
            _("By day") if by_day else _("By month"),
            [("date", _("Day") if by_day else _("Month"), 14), *pages],
            data["series"],
        )
        device = [
            ("model", _("Model"), 30),
            ("serial", _("Serial number"), 20),
            ("site", _("Site"), 24),
        ]
        self._table(_("Devices"), [*device, *pages], data["devices"])
        self._table(_("Sites"), [("name", _("Site"), 30), *pages], data["sites"])
        self._table(
            _("Unused devices"),
            [*device, ("last_report", _("Last contact (UTC)"), 20)],
            data["unused"],
        )

    def _page_names(self):
        _ = self.translate
        names = [("mono", _("Mono"), 12), ("color", _("Colour"), 12)]
        if self.data["totals"]["unsplit"]:
            names.append(("unsplit", _("Not told"), 12))
        return [*names, ("total", _("Total"), 12)]

    def _summary(self):
        _ = self.translate
        data, period = self.data, self.data["period"]
        sheet = self.book.add_worksheet(_("Summary")[:31])
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 3, 16)
        found = self.record._focalist_coordinates()
        lines = [*found["address"], found["person"], found["phone"], found["email"]]
        sheet.write_string(0, 0, found["name"] or "", self.title)
        row = 1
        for line in filter(None, lines):
            sheet.write_string(row, 0, line)
            row += 1
        heads = ("", _("Period"), _("Period before"), _("Difference"))
        row += 1
        for column, head in enumerate(heads):
            sheet.write_string(row, column, head, self.bold)
        for label, first, second in (
            (_("First day"), period["first"], period["before_first"]),
            (_("Last day"), period["last"], period["before_last"]),
        ):
            row += 1
            sheet.write_string(row, 0, label)
            sheet.write_datetime(row, 1, first, self.day)
            sheet.write_datetime(row, 2, second, self.day)
        for name, label, _width in self._page_names():
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
                self._cell(sheet, number, column, values[key])
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
