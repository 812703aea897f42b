from urllib.parse import urlencode

from odoo import http
from odoo.exceptions import AccessError, MissingError
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.focalist_base.controllers.portal import FocalistPortal
from odoo.addons.focalist_base.tools.portal_chart import (
    Pages,
    add_up,
    first_month,
    month_bars,
)
from odoo.addons.portal.controllers.portal import pager as portal_pager

STATEMENT = "focalist.statement"
#: So many meters are on a page.
STEP = 100
MAX_TEXT = 2000


class FocalistStatementsPortal(FocalistPortal):
    """A client's statements: what was read, billed and asked."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "focalist_statement_count" in counters:
            values["focalist_statement_count"] = self._focalist_count(
                STATEMENT, self._focalist_own()
            )
        return values

    # -- the list ---------------------------------------------------------------------

    @http.route(
        ["/my/statements", "/my/statements/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def portal_my_statements(
        self, page=1, sortby="date", search=None, search_in="all", **kw
    ):
        """The list of the client's statements."""
        statements = request.env[STATEMENT]
        if not statements.has_access("read"):
            return request.redirect("/my")
        sortings, inputs = self._statement_sortings(), self._statement_inputs()
        sortby = sortby if sortby in sortings else "date"
        search_in = search_in if search_in in inputs else "all"
        domain = self._focalist_own()
        if search:
            domain &= self._statement_search_domain(search.strip(), search_in)
        pager = portal_pager(
            url="/my/statements",
            url_args={"sortby": sortby, "search": search, "search_in": search_in},
            total=statements.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        found = statements.search(
            domain,
            order=sortings[sortby]["order"],
            limit=self._items_per_page,
            offset=pager["offset"],
        )
        request.session["my_focalist_statements_history"] = found.ids[:100]
        values = self._prepare_portal_layout_values() | {
            "page_name": "focalist_statements",
            "default_url": "/my/statements",
            # An invoice's number is on its statement; rights were asked for that.
            "statements": found.sudo(),
            "pager": pager,
            "searchbar_sortings": sortings,
            "searchbar_inputs": inputs,
            "sortby": sortby,
            "search": search,
            "search_in": search_in,
        }
        return request.render("focalist_billing.portal_my_statements", values)

    def _statement_sortings(self):
        return {
            "date": {
                "label": request.env._("Period"),
                "order": "date_start desc, id desc",
            },
            "name": {"label": request.env._("Number"), "order": "name desc, id desc"},
            "pages": {
                "label": request.env._("Pages printed"),
                "order": "pages desc, id desc",
            },
            "amount": {
                "label": request.env._("Amount"),
                "order": "amount_untaxed desc, id desc",
            },
        }

    def _statement_inputs(self):
        return {
            "all": {"input": "all", "label": request.env._("Search in all")},
            "number": {"input": "number", "label": request.env._("Search in numbers")},
            "serial": {
                "input": "serial",
                "label": request.env._("Search in serial numbers"),
            },
        }

    def _statement_search_domain(self, text, search_in):
        domains = {
            "number": Domain("name", "ilike", text)
            | Domain("move_id.name", "ilike", text),
            "serial": Domain("line_ids.serial_number", "ilike", text),
        }
        return domains.get(search_in) or Domain.OR(domains.values())

    # -- one statement ----------------------------------------------------------------

    def _statement(self, statement_id, access_token=None):
        """A statement that the visitor may see, by its rights or by a signed link.

        :return: focalist.statement record, with superuser rights
        :raise AccessError, MissingError: where there is none
        """
        statement = request.env[STATEMENT].sudo().browse(statement_id).exists()
        if statement and access_token and statement._is_opened_by(access_token):
            return statement
        return self._document_check_access(STATEMENT, statement_id)

    @http.route(
        "/my/statements/<int:statement_id>",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def portal_my_statement(
        self,
        statement_id,
        access_token=None,
        page="1",
        search=None,
        line="",
        asked=None,
        **kw,
    ):
        """One statement: its meters, the period before, its charges and questions."""
        try:
            statement = self._statement(statement_id, access_token)
        except (AccessError, MissingError):
            return self._not_open(access_token)
        page = int(page) if page.isdecimal() else 1
        return self._statement_page(
            statement,
            access_token,
            page,
            search,
            asked=bool(asked),
            asked_line=self._line(statement, line)._annex_meters(),
        )

    def _not_open(self, access_token):
        """A link that is over says so; anybody else goes where it may."""
        if not access_token:
            return request.redirect("/my")
        response = request.render("focalist_billing.portal_link_over", {})
        response.status_code = 403
        return response

    def _statement_page(
        self, statement, access_token, page=1, search=None, status=200, **values
    ):
        lines = request.env["focalist.statement.line"].sudo()
        domain = Domain("statement_id", "=", statement.id)
        if search:
            domain &= Domain.OR(
                Domain(name, "ilike", search.strip())
                for name in ("serial_number", "site_id.name", "device_id.model_id.name")
            )
        pager = portal_pager(
            url=statement._portal_url(),
            url_args={"search": search, "access_token": access_token},
            total=lines.search_count(domain),
            page=page,
            step=STEP,
        )
        shown = lines.search(
            domain, limit=STEP, offset=(pager["page"]["num"] - 1) * STEP
        )
        previous = statement._previous()
        values |= self._prepare_portal_layout_values() | {
            "page_name": "focalist_statement",
            "statement": statement,
            "bill": statement._annex_bill(),
            "meters": shown._annex_meters(),
            "supplies": statement.supply_ids._annex_supplies(),
            "previous": previous,
            "pages_before": previous.line_ids._pages_by_meter(shown),
            "pager": pager,
            "search": search,
            "link_token": access_token,
            "query": f"?{urlencode({'access_token': access_token})}"
            if access_token
            else "",
            "messages": statement._conversation(),
            "max_text": MAX_TEXT,
        }
        values |= self._statement_chart(statement) | self._neighbours(statement)
        response = request.render("focalist_billing.portal_my_statement", values)
        response.status_code = status
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    def _neighbours(self, statement):
        """The addresses of those beside it in the list that was opened last."""
        history = request.session.get("my_focalist_statements_history", [])
        if statement.id not in history:
            return {}
        position = history.index(statement.id)
        beside = {
            "prev_record": history[max(position - 1, 0) : position],
            "next_record": history[position + 1 : position + 2],
        }
        return {
            name: found and f"/my/statements/{found[0]}"
            for name, found in beside.items()
        }

    def _statement_chart(self, statement):
        """Pages of the statement's devices, by month until its end, at its client."""
        rows = (
            request.env["focalist.volume.month"]
            .sudo()
            ._read_group(
                [
                    ("partner_id", "=", statement.partner_id.id),
                    ("device_id", "in", statement.line_ids.device_id.ids),
                    ("month", ">=", first_month(statement.date_end)),
                    ("month", "<=", statement.date_end),
                ],
                ["month:month", "device_id"],
                ["pages_total:sum", "pages_mono:sum", "pages_color:sum"],
            )
        )
        told = [
            (month, Pages.told(*pages, device.is_color))
            for month, device, *pages in rows
        ]
        return {
            "bars": month_bars(add_up(told, lambda row: row[0]), statement.date_end),
            "pages": add_up(told, lambda row: None).get(None, Pages()),
        }

    # -- questions --------------------------------------------------------------------

    @http.route(
        "/my/statements/<int:statement_id>/ask",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
        sitemap=False,
        max_content_length=64 * 1024,
    )
    def portal_ask(
        self, statement_id, access_token=None, line_id="", kind="", text="", **kw
    ):
        """Take a question or a dispute on a statement, or on one of its lines."""
        try:
            statement = self._statement(statement_id, access_token)
        except (AccessError, MissingError):
            return self._not_open(access_token)
        line = self._line(statement, line_id)
        author = self._author(statement)
        text = text.replace("\x00", "").strip() if isinstance(text, str) else ""
        error, status = None, 422
        if not text:
            error = request.env._("Type your question.")
        elif len(text) > MAX_TEXT:
            error = request.env._(
                "That text is too long: %(limit)s characters at most.", limit=MAX_TEXT
            )
        elif not statement._may_ask(author):
            status = 429
            error = request.env._("Those were many questions. Please try again later.")
        if error:
            return self._statement_page(
                statement,
                access_token,
                status=status,
                error=error,
                typed=text[:MAX_TEXT],
                kind=kind,
                asked_line=line._annex_meters(),
            )
        statement._ask(text, author, line, disputed=kind == "dispute")
        query = {"asked": 1}
        if access_token:
            query["access_token"] = access_token
        return request.redirect(
            f"{statement._portal_url()}?{urlencode(query)}#questions"
        )

    def _line(self, statement, line_id):
        """The statement's line of this id, as typed; empty where there is none."""
        lines = request.env["focalist.statement.line"].sudo()
        if not line_id.isdecimal() or len(line_id) > 9:
            return lines
        return lines.search(
            [("statement_id", "=", statement.id), ("id", "=", int(line_id))]
        )

    def _author(self, statement):
        """Who asks: the visitor; by a link, whoever gets the bill."""
        user, payer = request.env.user, statement.move_id.partner_id
        receivers = (statement.partner_id, payer.commercial_partner_id)
        known = user.partner_id.commercial_partner_id in receivers
        if user._is_internal() or (known and not user._is_public()):
            return user.partner_id
        return payer
