"""Owns the commands ``jobmeter feed ...``, which load a job feed from a file and print progress and results.

Does not own the loading (``jobmeter.jobs.feeds.loading.flow``).
"""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, BinaryIO

from cyclopts import App, Parameter
from rich.progress import Progress

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.terminal import Terminal
from jobmeter.cli.options import BIGINT_MAX, PRODUCTION_DATA, DataOption, UrlOption, whole_number
from jobmeter.cli.serve import open_database
from jobmeter.database.pool import Database
from jobmeter.jobs.feeds import flow as feeds
from jobmeter.jobs.feeds.loading.flow import load_feed
from jobmeter.jobs.feeds.model import FeedReport, FeedRun, FeedRunOutcome
from jobmeter.partners.applications import flow as partners

ERRORS_SHOWN_MAX = 20

app = App(name="feed")


@app.command
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
    data: DataOption = PRODUCTION_DATA,
    database_url: UrlOption = "",
) -> None:
    """Loads the job feed FILE for an application: creates, updates and closes jobs according to the difference.

    The same file name is the same feed. The exit code is 0 only if the feed was read to its end.
    """
    console = Terminal()
    path = file.expanduser().resolve()
    with (
        open_database(data, database_url) as url,
        path.open("rb") as opened,
        Progress(console=console, disable=not progress) as bar,
    ):
        task = bar.add_task("jobs", total=path.stat().st_size)
        # The parser is slightly ahead of the jobs that have been written, which is accurate enough for a progress bar.
        report = asyncio.run(
            _load(url, path, opened, application, lambda _: bar.update(task, completed=opened.tell()))
        )
    assert report.run is not None, "each load is recorded as a run"
    _print(console, report, report.run)
    if report.run.outcome is not FeedRunOutcome.DONE:
        sys.exit(1)


async def _load(
    url: str, path: Path, opened: BinaryIO, application_id: int, when_read: Callable[[int], None]
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
                connection, application=application, location=path.as_uri(), interval_minutes=None, now=now
            )
        async with feeds.lock_feed(database, feed) as is_held:
            if not is_held:
                raise ValueError(f"feed {feed.id} is already being read")
            await load_feed(database, feed=feed, file=opened, now=now, when_read=when_read)
        async with database.connection() as connection:
            return await feeds.read_report(connection, feed=feed, after=-1, rows_max=ERRORS_SHOWN_MAX)
    finally:
        await database.close()


def _print(console: Terminal, report: FeedReport, run: FeedRun) -> None:
    console.print_line(
        f"Feed {report.feed.id}, {run.outcome}: {run.jobs:,} jobs; {run.created:,} created, {run.updated:,} updated, "
        f"{run.unchanged:,} unchanged, {run.closed:,} closed, {run.failed:,} failed {run.message}"
    )
    for error in report.errors:
        console.print_line(f"  job {error.index} {error.partner_job_id}: {error.path} {error.why}")
