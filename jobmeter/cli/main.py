"""Owns the command ``jobmeter``: its subcommands, their options and their output.

Does not own what the commands do; each command calls one part.
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from jobmeter import __version__
from jobmeter.base.clock import read_machine_clock
from jobmeter.base.settings import Settings
from jobmeter.cli import explain, feeds, hiring, networks
from jobmeter.cli.psql import psql
from jobmeter.cli.reference import write_pages
from jobmeter.cli.serve import DATA, DataOption, UrlOption, open_database, run_server
from jobmeter.database.connection import DatabaseUnusable
from jobmeter.database.pool import Database, upgrade_database
from jobmeter.integrity import flow as integrity
from jobmeter.integrity.model import LawCheck
from jobmeter.sandbox import seed as sandbox_seed
from jobmeter.sandbox.demo import tables
from jobmeter.sandbox.demo.run import run_demo
from jobmeter.sandbox.traffic.ground_truth import Label, read_labels, write_truth
from jobmeter.sandbox.traffic.plan import BOARD_PLAN
from jobmeter.sandbox.traffic.player import TAIL_DAYS, Sandbox, SandboxRefusedError, play_traffic
from jobmeter.sandbox.traffic.score import EvaluatedClick, evaluate_traffic, score

SANDBOX_PORT = 8750
SERVER_PORT = 8700

app = App(name="jobmeter", help="A self-hosted partner platform for job advertising.", version=__version__)
clock = App(name="clock", help="Shows and moves the clock of a running sandbox.")
database = App(name="db", help="Manages the database.")
traffic = App(name="traffic", help="Plays traffic into a running sandbox and scores the filters on it.")
app.command(clock)
app.command(traffic)
app.command(database)
database.command(psql)
app.command(explain.app)
app.command(feeds.app)
app.command(hiring.app)
app.command(networks.app)

console = Console()

# JOBMETER_DATABASE_URL does not apply here: a sandbox must never use the database of a production server.
SandboxUrlOption = Annotated[
    str, Parameter("--database-url", help="URL of a PostgreSQL 15 or newer for the sandbox.")
]
CredentialsOption = Annotated[
    Path | None,
    Parameter("--credentials", help="Credentials file of the sandbox; default: in the data folder."),
]


@app.command
def serve(
    *,
    host: str = "127.0.0.1",
    port: int = SERVER_PORT,
    workers: int = 1,
    data: DataOption = DATA / "production",
    database_url: UrlOption = "",
) -> None:
    """Runs a production server with the machine's clock. Keys: JOBMETER_EVENTS_KEY, _OPERATOR_KEY, _SECRET_KEY."""
    settings = Settings.from_environment()
    for kind, key in (("events", settings.events_key), ("operator", settings.operator_key)):
        if not key:
            console.print(
                f"[yellow]JOBMETER_{kind.upper()}_KEY is not set: the {kind} endpoints cannot be used."
            )
    if not settings.secret_key:
        console.print("[yellow]JOBMETER_SECRET_KEY is not set: apply links and webhooks are not available.")
    with open_database(data, database_url, is_watched=True) as url:
        run_server(
            replace(settings, database_url=url, sandbox=False),
            host=host,
            port=port,
            workers=workers,
            when_listening=lambda base_url: console.print(f"Jobmeter is listening at {base_url}"),
        )


@app.command
def sandbox(
    *,
    host: str = "127.0.0.1",
    port: int = SANDBOX_PORT,
    workers: int = 1,
    data: DataOption = DATA / "sandbox",
    database_url: SandboxUrlOption = "",
    credentials: CredentialsOption = None,
) -> None:
    """Runs a sandbox with a ready-to-use partner and a movable clock. Writes its credentials file once it is ready."""
    partner_file, credentials_file = data / "partner.json", credentials or data / "credentials.json"
    with open_database(data, database_url, is_watched=True) as url:
        content = sandbox_seed.read_credentials(partner_file)
        if content is None:
            keys = sandbox_seed.make_keys()
            content = asyncio.run(_make_partner(url, keys["secret_key"])) | keys
            sandbox_seed.write_credentials(partner_file, content)
        # The folder of an older sandbox may lack a key that was added since.
        content = sandbox_seed.make_keys() | content
        settings = replace(
            Settings.from_environment(),
            database_url=url,
            sandbox=True,
            events_key=content["events_key"],
            operator_key=content["operator_key"],
            secret_key=content["secret_key"],
        )

        def hand_out_credentials(base_url: str) -> None:
            sandbox_now = Sandbox(content | {"base_url": base_url}).read_clock().isoformat()
            sandbox_seed.write_credentials(
                credentials_file, content | {"base_url": base_url, "now": sandbox_now}
            )
            console.print(f"The sandbox is listening at {base_url}; credentials: {credentials_file}")

        run_server(settings, host=host, port=port, workers=workers, when_listening=hand_out_credentials)


async def _make_partner(url: str, secret_key: str) -> dict[str, Any]:
    opened = await Database.open(url, connections_max=2)
    try:
        return await sandbox_seed.make_partner(opened, now=read_machine_clock(), secret_key=secret_key)
    finally:
        await opened.close()


