"""The annex of an invoice as a workbook that adds itself up.

What devices tell and people type is written as text and nothing else; the formulas are
ours, each with its value, so that a reader that computes nothing shows it, too.
"""

from io import BytesIO

import xlsxwriter
from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell

#: Formats of Excel that are shown as the reader's computer writes days.
DAY, MOMENT = 14, 22
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def write(env, annex):
    """Write a focalist_billing.tools.annex.Annex.

    :param env: with the reader's language in its context
    :return: the file's bytes
    """
    stream = BytesIO()
    book = xlsxwriter.Workbook(stream, OPTIONS)
    writer = _Writer(env, book, annex)
    writer.charges()
    writer.meters()
    if annex.supplies:
        writer.supplies()
    book.close()
    return stream.getvalue()


class _AnnexSheets:
    def charges(self):
        """What is asked: each line of the invoice, and its total."""
        bill, env = self.annex.bill, self.env
        several = len(self.annex.statements) > 1
        sheet = self.book.add_worksheet(env._("Charges")[:31])
        row = self._summary(sheet)
        columns = [
            (env._("Item"), "long", 66),
            (env._("Statement"), "text", 18),
            (env._("Printed"), "count", 12),
            (env._("Quantity"), "count", 12),
            (env._("Unit price"), "price", 14),
            (self._in_currency(env._("Amount without tax")), "money", 16),
        ]
        self._heads(sheet, row, columns)
        first = row + 1
        for row, charge in enumerate(bill.charges, first):
            quantity, price = (xl_rowcol_to_cell(row, column) for column in (3, 4))
            self._cells(
                sheet,
                row,
                columns,
                charge.title,
                charge.statement,
                charge.printed,
                charge.quantity,
                charge.price,
                (f"=ROUND({quantity}*{price},{self.places})", charge.amount),
            )
        if bill.difference:
            row += 1
            reason, amount = bill.difference
            self._cells(sheet, row, columns, reason, None, None, None, None, amount)
        total = env._("Total without tax")
        for column in range(5):
            sheet.write_blank(row + 1, column, None, self.formats["total_text"])
        sheet.write_string(row + 1, 0, total, self.formats["total_text"])
        amounts = xl_range_abs(first, 5, max(row, first), 5)
        self._formula(sheet, row + 1, 5, f"=SUM({amounts})", "total", bill.total)
        sheet.set_column(1, 1, 18, None, {"hidden": not several})
        self._print(sheet)

    def _summary(self, sheet):
        """What document this is: its names and days.

        :return: the row of what follows
        """
        annex, env = self.annex, self.env
        statements, move = annex.statements, annex.move
        title = env._("Meters and charges")
        sheet.write_string(0, 0, title, self.formats["title"])
        facts = [
            (env._("Seller"), statements.company_id[:1].name),
            (env._("Client"), statements.partner_id[:1].name),
            (env._("Statement"), ", ".join(statements.mapped("name"))),
            (env._("Period from"), min(statements.mapped("service_start"))),
            (env._("Period to"), max(statements.mapped("service_end"))),
        ]
        if move:
            facts[2:2] = [
                (env._("Invoice"), move.name or ""),
                (env._("Invoice date"), move.invoice_date),
            ]
            if move.ref:
                facts.insert(4, (env._("Your reference"), move.ref))
        row = 1
        for row, (label, value) in enumerate(facts, 1):
            sheet.write_string(row, 0, label, self.formats["label"])
            self._cell(
                sheet, row, 2, value, "text" if isinstance(value, str) else "day"
            )
        return row + 2

    def meters(self):
        """Each meter of each device, with both its readings."""
        env = self.env
        columns = [
            (env._("Site"), "text", 22),
            (env._("Device"), "text", 26),
            (env._("Serial number"), "text", 18),
            (env._("Meter"), "text", 16),
            (env._("Counter read"), "text", 14),
            (env._("First reading on"), "moment", 17),
            (env._("Source"), "text", 11),
            (env._("First meter"), "count", 13),
            (env._("Last reading on"), "moment", 17),
            (env._("Source"), "text", 11),
            (env._("Last meter"), "count", 13),
            (env._("Pages printed"), "count", 11),
            (env._("Included"), "count", 11),
            (env._("Billed pages"), "count", 11),
            (env._("Unit price"), "price", 12),
            (self._in_currency(env._("Amount before rounding")), "price", 18),
            (env._("Note"), "long", 60),
        ]
        sheet = self.book.add_worksheet(env._("Meters")[:31])
        self._heads(sheet, 0, columns)
        meters = self.annex.meters
        for row, meter in enumerate(meters, 1):
            first, last, pages, included, billed, price = (
                xl_rowcol_to_cell(row, column) for column in (7, 10, 11, 12, 13, 14)
            )
            tiered = meter.price is None
            # What was billed for the stretch before, where the line corrects it.
            less = f"-{meter.settled}" if meter.settled else ""
            self._cells(
                sheet,
                row,
                columns,
                *meter[1:12],
                (f"={last}-{first}{less}", meter.pages),
                meter.included,
                (f"={pages}-{included}", meter.billable),
                env._("by tiers") if tiered else meter.price,
                meter.amount
                if tiered or less
                else (f"={billed}*{price}", meter.amount),
                meter.note,
            )
        sums = {11: "pages", 12: "included", 13: "billable"}
        end = len(meters) + 1
        for column, name in sums.items():
            # Of the rows that a filter leaves.
            formula = f"=SUBTOTAL(9,{xl_range_abs(1, column, end - 1, column)})"
            value = sum(getattr(meter, name) for meter in meters)
            self._formula(sheet, end, column, formula, "sum", value)
        self._list(sheet, len(meters), columns)

    def supplies(self):
        """The supplies that were replaced."""
        env = self.env
        columns = [
            (env._("Site"), "text", 22),
            (env._("Device"), "text", 26),
            (env._("Serial number"), "text", 18),
            (env._("Supply"), "text", 36),
            (env._("Replaced on"), "moment", 17),
            (self._in_currency(env._("Price")), "price", 14),
        ]
        sheet = self.book.add_worksheet(env._("Supplies")[:31])
        self._heads(sheet, 0, columns)
        for row, supply in enumerate(self.annex.supplies, 1):
            self._cells(sheet, row, columns, *supply)
        self._list(sheet, len(self.annex.supplies), columns)


