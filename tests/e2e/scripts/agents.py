"""A client with two agents: their installation keys, and the server's authority."""

import json
import os
from pathlib import Path

client = env["res.partner"].create(
    {"name": "Acme", "is_company": True, "is_focalist_client": True}
)
agents = env["focalist.agent"].create(
    [{"name": name, "partner_id": client.id} for name in ("One", "Two")]
)
keys = [agent._new_enrolment_key() for agent in agents]
authority = env["focalist.certificate.authority"]._get().certificate
env.cr.commit()
Path(os.environ["FOCALIST_RESULT"]).write_text(
    json.dumps({"keys": keys, "authority": authority})
)
