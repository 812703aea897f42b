"""Texts with placeholders: names from a closed list, and never code.

`{{ object.serial_number }}` is what people write; `<t t-out="object.serial_number"/>`
is how the body of an Odoo mail template has it, with `ctx.get('detail')` for what no
field holds, and its subject `{{ ctx.get('detail') }}`. `{{ name ||| otherwise }}` says
what stands for an empty value.
"""

import re

from markupsafe import Markup, escape

SPACE = r"(?:\s|&nbsp;)*"
BRACES = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
T_OUT = re.compile(
    r"<t\s+t-out=\"(?:ctx\.get\('(\w+)'\)|([\w.]+))\"\s*(?:/>|>(.*?)</t>)", re.DOTALL
)
CTX = re.compile(r"ctx\.get\('(\w+)'\)")


def _split(inside):
    """The name and the default of what stands between the braces."""
    name, _bars, default = inside.replace("&nbsp;", " ").partition("|||")
    return CTX.sub(r"\1", name.strip()), default.strip()


def unknown(text, names):
    """The placeholders of a text that are not among the known names."""
    used = (_split(inside)[0] for inside in BRACES.findall(str(text or "")))
    return sorted({name for name in used if name not in names})


def as_braces(html):
    """The subject or body of a mail template as people edit it."""

    def braces(name, default):
        return f"{{{{ {name} ||| {default} }}}}" if default else f"{{{{ {name} }}}}"

    text = T_OUT.sub(
        lambda match: braces(match[1] or match[2], match[3]), str(html or "")
    )
    return Markup(BRACES.sub(lambda match: braces(*_split(match[1])), text))


def fill(text, values, html=False):
    """The text with the values in it; a name without a value becomes its default.

    :param dict values: name -> str
    :param bool html: whether the text is HTML: then the values are escaped
    """

    def value_of(match):
        name, default = _split(match[1])
        value = values.get(name)
        if not value:
            return default
        return str(escape(value)) if html else value

    text = str(text or "")
    if html:
        text = as_braces(text)
    filled = BRACES.sub(value_of, text)
    return Markup(filled) if html else " ".join(filled.split())
