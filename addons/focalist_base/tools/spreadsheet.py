"""Spreadsheets: written row by row, and looked at before they are read."""

import csv
import io
import zipfile
from datetime import date, datetime

import openpyxl
import xlsxwriter

# What a file may hold at most. 10,000 devices are some 1 MB.
MAX_BYTES = 10 * 2**20
MAX_INFLATED = 100 * 2**20
MAX_ROWS = 20_000
MAX_COLUMNS = 100
# What a sheet of XLSX can hold, its header apart.
MAX_SHEET_ROWS = 2**20 - 1


class SheetError(ValueError):
    """A file that is not read, with a code for the sentence to people."""


def write_xlsx(file, headers, rows):
    """Write a sheet, holding one row at a time.

    A text is a text: one that begins with `=` is no formula.

    :param file: a binary file, open for writing
    :param headers: texts
    :param rows: iterable of lists of str, int, float, datetime, date, bool or None
    """
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    bold = book.add_format({"bold": True})
    formats = {
        datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        date: book.add_format({"num_format": "yyyy-mm-dd"}),
    }
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, max(len(headers) - 1, 0), 18)
    for column, header in enumerate(headers):
        sheet.write_string(0, column, header, bold)
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            if value is None:
                continue
            if isinstance(value, bool):
                sheet.write_boolean(number, column, value)
            elif isinstance(value, (int, float)):
                sheet.write_number(number, column, value)
            elif isinstance(value, date):
                sheet.write_datetime(number, column, value, formats[type(value)])
            else:
                sheet.write_string(number, column, str(value))
    book.close()


def write_csv(file, headers, rows):
    """Write the same as CSV; what a spreadsheet would take for a formula is quoted."""
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    writer = csv.writer(text)
    writer.writerow(headers)
    for row in rows:
        writer.writerow([_csv_value(value) for value in row])
    text.flush()
    text.detach()


def _csv_value(value):
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return "" if value is None else value


def check_upload(data):
    """Look at an uploaded file before anything reads it.

    :param bytes data: CSV or XLSX
    :return: the options to read it with, see base_import
    :raise SheetError: where it is too large, or neither
    """
    if len(data) > MAX_BYTES:
        raise SheetError("bytes")
    if not data.startswith(b"PK"):
        return _csv_options(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            # zipfile never inflates more than what is declared here.
            if sum(entry.file_size for entry in archive.infolist()) > MAX_INFLATED:
                raise SheetError("bytes")
        _check_extent(data)
    except SheetError:
        raise
    except Exception as error:
        raise SheetError("kind") from error
    return {}


def _check_extent(data):
    """One cell far out makes a sheet of billions: those are counted before."""
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True)
    sheet = book.worksheets[0]
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.rows):
        if number > MAX_ROWS or len(row) > MAX_COLUMNS:
            raise SheetError("rows")
    book.close()


def _csv_options(data):
    if b"\x00" in data[:4096]:
        raise SheetError("kind")
    encoding = "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        # Whatever a byte is, cp1252 has it, or nearly: what Excel writes.
        encoding = "cp1252"
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            raise SheetError("kind") from error
    if text.count("\n") > MAX_ROWS + 1:
        raise SheetError("rows")
    first = text.partition("\n")[0]
    separator = max(";,\t", key=first.count)
    return {"encoding": encoding, "separator": separator, "quoting": '"'}
