"""Owns fetching job feeds that are due: HTTPS with conditional requests, limited size and time, public hosts only.

Does not own the processing of a feed's jobs (``jobs.feeds.loading.flow``).
"""

import asyncio
import logging
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import unquote, urlsplit

import httpx2

from jobmeter.base.limits import FEED_BYTES_MAX
from jobmeter.base.settings import Settings
from jobmeter.database.pool import Database
from jobmeter.jobs.feeds import flow as feeds
from jobmeter.jobs.feeds.loading.flow import load_feed
from jobmeter.jobs.feeds.model import FILE_SCHEME, Feed, FeedRun, FeedRunOutcome
from jobmeter.outbound.addresses import AddressRefusedError, find_address
from jobmeter.outbound.tls import open_tls
from jobmeter.outbound.waiting import run_apart

REDIRECTS_MAX = 5
SILENCE_SECONDS_MAX = 30
FETCH_SECONDS_MAX = 900
MEMORY_BYTES_MAX = 4_000_000
REFETCH_AFTER = timedelta(days=7)  # even if the validators match: reading a job renews it

log = logging.getLogger("jobmeter.worker")


class FeedNotFetchedError(Exception):
    """One line with the reason why the feed's body could not be fetched."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A body from its start, with its HTTP validators; no file if it has not changed."""

    file: BinaryIO | None
    etag: str = ""
    last_modified: str = ""
    charset: str = ""


async def load_due(database: Database, settings: Settings, *, now: datetime) -> int:
    """Reads the feed that has been due longest, if any; returns how many were read."""
    async with database.transaction() as connection:
        feed = await feeds.claim_due_feed(connection, now=now)
    if feed is None:
        return 0
    async with feeds.take_turn(database, feed, now=now) as is_held:
        if is_held:
            run = await read_now(database, feed, settings, now=now)
            log.info("feed %s: %s %s", feed.id, run.outcome, run.message)
    return int(is_held)


async def load_all_due(database: Database, settings: Settings, *, now: datetime) -> int:
    """Reads every feed that is due and that no other process is reading; returns how many were read."""
    read = 0
    while await load_due(database, settings, now=now):
        read += 1
    return read


async def read_now(database: Database, feed: Feed, settings: Settings, *, now: datetime) -> FeedRun:
    """Fetches and loads the feed, which the caller has locked. Failures of the feed are recorded in its report."""
    try:
        fetched = await fetch(feed, is_sandbox=settings.sandbox, now=now)
    except FeedNotFetchedError as error:
        return await _record(database, feed, FeedRunOutcome.NOT_FETCHED, str(error), now=now)
    if fetched.file is None:
        return await _record(database, feed, FeedRunOutcome.NOT_CHANGED, "", now=now)
    try:
        with fetched.file as file:
            policy = feeds.make_policy(settings)
            run = await load_feed(
                database, feed=feed, file=file, now=now, policy=policy, charset=fetched.charset
            )
    except OSError as error:  # batches committed before it are kept
        return await _record(database, feed, FeedRunOutcome.NOT_FETCHED, str(error)[:300], now=now)
    if run.outcome is FeedRunOutcome.DONE:
        async with database.transaction() as connection:
            await feeds.record_read(
                connection, feed=feed, etag=fetched.etag, last_modified=fetched.last_modified, now=now
            )
    return run


async def _record(
    database: Database, feed: Feed, outcome: FeedRunOutcome, message: str, *, now: datetime
) -> FeedRun:
    run = FeedRun(feed_id=feed.id, started_at=now, outcome=outcome, message=message)
    async with database.transaction() as connection:
        await feeds.record_run(connection, run)
    return run


async def fetch(
    feed: Feed,
    *,
    is_sandbox: bool,
    now: datetime,
    bytes_max: int = FEED_BYTES_MAX,
    seconds_max: float = FETCH_SECONDS_MAX,
) -> Fetched:
    """Returns the feed's body in a temporary file, or the operator's own file. Raises ``FeedNotFetchedError``.

    The deadline is one for the whole exchange: a server that sends a byte now and then would never end otherwise.
    """
    try:
        if feed.location.startswith(FILE_SCHEME):
            return _open_file(feed.location)
        async with asyncio.timeout(seconds_max):
            return await _fetch_over_http(feed, is_sandbox=is_sandbox, now=now, bytes_max=bytes_max)
    except TimeoutError as error:
        raise FeedNotFetchedError(f"not finished within {seconds_max:g} seconds") from error
    except AddressRefusedError as error:
        raise FeedNotFetchedError(str(error)) from error
    except (OSError, ValueError, httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise FeedNotFetchedError(f"{type(error).__name__}: {error}"[:300]) from error


def _open_file(location: str) -> Fetched:
    return Fetched(Path(unquote(urlsplit(location).path)).open("rb"))


async def _fetch_over_http(feed: Feed, *, is_sandbox: bool, now: datetime, bytes_max: int) -> Fetched:
    is_fresh = feed.read_at is not None and now - feed.read_at < REFETCH_AFTER
    conditions = {"If-None-Match": feed.etag, "If-Modified-Since": feed.last_modified}
    headers = {name: value for name, value in conditions.items() if value and is_fresh}
    url = feed.location
    # The proxies and passwords of the environment are not for addresses that partners choose.
    async with httpx2.AsyncClient(
        verify=open_tls(), timeout=SILENCE_SECONDS_MAX, follow_redirects=False, trust_env=False
    ) as client:
        for _ in range(REDIRECTS_MAX + 1):
            target = httpx2.URL(url)
            # Connects to the address that was checked: a second lookup of the name may return another one.
            resolve = partial(find_address, url, is_sandbox=is_sandbox)
            aimed = target.copy_with(host=await run_apart(resolve, name="feed address"))
            named = {"Host": target.netloc.decode(), "Accept-Encoding": "gzip", **headers}
            async with client.stream(
                "GET", aimed, headers=named, extensions={"sni_hostname": target.host}
            ) as answer:
                if not answer.has_redirect_location:
                    return await _read_answer(answer, bytes_max)
                url = str(httpx2.URL(url).join(answer.headers["location"]))
    raise FeedNotFetchedError(f"more than {REDIRECTS_MAX} redirects")


async def _read_answer(answer: httpx2.Response, bytes_max: int) -> Fetched:
    if answer.status_code == httpx2.codes.NOT_MODIFIED:
        return Fetched(None)
    if answer.status_code != httpx2.codes.OK:
        raise FeedNotFetchedError(f"the server answered {answer.status_code}")
    file = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES_MAX)  # noqa: SIM115 -- the caller closes it
    try:
        # As sent: a packed feed is unpacked where it is read, piece by piece and within a limit.
        async for chunk in answer.aiter_raw(65_536):
            if file.tell() + len(chunk) > bytes_max:
                raise FeedNotFetchedError(f"more than {bytes_max:,} bytes")
            file.write(chunk)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    etag, last_modified = (answer.headers.get(name, "")[:500] for name in ("etag", "last-modified"))
    return Fetched(cast("BinaryIO", file), etag, last_modified, charset=answer.charset_encoding or "")
