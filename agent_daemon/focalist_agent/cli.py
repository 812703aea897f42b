"""The command ``focalist-agent``. Imports are inside the commands: --help is fast."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import __version__

if TYPE_CHECKING:
    from .config import Config, Device
    from .snmp.credential import Credential
    from .snmp.engine import Engine

SYSTEM_CONFIG = Path("/etc/focalist-agent/agent.toml")


class Context:
    """What all commands share, made when it is asked for."""

    def __init__(self, config: Path | None, state_dir: Path | None) -> None:
        self._config, self._state_dir = config, state_dir

    def config(self) -> Config:
        """The configuration, from --config or where systems keep it."""
        from . import config

        try:
            return config.load(self.config_path())
        except config.ConfigError as error:
            raise click.ClickException(str(error)) from error

    def config_path(self) -> Path | None:
        """Where the configuration stands; None where there is none."""
        if self._config is None and SYSTEM_CONFIG.is_file():
            return SYSTEM_CONFIG
        return self._config

    def directory(self) -> Path:
        """The state directory: --state-dir, systemd's, or the user's."""
        from platformdirs import user_state_path

        given = self._state_dir or os.environ.get("STATE_DIRECTORY")
        return Path(given) if given else user_state_path("focalist-agent")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="FOCALIST_AGENT_CONFIG",
    help=f"Configuration file [default: {SYSTEM_CONFIG} where it exists].",
)
@click.option(
    "--state-dir",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="FOCALIST_AGENT_STATE_DIR",
    help="Where credentials and spool are kept.",
)
@click.version_option(__version__, prog_name="focalist-agent")
@click.pass_context
def main(context: click.Context, config: Path | None, state_dir: Path | None) -> None:
    """Read printers over SNMP and report them to Focalist."""
    context.obj = Context(config, state_dir)


@main.command()
@click.option("--server", required=True, help="Address, e.g. https://odoo.example.com")
@click.option("--database", required=True, help="Name of the Odoo database.")
@click.option(
    "--key",
    envvar="FOCALIST_KEY",
    prompt="Enrolment key",
    hide_input=True,
    help="One-time enrolment key; asked for when it is not given.",
)
@click.option(
    "--same-agent",
    is_flag=True,
    help="The key is of the agent whose reports wait here to be sent.",
)
@click.pass_obj
def enroll(
    context: Context, server: str, database: str, key: str, same_agent: bool
) -> None:
    """Exchange a one-time key for this collector's own credentials."""
    from dataclasses import asdict

    from . import credentials, files
    from .clock import Clock
    from .config import check_url
    from .transport import TransportError

    config = context.config()
    try:
        server = check_url(server)
    except ValueError as error:
        raise click.UsageError(f"--server {error}") from error
    key = key.strip()
    if not all(said.isascii() and said.isprintable() for said in (key, database)):
        raise click.UsageError("--key or --database has characters that none has.")
    directory = context.directory()
    if not same_agent:
        _refuse_to_mix(directory)
    try:
        # First, so that a key is not used up for credentials that cannot be stored.
        files.make_directory(directory)
        poster = _poster(config, Clock(directory))
        answer = _kind(config)(server, database, key, poster).enroll()
        credentials.save(
            directory,
            credentials.Credentials(
                server,
                database,
                answer.collector,
                answer.agent,
                **asdict(answer.issued),
            ),
        )
    except (TransportError, files.StateError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Enrolled as {answer.collector} of {answer.agent}.")
    if server.startswith("http:"):
        click.echo("Note: http:// is not encrypted; use https:// across networks.")


def _refuse_to_mix(directory: Path) -> None:
    """Refuse, before the key is used up, where reports wait: they are one agent's."""
    from . import credentials, files, spool

    try:
        waiting = spool.status(directory)["spooled"]
    except spool.SpoolError as error:
        raise click.ClickException(str(error)) from error
    if not waiting:
        return
    try:
        whose = f"of {credentials.load(directory).agent} "
    except files.StateError:
        whose = ""
    raise click.ClickException(
        f"{waiting} reports {whose}wait in {directory} and would be sent as another "
        "agent's. Send them first (focalist-agent run --once), or enrol with another "
        "--state-dir. If the key is of the same agent, add --same-agent."
    )


def _asks(command: Any) -> Any:
    """The options of all commands that ask devices; see :func:`_how`."""
    for option in (
        click.option("--retries", type=click.IntRange(0, 10), help="Repetitions."),
        click.option(
            "--timeout", type=click.FloatRange(0.1, 60), help="Seconds a request."
        ),
        click.option("--context", "context_name", default="", help="SNMPv3 context."),
        click.option(
            "--priv",
            help="Privacy protocol; its password is in FOCALIST_PRIV_PASSWORD.",
        ),
        click.option(
            "--auth",
            help="Authentication protocol of the user; its password is in "
            "FOCALIST_AUTH_PASSWORD, where no list of processes shows it.",
        ),
        click.option("--user", help="SNMPv3 user."),
        click.option(
            "--community",
            envvar="FOCALIST_COMMUNITY",
            help="SNMP community [default: the credentials of the configuration].",
        ),
    ):
        command = option(command)
    return command


def _how(
    config: Config,
    community: str | None,
    user: str | None,
    auth: str | None,
    priv: str | None,
    context_name: str,
    timeout: float | None,
    retries: int | None,
    limits: dict[str, Any] | None = None,
) -> tuple[Engine, tuple[Credential, ...]]:
    """What asks, made in the running event loop, and with which credentials."""
    from .snmp.credential import Community
    from .snmp.engine import Engine
    from .snmp.session import Limits

    bounds = Limits(
        timeout=config.snmp_timeout if timeout is None else timeout,
        retries=config.snmp_retries if retries is None else retries,
        **(limits or {}),
    )
    credentials = config.snmp_credentials
    if user is not None:
        credentials = (_user(user, auth, priv, context_name),)
    elif community is not None:
        credentials = (Community(community),)
    return Engine(bounds, config.snmp_concurrency, config.snmp_backend), credentials


def _user(name: str, auth: str | None, priv: str | None, context: str) -> Credential:
    from .snmp.credential import User

    def password(what: str, protocol: str | None) -> str:
        return os.environ.get(f"FOCALIST_{what}_PASSWORD", "") if protocol else ""

    try:
        return User(
            name, auth, password("AUTH", auth), priv, password("PRIV", priv), context
        )
    except ValueError as error:
        raise click.UsageError(f"SNMPv3: {error}") from error


def _device(host: str, config: Config) -> Device:
    from .config import parse_device

    try:
        return parse_device(host, config.snmp_port)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _ask(config: Config, device: Device, options: dict[str, Any], use: Any) -> Any:
    """The result of ``use(session, address)``, a coroutine, for one device."""
    import asyncio

    from .snmp.session import SnmpError

    async def ask() -> Any:
        engine, credentials = _how(config, **options)
        try:
            where = device.address, device.port
            async with engine.session(*where, credentials) as session:
                return await use(session, device.address)
        finally:
            engine.close()

    try:
        return asyncio.run(ask())
    except SnmpError as error:
        raise click.ClickException(str(error)) from error


@main.command()
@click.argument("host", metavar="HOST[:PORT]")
@_asks
@click.option("--json", "as_json", is_flag=True, help="Print the device report.")
@click.pass_obj
def read(context: Context, host: str, as_json: bool, **options: Any) -> None:
    """Read one printer now and print what it says."""
    import json

    from . import reader, report, summary

    config = context.config()
    data = _ask(config, _device(host, config), options, reader.read).to_dict()
    if as_json:
        click.echo(json.dumps(data, ensure_ascii=False, indent=1))
    else:
        click.echo(summary.of_report(data))
    for problem in report.problems(data):
        click.echo(f"The report is not valid: {problem}", err=True)


@main.command()
@click.argument("host", metavar="HOST[:PORT]")
@_asks
@click.pass_obj
def explain(context: Context, host: str, **options: Any) -> None:
    """Read one printer and tell where each value came from."""
    from .explain import explain

    config = context.config()
    click.echo(_ask(config, _device(host, config), options, explain))


@main.command()
@click.argument("host", metavar="HOST[:PORT]")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write the recording (.snmprec).",
)
@_asks
@click.pass_obj
def record(context: Context, host: str, output: Path, **options: Any) -> None:
    """Write an anonymised recording of one printer, for a new or better profile.

    It has no serial numbers, names, addresses or job names; look through it all the
    same before you hand it on.
    """
    from . import record

    async def walked(session: Any, _address: str) -> Any:
        return await record.walk(session)

    config = context.config()
    options["limits"] = {"total": 900.0, "values": 300_000, "rows": 200_000}
    values = record.anonymous(_ask(config, _device(host, config), options, walked))
    try:
        output.write_text(record.snmprec(values), "utf-8")
    except OSError as error:
        raise click.ClickException(f"{output}: {error.strerror}") from error
    click.echo(f"{len(values)} values written to {output}.")


