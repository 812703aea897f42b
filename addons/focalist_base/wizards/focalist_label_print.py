from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.base.models.ir_actions_report import _wkhtml

from ..tools.label_formats import FORMATS

# A wkhtmltopdf built on an unpatched Qt lays a page out 1.25 times as wide as the paper
# and 96/100 of CSS's millimetres, whatever dpi or zoom it is told.
UNPATCHED_SCALE = 1.25 / 0.96


class FocalistLabelPrint(models.TransientModel):
    """Ask how the labels of some devices are to be printed."""

    _name = "focalist.label.print"
    _description = "Print Labels"

    device_ids = fields.Many2many(
        "focalist.device",
        string="Devices",
        required=True,
        default=lambda self: self._default_devices(),
    )
    label_format = fields.Selection(
        [(code, one.name) for code, one in FORMATS.items()],
        "Labels",
        required=True,
        default="l7160",
    )
    skip = fields.Integer(
        "Labels already used",
        help="How many labels of the first sheet are gone: printing begins behind.",
    )
    is_sheet = fields.Boolean(compute="_compute_is_sheet")
    logo = fields.Selection(
        [("none", "None"), ("dealer", "The dealer's"), ("client", "The client's")],
        required=True,
        default="dealer",
    )
    field_ids = fields.One2many(
        "focalist.label.print.field",
        "wizard_id",
        "Custom fields",
        compute="_compute_field_ids",
        store=True,
        readonly=False,
    )

    @api.model
    def _default_devices(self):
        context = self.env.context
        if context.get("active_model") != "focalist.device":
            return False
        return context.get("active_ids") or [context.get("active_id")]

    @api.depends("label_format")
    def _compute_is_sheet(self):
        for wizard in self:
            form = FORMATS.get(wizard.label_format)
            wizard.is_sheet = bool(form) and form.per_page > 1

    @api.depends("device_ids")
    def _compute_field_ids(self):
        """The custom fields that these devices have."""
        for wizard in self:
            # Odoo computes what it stores as superuser.
            devices = wizard.device_ids._origin.sudo(False)
            devices.check_access("read")
            names = {
                value.path: value.label
                for values in devices._custom_values().values()
                for value in values
            }
            wizard.field_ids = [Command.clear()] + [
                Command.create({"path": path, "label": label})
                for path, label in names.items()
            ]

    def action_print(self):
        """Print the labels."""
        self.check_access("write")
        self.ensure_one()
        self.device_ids.check_access("read")
        if not 0 <= self.skip < self._format().per_page:
            raise UserError(
                self.env._(
                    "A sheet has %(count)s labels: so many, less one, may be used"
                    " already.",
                    count=self._format().per_page,
                )
            )
        report = self.env.ref(self._format().report)
        return report.report_action(self, config=False) | {
            "close_on_report_download": True
        }

    def _format(self):
        return FORMATS[self.label_format]

    def _pages(self):
        """The sheets: a list of lists of (left, top, label), in millimetres."""
        form = self._format()
        paths = set(self.field_ids.filtered("is_printed").mapped("path"))
        labels = [None] * self.skip + self.device_ids._prepare_labels(paths)
        return [
            [
                (*form.place(position), label)
                for position, label in enumerate(labels[start : start + form.per_page])
                if label
            ]
            for start in range(0, len(labels), form.per_page)
        ]

    def _mm(self, length):
        """A length on paper as wkhtmltopdf's CSS has it."""
        scale = 1 if _wkhtml().is_patched_qt else UNPATCHED_SCALE
        return f"{length * scale:.3f}mm"

    def _logo_of(self, label):
        """The logo to print, or nothing: Odoo's own placeholder is none."""
        dealer = label["dealer"]
        if self.logo == "client":
            return label["device"].partner_id.image_256
        if self.logo == "dealer" and not dealer.uses_default_logo:
            return dealer.logo
        return False

    def _text_size(self, label, logo):
        """The size of letters, in millimetres, at which all lines of a label fit."""
        form = self._format()
        width, height = form.label
        lines = 3 + bool(label["site"]) + bool(label["dealer"].phone)
        lines += len(label["custom"])
        room = height - 3
        if form.is_large:
            # A long model takes two lines; the address of the page stands below.
            lines += 2
            room -= 2 + (height / 6 + 0.8 if logo else 0)
        return min(room / (1.25 * lines), width / 24, 3.2)
