import lxml.html

from odoo import models
from odoo.tools.pdf import merge_pdf

from odoo.addons.base.models.ir_actions_report import _wkhtml

# An unpatched Qt draws the letters of web fonts as shapes: nothing in the document
# could be searched, copied or read aloud. The system's fonts stay text.
TEXT_FONTS = (
    "<style>* {font-family: 'Liberation Sans', 'DejaVu Sans', sans-serif"
    " !important}</style>"
)

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
                # It belongs to the document, not to the annex behind it.
                annexes = article.xpath(".//*[contains(@style, 'page-break-before')]")
                if annexes:
                    annexes[0].addprevious(footer)
                else:
                    article.append(footer)
            if header is not None and "header" in header.classes:
                header.classes.discard("header")
                header.classes.add("mb-4")
                header.tail, article.text = article.text, None
                article.insert(0, header)
            article.insert(0, lxml.html.fragment_fromstring(TEXT_FONTS))
        return lxml.html.tostring(root, encoding="utf-8")

    def _run_wkhtmltopdf(
        self,
        bodies,
        report_ref=False,
        header=None,
        footer=None,
        landscape=False,
        specific_paperformat_args=None,
        set_viewport_size=False,
    ):
        """Convert documents one by one where several at once cannot be."""
        bodies = list(bodies)
        documents = [[body] for body in bodies]
        if _wkhtml().is_patched_qt or not bodies:
            documents = [bodies]
        contents = [
            super(IrActionsReport, self)._run_wkhtmltopdf(
                document,
                report_ref=report_ref,
                header=header,
                footer=footer,
                landscape=landscape,
                specific_paperformat_args=specific_paperformat_args,
                set_viewport_size=set_viewport_size,
            )
            for document in documents
        ]
        return contents[0] if len(contents) == 1 else merge_pdf(contents)