@main.command()
@click.argument("ranges", metavar="RANGE...", nargs=-1)
@click.option("--exclude", multiple=True, metavar="RANGE", help="Not to be asked.")
@click.option("--port", type=click.IntRange(1, 65535), help="UDP port.")
@click.option(
    "--rate",
    type=click.IntRange(1, 10_000),
    help="Datagrams a second [default: that of the configuration].",
)
@_asks
@click.option("--json", "as_json", is_flag=True, help="Print a list of what answered.")
@click.pass_obj
def scan(
    context: Context,
    ranges: tuple[str, ...],
    exclude: tuple[str, ...],
    port: int | None,
    rate: int | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Find the printers of networks (10.1.2.0/24), ranges (10.1.2.3-50) and addresses.

    Without any, those of the configuration are scanned.
    """
    import asyncio
    import json
    import time

    from . import ranges as ranges_
    from . import summary

    config = context.config()
    try:
        addresses = ranges_.addresses(
            ranges or config.discovery_ranges, exclude or config.discovery_exclude
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if not addresses:
        raise click.UsageError("Nothing to scan: name a range, or set discovery.ranges")
    started = time.monotonic()
    port, rate = port or config.snmp_port, rate or config.discovery_rate
    found = asyncio.run(_scan(config, addresses, port, rate, options))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        seconds = time.monotonic() - started
        click.echo(summary.of_scan(found, len(addresses), seconds))


async def _scan(
    config: Config, addresses: list[str], port: int, rate: int, options: dict
) -> list[dict[str, Any]]:
    from . import discovery

    engine, credentials = _how(config, **options)
    try:
        scanning = discovery.scan(engine, addresses, port, credentials, rate)
        order = {address: number for number, address in enumerate(addresses)}
        found = [one async for one in scanning]
        found.sort(key=lambda one: order[one.device.address])
        return [one.to_dict() for one in found]
    finally:
        engine.close()


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print the device reports.")
@click.pass_obj
def usb(context: Context, as_json: bool) -> None:
    """Read the printers on this computer's own USB (ipp-usb, CUPS) and print it."""
    import json

    from . import report, summary, usb

    found = [one.to_dict() for one in usb.read_all(context.config().usb_addresses)]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        click.echo("\n\n".join(map(summary.of_report, found)) or "None was found.")
    for problem in (problem for one in found for problem in report.problems(one)):
        click.echo(f"The report is not valid: {problem}", err=True)


@main.command()
@click.option("--once", is_flag=True, help="One round, send everything, and end.")
@click.option("-v", "--verbose", is_flag=True, help="Log every step.")
@click.pass_obj
def run(context: Context, once: bool, verbose: bool) -> None:
    """Poll the known printers and report them, until stopped.

    With --once, ends with 0 when everything was sent and with 1 otherwise.
    """
    import asyncio

    from . import credentials, files, lock, log
    from .clock import Clock
    from .scheduler import Scheduler
    from .spool import Spool, SpoolError
    from .transport import TransportError
    from .transport.renewing import RenewingTransport

    config = context.config()
    log.set_up(verbose, config.log_format)
    directory = context.directory()
    clock = Clock(directory)
    try:
        transport = RenewingTransport(
            lambda: _transport(config, directory, clock),
            lambda issued: credentials.renew(directory, issued),
        )
        with lock.only_one(directory):
            spool = Spool(directory, config.spool_max_size_mb * 1024 * 1024)
            try:
                scheduler = Scheduler(config, directory, spool, transport, clock)
                done = asyncio.run(_run(scheduler, once))
            finally:
                spool.close()
    except (files.StateError, SpoolError, TransportError) as error:
        raise click.ClickException(str(error)) from error
    sys.exit(0 if done else 1)


def _transport(config: Config, directory: Path, clock: Any = None) -> Any:
    """What calls with the stored credentials; raises StateError, TransportError."""
    from . import credentials, spool
    from .transport import xmlrpc

    def about() -> dict[str, Any]:
        return xmlrpc.about_us() | spool.counts(directory)

    known = credentials.load(directory)
    return _kind(config)(
        config.server_url or known.server,
        config.server_database or known.database,
        known.key,
        _poster(config, clock, credentials.certificate_file(directory, known)),
        about,
    )


def _kind(config: Config) -> Any:
    """The transport that the configuration names."""
    from .transport.json2 import Json2Transport
    from .transport.xmlrpc import XmlRpcTransport

    return Json2Transport if config.server_transport == "json2" else XmlRpcTransport


def _poster(config: Config, clock: Any, certificate_file: Path | None = None) -> Any:
    from .transport import http

    return http.Poster(
        config.server_ca_file,
        clock=clock,
        proxy=config.server_proxy,
        certificate_file=certificate_file,
    )


async def _run(scheduler: Any, once: bool) -> bool:
    if once:
        return await scheduler.once()
    await scheduler.forever()
    return True


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def status(context: Context, as_json: bool) -> None:
    """Show the queue, the last contact and what became of the reports."""
    import json

    from . import credentials, files, spool, summary

    directory = context.directory()
    found: dict[str, Any] = {"enrolled": True}
    try:
        known = credentials.load(directory)
        found |= {
            "server": known.server,
            "database": known.database,
            "collector": known.collector,
            "agent": known.agent,
        }
    except files.StateError as error:
        found = {"enrolled": False, "problem": str(error)}
    found |= {"devices": 0, "unanswered": 0, "usb": 0}
    found |= dict.fromkeys(
        ("last_round", "last_scan", "last_contact", "last_error", "clock_ahead")
    )
    try:
        found |= spool.status(directory)
    except spool.SpoolError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        click.echo(summary.of_status(found))


@main.command()
@click.argument("hosts", metavar="[HOST[:PORT]...]", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def doctor(context: Context, hosts: tuple[str, ...], as_json: bool) -> None:
    """Look at all that may keep this agent from working, and say what to do.

    Asks the given printers, or those that are known. Ends with 1 where anything is
    wrong.
    """
    import json

    from . import doctor, scheduler

    config, directory = context.config(), context.directory()
    devices = [_device(host, config) for host in hosts]
    if not devices:
        devices = scheduler.known_devices(config, directory)
    wrong, found = False, []
    for one in doctor.findings(
        config,
        context.config_path(),
        directory,
        lambda: _transport(config, directory),
        devices,
    ):
        wrong = wrong or bool(one.todo)
        found.append(vars(one))
        if not as_json:
            click.echo(str(one))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
    sys.exit(1 if wrong else 0)
