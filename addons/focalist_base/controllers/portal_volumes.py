from odoo import http
from odoo.fields import Domain
from odoo.http import request

from ..tools.portal_chart import add_up, first_month
from .portal import FocalistPortal

#: So many sites and devices are on the page, those with the most pages.
ROWS = 20


class FocalistVolumesPortal(FocalistPortal):
    """What a client printed, by month."""

    @http.route("/my/volumes", type="http", auth="user", website=True, readonly=True)
    def portal_my_volumes(self, filterby="all", **kw):
        """The client's volumes, and each of its sites', by month."""
        if not request.env["focalist.volume.month"].has_access("read"):
            return request.redirect("/my")
        filters = {
            "all": {"label": request.env._("All sites"), "domain": Domain.TRUE},
            **self._site_filters(),
        }
        filterby = filterby if filterby in filters else "all"
        rows = self._volume_rows(filters[filterby]["domain"])
        chart = self._chart_values(rows)
        values = self._prepare_portal_layout_values() | {
            "page_name": "focalist_volumes",
            "default_url": "/my/volumes",
            "figures": self._volume_figures(chart["bars"]),
            "first_month": first_month(self._focalist_today()),
            "sites": self._most_pages(rows, 1),
            "devices": self._most_pages(rows, 2),
            "searchbar_filters": filters if len(filters) > 1 else {},
            "filterby": filterby,
            **chart,
        }
        return request.render("focalist_base.portal_my_volumes", values)

    def _volume_figures(self, bars):
        """The numbers above the chart: [(title, pages)]."""
        return [
            (request.env._("This month"), bars[-1]["pages"].total),
            (request.env._("Last month"), bars[-2]["pages"].total),
            (request.env._("The same month last year"), bars[0]["pages"].total),
            (
                request.env._("Last twelve months"),
                sum(bar["pages"].total for bar in bars[1:]),
            ),
        ]

    def _most_pages(self, rows, column):
        """The pages by site or device, the most first: [(its name, id, Pages)].

        :param int column: of the rows, see _volume_rows
        """
        sums = add_up(rows, lambda row: row[column])
        most = sorted(sums.items(), key=lambda item: item[1].total, reverse=True)
        # The name of a device that has left tells nothing of where it is now.
        return [
            (record.sudo().display_name, record.id, pages)
            for record, pages in most[:ROWS]
        ]
