"""Owns the command ``jobmeter pull``: options, progress, summary, exit codes.

Does not own the pull (``run``) or what is pulled (``reading``).
"""

import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Self

from cyclopts import Parameter
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.days import day_of
from jobmeter.base.faults import CommandFailed
from jobmeter.base.terminal import Terminal
from jobmeter.cli.options import JsonOption, convert_day, whole_number
from jobmeter.cli.output import print_json
from jobmeter.pull.destinations.choice import ExtraMissingError, destination_exists, open_destination
from jobmeter.pull.destinations.protocol import DestinationBusyError
from jobmeter.pull.reading.configuration import Application, Configuration, read_configuration
from jobmeter.pull.reading.reader import Wanted
from jobmeter.pull.run import Outcome, Pull, find_state

COMPLETE, EXTRA_MISSING, PARTLY, TRY_AGAIN = 0, 3, 4, 75  # 75 is EX_TEMPFAIL
CONFIGURATION = Path("pull.toml")
THREADS, THREADS_MAX = 4, 64


def pull(
    *,
    config: Annotated[
        Path, Parameter(help="TOML file that names services and applications.")
    ] = CONFIGURATION,
    to: Annotated[
        str,
        Parameter(
            help="Destination: csv:, jsonl: or parquet: and a folder, sqlite: or duckdb: and a file, postgresql://..."
        ),
    ] = "",
    only: Annotated[
        list[str] | None, Parameter(negative="", help="Pull this application only; may be repeated.")
    ] = None,
    first: Annotated[
        date | None,
        Parameter(
            converter=convert_day, help="Earliest UTC day to pull; default: all that servers keep, a year."
        ),
    ] = None,
    again: Annotated[
        bool, Parameter(negative="", help="Remove what was pulled of the applications, and pull it again.")
    ] = False,
    dry_run: Annotated[
        bool, Parameter(negative="", help="Print what would be requested, without any request.")
    ] = False,
    threads: Annotated[
        int,
        whole_number(least=1, most=THREADS_MAX, meaning="How many applications are pulled at once."),
    ] = THREADS,
    today: Annotated[
        date | None,
        Parameter(
            converter=convert_day,
            help="UTC day to count as today, for a sandbox whose clock was moved; default: the machine's.",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Copies the figures of many applications to files or a database, and updates them when it runs again.

    The exit code is 0 if all of it was pulled, 4 if applications failed that need a person, 75 if the same command may
    succeed later. An interrupted pull is continued by the next one.
    """
    configuration = read_configuration(config.expanduser())
    address = to or configuration.to
    if not address:
        raise CommandFailed(
            "no destination: name one with --to, such as --to sqlite:numbers.db, or in the configuration"
        )
    wanted = [
        Wanted(
            application=one, first=first or configuration.first, today=today or day_of(read_machine_clock())
        )
        for one in _choose(configuration, only)
    ]
    try:
        if dry_run:
            _print_plan(wanted, _read_states(address), is_json=json)
            return
        outcomes = _pull(wanted, address, threads=threads, is_again=again)
    except DestinationBusyError as error:
        _end(error, TRY_AGAIN)
    except ExtraMissingError as error:
        _end(error, EXTRA_MISSING)
    _print_outcomes(outcomes, is_json=json)
    sys.exit(choose_exit_code(outcomes))


def choose_exit_code(outcomes: Sequence[Outcome]) -> int:
    failed = [one for one in outcomes if one.error]
    if not failed:
        return COMPLETE
    return TRY_AGAIN if all(one.is_temporary for one in failed) else PARTLY


def _end(error: CommandFailed, code: int) -> None:
    Terminal(stderr=True).print_line(f"jobmeter: {error}")
    sys.exit(code)


def _choose(configuration: Configuration, only: Sequence[str] | None) -> Sequence[Application]:
    if not only:
        return configuration.applications
    by_name = {one.name: one for one in configuration.applications}
    unknown = [name for name in only if name not in by_name]
    if unknown:
        raise CommandFailed(f"{unknown[0]!r} is not one of the applications: {', '.join(by_name)}")
    return [by_name[name] for name in dict.fromkeys(only)]


def _read_states(address: str) -> Mapping[str, str]:
    if not destination_exists(address):
        return {}
    destination = open_destination(address)
    try:
        return destination.read_states()
    finally:
        destination.close()


def _pull(wanted: Sequence[Wanted], address: str, *, threads: int, is_again: bool) -> list[Outcome]:
    destination = open_destination(address)
    try:
        for one in wanted if is_again else ():
            destination.drop(one.application.name)
        with ProgressBar(len(wanted)) as bar:
            running = Pull(destination, Application.open_client, bar)
            outcomes = []
            for outcome in running.run(wanted, threads=threads):
                outcomes.append(outcome)
                bar.finish()
    finally:
        destination.close()
    order = [one.application.name for one in wanted]
    return sorted(outcomes, key=lambda one: order.index(one.application))


class ProgressBar:
    """Days of all applications, on standard error, if that is a terminal."""

    def __init__(self, applications: int) -> None:
        console = Terminal(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f} of {task.total:,.0f} days"),
            TimeRemainingColumn(compact=True),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._applications, self._finished, self._days = applications, 0, 0
        self._task = self._progress.add_task(self._describe(), total=0)
        self._lock = threading.Lock()

    def plan(self, days: int) -> None:
        with self._lock:
            self._days += days
            self._progress.update(self._task, total=self._days)

    def advance(self, days: int) -> None:
        self._progress.advance(self._task, days)

    def finish(self) -> None:
        self._finished += 1
        self._progress.update(self._task, description=self._describe())

    def _describe(self) -> str:
        return f"{self._finished} of {self._applications} applications"

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()


def _print_plan(wanted: Sequence[Wanted], states: Mapping[str, str], *, is_json: bool) -> None:
    plans: list[dict[str, Any]] = []
    for one in wanted:
        state = find_state(states, one)
        plans.append(
            {
                "application": one.application.name,
                "streams": [stream.name for stream in one.application.streams],
                "days": one.count_days(state),
                "first": one.span.first.isoformat(),
                "last": one.span.last.isoformat(),
                "afterCursor": state.cursor if one.follows_charges else None,
            }
        )
    if is_json:
        print_json({"applications": plans})
        return
    columns = ("application", "first", "last", "days")
    rows = [
        [*(plan[name] for name in columns[:3]), f"{plan['days']:,}", ", ".join(plan["streams"])]
        for plan in plans
    ]
    Terminal().print_table((*columns, "streams"), rows)


def _print_outcomes(outcomes: Sequence[Outcome], *, is_json: bool) -> None:
    if is_json:
        content = [asdict(one) | {"rows": dict(one.rows)} for one in outcomes]
        print_json({"applications": content})
        return
    rows = []
    for one in outcomes:
        state = "complete" if not one.error else "try again" if one.is_temporary else "failed"
        rows.append((one.application, f"{one.days:,}", f"{sum(one.rows.values()):,}", state))
    Terminal().print_table(("application", "days", "rows", "state"), rows)
    errors = Terminal(stderr=True)
    for one in outcomes:
        if one.error:
            errors.print_line(f"jobmeter: {one.application}: {one.error}")
