"""What the forms of agents show of their collectors."""

import json
import os
from pathlib import Path

collectors = env["focalist.collector"].search([], order="id")
found = [
    {"agent": one.agent_id.name, "state": one.state, "version": one.version}
    for one in collectors
]
Path(os.environ["FOCALIST_RESULT"]).write_text(json.dumps({"collectors": found}))
