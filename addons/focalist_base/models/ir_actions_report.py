import lxml.html

from odoo import models

from odoo.addons.base.models.ir_actions_report import _wkhtml

# Millimetres; the paper format's own leave room for a header that is not printed there.
INLINE_MARGIN_TOP = 12


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _prepare_html(self, html, report_model=False):
        """Keep each document's header and footer where nothing else prints them.

        A wkhtmltopdf built on an unpatched Qt (Debian's) ignores --header-html and
        --footer-html: the seller's name, address, tax id and the legal footer would be
        missing from an invoice, which then is no legal invoice. There the header opens
        the document's body and the footer closes it.
        """
        if not html or _wkhtml().is_patched_qt:
            return super()._prepare_html(html, report_model=report_model)
        prepared = super()._prepare_html(
            self._inline_headers(html), report_model=report_model
        )
        if prepared:
            bodies, res_ids, header, footer, paper = prepared
            paper.setdefault("data-report-margin-top", INLINE_MARGIN_TOP)
            paper.setdefault("data-report-header-spacing", 0)
            prepared = bodies, res_ids, header, footer, paper
        return prepared

    def _inline_headers(self, source):
        """Move each document's header and footer into its article.

        :param source: a rendered report, in which web.external_layout has put a
            header, an article and a footer side by side for each document
        :return: bytes, the report with the first and the last inside the second
        """
        parser = lxml.html.HTMLParser(encoding="utf-8")
        root = lxml.html.fromstring(source, parser=parser)
        for article in list(root.find_class("article")):
            header = next(article.itersiblings("div", preceding=True), None)
            footer = next(article.itersiblings("div"), None)
            if footer is not None and "footer" in footer.classes:
                # The number of pages is not known inside a body.
                for number in footer.find_class("page"):
                    number.getparent().drop_tree()
                footer.classes.discard("footer")
                article.append(footer)
            if header is not None and "header" in header.classes:
                header.classes.discard("header")
                header.classes.add("mb-4")
                header.tail, article.text = article.text, None
                article.insert(0, header)
        return lxml.html.tostring(root, encoding="utf-8")