class Writer:
    """Sheets of a workbook, and how their cells look."""

    def __init__(self, env, book, currency):
        self.env, self.book, self.currency = env, book, currency
        self.places = currency.decimal_places
        money = "#,##0" + "." * bool(self.places) + "0" * self.places
        head = {"bold": True, "bottom": 1, "text_wrap": True, "valign": "vcenter"}
        formats = {
            "title": {"bold": True, "font_size": 14},
            "label": {"font_color": "#666666"},
            "head": head,
            "head_right": head | {"align": "right"},
            "text": {},
            "long": {"text_wrap": True, "valign": "top"},
            # Excel's own numbers of them: written as the reader's country does.
            "day": {"num_format": DAY, "align": "left"},
            "moment": {"num_format": MOMENT, "align": "left"},
            "count": {"num_format": "#,##0"},
            "price": {"num_format": "#,##0.00####", "align": "right"},
            "money": {"num_format": money},
            "sum": {"num_format": "#,##0", "bold": True, "top": 1},
            "total": {"num_format": money, "bold": True, "top": 1},
            "total_text": {"bold": True, "top": 1},
        }
        self.formats = {
            name: book.add_format(options) for name, options in formats.items()
        }

    # -- cells ------------------------------------------------------------------------

    def _in_currency(self, title):
        return f"{title} ({self.currency.name})"

    def _heads(self, sheet, row, columns):
        """A row of heads.

        :param list columns: (head, format, width)
        """
        sheet.set_row(row, 32)
        for column, (head, kind, width) in enumerate(columns):
            number = kind in ("count", "price", "money")
            style = self.formats["head_right" if number else "head"]
            sheet.set_column(column, column, width)
            sheet.write_string(row, column, head, style)

    def _cells(self, sheet, row, columns, *values):
        for column, (value, (_head, kind, _width)) in enumerate(
            zip(values, columns, strict=True)
        ):
            self._cell(sheet, row, column, value, kind)

    def _cell(self, sheet, row, column, value, kind):
        if value is None or value is False or value == "":
            return
        style = self.formats[kind]
        if isinstance(value, tuple):
            self._formula(sheet, row, column, value[0], kind, value[1])
        elif isinstance(value, str):
            sheet.write_string(row, column, value, style)
        elif kind in ("day", "moment"):
            sheet.write_datetime(row, column, value, style)
        else:
            sheet.write_number(row, column, value, style)

    def _formula(self, sheet, row, column, formula, kind, value):
        sheet.write_formula(row, column, formula, self.formats[kind], value)

    def _list(self, sheet, rows, columns):
        """A list to filter, whose heads stay, also on each page of paper."""
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(rows, 1), len(columns) - 1)
        sheet.repeat_rows(0)
        self._print(sheet)

    def _print(self, sheet):
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)


class _Writer(_AnnexSheets, Writer):
    def __init__(self, env, book, annex):
        super().__init__(env, book, annex.bill.currency)
        self.annex = annex
