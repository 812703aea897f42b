"""The one command of the installation dialog, from a bare tree to a collector in Odoo.

The real server, the real script fetched by the real curl, pip, and a terminal.
"""

import json
import re
import shutil
import stat
import subprocess
import sys
import tempfile

import pytest

from tests.e2e.machine import fresh_machine
from tests.e2e.parts import running_site


def _reaches_packages() -> bool:
    """Whether pip reaches an index here: the agent's packages come from one."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--retries=1", "--dest", folder, "setuptools>=77"]
        return not subprocess.run(command, capture_output=True, check=False).returncode


pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="curl is missing")


@pytest.fixture(scope="module")
def site(databases):
    if not _reaches_packages():
        pytest.skip("pip reaches no packages from here")
    with running_site(databases, "install") as site:
        site.made = site.script("install")
        yield site


@pytest.fixture(scope="module")
def machine(databases):
    with fresh_machine(databases) as machine:
        yield machine


def collectors(site):
    shown = site.script("collectors")["collectors"]
    return [(one["agent"], one["state"]) for one in shown]


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a8_one_command_installs_and_enrols(site, machine):
    line, key = machine.line(site.made["command"]), site.made["key"]
    status, screen = machine.type(line, key)
    assert status == 0, screen
    assert "Installation key (only Enter: leave it as it is): " in screen
    assert re.search("Enrolled as .* of One", screen)
    assert screen.rstrip().endswith("it starts with that system.")
    # The key is nowhere to be read: screen, list of processes, files.
    assert key not in screen
    assert key not in machine.called.read_text()
    for file in machine.root.rglob("*"):
        if file.is_file() and not file.is_symlink():
            assert key.encode() not in file.read_bytes(), file
    # In its place, for the service and nobody else.
    root, owner = machine.root, machine.owner()
    unit = "etc/systemd/system/focalist-agent.service"
    assert "ExecStart=/opt/focalist-agent/bin/focalist-agent run" in (
        (root / unit).read_text()
    )
    if shutil.which("systemctl"):
        wants = "etc/systemd/system/multi-user.target.wants/focalist-agent.service"
        assert (root / wants).is_symlink()
    assert machine.settings.read_text().startswith("# Configuration of focalist-agent")
    assert mode(machine.settings) == 0o640
    assert (mode(machine.state), machine.state.stat().st_uid) == (0o700, owner)
    credentials = machine.state / "credentials.json"
    assert (mode(credentials), credentials.stat().st_uid) == (0o600, owner)
    program = (root / "opt/focalist-agent/bin/focalist-agent").read_text()
    assert program.startswith("#!/opt/focalist-agent/bin/python")
    assert str(root) not in program
    assert "apt-get -qq -y install python3 python3-venv" in machine.called.read_text()
    # And Odoo shows it.
    done = machine.agent("run", "--once")
    assert done.returncode == 0, done.stderr
    assert collectors(site) == [("One", "connected")]


def test_a8_the_same_command_again_is_an_update(site, machine):
    credentials = (machine.state / "credentials.json").read_text()
    machine.settings.write_text("[log]\nformat = 'json'\n")
    machine.called.write_text("")
    package = machine.root / "opt/focalist-agent/lib"
    (module,) = package.glob("python3*/site-packages/focalist_agent/cli.py")
    module.write_text("raise SystemExit('an old version')")
    done = machine.unattended(machine.line(site.made["command"]))
    assert done.returncode == 0, done.stderr
    assert "It stays enrolled as it was." in done.stdout
    assert machine.settings.read_text() == "[log]\nformat = 'json'\n"
    assert (machine.state / "credentials.json").read_text() == credentials
    assert "apt-get" not in machine.called.read_text()
    done = machine.agent("run", "--once")
    assert done.returncode == 0, done.stderr
    assert collectors(site) == [("One", "connected")]


def test_a8_unattended_with_the_key_in_a_file(site, machine, tmp_path):
    (tmp_path / "key").write_text(site.made["other_key"] + "\n")
    line = machine.line(site.made["command"], "--key-file", str(tmp_path / "key"))
    done = machine.unattended(line)
    assert done.returncode == 0, done.stderr
    assert "of Two." in done.stdout
    told = json.loads((machine.state / "credentials.json").read_text())
    assert told["agent"] == "Two"
    assert site.made["other_key"] not in machine.called.read_text()
    # It works once; what is enrolled stays.
    done = machine.unattended(line)
    assert done.returncode == 1
    assert "could not be enrolled" in done.stderr
    assert json.loads((machine.state / "credentials.json").read_text()) == told
