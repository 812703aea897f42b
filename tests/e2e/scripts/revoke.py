"""Revoke the collector of the agent One."""

import json
import os
from pathlib import Path

env["focalist.agent"].search([("name", "=", "One")]).collector_ids.action_revoke()
env.cr.commit()
Path(os.environ["FOCALIST_RESULT"]).write_text(json.dumps({}))
