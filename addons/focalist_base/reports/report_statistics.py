from odoo import models

# The chart's own units, and how many of its bars have a date under them.
WIDTH, HEIGHT, LABELS = 720, 150, 12
# Rows of a table on paper; the workbook has them all.
LIMIT = 500


class ReportStatistics(models.AbstractModel):
    """What the PDF of a client's or a site's statistics shows."""

    _name = "report.focalist_base.report_statistics"
    _description = "Statistics Report"

    def _get_report_values(self, docids, data=None):
        """
        :param dict data: `statistics_of`, the model of docids; `choice`, arguments of
            `_focalist_statistics`
        """
        docs = self.env[data["statistics_of"]].browse(docids)
        docs.check_access("read")
        found = {
            doc.id: doc._focalist_statistics(**data["choice"], limit=LIMIT)
            for doc in docs
        }
        return {
            "doc_model": docs._name,
            "docs": docs,
            "statistics": found,
            "custom": {
                doc.id: doc._focalist_custom(found[doc.id]["devices"]) for doc in docs
            },
            "charts": {key: self._chart(value) for key, value in found.items()},
            "chart_size": (WIDTH, HEIGHT),
        }

    def _chart(self, statistics):
        """The chart's bars, measured in its units from its upper left corner."""
        series = statistics["series"]
        most = max((point["total"] for point in series), default=0) or 1
        step = WIDTH / len(series)
        every = -(-len(series) // LABELS)
        bars = []
        for number, point in enumerate(series):
            bottom, parts = HEIGHT, []
            for meter in ("mono", "color", "unsplit"):
                height = HEIGHT * point[meter] / most
                bottom -= height
                parts.append({"meter": meter, "y": bottom, "height": height})
            bars.append(
                {
                    "x": step * (number + 0.1),
                    "middle": step * (number + 0.5),
                    "width": step * 0.8,
                    "parts": parts,
                    "date": point["date"] if number % every == 0 else None,
                }
            )
        return {"bars": bars, "most": most}
