"""Bill March of these contracts: from readings to draft invoices, timed.

By a billing run, its batches done one after another as its scheduled action does. Run
in an Odoo shell by `Site.script`: FOCALIST_VALUES has the ids of `contracts`.
"""

import json
import os
import resource
import time
from pathlib import Path

values = json.loads(os.environ["FOCALIST_VALUES"])
runs = env["focalist.billing.run"]
run = runs.create({"month": "2026-03-01", "contract_ids": values["contracts"]})
started = time.perf_counter()
run.action_start()
env.cr.commit()
runs._cron_work()
env.cr.commit()
billed = time.perf_counter()
assert run.state == "review", run.result
run.action_invoice()
env.cr.commit()
runs._cron_work()
env.cr.commit()
invoiced = time.perf_counter()
assert run.state == "done", run.result
statements = env["focalist.statement"].search([("run_id", "=", run.id)])
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
