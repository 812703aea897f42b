"""wkhtmltopdf: the system's own, else Debian 12's in the cache."""

import subprocess
from pathlib import Path

import pytest

from launcher import debian, system, wkhtmltopdf
from launcher.console import Problem
from launcher.paths import programs

FIND = system.WKHTMLTOPDF.find


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FOCALIST_CACHE", str(tmp_path / "my cache"))


def make_program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def make_package(folder: Path) -> None:
    """A package of a program that tells where it looks for libraries."""
    tree = folder / "tree"
    make_program(tree / "usr/bin/wkhtmltopdf", 'echo "$LD_LIBRARY_PATH|$*"')
    (tree / "usr/lib/some-linux-gnu").mkdir(parents=True)
    (tree / "DEBIAN").mkdir()
    (tree / "DEBIAN" / "control").write_text(
        "Package: wkhtmltopdf\nVersion: 1\nArchitecture: all\n"
        "Maintainer: nobody <nobody@localhost>\nDescription: small\n"
    )
    subprocess.run(
        ["dpkg-deb", "--build", tree, folder / "wkhtmltopdf_1_all.deb"],
        check=True,
        capture_output=True,
    )


def test_it_is_fetched_whole_or_not_at_all_and_once(monkeypatch):
    works = []

    def apt(work, suites, installed):
        assert not work.exists()
        works.append(work)
        (work / "cache" / "archives").mkdir(parents=True)
        return ["apt-get"]

    def download(*arguments, what):
        if len(works) == 1:
            raise Problem("the line is down")
        make_package(works[-1] / "cache" / "archives")

    monkeypatch.setattr(debian, "apt", apt)
    monkeypatch.setattr(debian, "download", download)
    folder = programs().parent
    with pytest.raises(Problem):
        wkhtmltopdf._fetch(folder)
    assert not folder.exists()
    for _ in range(2):
        wkhtmltopdf._fetch(folder)
    assert len(works) == 2
    said = subprocess.check_output(
        [programs() / "wkhtmltopdf", "a b", "c"], text=True
    ).strip()
    paths, arguments = said.split("|")
    assert arguments == "a b c"
    assert all(Path(path).is_absolute() for path in paths.split(":"))
    assert Path(paths.split(":")[1]).samefile(folder / "root/usr/lib/some-linux-gnu")
    assert not (folder / "apt").exists()


def test_the_systems_own_comes_first(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert FIND() is None
    make_program(programs() / "wkhtmltopdf", "")
    assert FIND() == str(programs() / "wkhtmltopdf")
    make_program(tmp_path / "wkhtmltopdf", "")
    assert FIND() == str(tmp_path / "wkhtmltopdf")


def test_without_any_it_is_a_warning(tmp_path, monkeypatch, capsys):
    def fetch(folder):
        raise Problem("the line is down")

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(wkhtmltopdf, "_fetch", fetch)
    wkhtmltopdf.ensure()
    said = capsys.readouterr().out
    assert "no PDF of an invoice" in said
    assert "the line is down" in said
