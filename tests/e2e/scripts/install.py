"""A client with two agents: the dialog of the first's key, and the second's key."""

import json
import os
from pathlib import Path

client = env["res.partner"].create(
    {"name": "Acme", "is_company": True, "is_focalist_client": True}
)
one, two = env["focalist.agent"].create(
    [{"name": name, "partner_id": client.id} for name in ("One", "Two")]
)
action = one.action_new_key()
dialog = env["focalist.agent.key"].with_context(**action["context"]).new({})
found = {
    "command": dialog.command,
    "key": action["context"]["default_key"],
    "other_key": two._new_enrolment_key(),
    "authority": env["focalist.certificate.authority"]._get().certificate,
}
env.cr.commit()
Path(os.environ["FOCALIST_RESULT"]).write_text(json.dumps(found))
