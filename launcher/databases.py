"""Databases with the modules in them: built once, then copied.

There are two layers. The *base* has the modules of Odoo that ours stand on; it takes
a minute, changes with Odoo alone, and its dump is kept in the cache for all
checkouts. The *template* is a copy of the base with our modules installed, made anew
when a file of theirs has changed. What is worked with is a copy of the template.
"""

import ast
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from launcher import odoo_config, processes
from launcher.console import step
from launcher.environment import Environment
from launcher.paths import ADDONS, DATA, LOGS, cache
from launcher.postgres import Server

LANGUAGES = "en_US,fr_FR"
#: Modules that demo and tests want besides what ours depend on.
COMPANIONS = {"l10n_fr_account"}
#: Modules of others that Odoo does not have: whoever wants a bridge to one gets it.
EXTRAS = {"queue_job"}
#: What a file may be without any effect on an installed module's database.
NO_EFFECT = {"tests", "readme", "static", "__pycache__"}
#: What Odoo runs before its own tests: else a page's first visitor waits for its style
#: sheets and scripts, as does every test, whose end takes away again what it has made.
#: It leaves out what pages ask for later: tours and charts.
ASSETS = """\
qweb = env["ir.qweb"]
qweb._pregenerate_assets_bundles()
for bundle in ("web.chartjs_lib", "web_tour.automatic", "web_tour.interactive"):
    qweb._get_asset_bundle(bundle, css=False, js=True).js()
    qweb._get_asset_bundle(bundle, css=True, js=False).css()
env.cr.commit()
"""


def own_modules() -> list[str]:
    return sorted(file.parent.name for file in ADDONS.glob("*/__manifest__.py"))


def installed_modules() -> list[str]:
    """Those of our modules that demo and tests install: all that stand on no extra."""
    return [module for module in own_modules() if not _depends(module) & EXTRAS]


def _depends(module: str) -> set[str]:
    manifest = (ADDONS / module / "__manifest__.py").read_text()
    return set(ast.literal_eval(manifest).get("depends", []))


def foundation() -> list[str]:
    """The modules of Odoo that ours depend on, and their companions."""
    needed = set(COMPANIONS)
    for module in installed_modules():
        needed |= _depends(module)
    return sorted(needed - set(own_modules()))


def _source_files() -> Iterable[Path]:
    for module in installed_modules():
        for folder, folders, files in os.walk(ADDONS / module):
            folders[:] = sorted(set(folders) - NO_EFFECT)
            yield from (Path(folder, file) for file in sorted(files))


