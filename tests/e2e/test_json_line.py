"""The real daemon speaks JSON with the real server, which reads what it compressed."""

from datetime import timedelta

from focalist_agent.report import Report
from focalist_agent.spool import Spool
from tests.e2e.parts import DEVICES, prepare, running_site

BESIDES = 50


def test_json_line(databases, printers, agent, epoch):
    agent.file.write_text('[server]\ntransport = "json2"\n')
    with running_site(databases, "json") as site:
        made = prepare(site, printers, epoch, epoch + timedelta(days=2))
        agent.enroll(site, made["key"])
        # Enough to be worth compressing, of printers that wait to be completed.
        spool = Spool(agent.state, 64 << 20)
        for number in range(BESIDES):
            serial = f"NEW{number:04}"
            found = Report("10.9.9.9", manufacturer="Ricoh", model="X", serial=serial)
            spool.put(found)
        spool.close()
        done = agent.run("run", "--once")
        assert done.returncode == 0, done.stderr
        status = agent.status()
        assert (status["spooled"], status["rejected"]) == (0, 0)
        assert status["accepted"] + status["unanswered"] == DEVICES
        assert status["pending"] == BESIDES
        # The next call tells what became of the spool.
        assert agent.run("run", "--once").returncode == 0
        told = site.query(
            "SELECT spooled, dropped, clock_ahead FROM focalist_collector"
        )
        (spooled, dropped, ahead), *others = told
        assert not spooled and not dropped and not others
        assert abs(ahead or 0) < 5
