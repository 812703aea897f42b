"""`./focalist coverage`: which tests prove which promise, by the tests' names."""

import re
from pathlib import Path

from launcher.console import say
from launcher.paths import ROOT

PROMISES = ROOT / "docs" / "promises.md"
PAGE = ROOT / "docs" / "spec-coverage.md"

_AREA = re.compile(r"## (.+)")
_PROMISE = re.compile(r"\| ([A-Z]\d+) \| (.+) \|")
_TEST = re.compile(r"^ *def (test_((?:[a-z]\d+_)+)\w+)", re.MULTILINE)


def run() -> int:
    """Write the page, and say what has no test yet."""
    promises, tests = read_promises(), read_tests()
    PAGE.write_text(page(promises, tests), encoding="utf-8")
    missing = [code for code, *_told in promises if code not in tests]
    done = len(promises) - len(missing)
    say(f"{done} of {len(promises)} promises have a test.")
    say(f"Not yet: {', '.join(missing) or 'none'}")
    return 0


def read_promises() -> list[tuple[str, str, str]]:
    """All promises in their order: (code, promise, area)."""
    promises, area = [], ""
    for line in PROMISES.read_text(encoding="utf-8").splitlines():
        if found := _AREA.fullmatch(line):
            area = found[1]
        elif found := _PROMISE.fullmatch(line):
            promises.append((found[1], found[2], area))
    return promises


def read_tests(root: Path = ROOT) -> dict[str, list[tuple[str, str]]]:
    """The tests of each code: {code: [(file, name), …]}, in their order."""
    tests: dict[str, list[tuple[str, str]]] = {}
    folders = ("addons/*/tests", "agent_daemon/tests", "simulator/tests", "tests")
    files = {
        file
        for folder in folders
        for base in root.glob(folder)
        for file in base.rglob("test_*.py")
    }
    for file in sorted(files):
        for name, codes in _TEST.findall(file.read_text(encoding="utf-8")):
            for code in codes.upper().split("_")[:-1]:
                found = (file.relative_to(root).as_posix(), name)
                tests.setdefault(code, []).append(found)
    return tests


def page(promises, tests) -> str:
    """The page, see read_promises and read_tests."""
    lines = [
        "# What proves the promises",
        "",
        "Made by `./focalist coverage` from the names of the tests; the promises are",
        "those of [promises.md](promises.md).",
    ]
    last = None
    for code, promise, area in promises:
        if area != last:
            lines += ["", f"## {area}"]
            last = area
        lines += ["", f"**{code}** {promise}", ""]
        proofs = [f"- `{name}` ({file})" for file, name in tests.get(code, ())]
        lines += proofs or ["- not yet"]
    return "\n".join(lines) + "\n"
