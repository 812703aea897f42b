"""Odoo, PostgreSQL and the databases: found, fetched, and not made twice."""

import configparser
import json
import subprocess
import sys
from pathlib import Path

import pytest

from launcher import databases, odoo_config, odoo_source, postgres
from launcher.console import Problem
from launcher.environment import Environment
from launcher.paths import ROOT

# -- Odoo ------------------------------------------------------------------------------

RELEASE = "version_info = (19, 0, 0, 'final', 0, '')\nversion = '19.0'\n"


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FOCALIST_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def make_package(folder: Path) -> None:
    """A Debian package with the smallest Odoo there is."""
    tree = folder / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        "Package: odoo-19\nVersion: 19.0.0-9\nArchitecture: all\n"
        "Maintainer: nobody <nobody@localhost>\nDescription: small\n"
    )
    odoo = tree / odoo_source.INSIDE / "odoo"
    odoo.mkdir(parents=True)
    (odoo / "release.py").write_text(RELEASE)
    subprocess.run(
        ["dpkg-deb", "--build", tree, folder / "odoo-19_19.0.0-9_all.deb"],
        check=True,
        capture_output=True,
    )


def test_a_broken_download_is_repeated_and_a_good_one_is_not(own_cache, monkeypatch):
    calls = []

    def download(packages, work):
        calls.append(work)
        (work / "odoo-19_19.0.0-9_all.deb").write_bytes(b"half of it")
        if len(calls) == 1:
            raise Problem("the line is down")
        if len(calls) > 2:
            make_package(work)
        return packages

    monkeypatch.setattr(odoo_source, "_download", download)
    half_done = own_cache / "odoo" / "fetch-of-a-killed-run"
    half_done.mkdir(parents=True)
    for _ in range(2):  # interrupted, then cut short
        with pytest.raises(Problem):
            odoo_source._packaged()
    assert not half_done.exists()

    odoo = odoo_source._packaged()
    assert odoo.version == "19.0"
    assert (odoo.path / odoo_source.LEFT_OUT).exists()
    assert odoo_source._packaged() == odoo
    assert len(calls) == 3
    assert {path.name for path in (own_cache / "odoo").iterdir()} == {
        odoo.path.relative_to(own_cache / "odoo").parts[0],
        "lock",
    }


def test_another_version_is_told_and_another_file_refused():
    recorded = odoo_source.record()
    assert odoo_source._changes(recorded, recorded) == ""
    newer = json.loads(json.dumps(recorded))
    newer["odoo-19"] |= {"version": "19.0.1-1", "sha256": "0"}
    assert "odoo-19: 19.0.1-1 (recorded: " in odoo_source._changes(recorded, newer)
    forged = json.loads(json.dumps(recorded))
    forged["odoo-19"]["sha256"] = "0"
    with pytest.raises(Problem, match="SHA-256"):
        odoo_source._changes(recorded, forged)


def test_an_odoo_of_ones_own_comes_first(tmp_path, monkeypatch):
    release = tmp_path / "odoo" / "release.py"
    release.parent.mkdir()
    monkeypatch.setenv("ODOO_PATH", str(tmp_path))
    with pytest.raises(Problem, match="no odoo/release.py"):
        odoo_source.get()
    release.write_text(RELEASE.replace("19", "18"))
    with pytest.raises(Problem, match="Odoo 19 is needed"):
        odoo_source.get()
    release.write_text(RELEASE)
    assert odoo_source.get().path == tmp_path


def test_no_mirror_is_written_down():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert not [
        name for name, package in lock["packages"].items() if "resolved" in package
    ]
    assert "://" not in odoo_source.RECORD.read_text()


# -- PostgreSQL ------------------------------------------------------------------------


def test_the_last_to_leave_stops_the_server(own_cluster):
    environment = Environment(Path(sys.prefix), odoo=None)
    pid = own_cluster / "postmaster.pid"
    with postgres.running(environment) as server:
        assert server.query("SELECT 41 + 1") == "42"
        code = (
            "import sys; from pathlib import Path; from launcher import postgres;"
            "from launcher.environment import Environment;"
            f"postgres.STATE = Path({str(own_cluster.parent)!r});"
            f"postgres.CLUSTER = Path({str(own_cluster)!r});\n"
            "with postgres.running(Environment(Path(sys.prefix), None)) as server:\n"
            "    print(server.query('SELECT 1'))"
        )
        other = subprocess.check_output(
            [sys.executable, "-c", code], cwd=ROOT, text=True
        )
        assert other == "1\n"
        assert server.query("SELECT 1") == "1"
    assert not pid.exists()


def test_a_server_of_ones_own_is_used(monkeypatch):
    monkeypatch.setenv("PGHOST", "db.example")
    monkeypatch.setenv("PGUSER", "me")
    assert postgres.named_server()["host"] == "db.example"
    assert postgres.named_server()["user"] == "me"


# -- Databases and configuration -------------------------------------------------------


@pytest.fixture
def module(tmp_path, monkeypatch):
    monkeypatch.setattr(databases, "ADDONS", tmp_path)
    folder = tmp_path / "one"
    (folder / "tests").mkdir(parents=True)
    (folder / "__manifest__.py").write_text('{"depends": ["mail", "two"]}')
    (folder / "model.py").write_text("")
    (folder / "tests" / "test_model.py").write_text("")
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "__manifest__.py").write_text('{"depends": ["base"]}')
    return folder


def test_the_base_has_what_ours_depend_on(module):
    assert databases.own_modules() == ["one", "two"]
    assert databases.foundation() == ["base", "l10n_fr_account", "mail"]


def test_a_bridge_to_what_odoo_does_not_have_is_not_installed(module):
    bridge = module.parent / "bridge"
    bridge.mkdir()
    (bridge / "__manifest__.py").write_text('{"depends": ["one", "queue_job"]}')
    assert databases.own_modules() == ["bridge", "one", "two"]
    assert databases.installed_modules() == ["one", "two"]
    assert databases.foundation() == ["base", "l10n_fr_account", "mail"]


def test_a_template_goes_with_its_sources(module):
    odoo = odoo_source.Odoo(Path("/odoo"), "19.0", "a test")
    kept = databases.Databases(Environment(Path("/"), odoo), server=None)
    before = kept.template
    (module / "tests" / "test_model.py").write_text("changed")
    assert kept.template == before
    (module / "model.py").write_text("changed")
    assert kept.template != before


def test_the_configuration_starts_from_the_projects(tmp_path, monkeypatch):
    monkeypatch.setattr(odoo_config, "STATE", tmp_path)
    written = configparser.ConfigParser(interpolation=None)
    written.read(odoo_config.write("demo", "some_db", http_port=1234))
    options = written["options"]
    assert options["workers"] == "2"
    assert options["http_port"] == "1234"
    assert options["dbfilter"] == "^some_db$"
    assert options["http_interface"] == "127.0.0.1"
    assert Path(options["addons_path"]).is_absolute()
