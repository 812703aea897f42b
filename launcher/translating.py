"""`./focalist translate`: the translation files, brought up to date with the source.

Odoo's own export writes each module's template (.pot) and its French (.po) from a
database with the modules in it; what has no French yet is shown.
"""

from launcher import environment, odoo_config, postgres, processes
from launcher.console import say, step
from launcher.databases import Databases, installed_modules
from launcher.paths import ADDONS

#: Keeps the French that Odoo's export leaves out, since it is spelled as the English.
MERGE = """
import sys, polib
for path in sys.argv[1:]:
    before = {e.msgid: e.msgstr for e in polib.pofile(path + ".before")}
    po = polib.pofile(path)
    for entry in po:
        entry.msgstr = entry.msgstr or before.get(entry.msgid, "")
    po.save()
    missing = [entry.msgid for entry in po if not entry.msgstr]
    print(f"{path}: {len(missing)} of {len(po)} without French")
    for text in missing:
        print(f"    {text!r}")
"""


def run() -> int:
    """Write the files; the status says whether any string waits for its French."""
    ready = environment.get()
    files = [ADDONS / module / "i18n" / "fr.po" for module in installed_modules()]
    kept = [file.with_suffix(".po.before") for file in files]
    with postgres.running(ready) as server:
        databases = Databases(ready, server)
        template = databases.ensure_template()
        config = odoo_config.write("i18n", template, workers=0, max_cron_threads=0)
        with step("Exporting the strings"):
            for file, copy in zip(files, kept, strict=True):
                file.parent.mkdir(exist_ok=True)
                copy.write_text(file.read_text() if file.exists() else "")
            databases.odoo(
                "i18n",
                "export",
                f"--config={config}",
                f"--database={template}",
                "--languages",
                "pot",
                "fr",
                "--",
                *installed_modules(),
                log="i18n",
            )
    report = processes.output([ready.python, "-c", MERGE, *files])
    for copy in kept:
        copy.unlink()
    say(report.replace(f"{ADDONS}/", ""))
    return 0 if report.count(": 0 of") == len(files) else 1
