"""The command `focalist-simulator`."""

import argparse
import json
import sys
from datetime import datetime, timezone
from pathlib import Path

from .fleet import EPOCH, Fleet
from .printer import Printer
from .report import report


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        fleet = Fleet(
            devices=options.devices,
            sites=options.sites,
            seed=options.seed,
            epoch=options.epoch,
        )
        return options.run(fleet, options)
    except BrokenPipeError:
        sys.stderr.close()  # the reader has seen enough
        return 0
    except ValueError as error:
        print(f"focalist-simulator: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="focalist-simulator", description="A simulated fleet of office printers."
    )
    fleet = argparse.ArgumentParser(add_help=False)
    fleet.add_argument("--devices", type=int, default=60, metavar="N")
    fleet.add_argument("--sites", type=int, default=15, metavar="N")
    fleet.add_argument("--seed", type=int, default=1, metavar="N")
    fleet.add_argument(
        "--epoch",
        type=_moment,
        default=EPOCH,
        metavar="DATE",
        help=f"the fleet's first day, {EPOCH:%Y-%m-%d} unless given",
    )
    one = argparse.ArgumentParser(add_help=False)
    one.add_argument("number", type=int, metavar="NUMBER", help="a printer, from 1")
    one.add_argument(
        "--at", type=_moment, metavar="ISO", help="the moment, now unless given"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    listing = commands.add_parser("list", parents=[fleet], help="the printers")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(run=_list)

    reporting = commands.add_parser(
        "report", parents=[fleet, one], help="the device report of a printer"
    )
    reporting.add_argument(
        "--standard", action="store_true", help="from the standard MIBs alone"
    )
    reporting.set_defaults(run=_report)

    recording = commands.add_parser(
        "snmprec", parents=[fleet, one], help="a walk of a printer, for snmpsim"
    )
    recording.set_defaults(run=_snmprec)

    serving = commands.add_parser(
        "serve", parents=[fleet], help="answer SNMP for all printers"
    )
    serving.add_argument("--port", type=int, default=16161, metavar="PORT")
    serving.add_argument(
        "--refresh",
        type=_seconds,
        default=60,
        metavar="SECONDS",
        help="how often answers follow the clock, 60 unless given",
    )
    serving.add_argument(
        "--ready-file",
        type=Path,
        metavar="FILE",
        help="written when all printers answer, removed at the end",
    )
    serving.add_argument(
        "--web-port",
        type=int,
        metavar="PORT",
        help="serve the printers' own web pages there, too",
    )
    serving.add_argument("--verbose", action="store_true", help="tell each request")
    serving.set_defaults(run=_serve)
    return parser


def _list(fleet: Fleet, options: argparse.Namespace) -> int:
    rows = [
        {
            "number": one.number,
            "site": one.site,
            "address": one.address,
            "manufacturer": one.manufacturer,
            "model": one.model,
            "color": one.color,
            "serial": one.serial,
            "mac": one.mac,
            "hostname": one.hostname,
        }
        for one in fleet.printers
    ]
    if options.json:
        print(json.dumps(rows, indent=1))
        return 0
    for row in rows:
        print(
            "{number:5} {site:4} {address:15} {manufacturer:15} {model:28} "
            "{serial:17} {mac}".format(**row)
        )
    return 0


def _report(fleet: Fleet, options: argparse.Namespace) -> int:
    state = _chosen(fleet, options).at(_when(options))
    if state.silent:
        print("the printer is silent at that moment", file=sys.stderr)
        return 1
    told = report(state, private=not options.standard)
    print(json.dumps(told, indent=1, ensure_ascii=False))
    return 0


def _snmprec(fleet: Fleet, options: argparse.Namespace) -> int:
    print(_chosen(fleet, options).snmprec(_when(options)), end="")
    return 0


def _serve(fleet: Fleet, options: argparse.Namespace) -> int:
    # Only this command needs snmpsim.
    from .serve import AddressInUseError, serve

    try:
        return serve(
            fleet,
            options.port,
            options.refresh,
            options.ready_file,
            options.verbose,
            options.web_port,
        )
    except AddressInUseError as error:
        print(f"focalist-simulator: {error}", file=sys.stderr)
        return 1


def _chosen(fleet: Fleet, options: argparse.Namespace) -> Printer:
    if not 1 <= options.number <= len(fleet.printers):
        raise ValueError(f"there are printers 1 to {len(fleet.printers)}")
    return fleet.printers[options.number - 1]


def _when(options: argparse.Namespace) -> datetime:
    return options.at or datetime.now(timezone.utc)


def _moment(text: str) -> datetime:
    """An ISO date or moment; UTC unless it says otherwise."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _seconds(text: str) -> int:
    seconds = int(text)
    if seconds < 1:
        raise argparse.ArgumentTypeError("one second at least")
    return seconds
