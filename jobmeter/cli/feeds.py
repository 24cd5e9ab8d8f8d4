"""Owns the commands ``jobmeter feed ...``: loading a job feed from a file, with its progress and what came of it.

Does not own the loading (``jobmeter.jobs.feeds.loading.flow``).
"""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from cyclopts import App
from rich.console import Console
from rich.progress import Progress

from jobmeter.base.clock import read_machine_clock
from jobmeter.cli.serve import DATA, DataOption, UrlOption, open_database
from jobmeter.database.pool import Database
from jobmeter.jobs.feeds import flow as feeds
from jobmeter.jobs.feeds.loading.flow import load_feed
from jobmeter.jobs.feeds.model import FeedReport, FeedRun, FeedRunOutcome
from jobmeter.partners.applications import flow as partners

ERRORS_SHOWN_MAX = 20

app = App(name="feed", help="Loads job feeds.")


@app.command
def load(
    file: Path,
    *,
    application: int,
    progress: bool = False,
    data: DataOption = DATA / "production",
    database_url: UrlOption = "",
) -> None:
    """Loads the job feed FILE for an application: creates, changes and closes its jobs by difference.

    The same file name is the same feed. The exit code is not 0 unless the feed was read to its end.
    """
    console = Console()
    path = file.expanduser().resolve()
    with (
        open_database(data, database_url) as url,
        path.open("rb") as opened,
        Progress(console=console, disable=not progress) as bar,
    ):
        task = bar.add_task("jobs", total=path.stat().st_size)
        # The reader is a little ahead of the jobs that are written, which is close enough for a bar.
        report = asyncio.run(
            _load(url, path, opened, application, lambda _: bar.update(task, completed=opened.tell()))
        )
    assert report.run is not None, "a load is noted"
    _print(console, report, report.run)
    if report.run.outcome is not FeedRunOutcome.DONE:
        sys.exit(1)


async def _load(
    url: str, path: Path, opened: BinaryIO, application_id: int, when_read: Callable[[int], None]
) -> FeedReport:
    """Raises ``ValueError`` where there is no such application, or the feed is being read already."""
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
                raise ValueError(f"feed {feed.id} is being read already")
            await load_feed(database, feed=feed, file=opened, now=now, when_read=when_read)
        async with database.connection() as connection:
            return await feeds.read_report(connection, feed=feed, after=-1, rows_max=ERRORS_SHOWN_MAX)
    finally:
        await database.close()


def _print(console: Console, report: FeedReport, run: FeedRun) -> None:
    console.print(
        f"Feed {report.feed.id}, {run.outcome}: {run.jobs:,} jobs; {run.created:,} created, {run.updated:,} changed, "
        f"{run.unchanged:,} unchanged, {run.closed:,} closed, {run.failed:,} in error {run.message}"
    )
    for error in report.errors:
        console.print(f"  job {error.index} {error.partner_job_id}: {error.path} {error.why}", markup=False)
