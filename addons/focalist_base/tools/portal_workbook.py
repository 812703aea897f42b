"""A client's devices and monthly volumes as a spreadsheet.

What a device tells of itself, and what people type, is text and nothing else: each is
written by `write_string`, so that no cell of it is a formula or a link.
"""

from io import BytesIO

import xlsxwriter


def write(sheets):
    """Write sheets.

    :param sheets: (name, titles, rows); a row's values are text, numbers, dates and
        naive moments of the reader's clock; None and False leave a cell empty
    :return: the file's bytes
    """
    stream = BytesIO()
    workbook = xlsxwriter.Workbook(
        stream,
        {
            "constant_memory": True,
            "default_date_format": "yyyy-mm-dd",
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    bold = workbook.add_format({"bold": True, "bottom": 1})
    moment = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    number = workbook.add_format({"num_format": "#,##0"})
    for name, titles, rows in sheets:
        sheet = workbook.add_worksheet(name[:31])
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(titles) - 1, 18)
        for column, title in enumerate(titles):
            sheet.write_string(0, column, title, bold)
        for line, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                if value is None or value is False:
                    continue
                if isinstance(value, str):
                    sheet.write_string(line, column, value)
                elif isinstance(value, (int, float)):
                    sheet.write_number(line, column, value, number)
                elif hasattr(value, "hour"):
                    sheet.write_datetime(line, column, value, moment)
                else:
                    sheet.write_datetime(line, column, value)
    workbook.close()
    return stream.getvalue()
