"""`./focalist update`: what Debian serves now, and the demo's modules as they are."""

from launcher import demo, environment, odoo_source, postgres
from launcher.console import say
from launcher.databases import Databases


def run() -> int:
    odoo = odoo_source.find()
    if not odoo or odoo_source.is_packaged(odoo):
        changes = odoo_source.update()
        say(changes or "Debian serves the recorded versions.")
    else:
        say(f"Odoo is yours ({odoo.path}): update it by your own means.")
    ready = environment.get()
    with postgres.running(ready) as server:
        databases = Databases(ready, server)
        if demo.DATABASE in databases.names():
            demo.update_modules(databases)
        else:
            say("There is no demo database to update.")
    return 0