@dataclass(frozen=True)
class Databases:
    """The databases of one server, with their filestores."""

    environment: Environment
    server: Server

    # -- what they are called ---------------------------------------------------------

    @property
    def base(self) -> str:
        odoo = self.environment.odoo
        facts = f"{odoo.path}|{odoo.version}|{foundation()}|{LANGUAGES}"
        return f"focalist_base_{hashlib.sha256(facts.encode()).hexdigest()[:10]}"

    @property
    def template(self) -> str:
        digest = hashlib.sha256(f"{self.base}{ASSETS}".encode())
        for file in _source_files():
            digest.update(str(file.relative_to(ADDONS)).encode())
            digest.update(file.read_bytes())
        return f"focalist_template_{digest.hexdigest()[:10]}"

    # -- plain operations -------------------------------------------------------------

    @property
    def variables(self) -> dict[str, str]:
        return {**self.environment.variables, **self.server.variables}

    def names(self) -> list[str]:
        return self.server.query("SELECT datname FROM pg_database").splitlines()

    def copy(self, source: str, target: str) -> None:
        self.server.query(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
        shutil.rmtree(_filestore(target), ignore_errors=True)
        link_tree(_filestore(source), _filestore(target))

    def drop(self, name: str) -> None:
        self.server.query(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        shutil.rmtree(_filestore(name), ignore_errors=True)

    def odoo(self, *arguments: str, log: str, on_line=None, **options) -> None:
        """Run an Odoo command to its end."""
        processes.run(
            [self.environment.python, self.environment.script("odoo"), *arguments],
            log=LOGS / f"{log}.log",
            on_line=on_line,
            env={**self.variables, **options.pop("env", {})},
            **options,
        )

    def load_modules(
        self, database: str, option: str, modules: list[str], work
    ) -> None:
        """Install (`-i`) or update (`-u`) modules, showing how far it is."""
        config = odoo_config.write("build", database, workers=0, max_cron_threads=0)

        def show(line: str) -> None:
            if loading := re.search(r"Loading module (\w+) \((\d+)/(\d+)\)", line):
                work.progress(f"{loading[2]}/{loading[3]} {loading[1]}")

        self.odoo(
            "server",
            f"--config={config}",
            f"{option}={','.join(modules)}",
            f"--load-language={LANGUAGES}",
            "--stop-after-init",
            "--no-http",
            log=f"build-{database}",
            on_line=show,
        )

    # -- the layers -------------------------------------------------------------------

    def ensure_template(self) -> str:
        """The template for the modules as they are now; made if it is not there."""
        with processes.locked(DATA / "template.lock"):
            template = self.template
            if template not in self.names():
                self._ensure_base()
                with step("Installing the modules of Focalist") as work:
                    self._build(template, lambda name: self._install_own(name, work))
                self._forget_old("focalist_template_", template)
        return template

    def _install_own(self, name: str, work) -> None:
        self.copy(self.base, name)
        self.load_modules(name, "--init", installed_modules(), work)
        work.progress("style sheets and scripts")
        config = odoo_config.write("build", name, workers=0, max_cron_threads=0)
        with tempfile.TemporaryFile("w+") as script:
            script.write(ASSETS)
            script.seek(0)
            self.odoo(
                *("shell", f"--config={config}", "--no-http"),
                log=f"assets-{name}",
                stdin=script,
            )

    def _ensure_base(self) -> None:
        base = self.base
        if base in self.names():
            return
        # A dump can be restored by its own version of the server, or a newer one:
        # nothing is known of a server that somebody named.
        dump = cache() / "databases" / base if self.server.embedded else None
        if dump and dump.exists():
            with step("Restoring Odoo's own modules from the cache"):
                self._build(base, lambda name: self._restore(dump, name))
        else:
            modules = foundation()
            with step("Installing Odoo's own modules (about a minute)") as work:
                self._build(base, lambda name: self._install_base(name, modules, work))
            if dump:
                with step("Keeping them in the cache"):
                    self._dump(base, dump)
        self._forget_old("focalist_base_", base)

    def _install_base(self, name: str, modules: list[str], work) -> None:
        self.server.query(f'CREATE DATABASE "{name}" TEMPLATE template0')
        self.load_modules(name, "--init", modules, work)

    def _build(self, name: str, fill: Callable[[str], None]) -> None:
        """Build a database under another name: who finds `name` finds it complete."""
        unfinished = f"{name}_new"
        self.drop(unfinished)
        fill(unfinished)
        shutil.rmtree(_filestore(name), ignore_errors=True)
        if _filestore(unfinished).exists():
            _filestore(unfinished).rename(_filestore(name))
        self.server.query(f'ALTER DATABASE "{unfinished}" RENAME TO "{name}"')

    def _forget_old(self, prefix: str, current: str) -> None:
        for name in self.names():
            if name.startswith(prefix) and name != current:
                self.drop(name)

    def _dump(self, name: str, folder: Path) -> None:
        fresh = folder.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        command = self.server.command("pg_dump", "-Fc", "-Z1", "-f", "database", name)
        processes.run(command, log=LOGS / "dump.log", cwd=fresh, env=self.variables)
        if _filestore(name).exists():
            shutil.copytree(_filestore(name), fresh / "filestore")
        fresh.rename(folder)

    def _restore(self, folder: Path, name: str) -> None:
        self.server.query(f'CREATE DATABASE "{name}" TEMPLATE template0')
        options = ["-j2", "--no-owner", "-d", name, str(folder / "database")]
        command = self.server.command("pg_restore", *options)
        processes.run(command, log=LOGS / "restore.log", env=self.variables)
        if (folder / "filestore").exists():
            shutil.copytree(folder / "filestore", _filestore(name))


def _filestore(database: str) -> Path:
    return DATA / "filestore" / database


def link_tree(source: Path, target: Path) -> None:
    """Copy a filestore by hard links: its files are named by content, never edited."""
    if source.exists():
        shutil.copytree(source, target, copy_function=os.link)
