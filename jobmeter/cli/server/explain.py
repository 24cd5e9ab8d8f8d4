"""Owns the commands ``jobmeter explain ...``, which print a figure with its postings and clicks as tables.

Does not own the explanations (``jobmeter.explain.flow``).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from csv import writer
from datetime import date
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

from cyclopts import App, Parameter

from jobmeter.api.operator.explain import (
    serialize_charge_explanation,
    serialize_day_explanation,
    serialize_job_explanation,
)
from jobmeter.base.clock import to_ms
from jobmeter.base.faults import Refused
from jobmeter.base.money import format_amount
from jobmeter.base.readers.times import read_moment
from jobmeter.base.terminal import Terminal
from jobmeter.cli.options import (
    PRODUCTION_DATA,
    AfterOption,
    DataOption,
    JobId,
    JsonOption,
    PostingsAfterOption,
    UrlOption,
    check_time,
    convert_day,
)
from jobmeter.cli.output import print_json
from jobmeter.cli.server.serve import open_database
from jobmeter.database.connection import Connection
from jobmeter.database.pool import Database
from jobmeter.explain import flow as explain
from jobmeter.explain.model import ClickPage, ExplainedDay, ExplainedJob, ExplainedPosting, Restatement
from jobmeter.ledger.model import AccountKind, Purpose
from jobmeter.metering.intake.model import find_event_key
from jobmeter.settlement.model import RULES

app = App(name="explain")

Found = TypeVar("Found")


Day = Annotated[date, Parameter(converter=convert_day, help="UTC day, such as 2026-03-02.")]


@app.command
def job(
    job_id: JobId,
    *,
    postings_after: PostingsAfterOption = 0,
    data: DataOption = PRODUCTION_DATA,
    database_url: UrlOption = "",
    json: JsonOption = False,
) -> None:
    """Shows the budget of job JOB_ID, its days and its postings, a thousand at a time.

    Example: jobmeter explain job 256
    """
    found = _run(
        lambda connection: explain.explain_job(connection, job_id=job_id, postings_after=postings_after),
        data,
        database_url,
    )
    if json:
        print_json(serialize_job_explanation(found))
        return
    console = Terminal()
    _print_job(console, found.job)
    _print_days(console, found.days, found.job.currency)
    _print_postings(console, found.page.postings, found.job.currency)
    _print_more(console, "--postings-after", found.page.next_after)


@app.command
def day(
    job_id: JobId,
    day: Day,
    *,
    after: AfterOption = explain.FIRST_KEY,
    postings_after: PostingsAfterOption = 0,
    csv: Annotated[Path | None, Parameter(help="Write every click of the day to this file instead.")] = None,
    data: DataOption = PRODUCTION_DATA,
    database_url: UrlOption = "",
    json: JsonOption = False,
) -> None:
    """Shows the figures of job JOB_ID on DAY, their postings and restatements, and its clicks, a thousand at a time.

    Example: jobmeter explain day 256 2026-03-02 --csv clicks.csv
    """
    if csv is not None:
        written = _run(lambda connection: _write_clicks(connection, job_id, day, csv), data, database_url)
        Terminal().print_line(f"Wrote {written:,} clicks to {csv}")
        return
    found = _run(
        lambda connection: explain.explain_day(
            connection, job_id=job_id, day=day, after=after, postings_after=postings_after
        ),
        data,
        database_url,
    )
    if json:
        print_json(serialize_day_explanation(found))
        return
    console, currency = Terminal(), found.job.currency
    _print_job(console, found.job)
    _print_days(console, [found.day], currency)
    _print_postings(console, found.page.postings, currency)
    _print_more(console, "--postings-after", found.page.next_after)
    _print_restatements(console, found.restatements, currency)
    _print_clicks(console, found.click_page, currency)
    _print_more(console, "--after", found.click_page.next_after)


@app.command
def charge(
    reference: Annotated[UUID, Parameter(help="Reference of the charge, as in reports and postings.")],
    *,
    after: AfterOption = explain.FIRST_KEY,
    data: DataOption = PRODUCTION_DATA,
    database_url: UrlOption = "",
    json: JsonOption = False,
) -> None:
    """Shows the charge REFERENCE, its corrections, and the clicks of its batch, a thousand at a time.

    Example: jobmeter explain charge 0192f0c1-2a3b-7c4d-8e5f-60718293a4b5
    """
    found = _run(
        lambda connection: explain.explain_charge(connection, reference=reference, after=after),
        data,
        database_url,
    )
    if json:
        print_json(serialize_charge_explanation(found))
        return
    console = Terminal()
    _print_job(console, found.job)
    amount = format_amount(found.charge.amount, found.job.currency)
    console.print_line(f"Charge {reference} of {amount} on {found.charge.day}, batch {found.charge.batch}")
    _print_postings(console, found.corrections, found.job.currency)
    _print_clicks(console, found.click_page, found.job.currency)
    _print_more(console, "--after", found.click_page.next_after)


@app.command
def event(
    source: Annotated[str, Parameter(help="Source of the event, as the job board sent it.")],
    id: Annotated[str, Parameter(help="Id of the event, as the job board sent it.")],  # noqa: A002 -- the field's name
    time: Annotated[
        str, Parameter(validator=check_time, help="Time of the event: milliseconds or RFC 3339.")
    ],
    *,
    data: DataOption = PRODUCTION_DATA,
    database_url: UrlOption = "",
    json: JsonOption = False,
) -> None:
    """Shows what happened to the event that the job board sent with SOURCE, ID and TIME (milliseconds or RFC 3339).

    Example: jobmeter explain event board click-17 2026-03-02T09:00:00Z
    """
    moment = read_moment(time)
    key = None if moment is None else find_event_key(source=source, event_id=id, time=to_ms(moment))
    if key is None:
        raise ValueError("source, id and time do not identify a valid event")
    found = _run(lambda connection: explain.explain_event(connection, event_key=key), data, database_url)
    if json:
        shown = {"eventKey": str(key), "jobId": found.event.job_id, "intake": found.verdict, "click": None}
        if found.click is not None:
            outcome = {"outcome": found.click.outcome.value, "reason": found.click.reason}
            shown["click"] = outcome | {"charge": str(found.click.charge) if found.click.charge else None}
        print_json(shown)
        return
    console = Terminal()
    console.print_line(f"Event {key} of job {found.event.job_id}, batch {found.event.batch}: {found.verdict}")
    if found.click is not None:
        console.print_line(
            f"{found.click.outcome.value}: {found.click.reason}; charge: {found.click.charge or 'none'}"
        )


def _run(query: Callable[[Connection], Awaitable[Found]], data: Path, database_url: str) -> Found:
    with open_database(data, database_url, must_exist=True) as url:
        return asyncio.run(_read(url, query))


async def _read(url: str, query: Callable[[Connection], Awaitable[Found]]) -> Found:
    """Runs ``query`` on the database. Raises ``ValueError`` with the message of a refusal, to print as one line."""
    async with Database.opened(url, connections_max=1) as database, database.connection() as connection:
        try:
            return await query(connection)
        except Refused as refused:
            raise ValueError(refused.message) from refused


async def _write_clicks(connection: Connection, job_id: int, day: date, path: Path) -> int:
    """Writes all clicks as comma-separated values, one page at a time; returns their number."""
    written = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = writer(file)
        lines.writerow(("eventKey", "at", "visitor", "batch", "outcome", "reason", "charge", "amount"))
        async for currency, clicks in explain.stream_clicks(connection, job_id=job_id, day=day):
            lines.writerows(
                (
                    found.event_key,
                    found.at.isoformat(),
                    f"{found.visitor:x}" if found.visitor else "",
                    found.batch,
                    found.outcome.value,
                    found.reason,
                    found.charge or "",
                    _show(found.amount_micros, currency),
                )
                for found in clicks
            )
            written += len(clicks)
    return written


def _print_more(console: Terminal, option: str, next_after: object) -> None:
    if next_after is not None:
        console.print_line(f"More rows: {option} {next_after}")


def _print_job(console: Terminal, found: ExplainedJob) -> None:
    console.print_line(f"Job {found.job_id} ({found.external_id}), {found.state}: {found.title}")
    if found.currency:
        price, budget, spent, released = (
            format_amount(micros, found.currency)
            for micros in (
                found.click_price_micros,
                found.budget_micros,
                found.spent_micros,
                found.released_micros,
            )
        )
        console.print_line(
            f"{price} {found.currency} per click; budget {budget}, spent {spent}, released {released}"
        )


def _print_days(console: Terminal, days: Iterable[ExplainedDay], currency: str) -> None:
    columns = ("day", "views", "clicks", "charged", "beyond budget", "refused", "reversed", "charge", "final")
    console.print_table(
        columns,
        (
            (
                found.day,
                found.views,
                found.apply_clicks,
                found.clicks_charged,
                found.clicks_free,
                found.clicks_refused,
                found.clicks_reversed,
                _show(found.charge_micros, currency),
                "yes" if found.settled_at else "not yet",
            )
            for found in days
        ),
        title="Days",
    )


def _print_postings(console: Terminal, postings: Iterable[ExplainedPosting], currency: str) -> None:
    columns = ("number", "reference", "purpose", "from", "to", "amount", "day", "booked", "corrects")
    console.print_table(
        columns,
        (
            (
                found.number,
                found.reference,
                Purpose(found.purpose).name,
                AccountKind(found.source_kind).name,
                AccountKind(found.destination_kind).name,
                _show(found.amount, currency),
                found.day,
                f"{found.booked_at:%Y-%m-%d %H:%M:%S}",
                found.corrects or "",
            )
            for found in postings
        ),
        title="Postings",
    )


def _print_restatements(console: Terminal, changes: Iterable[Restatement], currency: str) -> None:
    columns = ("recorded", "cause", "views", "clicks", "charged", "charge", "reversed")
    console.print_table(
        columns,
        (
            (
                f"{found.recorded_at:%Y-%m-%d %H:%M:%S}",
                "settlement" if found.is_settlement else "late events",
                found.change.views,
                found.change.apply_clicks,
                found.change.clicks_charged,
                _show(found.change.charge_micros, currency),
                ", ".join(
                    f"{count} {RULES[int(rule)].name}" for rule, count in sorted(found.reasons.items())
                ),
            )
            for found in changes
        ),
        title="Restatements",
    )


def _print_clicks(console: Terminal, page: ClickPage, currency: str) -> None:
    if page.dropped_at is not None:
        console.print_line(
            f"The events of this day were dropped on {page.dropped_at:%Y-%m-%d}: its clicks cannot be listed."
        )
    columns = ("at", "event", "visitor", "batch", "outcome", "why", "amount")
    console.print_table(
        columns,
        (
            (
                f"{found.at:%H:%M:%S.%f}"[:-3],
                found.event_key,
                f"{found.visitor:x}" if found.visitor else "unknown",
                found.batch,
                found.outcome.value,
                found.reason,
                _show(found.amount_micros, currency),
            )
            for found in page.clicks
        ),
        title="Clicks",
    )


def _show(micros: int, currency: str) -> str:
    return format_amount(micros, currency) if currency else "-"
