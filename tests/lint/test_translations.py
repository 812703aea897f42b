"""Every string of our modules has its French."""

import re

import polib
import pytest

from odoo.modules.registry import Registry
from odoo.tests.common import get_db_name
from odoo.tools.translate import TranslationModuleReader

from launcher.databases import installed_modules
from launcher.paths import ADDONS


def strings(module: str) -> set[str]:
    """What Odoo finds to translate in a module, as it is installed."""
    with Registry(get_db_name()).cursor() as cr:
        reader = TranslationModuleReader(cr, modules=[module])
        # (module, kind, name, record, source, translation, comments)
        return {row[4] for row in reader}


@pytest.mark.parametrize("module", installed_modules())
def test_french_is_complete(module):
    french = polib.pofile(str(ADDONS / module / "i18n" / "fr.po"))
    translated = {entry.msgid for entry in french if entry.translated()}
    missing = strings(module) - translated
    assert not missing, "./focalist translate, then fill in fr.po"


@pytest.mark.parametrize("module", installed_modules())
def test_placeholders_are_kept(module):
    french = polib.pofile(str(ADDONS / module / "i18n" / "fr.po"))
    for entry in french.translated_entries():
        assert placeholders(entry.msgid) == placeholders(entry.msgstr), entry.msgid


def placeholders(text: str) -> list[str]:
    """What is filled in, and the conditions of a letter's parts."""
    return sorted(re.findall(r"%\(\w+\)s|\bt-[\w-]+=\"[^\"]*\"", text))
