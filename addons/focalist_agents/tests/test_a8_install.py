import hashlib
import io
import os
import re
import shlex
import shutil
import tarfile
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo.tests import Form, HttpCase, tagged
from odoo.tools import mute_logger

from ..tools import installer
from .common import AgentCase, AgentMixin

SCRIPT = installer.PATH + installer.SCRIPT
ARCHIVE = installer.PATH + installer.ARCHIVE


class FolderMixin:
    """A daemon's folder of the test's own."""

    def use_folder(self, name="agent_daemon"):
        folder = Path(tempfile.mkdtemp(), name)
        self.addCleanup(shutil.rmtree, folder.parent)
        named = patch.dict(os.environ, {installer.VARIABLE: str(folder)})
        named.start()
        self.addCleanup(named.stop)
        installer._made.cache_clear()
        self.addCleanup(installer._made.cache_clear)
        return folder

    def copy_folder(self):
        real = installer.folder()
        folder = self.use_folder()
        shutil.copytree(real, folder)
        return folder


@tagged("post_install", "-at_install")
class TestInstallFiles(FolderMixin, AgentMixin, HttpCase):
    def get(self, path, **options):
        return self.url_open(path, **options)

    def test_a8_script_knows_the_archive(self):
        script, archive = self.get(SCRIPT), self.get(ARCHIVE)
        self.assertEqual((script.status_code, archive.status_code), (200, 200))
        (known,) = re.findall(r'^archive_sha256="(\w*)"$', script.text, re.MULTILINE)
        self.assertEqual(known, hashlib.sha256(archive.content).hexdigest())
        self.assertEqual(script.text.splitlines()[0], "#!/bin/sh")
        self.assertEqual(script.text.splitlines()[-1], 'main "$@"')

    def test_a8_archive_is_the_daemon_and_nothing_else(self):
        content = self.get(ARCHIVE).content
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            names = archive.getnames()
            self.assertTrue(all(member.isreg() for member in archive))
            self.assertEqual({member.uid for member in archive}, {0})
        self.assertEqual(names, sorted(names))
        for part in (
            "pyproject.toml",
            "README.md",
            "focalist_agent/cli.py",
            "focalist_agent/profiles/hp.toml",
            "packaging/agent.toml",
            "packaging/focalist-agent.service",
            "packaging/focalist-agent.sysusers",
            "packaging/install.sh",
        ):
            self.assertIn(f"focalist-agent/{part}", names)
        wrong = re.compile(r"/tests/|__pycache__|\.pyc|egg-info|/\.|/build/")
        self.assertFalse([name for name in names if wrong.search(name)])

    def test_archive_has_the_same_bytes_again(self):
        before = installer.archive()
        folder = self.copy_folder()
        for traces in ("tests", "build", "x.egg-info", "focalist_agent/__pycache__"):
            (folder / traces).mkdir(exist_ok=True)
            (folder / traces / "more.py").write_text("more")
        (folder / "focalist_agent" / ".cli.py.swp").write_text("an editor's")
        (folder / "focalist_agent" / "passwd.py").symlink_to("/etc/passwd")
        for file in folder.rglob("*.py"):
            os.utime(file, (1, 1), follow_symlinks=False)
        self.assertEqual(installer.archive(), before)
        (folder / "README.md").write_text("changed")
        # Kept, as long as the process lives: script and archive stay a pair.
        self.assertEqual(installer.archive(), before)
        installer._made.cache_clear()
        self.assertNotEqual(installer.archive(), before)

    def test_what_is_asked_is_not_reflected(self):
        plain = self.get(SCRIPT)
        evil = "';touch /tmp/x;'$(id)`id`\"\n"
        for path in (SCRIPT, ARCHIVE):
            expected = self.get(path).content
            answer = self.get(
                path,
                params={"server": evil, "database": evil, "archive_sha256": evil},
                headers={
                    "X-Forwarded-Host": "evil.example.com",
                    "X-Forwarded-Proto": "gopher",
                    "Referer": evil.strip(),
                },
            )
            self.assertEqual(answer.content, expected)
        for told in (self.env.cr.dbname, self.base_url(), self.agent.name):
            self.assertNotIn(f'"{told}"', plain.text)
            self.assertNotIn(f" {told} ", plain.text)

    def test_headers(self):
        types = {SCRIPT: "text/plain; charset=utf-8", ARCHIVE: "application/gzip"}
        for path, content_type in types.items():
            answer = self.get(path)
            self.assertEqual(answer.headers["Content-Type"], content_type)
            self.assertEqual(answer.headers["Cache-Control"], "no-cache")
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
            self.assertNotIn("Set-Cookie", answer.headers)
            head = self.get(path, method="HEAD")
            self.assertEqual(head.status_code, 200)
            self.assertEqual(head.content, b"")
            self.assertEqual(
                head.headers["Content-Length"], answer.headers["Content-Length"]
            )
            again = self.get(path, headers={"If-None-Match": answer.headers["ETag"]})
            self.assertEqual((again.status_code, again.content), (304, b""))
            self.assertEqual(self.get(path, method="POST", data=b"x").status_code, 405)

    def test_it_costs_no_query_and_is_made_once(self):
        self.get(SCRIPT)
        with patch.object(Path, "read_bytes", side_effect=AssertionError("read anew")):
            self.assertEqual(self.get(SCRIPT).status_code, 200)
            self.assertEqual(self.get(ARCHIVE).status_code, 200)

    def test_missing_folder_is_told(self):
        folder = self.use_folder()
        logger = "odoo.addons.focalist_agents.controllers.focalist_install"
        for _ in range(2):
            for path in (SCRIPT, ARCHIVE):
                with self.assertLogs(logger, "ERROR") as log:
                    answer = self.get(path)
                self.assertEqual(answer.status_code, 404)
                self.assertIn("agent_daemon", answer.text)
                self.assertNotIn(str(folder.parent), answer.text)
                self.assertIn(str(folder), log.output[0])
        # It may come: what failed is not kept.
        real = Path(__file__).resolve().parents[3] / "agent_daemon"
        shutil.copytree(real, folder)
        self.assertEqual(self.get(SCRIPT).status_code, 200)

    @mute_logger("odoo.addons.focalist_agents.controllers.focalist_install")
    def test_folder_that_is_not_whole_gives_nothing(self):
        folder = self.copy_folder()
        (folder / "pyproject.toml").unlink()
        self.assertEqual(self.get(SCRIPT).status_code, 404)
        self.assertEqual(self.get(ARCHIVE).status_code, 404)
        shutil.copy(Path(__file__), folder / "pyproject.toml")
        (folder / "packaging" / "install.sh").write_text("#!/bin/sh\n")
        self.assertEqual(self.get(SCRIPT).status_code, 404)


