"""Owns the commands ``jobmeter feed ...``, which load a job feed from a file and print progress and results.

Does not own the loading (``jobmeter.jobs.feeds.loading.flow``).
"""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, BinaryIO

from cyclopts import App, Parameter
from rich.console import Console
from rich.progress import Progress

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.settings import Settings
from jobmeter.cli.serve import DATA, DataOption, UrlOption, open_database
from jobmeter.database.pool import Database
from jobmeter.jobs.feeds import flow as feeds
from jobmeter.jobs.feeds.loading.flow import load_feed
from jobmeter.jobs.feeds.model import FeedReport, FeedRun, FeedRunOutcome
from jobmeter.partners.applications import flow as partners
from jobmeter.wire.xml.feed.flaws import FeedError
from jobmeter.wire.xml.feed.requirements import FeedDefaults

ERRORS_SHOWN_MAX = 20
NO_DEFAULTS = FeedDefaults()

app = App(name="feed", help="Loads job feeds.")


@app.command
def load(
    file: Path,
    *,
    application: int,
    progress: bool = False,
    defaults: Annotated[FeedDefaults, Parameter(name="*")] = NO_DEFAULTS,
    data: DataOption = DATA / "production",
    database_url: UrlOption = "",
) -> None:
    """Loads the job feed FILE for an application: creates, updates and closes jobs according to the difference.

    The same file name is the same feed; the defaults hold for jobs that do not say otherwise,
    and are kept for the next load. The exit code is 0
    if the feed was read to its end and applied, 1 if it was not or if every job was refused.
    """
    console = Console()
    path = file.expanduser().resolve()
    with (
        open_database(data, database_url) as url,
        path.open("rb") as opened,
        Progress(console=console, disable=not progress) as bar,
    ):
        task = bar.add_task("jobs", total=path.stat().st_size)
        # The parser is slightly ahead of the jobs that have been written, which is accurate enough for a progress bar.
        report = asyncio.run(
            _load(
                url,
                path,
                opened,
                application,
                defaults=None if defaults == NO_DEFAULTS else defaults,
                when_read=lambda _: bar.update(task, completed=opened.tell()),
            )
        )
    assert report.run is not None, "each load is recorded as a run"
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
    database = await Database.open(url, connections_max=3)
    try:
        async with database.transaction() as connection:
            application = await partners.find_application(connection, application_id=application_id)
            if application is None:
                raise ValueError(f"there is no application {application_id}")
            feed = await feeds.register_feed(
                connection,
                application=application,
                location=path.as_uri(),
                interval_minutes=None,
                now=now,
                defaults=defaults,
            )
        async with feeds.lock_feed(database, feed) as is_held:
            if not is_held:
                raise ValueError(f"feed {feed.id} is already being read")
            policy = feeds.make_policy(Settings.from_environment())
            await load_feed(database, feed=feed, file=opened, now=now, policy=policy, when_read=when_read)
        async with database.connection() as connection:
            return await feeds.read_report(connection, feed=feed, after=-1, rows_max=ERRORS_SHOWN_MAX)
    finally:
        await database.close()


def _print(console: Console, report: FeedReport, run: FeedRun) -> None:
    shape = f" in {run.shape}" if run.shape else ""
    console.print(
        f"Feed {report.feed.id}, {run.outcome}: {run.jobs:,} jobs{shape}; {run.created:,} created, {run.updated:,} updated, "
        f"{run.unchanged:,} unchanged, {run.closed:,} closed, {run.failed:,} refused, {run.warned:,} with warnings {run.message}",
        markup=False,
    )
    for note in run.notes:
        console.print(f"  feed: {note}", markup=False)
    for error in report.errors:
        console.print(f"  {_show(error)}", markup=False)


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
