"""Owns the verbs of job feeds: register a feed, request a run, claim one that is due, record a run, read the report.

Does not own loading a feed's jobs (``load``) or fetching (the worker's).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.settings import Settings
from jobmeter.database.connection import Connection
from jobmeter.database.pool import Database
from jobmeter.jobs.feeds import store
from jobmeter.jobs.feeds.model import Feed, FeedPolicy, FeedReport, FeedRun, NumberedRun, PartnerFeed
from jobmeter.partners.model import Application
from jobmeter.wire.xml.feed.requirements import FeedDefaults, FeedRules, PosterEmail

LOCK_SPACE = 0x46454544  # "FEED"
ABANDONED_AFTER = timedelta(minutes=1)  # the feed's lock then decides whether it is still being read


def make_policy(settings: Settings) -> FeedPolicy:
    return FeedPolicy(rules=FeedRules(poster_email=PosterEmail(settings.feed_poster_email)))


async def register_feed(
    connection: Connection,
    *,
    application: Application,
    location: str,
    interval_minutes: int | None,
    now: datetime,
    defaults: FeedDefaults | None = None,
) -> Feed:
    """Registers the feed at ``location``, due at once if it has an interval; sets interval and defaults of an existing one."""
    return await store.upsert_feed(
        connection,
        application_id=application.id,
        location=location,
        interval_minutes=interval_minutes,
        due_at=None if interval_minutes is None else now,
        defaults=None if defaults is None else store.pack_defaults(defaults),
        now=now,
    )


async def list_feeds(
    connection: Connection, *, after: int, rows_max: int, application_id: int | None = None
) -> list[Feed]:
    """Returns feeds in the order of their ids; all of them, or an application's."""
    if application_id is None:
        return await store.list_feeds(connection, after=after, rows_max=rows_max)
    return await store.list_application_feeds(
        connection, after=after, rows_max=rows_max, application_id=application_id
    )


async def list_runs(connection: Connection, *, feed: Feed, after: int, rows_max: int) -> list[NumberedRun]:
    """Returns the runs of a feed in the order of their numbers."""
    return await store.list_feed_runs(connection, feed_id=feed.id, after=after, rows_max=rows_max)


async def list_partner_feeds(
    connection: Connection, *, partner_id: int, after: int, rows_max: int
) -> list[PartnerFeed]:
    """Returns the feeds of a partner's applications in the order of their ids."""
    return await store.list_partner_feeds(
        connection, partner_id=partner_id, feed_id=None, after=after, rows_max=rows_max
    )


async def find_partner_feed(connection: Connection, *, partner_id: int, feed_id: int) -> PartnerFeed:
    """Returns a feed of one of a partner's applications. Raises ``Refused(OPERATOR_UNKNOWN)``, also for another partner's."""
    found = await store.list_partner_feeds(
        connection, partner_id=partner_id, feed_id=feed_id, after=0, rows_max=1
    )
    if not found:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="feed", key=feed_id)
    return found[0]


async def list_last_runs(connection: Connection, *, feed: Feed, rows_max: int) -> list[NumberedRun]:
    """Returns the last runs of a feed, the newest first."""
    return await store.list_last_runs(connection, feed_id=feed.id, rows_max=rows_max)


async def find_feed_at(connection: Connection, *, application: Application, location: str) -> Feed | None:
    """Returns the application's feed at ``location``, if it is registered."""
    return await store.find_feed_at(connection, application_id=application.id, location=location)


async def find_feed(connection: Connection, *, feed_id: int) -> Feed:
    """Raises ``Refused(OPERATOR_UNKNOWN)``."""
    feed = await store.find_feed(connection, feed_id=feed_id)
    if feed is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="feed", key=feed_id)
    return feed


async def request_run(connection: Connection, *, feed: Feed, may_close_all: bool, now: datetime) -> None:
    """Makes the feed due at ``now``, even if unchanged; ``may_close_all`` lifts the limit on closed jobs."""
    await store.request_feed_run(connection, feed_id=feed.id, may_close_all=may_close_all, now=now)


async def claim_due_feed(connection: Connection, *, now: datetime) -> Feed | None:
    """Returns the unclaimed feed that has been due longest, of an application without a claimed one.

    It stays due until ``end_turn``.
    """
    await store.lock_claims(connection, lock_space=LOCK_SPACE)
    return await store.claim_due_feed(connection, now=now, abandoned_before=now - ABANDONED_AFTER)


async def end_turn(connection: Connection, *, feed: Feed, now: datetime) -> None:
    """Schedules the next run an interval after ``now``, the start of this one; at once if one was requested."""
    await store.end_feed_turn(connection, feed_id=feed.id, due_at=feed.due_at, started_at=now)


@asynccontextmanager
async def lock_feed(database: Database, feed: Feed) -> AsyncIterator[bool]:
    """Tries to lock the feed until the block ends, and yields whether it succeeded. A crash releases the lock.

    The lock is a transaction's, because a pooler lends a connection for no longer.
    """
    async with database.transaction() as connection:
        await store.wait_for_feed(connection)
        yield await store.try_lock_feed(connection, lock_space=LOCK_SPACE, feed_id=feed.id)


@asynccontextmanager
async def take_turn(database: Database, feed: Feed, *, now: datetime) -> AsyncIterator[bool]:
    """As ``lock_feed``, for a claimed feed: at the end of the block its turn ends, unless the block failed."""
    async with database.transaction() as connection:
        await store.wait_for_feed(connection)
        # Taking back the savepoint unlocks the feed before the commit, which lets another reader claim it: one that finds it
        # locked gives up for a minute.
        async with connection.transaction(force_rollback=True):
            is_held = await store.try_lock_feed(connection, lock_space=LOCK_SPACE, feed_id=feed.id)
            yield is_held
        if is_held:
            await end_turn(connection, feed=feed, now=now)


async def record_run(connection: Connection, run: FeedRun) -> None:
    await store.insert_feed_run(connection, run)


async def record_read(
    connection: Connection, *, feed: Feed, etag: str, last_modified: str, now: datetime
) -> None:
    """Stores the HTTP validators for the next request, once a body has been fully applied.

    Not if a run was requested meanwhile: it reads the feed again even if unchanged, and may close what it may close.
    """
    await store.save_validators(
        connection,
        feed_id=feed.id,
        etag=etag,
        last_modified=last_modified,
        due_at=feed.due_at,
        now=now,
    )


async def read_report(connection: Connection, *, feed: Feed, after: int, rows_max: int) -> FeedReport:
    """Returns the last run, and its errors after the position ``after`` (-1: from the first)."""
    run = await store.find_last_run(connection, feed_id=feed.id)
    errors = await store.list_feed_errors(connection, feed_id=feed.id, after=after, rows_max=rows_max)
    return FeedReport(feed, run, tuple(errors))
