"""Owns the commands ``jobmeter feeds ...``: job feeds, their runs and errors, on a running server.

Does not own the loading of a file into a database (``cli.server.feeds``), which is listed here.
"""

from typing import Annotated

from cyclopts import App, Parameter

from jobmeter.base.faults import CommandFailed
from jobmeter.cli.operator.calls import OPERATOR, Operator, add_query, list_given
from jobmeter.cli.options import BIGINT_MAX, ApplicationOption, whole_number

ROOT = "/operator/feeds"
INTERVAL_MAX = 10_080

app = App(name="feeds")
app.command(
    "jobmeter.cli.server.feeds:load",
    name="load",
    help="Loads the job feed of a file into the database, without a server, and prints progress and errors.\n\n"
    "Example: jobmeter feeds load jobs.xml --application 1000002 --progress",
)

FeedNumber = Annotated[int, whole_number(least=0, most=2**31 - 1, meaning="Number of the feed.")]


@app.command(name="list")
def list_feeds(*, application: ApplicationOption = None, server: Operator = OPERATOR) -> None:
    """Lists the job feeds of all applications, or of one.

    Example: jobmeter feeds list --application 1000002
    """
    rows = server.read_all(ROOT, applicationId=application)
    server.print_rows(rows, ("id", "application", "url", "path", "intervalMinutes", "dueAt"))


@app.command
def show(feed: FeedNumber, *, server: Operator = OPERATOR) -> None:
    """Shows a feed and its last run.

    Example: jobmeter feeds show 3
    """
    found = server.call("GET", f"{ROOT}/{feed}/report")
    server.print_record({name: value for name, value in found.items() if name not in {"errors", "nextAfter"}})


@app.command
def create(
    application: Annotated[
        int, whole_number(least=1, most=BIGINT_MAX, meaning="Number of the application that owns the jobs.")
    ],
    *,
    feed_url: Annotated[str | None, Parameter(help="The https address of the feed.")] = None,
    path: Annotated[str | None, Parameter(help="A file on the server, instead of an address.")] = None,
    interval_minutes: Annotated[
        int | None,
        whole_number(least=1, most=INTERVAL_MAX, meaning="Minutes between runs; default: on request only."),
    ] = None,
    server: Operator = OPERATOR,
) -> None:
    """Registers a job feed, or sets its interval. With an interval, the first run starts at once.

    Example: jobmeter feeds create 1000002 --feed-url https://partner.example/jobs.xml --interval-minutes 60
    """
    if (feed_url is None) == (path is None):
        raise CommandFailed("give exactly one of --feed-url and --path")
    body = list_given(applicationId=application, url=feed_url, path=path, intervalMinutes=interval_minutes)
    server.show("POST", ROOT, body)


@app.command
def run(
    feed: FeedNumber,
    *,
    may_close_all: Annotated[
        bool, Parameter(negative="", help="Close jobs even if most of them are missing from the feed.")
    ] = False,
    server: Operator = OPERATOR,
) -> None:
    """Requests a run of a feed; `jobmeter feeds show` shows its result.

    Example: jobmeter feeds run 3
    """
    server.show("POST", f"{ROOT}/{feed}/runs", {"mayCloseAll": may_close_all})


@app.command
def runs(feed: FeedNumber, *, server: Operator = OPERATOR) -> None:
    """Lists the runs of a feed.

    Example: jobmeter feeds runs 3
    """
    rows = server.read_all(f"{ROOT}/{feed}/runs")
    server.print_rows(rows, ("startedAt", "outcome", "jobs", "created", "closed", "failed", "message"))


@app.command
def errors(feed: FeedNumber, *, server: Operator = OPERATOR) -> None:
    """Lists the flaws of a feed's jobs in its last run.

    Example: jobmeter feeds errors 3
    """
    rows, after = [], None
    while True:
        page = server.call("GET", add_query(f"{ROOT}/{feed}/report", after=after))
        rows += page["errors"]
        after = page["nextAfter"]
        if after is None:
            break
    server.print_rows(rows, ("partnerJobId", "title", "severity", "path", "message"))
