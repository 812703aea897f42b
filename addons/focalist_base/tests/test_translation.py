import re

import polib

from odoo.tests import TransactionCase, tagged
from odoo.tools.misc import file_path
from odoo.tools.translate import TranslationModuleReader

# The linter empties what is the same in both languages.
SAME = set(
    "A3|A3 mono|A4|A4 mono|Agent|Client|Clients|Configuration|Contact|Fax|Fax mono|"
    "Focalist|ID|Import|Messages|Mono|Pages|Public|Ricoh MP C4503|Site|Sites|Source|"
    "Total".split("|")
)
PLACEHOLDER = re.compile(r"%\(\w+\)s|{[^}]*}")


@tagged("post_install", "-at_install")
class TestTranslation(TransactionCase):
    def test_french_is_complete(self):
        """Each text that people see has its French, with the same placeholders."""
        french = {
            entry.msgid: entry.msgstr
            for entry in polib.pofile(file_path("focalist_base/i18n/fr.po"))
            if entry.msgstr and not entry.fuzzy and not entry.obsolete
        }
        sources = {
            row[4]
            for row in TranslationModuleReader(
                self.env.cr, modules=["focalist_base"], lang=None
            )
        }
        self.assertGreater(len(sources), 200)
        self.assertFalse(sources - french.keys() - SAME)
        for source in sources & french.keys():
            self.assertEqual(
                sorted(PLACEHOLDER.findall(source)),
                sorted(PLACEHOLDER.findall(french[source])),
            )

    def test_french_screens(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env["ir.module.module"].search(
            [("name", "=", "focalist_base")]
        )._update_translations(["fr_FR"])
        menu = self.env.ref("focalist_base.focalist_device_to_complete_menu")
        self.assertEqual(
            menu.with_context(lang="fr_FR").name, "Périphériques à compléter"
        )
        names = self.env["res.partner"].with_context(lang="fr_FR").fields_get()
        self.assertEqual(
            names["focalist_last_month_pages"]["string"], "Volumes du mois dernier"
        )
        self.assertEqual(names["focalist_prefix"]["string"], "Préfixe")
