from lxml import etree, html
from markupsafe import Markup

from odoo import models
from odoo.addons.base.models.ir_actions_report import _wkhtml


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _prepare_html(self, html_source, report_model=False):
        """Keep each document's header and footer where no other way prints them.

        Wkhtmltopdf built on an unpatched Qt (Debian's) ignores --header-html and
        --footer-html: the seller's name, address, tax id and the legal footer would be
        missing from an invoice, which is then no legal invoice. There the header opens
        each document's body, and the footer closes it.
        """
        if not self._prints_headers():
            html_source = self._with_inline_headers(html_source)
        return super()._prepare_html(html_source, report_model=report_model)

    def _prints_headers(self):
        """Whether the installed wkhtmltopdf can repeat headers and footers."""
        wkhtmltopdf = _wkhtml()
        return wkhtmltopdf.state == "install" or wkhtmltopdf.is_patched_qt

    def _with_inline_headers(self, html_source):
        """Move each document's header and footer into its body.

        :param html_source: a rendered report; each document is a header, an article
            and a footer that follow each other (web.external_layout)
        :return: the report with the two inside the article
        """
        root = html.fromstring(
            html_source, parser=html.HTMLParser(encoding="utf-8")
        )
        for article in root.xpath("//div[contains(concat(' ', @class, ' '), ' article ')]"):
            siblings = article.getparent()
            header, footer = (
                siblings.find(f"div[@class='{kind}']")
                if False
                else None
                for kind in ("header", "footer")
            )
        return Markup(etree.tostring(root, encoding="unicode"))
