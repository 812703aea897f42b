from odoo.exceptions import UserError
from odoo.http import Controller, request, route

from ..tools import public_photo

MAX_TEXT = 2000
MAX_NAME = 100
# A photo, and what is typed beside it.
MAX_BODY = 2 * public_photo.MAX_BYTES


class FocalistPublicReportController(Controller):
    """What a label's code opens: the device for staff, a form for anybody else."""

    @route(
        "/focalist/d/<string:token>",
        type="http",
        auth="public",
        methods=["GET", "POST"],
        website=True,
        multilang=False,
        sitemap=False,
        max_content_length=MAX_BODY,
    )
    def device(self, token, **typed):
        """Show the form, and take what is typed into it."""
        attempts = request.env["focalist.public.attempt"].sudo()
        address = attempts._of_address(request.httprequest.remote_addr)
        if not attempts._may_look(address):
            return self._page("public_busy", status=429)
        # The token is the right to what follows, and `_of_label` looks for it alone.
        device = request.env["focalist.device"].sudo()._of_label(token)
        if not device:
            attempts.create({"address": address})
            return self._page("public_unknown", status=404)
        if url := self._staff_url(device):
            return request.redirect(url)
        self._choose_language(device)
        if request.httprequest.method != "POST":
            return self._form(device, {"kind": "problem"})
        if not attempts._may_report(address, device):
            return self._page("public_busy", status=429)
        # What is wrong counts, too: looking at a photo is work.
        attempts.create({"address": address, "device_id": device.id})
        try:
            report = self._read(device, typed)
            with request.env.cr.savepoint():
                device._take_public_report(**report)
        except UserError as error:
            return self._form(device, typed, error.args[0])
        return request.redirect(f"/focalist/d/{token}/thanks")

    @route(
        "/focalist/d/<string:token>/thanks",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        multilang=False,
        sitemap=False,
    )
    def thanks(self, token):
        """Say what becomes of the report; tells nothing of the label."""
        self._choose_language(request.env["focalist.device"])
        return self._page("public_thanks", {"token": token})

    def _staff_url(self, device):
        """Where staff finds the device, if the visitor is staff that may see it."""
        user = request.env.user
        if not user._is_internal():
            return None
        companies = user._get_company_ids()
        own = device.with_user(user).with_context(allowed_company_ids=list(companies))
        if not own.has_access("read"):
            return None
        return f"/odoo/action-focalist_base.focalist_device_action/{device.id}"

    def _choose_language(self, device):
        """The browser's language if it is installed, else the client's."""
        http = request.env["ir.http"]
        code = http.get_nearest_lang(request.best_lang) or http.get_nearest_lang(
            device.partner_id.lang
        )
        if code:
            request.lang = request.env["res.lang"]._get_data(code=code)
            request.update_context(lang=code)

    def _read(self, device, typed):
        """What was typed, checked: arguments of `_take_public_report`.

        :raise UserError: with what is wrong, for the person who typed it
        """
        text = self._text(typed, "text", MAX_TEXT)
        who = " ".join(
            filter(None, (self._text(typed, n, MAX_NAME) for n in ("name", "email")))
        )
        report = {"who": who, "text": text, "photo": self._photo(typed.get("photo"))}
        if typed.get("kind") == "reading":
            report["meters"] = self._in_language(device)._typed_meters(typed)
        elif not text and not report["photo"]:
            raise UserError(
                request.env._("Say what the problem is, or add a photo of it.")
            )
        return report

    def _text(self, typed, name, limit):
        text = typed.get(name)
        text = text.replace("\x00", "").strip() if isinstance(text, str) else ""
        if len(text) > limit:
            raise UserError(
                request.env._(
                    "That text is too long: %(limit)s characters at most.", limit=limit
                )
            )
        return text

    def _photo(self, file):
        content = (
            file.stream.read(public_photo.MAX_BYTES + 1)
            if hasattr(file, "stream")
            else b""
        )
        if not content:
            return None
        try:
            return public_photo.clean(content)
        except public_photo.PhotoError as error:
            if error.args[0] == "size":
                raise UserError(
                    request.env._("The photo is too large: 8 MB at most.")
                ) from error
            raise UserError(
                request.env._("This is no photo: choose a JPEG or PNG image.")
            ) from error

    def _in_language(self, device):
        """The device in the visitor's language."""
        return device.with_context(lang=request.env.lang)

    def _form(self, device, typed, error=None):
        """The form, with what was typed still in it."""
        model = device.model_id
        return self._page(
            "public_report",
            {
                "model": f"{model.manufacturer_id.name} {model.name}",
                "serial": device.serial_number or "",
                "dealer": device.company_id.name,
                "meters": self._in_language(device)._asked_meter_labels(),
                "typed": {k: v for k, v in typed.items() if isinstance(v, str)},
                "error": error,
                "max_text": MAX_TEXT,
                "max_name": MAX_NAME,
            },
            status=422 if error else 200,
        )

    def _page(self, template, values=None, status=200):
        response = request.render(f"focalist_base.{template}", values or {})
        response.status_code = status
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex"
        return response
