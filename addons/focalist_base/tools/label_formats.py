"""The label sheets and rolls that device labels are printed on.

Millimetres, as the makers give them. A new sheet on A4 is a line here; a roll of
another size needs a paper format and a report of its own in `reports/`, too.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class LabelFormat:
    """Where the labels are on a sheet; a roll has one label a page."""

    name: str
    # XML id of the report, whose paper format is the sheet.
    report: str
    page: tuple[float, float]
    label: tuple[float, float]
    columns: int = 1
    rows: int = 1
    # Left and top edge of the first label, and from one label's edge to the next's.
    start: tuple[float, float] = (0, 0)
    pitch: tuple[float, float] = (0, 0)

    @property
    def per_page(self):
        return self.columns * self.rows

    @property
    def is_large(self):
        """Whether a logo and the page's address find room beside the code."""
        return self.label[1] > 28

    def place(self, position):
        """Left and top edge of the label at a position of its page, from 0."""
        row, column = divmod(position, self.columns)
        return (
            self.start[0] + column * self.pitch[0],
            self.start[1] + row * self.pitch[1],
        )


A4 = (210, 297)
A4_REPORT = "focalist_base.focalist_label_report_a4"
FORMATS = {
    "l7160": LabelFormat(
        "Avery L7160 (63.5 × 38.1 mm, 3 × 7)",
        A4_REPORT,
        A4,
        (63.5, 38.1),
        3,
        7,
        (7.2, 15.1),
        (66.0, 38.1),
    ),
    "l7163": LabelFormat(
        "Avery L7163 (99.1 × 38.1 mm, 2 × 7)",
        A4_REPORT,
        A4,
        (99.1, 38.1),
        2,
        7,
        (4.7, 15.1),
        (101.6, 38.1),
    ),
    "l7159": LabelFormat(
        "Avery L7159 (63.5 × 33.9 mm, 3 × 8)",
        A4_REPORT,
        A4,
        (63.5, 33.9),
        3,
        8,
        (7.2, 12.9),
        (66.0, 33.9),
    ),
    "l4732": LabelFormat(
        "Avery L4732 (35.6 × 16.9 mm, 5 × 16)",
        A4_REPORT,
        A4,
        (35.6, 16.9),
        5,
        16,
        (11.0, 13.3),
        (38.1, 16.9),
    ),
    "62x29": LabelFormat(
        "Roll 62 × 29 mm",
        "focalist_base.focalist_label_report_62x29",
        (62, 29),
        (62, 29),
    ),
    "89x36": LabelFormat(
        "Roll 89 × 36 mm",
        "focalist_base.focalist_label_report_89x36",
        (89, 36),
        (89, 36),
    ),
}