@app.command
def demo() -> None:
    """Runs an end-to-end demo: posts job ads, plays 35 days of traffic, prints the reports, verifies the money."""
    run_demo(console)


@traffic.default
def run_traffic(
    *,
    days: int = 7,
    seed: int = 1,
    views_per_job_day: float = 20,
    truth: Path | None = None,
    credentials: CredentialsOption = None,
) -> None:
    """Plays traffic for the live jobs of a running sandbox while moving its clock; writes the ground truth to --truth."""
    running = _running_sandbox(credentials)
    plan = replace(BOARD_PLAN, seed=seed, views_per_job_day=views_per_job_day)
    bar = Progress(TextColumn("{task.fields[day]}"), BarColumn(), console=console)
    with bar:
        task = bar.add_task("play", total=(days + TAIL_DAYS) * 24, day="")
        playback = play_traffic(
            running,
            plan,
            days=days,
            when_moved=lambda now: bar.update(task, advance=1, day=f"{now:%d %b %H:%M}"),
        )
        bar.update(task, completed=(days + TAIL_DAYS) * 24)
    tables.show_playback(console, playback)
    if truth is not None:
        write_truth(truth, playback.truth)
        console.print(f"Wrote the ground truth to {truth}")


@traffic.command(name="score")
def score_traffic(
    truth: Path, /, *, data: DataOption = DATA / "sandbox", database_url: SandboxUrlOption = ""
) -> None:
    """Prints the precision and recall of each filter and settlement rule, given the ground truth in the file TRUTH."""
    labels = read_labels(truth)
    with open_database(data, database_url) as url:
        tables.show_scores(console, score(asyncio.run(_evaluate(url, labels))))


async def _evaluate(url: str, labels: dict[str, Label]) -> list[EvaluatedClick]:
    opened = await Database.open(url, connections_max=1)
    try:
        async with opened.connection() as connection:
            return await evaluate_traffic(connection, labels)
    finally:
        await opened.close()


@clock.command(name="show")
def show_clock(*, credentials: CredentialsOption = None) -> None:
    """Prints the current time of the sandbox."""
    console.print(_running_sandbox(credentials).read_clock().isoformat())


@clock.command(name="set")
def set_clock(time: str, *, credentials: CredentialsOption = None) -> None:
    """Moves the clock forward to TIME (RFC 3339 or milliseconds) and runs everything that falls due in between."""
    console.print(_running_sandbox(credentials).move_clock(set=time).isoformat())


@clock.command(name="advance")
def advance_clock(span: str, *, credentials: CredentialsOption = None) -> None:
    """Moves the clock forward by SPAN, such as 3d, 36h or 90m, and runs everything that falls due in between."""
    console.print(_running_sandbox(credentials).move_clock(advance=span).isoformat())


def _running_sandbox(credentials: Path | None) -> Sandbox:
    path = credentials or DATA / "sandbox" / "credentials.json"
    content = sandbox_seed.read_credentials(path)
    if content is None or "base_url" not in content:
        raise SandboxRefusedError(
            f"there is no sandbox credentials file at {path}; start a sandbox with: jobmeter sandbox"
        )
    return Sandbox(content)


@database.command(name="check")
def check_database(*, data: DataOption = DATA / "production", database_url: UrlOption = "") -> None:
    """Verifies every law of the money over the whole database. The exit code is not 0 if one is broken."""
    with open_database(data, database_url, must_exist=True) as url:
        checks = asyncio.run(_check(url))
    _print_checks(checks)
    if any(check.breaches for check in checks):
        sys.exit(1)


async def _check(url: str) -> Sequence[LawCheck]:
    opened = await Database.open(url, connections_max=2)
    try:
        async with opened.transaction() as connection:
            return await integrity.check_laws(connection)
    finally:
        await opened.close()


def _print_checks(checks: Sequence[LawCheck]) -> None:
    table = Table(title="The laws of the money", title_justify="left")
    for name, side in (("law", "left"), ("checked", "right"), ("breaches", "right"), ("first", "left")):
        table.add_column(name, justify="right" if side == "right" else "left", overflow="fold")
    for check in checks:
        table.add_row(check.law, f"{check.checked:,}", f"{check.breaches:,}", check.example or "")
    console.print(table)
    broken = sum(1 for check in checks if check.breaches)
    console.print("[bold red]BROKEN" if broken else "[bold green]All laws hold.")


@database.command(name="upgrade")
def upgrade(*, data: DataOption = DATA / "production", database_url: UrlOption = "") -> None:
    """Creates or upgrades the schema; starting a server does this as well."""
    with open_database(data, database_url) as url:
        applied = asyncio.run(upgrade_database(url))
    console.print("\n".join(applied) if applied else "The schema is up to date.")


@app.command
def docs(folder: Path = Path("docs/reference"), /) -> None:
    """Generates the reference pages from the tables in the code."""
    for path in write_pages(folder):
        console.print(str(path))


def main(tokens: Sequence[str] | None = None) -> None:
    """The console script. Errors that the user can fix are printed as one line on standard error, with exit code 1."""
    try:
        app(tokens)
    except (DatabaseUnusable, SandboxRefusedError, ValueError, OSError) as error:
        print(f"jobmeter: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
