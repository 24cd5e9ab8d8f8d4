"""Owns the commands ``jobmeter feeds ...``, which load a job feed from a file and print progress and results.

Does not own the loading (``jobmeter.jobs.feeds.loading.flow``).
"""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, BinaryIO

from cyclopts import Parameter

from jobmeter.api.operator.feeds import serialize_feed, serialize_report
from jobmeter.audit import flow as audit
from jobmeter.audit.model import Act, Action
from jobmeter.base.clock import read_machine_clock
from jobmeter.base.settings import Settings
from jobmeter.base.terminal import Terminal
from jobmeter.cli.options import BIGINT_MAX, PRODUCTION_DATA, DataOption, JsonOption, UrlOption, whole_number
from jobmeter.cli.output import print_json
from jobmeter.cli.progress import make_progress
from jobmeter.cli.server.serve import make_actor, open_database
from jobmeter.database.pool import Database
from jobmeter.jobs.feeds import flow as feeds
from jobmeter.jobs.feeds.loading.flow import load_feed
from jobmeter.jobs.feeds.model import FeedReport, FeedRun, FeedRunOutcome
from jobmeter.partners.applications import flow as partners
from jobmeter.wire.xml.feed.flaws import FeedError
from jobmeter.wire.xml.feed.requirements import FeedDefaults

ERRORS_SHOWN_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultOptions:
    """The options for ``FeedDefaults``, under the same names."""

    company_name: Annotated[str, Parameter(help="Company of jobs that name none.")] = ""
    company_id: Annotated[
        int | None, whole_number(least=0, most=BIGINT_MAX, meaning="Company page of jobs that name none.")
    ] = None
    country: Annotated[str, Parameter(help="Country of jobs that name none, as two letters.")] = ""
    location: Annotated[str, Parameter(help="Location of jobs that name none.")] = ""
    poster_email: Annotated[str, Parameter(help="Poster of jobs that name none.")] = ""
    apply_url_pattern: Annotated[
        str, Parameter(help="Apply address of jobs without one; with {id} in place of the job's id.")
    ] = ""
    dates_day_first: Annotated[
        bool | None, Parameter(help="Whether 03/04/2026 is the third of April; default: decided by the feed.")
    ] = None
    is_complete: Annotated[
        bool | None, Parameter(help="Whether jobs that are missing from the feed are closed.")
    ] = None


NO_DEFAULTS = DefaultOptions()


def load(
    file: Annotated[Path, Parameter(help="XML document with the jobs.")],
    *,
    application: Annotated[
        int,
        whole_number(
            least=0,
            most=BIGINT_MAX,
            meaning="Number of the application, as in its URN, to which the jobs belong.",
        ),
    ],
    progress: Annotated[bool, Parameter(negative="", help="Show a progress bar.")] = False,
    defaults: Annotated[DefaultOptions, Parameter(name="*")] = NO_DEFAULTS,
    data: DataOption = PRODUCTION_DATA,
    database_url: UrlOption = "",
    json: JsonOption = False,
) -> None:
    """Loads the job feed FILE for an application: creates, updates and closes jobs according to the difference.

    The same file name is the same feed; the defaults hold for jobs that do not say otherwise,
    and are kept for the next load. The exit code is 0
    if the feed was read to its end and applied, 1 if it was not or if every job was refused.

    Example: jobmeter feeds load jobs.xml --application 1000002 --progress
    """
    console = Terminal(stderr=json)
    path = file.expanduser().resolve()
    with (
        open_database(data, database_url) as url,
        path.open("rb") as opened,
        make_progress(console, is_shown=progress) as bar,
    ):
        task = bar.add_task("jobs", total=path.stat().st_size)
        # The parser is slightly ahead of the jobs that have been written, which is accurate enough for a progress bar.
        report = asyncio.run(
            _load(
                url,
                path,
                opened,
                application,
                defaults=None if defaults == NO_DEFAULTS else FeedDefaults(**asdict(defaults)),
                when_read=lambda _: bar.update(task, completed=opened.tell()),
            )
        )
    assert report.run is not None, "each load is recorded as a run"
    if json:
        print_json({"id": report.feed.id} | serialize_report(report))
    else:
        _print(console, report, report.run)
    if report.run.outcome is not FeedRunOutcome.DONE:
        sys.exit(1)


async def _load(
    url: str,
    path: Path,
    opened: BinaryIO,
    application_id: int,
    *,
    defaults: FeedDefaults | None,
    when_read: Callable[[int], None],
) -> FeedReport:
    """Loads the feed and returns its report. Raises ``ValueError`` for an unknown application or a feed that is being read."""
    now = read_machine_clock()
    async with Database.opened(url, connections_max=3) as database:
        async with database.transaction() as connection:
            application = await partners.find_application(connection, application_id=application_id)
            if application is None:
                raise ValueError(f"there is no application {application_id}")
            known = await feeds.find_feed_at(connection, application=application, location=path.as_uri())
            feed = await feeds.register_feed(
                connection,
                application=application,
                location=path.as_uri(),
                interval_minutes=None,
                now=now,
                defaults=defaults,
            )
            act = Act(
                action=Action.FEED_REGISTER,
                subject_id=str(feed.id),
                actor=make_actor(),
                at=now,
                partner_id=application.partner_id,
                before={} if known is None else serialize_feed(known),
                after=serialize_feed(feed),
            )
            await audit.record(connection, act)
        async with feeds.lock_feed(database, feed) as is_held:
            if not is_held:
                raise ValueError(f"feed {feed.id} is already being read")
            policy = feeds.make_policy(Settings.from_environment())
            await load_feed(database, feed=feed, file=opened, now=now, policy=policy, when_read=when_read)
        async with database.connection() as connection:
            return await feeds.read_report(connection, feed=feed, after=-1, rows_max=ERRORS_SHOWN_MAX)


def _print(console: Terminal, report: FeedReport, run: FeedRun) -> None:
    shape = f" in {run.shape}" if run.shape else ""
    console.print_line(
        f"Feed {report.feed.id}, {run.outcome}: {run.jobs:,} jobs{shape}; {run.created:,} created, {run.updated:,} updated, "
        f"{run.unchanged:,} unchanged, {run.closed:,} closed, {run.failed:,} refused, {run.warned:,} with warnings {run.message}"
    )
    for note in run.notes:
        console.print_line(f"  feed: {note}")
    for error in report.errors:
        console.print_line(f"  {_show(error)}")


def _show(error: FeedError) -> str:
    named = " ".join(
        filter(
            None,
            (
                f'"{error.title}"' if error.title else "",
                f"({error.partner_job_id})" if error.partner_job_id else "",
            ),
        )
    )
    taken = "not taken" if error.is_error else "taken"
    path = "" if len(error.flaws) > 1 else f"{error.path} "
    return f"job {error.index} {named}: {taken}. {path}{error.why}"
