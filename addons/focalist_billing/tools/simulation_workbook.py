"""A simulation as a workbook for the client's table, which adds itself up."""

from io import BytesIO

import xlsxwriter
from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell

from .annex_workbook import OPTIONS, Writer


def write(simulator):
    """Write what a focalist_billing.tools.simulator.Simulator finds.

    In the language of its records.

    :return: the file's bytes
    """
    env, simulation = simulator.env, simulator.run()
    stream = BytesIO()
    book = xlsxwriter.Workbook(stream, OPTIONS)
    writer = _Writer(book, simulator, simulation)
    writer.periods()
    writer.prices()
    writer.list(env._("Charges"), simulation.charges)
    writer.list(env._("Devices"), simulation.devices)
    book.close()
    return stream.getvalue()


class _Writer(Writer):
    def __init__(self, book, simulator, simulation):
        super().__init__(simulator.env, book, simulator.currency)
        self.simulator, self.simulation = simulator, simulation
        self.compared = simulation.total.present is not None
        self.formats["percent"] = book.add_format({"num_format": "0.0%"})

    def periods(self):
        """Each period under both prices, their totals, and a chart of them."""
        env, rows = self.env, self.simulation.rows
        sheet = self.book.add_worksheet(env._("Simulation")[:31])
        row = self._summary(sheet)
        columns = [(env._("Period"), "text", 34), *self._columns()]
        if self.compared:
            columns.append((self._in_currency(env._("Statement")), "money", 16))
        columns.append((env._("Pages are"), "text", 46))
        sources = self.simulator.source_titles()
        self._heads(sheet, row, columns)
        first = row + 1
        for row, one in enumerate(rows, first):
            values = [one.compared.title, *self._values(row, one.compared)]
            if self.compared:
                values.append(one.billed)
            self._cells(sheet, row, columns, *values, sources[one.span.source])
        self._total(sheet, first, row)
        self._chart(sheet, first, row)
        self._print(sheet)

    def _summary(self, sheet):
        """What this is, of whom and when.

        :return: the row of what follows
        """
        env, contract = self.env, self.simulator.contract
        title = env._("What these prices would have billed")
        sheet.write_string(0, 0, title, self.formats["title"])
        facts = [
            (env._("Seller"), contract.company_id.name),
            (env._("Client"), contract.partner_id.name),
        ]
        if contract._origin:
            facts.append((env._("Contract"), contract._origin.name))
        row = 1
        for row, (label, value) in enumerate(facts, 1):
            sheet.write_string(row, 0, label, self.formats["label"])
            sheet.write_string(row, 1, value or "", self.formats["text"])
        notes = [
            env._("Amounts without tax. A simulation is no invoice."),
            self.simulator.open_note(self.simulation),
        ]
        for note in filter(None, notes):
            row += 1
            sheet.write_string(row, 0, note, self.formats["label"])
        return row + 2

    def _columns(self):
        env = self.env
        columns = [(env._("Pages"), "count", 12)]
        if self.compared:
            columns.append((self._in_currency(env._("Present prices")), "money", 16))
        columns.append((self._in_currency(env._("Simulated prices")), "money", 16))
        if self.compared:
            columns.append((self._in_currency(env._("Difference")), "money", 16))
            columns.append((env._("Difference in %"), "percent", 13))
        return columns

    def _values(self, row, one):
        """The cells of a row from its second on, after `_columns`."""
        if not self.compared:
            return [one.pages, one.trial]
        present, trial, difference = (
            xl_rowcol_to_cell(row, column) for column in (2, 3, 4)
        )
        share = one.percent
        return [
            one.pages,
            one.present,
            one.trial,
            (f"={trial}-{present}", one.difference),
            (
                f'=IF({present}=0,"",{difference}/{present})',
                "" if share is None else share / 100,
            ),
        ]

    def _total(self, sheet, first, last):
        total = self.simulation.total
        sheet.write_string(last + 1, 0, total.title, self.formats["total_text"])
        sums = [total.pages, total.present, total.trial, total.difference]
        kinds = ["sum", "total", "total", "total"]
        for column, (value, kind) in enumerate(
            [pair for pair in zip(sums, kinds, strict=True) if pair[0] is not None], 1
        ):
            cells = xl_range_abs(first, column, max(last, first), column)
            self._formula(sheet, last + 1, column, f"=SUM({cells})", kind, value)
        if self.compared and total.percent is not None:
            present, difference = (xl_rowcol_to_cell(last + 1, c) for c in (2, 4))
            formula = f"={difference}/{present}"
            self._formula(sheet, last + 1, 5, formula, "percent", total.percent / 100)

    def _chart(self, sheet, first, last):
        if last < first:
            return
        chart = self.book.add_chart({"type": "column"})
        name = sheet.get_name()
        for column in (2, 3) if self.compared else (2,):
            chart.add_series(
                {
                    "name": [name, first - 1, column],
                    "categories": [name, first, 0, last, 0],
                    "values": [name, first, column, last, column],
                }
            )
        chart.set_legend({"position": "bottom"})
        chart.set_size({"width": 860, "height": 300})
        sheet.insert_chart(last + 3, 0, chart)

    def prices(self):
        """Both versions' prices side by side."""
        env, simulator = self.env, self.simulator
        versions = [*simulator.present, simulator.trial]
        lists = [dict(version._price_list()) for version in versions]
        columns = [(env._("Price"), "text", 52)]
        if self.compared:
            columns.append((self._in_currency(env._("Present prices")), "price", 18))
        columns.append((self._in_currency(env._("Simulated prices")), "price", 18))
        sheet = self.book.add_worksheet(env._("Prices")[:31])
        self._heads(sheet, 0, columns)
        titles = list(dict.fromkeys(title for prices in lists for title in prices))
        for row, title in enumerate(titles, 1):
            values = [prices.get(title) for prices in lists]
            self._cells(sheet, row, columns, title, *values)
        self._list(sheet, len(titles), columns)

    def list(self, title, compared):
        """What is charged, or each device, under both prices."""
        columns = [(title, "text", 52), *self._columns()]
        sheet = self.book.add_worksheet(title[:31])
        self._heads(sheet, 0, columns)
        for row, one in enumerate(compared, 1):
            self._cells(sheet, row, columns, one.title, *self._values(row, one))
        self._list(sheet, len(compared), columns)
