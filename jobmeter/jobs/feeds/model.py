"""Owns the values of job feeds: a feed's location, the result of a run, the settings of an installation."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import msgspec

from jobmeter.base.limits import FEED_WARNING_ROWS_MAX
from jobmeter.jobs.model import PUBLIC_AVAILABILITIES
from jobmeter.wire.xml.feed.content import FeedContent
from jobmeter.wire.xml.feed.flaws import FeedError
from jobmeter.wire.xml.feed.requirements import FeedDefaults, FeedRules

FILE_SCHEME = "file://"


class FeedRunOutcome(StrEnum):
    DONE = "DONE"
    NOT_CHANGED = "NOT_CHANGED"
    STOPPED = "STOPPED"
    MALFORMED = "MALFORMED"
    NOT_FETCHED = "NOT_FETCHED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """``location`` is an HTTPS address, or a file of the operator's as ``file://``. The validators are HTTP's.

    ``defaults`` hold for jobs that do not say otherwise.
    """

    id: int
    application_id: int
    location: str
    interval_minutes: int | None
    due_at: datetime | None
    may_close_all: bool
    etag: str
    last_modified: str
    read_at: datetime | None
    defaults: FeedDefaults = field(default_factory=FeedDefaults)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRun:
    """The result of one run. ``held_back`` jobs were not closed, because there were too many of them.

    ``warned`` jobs were taken without some of their fields; ``shape`` is the path of the feed's jobs.
    """

    feed_id: int
    started_at: datetime
    outcome: FeedRunOutcome
    message: str = ""
    jobs: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    closed: int = 0
    held_back: int = 0
    expected_job_count: int | None = None
    shape: str = ""
    warned: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedRun(FeedRun):
    """A run with its number, in the order in which runs ended."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerFeed(Feed):
    """A feed of a partner's application, with that application's name and the last run, if there was one."""

    application_name: str
    outcome: FeedRunOutcome | None
    started_at: datetime | None
    jobs: int | None
    failed: int | None

    @property
    def is_file(self) -> bool:
        """Whether it is a file of the operator, whose path is not shown to partners."""
        return self.location.startswith(FILE_SCHEME)


@dataclass(frozen=True, slots=True)
class FeedReport:
    """The last run, if there was one, and a page of the errors of the last body that was read."""

    feed: Feed
    run: FeedRun | None
    errors: tuple[FeedError, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPolicy:
    """Limits and durations of feeds; ``close_percent_max`` is a share of the feed's stored jobs (xml spec 13)."""

    rules: FeedRules = field(default_factory=FeedRules)
    batch_jobs: int = 1_000
    close_percent_max: int = 20
    closes_always_allowed: int = 20
    live_days: int = 180
    live_days_max: int = 365
    renewed_days_ahead: int = 60
    warning_rows_max: int = FEED_WARNING_ROWS_MAX


class FeedRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A job as it is sent to the database. Without ``renew_at_ms`` the job ends when its partner specified.

    ``fingerprint`` is that of the job and its source, which the next reading compares.
    """

    index: int
    partner_job_id: str
    fingerprint: bytes
    live_until_ms: int
    renew_at_ms: int | None
    content: FeedContent

    @property
    def is_public(self) -> bool:
        return self.content.availability in PUBLIC_AVAILABILITIES


@dataclass(frozen=True, slots=True)
class FeedPosting:
    """A job of a feed as it is posted."""

    job_id: int
    partner_job_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedBatch:
    """A batch of a feed, grouped by action. ``jobs`` counts all of them."""

    created: list[FeedRow]
    changed: list[FeedRow]
    errors: list[FeedError]
    warnings: list[FeedError]
    removed: list[str]
    jobs: int
    unchanged: int
    warned: int
