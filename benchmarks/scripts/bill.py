"""Bill March of these contracts: from readings to draft invoices, timed.

Run in an Odoo shell by `Site.script`: FOCALIST_VALUES has the ids of `contracts`.
"""

import json
import os
import resource
import time
from datetime import date
from pathlib import Path

values = json.loads(os.environ["FOCALIST_VALUES"])
contracts = env["focalist.contract"].browse(values["contracts"])
started = time.perf_counter()
statements, _problems = contracts._bill_month(date(2026, 3, 1), date(2026, 3, 31))
env.flush_all()
billed = time.perf_counter()
statements._create_invoices()
env.flush_all()
invoiced = time.perf_counter()
env.cr.commit()
Path(os.environ["FOCALIST_RESULT"]).write_text(
    json.dumps(
        {
            "statements": len(statements),
            "lines": len(statements.line_ids),
            "statements_s": billed - started,
            "invoices_s": invoiced - billed,
            "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )
)