@tagged("post_install", "-at_install")
class TestInstallCommand(FolderMixin, AgentCase):
    def shown(self, action):
        wizards = self.env["focalist.agent.key"].with_user(self.technician)
        return Form(wizards.with_context(**action["context"]))

    def use_url(self, url):
        self.env["ir.config_parameter"].sudo().set_param("web.base.url", url)

    def new_key(self):
        return self.agent.with_user(self.technician).action_new_key()

    def test_a8_one_command(self):
        self.use_url("https://odoo.example.com")
        database = self.env.cr.dbname
        with patch("odoo.http.db_list", return_value=[database]):
            shown = self.shown(self.new_key())
        self.assertEqual(
            shown.command,
            "curl -fsSL https://odoo.example.com/focalist/install/agent.sh"
            " | sudo sh -s -- --server https://odoo.example.com"
            f" --database {database}",
        )
        self.assertFalse(shown.by_hand)
        self.assertTrue(shown.key)

    def test_a8_server_with_several_databases(self):
        self.use_url("https://odoo.example.com:8443")
        database = self.env.cr.dbname
        with patch("odoo.http.db_list", return_value=[database, "other"]) as asked:
            command = self.shown(self.new_key()).command
        self.assertEqual(asked.call_args.kwargs["host"], "odoo.example.com:8443")
        header = f"X-Odoo-Database: {database}"
        self.assertEqual(shlex.split(command)[2:4], ["-H", header])

    def test_a8_nothing_breaks_out_of_the_command(self):
        evil = "https://x.example.com/$(touch x)';id;'"
        self.use_url(evil)
        words = shlex.split(self.shown(self.new_key()).command)
        self.assertEqual(words[2], f"{evil}/focalist/install/agent.sh")
        self.assertEqual(words[words.index("--server") + 1], evil)
        self.assertEqual(words.count("|"), 1)

    def test_a3_command_for_usb(self):
        self.agent.sudo().usb_unlocked = True
        action = self.agent.with_user(self.technician).action_new_usb_key()
        self.assertTrue(self.shown(action).command.endswith(" --usb"))
        self.assertNotIn("--usb", self.shown(self.new_key()).command)

    def test_a8_by_hand_where_there_is_no_folder(self):
        self.use_folder()
        shown = self.shown(self.new_key())
        self.assertTrue(shown.by_hand)
        self.assertTrue(shown.command.startswith("focalist-agent enroll --server http"))
