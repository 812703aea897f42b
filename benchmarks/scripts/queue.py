"""Bill March of these contracts by jobs that a server beside this works at, timed.

Run in an Odoo shell by `Site.script`: FOCALIST_VALUES has the ids of `contracts`, and
how many of them are billed before, so that the server is `warm`.
"""

import json
import os
import time
from pathlib import Path

PATIENCE = 120
values = json.loads(os.environ["FOCALIST_VALUES"])


def wait(ready):
    given_up = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < given_up, env["queue.job"].search([]).mapped("state")
        time.sleep(0.02)
        env.cr.rollback()


def bill(contracts):
    run = env["focalist.billing.run"].create(
        {"month": "2026-03-01", "contract_ids": contracts}
    )
    for method, end in (("action_start", "review"), ("action_invoice", "done")):
        getattr(run, method)()
        env.cr.commit()
        wait(lambda: run.state not in ("measuring", "invoicing"))
        assert run.state == end, run.row_ids.mapped("message")
    return run


bill(values["contracts"][: values["warm"]])
started = time.perf_counter()
run = bill(values["contracts"][values["warm"] :])
seconds = time.perf_counter() - started
# The last batch ends the step; the job that comes after may be at work still.
jobs = env["queue.job"].search([])
wait(lambda: set(jobs.mapped("state")) == {"done"})
Path(os.environ["FOCALIST_RESULT"]).write_text(
    json.dumps(
        {
            "seconds": seconds,
            "billed": [run.invoice_count, run.amount_untaxed, len(jobs)],
        }
    )
)
