"""``/portal/partner/feeds``: a partner's job feeds, their runs, and each error with its element; managers have one read now."""

from collections.abc import Sequence

from starlette.responses import Response

from jobmeter.audit.model import Action
from jobmeter.database.connection import Connection
from jobmeter.exports.model import Column, ColumnType
from jobmeter.http.parameters import PAGE_ROWS, read_path_id, read_query_id
from jobmeter.jobs.feeds import flow as feeds
from jobmeter.jobs.feeds.model import FeedRunOutcome, PartnerFeed
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.site import ROOT
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.files import CHUNK_ROWS, read_tables, send_tables
from jobmeter.portal.pages.partner.listed_jobs import StateChip
from jobmeter.portal.pages.partner.owned import find_partner_id
from jobmeter.wire.xml.feed.flaws import FeedError

FEEDS = f"{ROOT}/partner/feeds"
RUNS_SHOWN = 10
_OUTCOMES = {
    FeedRunOutcome.DONE: StateChip(kind="good", shape="full", text=mark("Read")),
    FeedRunOutcome.NOT_CHANGED: StateChip(kind="good", shape="full", text=mark("Not changed")),
    FeedRunOutcome.STOPPED: StateChip(kind="bad", shape="triangle", text=mark("Stopped for safety")),
    FeedRunOutcome.MALFORMED: StateChip(kind="bad", shape="triangle", text=mark("Not readable")),
    FeedRunOutcome.NOT_FETCHED: StateChip(kind="bad", shape="triangle", text=mark("Not reachable")),
}
_COLUMNS = (
    Column("position", ColumnType.NUMBER, "place of the job in the feed, from 1"),
    Column("partnerJobId", ColumnType.TEXT, "the partner's own id of the job"),
    Column("title", ColumnType.TEXT, "title"),
    Column("isError", ColumnType.FLAG, "whether the job was not posted"),
    Column("path", ColumnType.TEXT, "the element"),
    Column("message", ColumnType.TEXT, "what is wrong"),
)
_WITH_ERRORS = StateChip(kind="warn", shape="half", text=mark("Read, with errors"))
_NEVER = StateChip(kind="still", shape="empty", text=mark("Never read"))


def choose_chip(outcome: FeedRunOutcome | None, failed: int | None) -> StateChip:
    if outcome is None:
        return _NEVER
    return _WITH_ERRORS if failed and outcome is FeedRunOutcome.DONE else _OUTCOMES[outcome]


async def list_feeds(visit: Visit) -> Response:
    after = read_query_id(visit.context.request, "after") or 0
    async with visit.app.database.connection() as connection:
        found = await feeds.list_partner_feeds(
            connection, partner_id=find_partner_id(visit), after=after, rows_max=PAGE_ROWS + 1
        )
    shown = found[:PAGE_ROWS]
    return visit.show(
        "partner/links/feeds.html",
        feeds=shown,
        choose_chip=choose_chip,
        first=FEEDS if after else "",
        following=f"{FEEDS}?after={shown[-1].id}" if len(found) > PAGE_ROWS else "",
    )


async def show_feed(visit: Visit) -> Response:
    """``after`` continues the list of errors, which are those of the last body that was read."""
    after = read_query_id(visit.context.request, "after")
    async with visit.app.database.snapshot() as connection:
        feed = await _find_feed(connection, visit)
        runs = await feeds.list_last_runs(connection, feed=feed, rows_max=RUNS_SHOWN)
        report = await feeds.read_report(
            connection, feed=feed, after=-1 if after is None else after, rows_max=PAGE_ROWS + 1
        )
    shown = report.errors[:PAGE_ROWS]
    is_due = feed.due_at is not None and feed.due_at <= visit.context.now
    return visit.show(
        "partner/links/feed.html",
        feed=feed,
        look=choose_chip(feed.outcome, feed.failed),
        choose_chip=choose_chip,
        runs=runs,
        errors=shown,
        is_due=is_due,
        first="" if after is None else _path_of(feed),
        following=f"{_path_of(feed)}?after={shown[-1].index}" if len(report.errors) > PAGE_ROWS else "",
    )


async def download_errors(visit: Visit) -> Response:
    """Sends all errors and warnings of the last body that was read. Raises ``Refused`` as ``send_tables``, OPERATOR_UNKNOWN."""
    async with visit.app.database.connection() as connection:
        feed = await _find_feed(connection, visit)

    async def read(connection: Connection, last: FeedError | None) -> Sequence[FeedError]:
        after = -1 if last is None else last.index
        report = await feeds.read_report(connection, feed=feed, after=after, rows_max=CHUNK_ROWS)
        return report.errors

    tables = read_tables(visit, read, _make_row)
    return await send_tables(visit, f"feed-{feed.id}-errors", _COLUMNS, tables)


def _make_row(error: FeedError) -> tuple[object, ...]:
    return (error.index + 1, error.partner_job_id, error.title, error.is_error, error.path, error.why)


async def read_now(visit: Visit) -> Response:
    """The worker reads it in its next round, even if it has not changed."""
    await _request_run(visit, may_close_all=False)
    return visit.redirect(f"{FEEDS}/{_read_id(visit)}", done="feed-due")


async def show_close_all(visit: Visit) -> Response:
    """Counts what the next run may close. Only a run that was stopped leads here."""
    async with visit.app.database.connection() as connection:
        feed = await _find_feed(connection, visit)
        runs = await feeds.list_last_runs(connection, feed=feed, rows_max=1)
    if feed.outcome is not FeedRunOutcome.STOPPED:
        return visit.redirect(_path_of(feed))
    return visit.show("partner/links/feed_close_all.html", feed=feed, run=runs[0])


async def close_all(visit: Visit) -> Response:
    await _request_run(visit, may_close_all=True)
    return visit.redirect(f"{FEEDS}/{_read_id(visit)}", done="feed-due")


async def _request_run(visit: Visit, *, may_close_all: bool) -> None:
    async with visit.app.database.transaction() as connection:
        feed = await _find_feed(connection, visit)
        await feeds.request_run(connection, feed=feed, may_close_all=may_close_all, now=visit.context.now)
        await visit.context.record(
            connection,
            Action.FEED_RUN,
            feed.id,
            partner_id=find_partner_id(visit),
            after={"mayCloseAll": may_close_all},
        )
    visit.app.wake_worker()


async def _find_feed(connection: Connection, visit: Visit) -> PartnerFeed:
    return await feeds.find_partner_feed(
        connection, partner_id=find_partner_id(visit), feed_id=_read_id(visit)
    )


def _read_id(visit: Visit) -> int:
    return read_path_id(visit.context.request, "feed_id", what="feed")


def _path_of(feed: PartnerFeed) -> str:
    return f"{FEEDS}/{feed.id}"
