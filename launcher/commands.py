"""The commands, and the one screen of help."""

import shutil
import signal
import sys
from collections.abc import Callable

from launcher import environment, odoo_config, postgres, processes
from launcher.console import Problem, say, warn
from launcher.paths import ROOT, STATE, cache

HELP = """\
Focalist: managed print services inside Odoo

  ./focalist demo [--fresh] [--once | --detach]
      Set everything up and run it until Ctrl-C: Odoo, a fleet of simulated printers,
      and the agents that read them. --once checks the result, prints it and stops;
      --detach returns when the site answers; --fresh starts with new data.
  ./focalist stop                     end a demo that runs in the background

  ./focalist test [--full] [ARGS]     all tests; ARGS are pytest's (paths, -k, -x, ...)
  ./focalist lint [--fix] [NAME...]   the checks of style; --fix puts right what it can
  ./focalist bench [NAME] [--json]    the benchmarks
  ./focalist translate                translation files, up to date with the source
  ./focalist coverage                 docs/spec-coverage.md, from the tests' names

  ./focalist doctor                   what is there, what is missing, what that costs
  ./focalist shell [DATABASE]         an Odoo shell; runs a script given on its input
  ./focalist psql [ARGS]              PostgreSQL's own shell
  ./focalist python [ARGS]            the Python that has all of this
  ./focalist update                   newer Odoo; modules of the demo brought up to date
  ./focalist clean [--cache] [--yes]  remove this checkout's data; the cache too

  FOCALIST_PORT (8069)    where the demo answers
  FOCALIST_CACHE          what checkouts share (~/.cache/focalist)
  FOCALIST_PYTHON         the Python to use, 3.10 to 3.13
  ODOO_PATH               the folder of an Odoo 19 of your own
  PGHOST and its like     a PostgreSQL of your own (or db_host in odoo.conf)
"""

DEMO_DATABASE = "focalist_demo"


def demo(arguments: list[str]) -> int:
    from launcher import demo

    return demo.run(_flags(arguments, "--fresh", "--once", "--detach"))


def stop(arguments: list[str]) -> int:
    from launcher import demo

    _flags(arguments)
    return demo.stop()


def test(arguments: list[str]) -> int:
    from launcher import testing

    return testing.run(arguments)


def lint(arguments: list[str]) -> int:
    from launcher import linting

    names = [argument for argument in arguments if argument != "--fix"]
    return linting.run(names, fix="--fix" in arguments)


def bench(arguments: list[str]) -> int:
    return _in_environment(["-m", "benchmarks", *arguments], cwd=ROOT)


def translate(arguments: list[str]) -> int:
    from launcher import translating

    _flags(arguments)
    return translating.run()


def coverage(arguments: list[str]) -> int:
    from launcher import coverage

    _flags(arguments)
    return coverage.run()


def doctor(arguments: list[str]) -> int:
    from launcher import doctor

    _flags(arguments)
    return doctor.run()


def shell(arguments: list[str]) -> int:
    database = arguments[0] if arguments else DEMO_DATABASE
    ready = environment.get()
    config = odoo_config.write("shell", database, workers=0, max_cron_threads=0)
    script = ready.script("odoo")
    options = [f"--config={config}", "--no-http", "--log-level=warn"]
    return _in_environment([str(script), "shell", *options])


def psql(arguments: list[str]) -> int:
    ready = environment.get()
    with postgres.running(ready) as server:
        variables = {"PGDATABASE": DEMO_DATABASE, **ready.variables, **server.variables}
        return processes.attend(server.command("psql", *arguments), env=variables)


def python(arguments: list[str]) -> int:
    return _in_environment(arguments)


def update(arguments: list[str]) -> int:
    from launcher import updating

    _flags(arguments)
    return updating.run()


def clean(arguments: list[str]) -> int:
    flags = _flags(arguments, "--cache", "--yes")
    folders = [STATE, *([cache()] if "--cache" in flags else [])]
    folders = [folder for folder in folders if folder.exists()]
    if not folders:
        say("There is nothing to remove.")
        return 0
    say("To be removed, databases included:")
    for folder in folders:
        say(f"  {folder}")
    if "--yes" not in flags:
        if not sys.stdin.isatty():
            raise Problem("Nobody is there to be asked: add --yes.")
        if input("Remove? [y/N] ").strip().lower() not in ("y", "yes"):
            return 1
    postgres.stop_leftover()
    for folder in folders:
        shutil.rmtree(folder)
    return 0


def help_(arguments: list[str]) -> int:
    say(HELP.rstrip())
    return 0


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "demo": demo,
    "stop": stop,
    "test": test,
    "lint": lint,
    "bench": bench,
    "translate": translate,
    "coverage": coverage,
    "doctor": doctor,
    "shell": shell,
    "psql": psql,
    "python": python,
    "update": update,
    "clean": clean,
    "help": help_,
}


def main(arguments: list[str]) -> int:
    name, *rest = arguments or ["help"]
    name = {"-h": "help", "--help": "help"}.get(name, name)
    if name not in COMMANDS:
        warn(f"There is no command `{name}`. `./focalist help` lists them.")
        return 2
    # Ended by the system as by Ctrl-C: everything started is stopped on the way out.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return COMMANDS[name](rest)
    except Problem as problem:
        warn(str(problem))
        return 1
    except KeyboardInterrupt:
        return 130


def _interrupt(number, frame):
    raise processes.Terminated


def _flags(arguments: list[str], *known: str) -> set[str]:
    """The flags given; anything else is a mistake worth stopping for."""
    if unknown := [argument for argument in arguments if argument not in known]:
        hint = f" It knows {', '.join(known)}." if known else ""
        raise Problem(f"This command does not know {' '.join(unknown)}.{hint}")
    return set(arguments)


def _in_environment(arguments: list[str], **options) -> int:
    """Run our Python with a database server beside it."""
    ready = environment.get()
    with postgres.running(ready) as server:
        variables = {**ready.variables, **server.variables}
        return processes.attend([ready.python, *arguments], env=variables, **options)
