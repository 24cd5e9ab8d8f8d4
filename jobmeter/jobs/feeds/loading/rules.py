"""Owns the decisions about jobs of a feed: how long a job runs, what a batch contains, when none is closed.

Does not own the stream (``jobmeter.wire.xml.feed.stream``) or what is written.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Self
from urllib.parse import urlsplit

import msgspec

from jobmeter.base.clock import to_ms
from jobmeter.base.days import end_of
from jobmeter.base.faults import Refused
from jobmeter.jobs.feeds.model import Feed, FeedBatch, FeedPolicy, FeedRow, FeedRun
from jobmeter.wire.xml.feed.content import make_content
from jobmeter.wire.xml.feed.flaws import FeedError, FeedFlaw, make_report_row
from jobmeter.wire.xml.feed.job import FeedJob
from jobmeter.wire.xml.feed.requirements import FeedDefaults
from jobmeter.wire.xml.feed.stream import FeedHeader, FeedItem, FeedNotes, FeedRemoval, FeedSame

CHUNK_JOBS_MAX = 20_000
_NO_HEADER = FeedHeader()
_PERSONIO = re.compile(r"[a-z0-9-]+\.jobs\.personio\.(?:de|com)")


def complete_defaults(feed: Feed) -> FeedDefaults:
    """Returns the feed's defaults; a format without links gets the pattern of its publisher's pages."""
    host = urlsplit(feed.location).hostname or ""
    if feed.defaults.apply_url_pattern or not _PERSONIO.fullmatch(host):
        return feed.defaults
    return replace(feed.defaults, apply_url_pattern=f"https://{host}/job/{{id}}")


def closes_too_many(*, closing: int, kept: int, policy: FeedPolicy) -> bool:
    """Whether so many of the ``kept`` jobs are missing that the feed is more likely broken than shortened."""
    allowed = max(policy.closes_always_allowed, kept * policy.close_percent_max // 100)
    return closing > allowed


def find_stop(
    run: FeedRun, header: FeedHeader, *, missing: int, kept: int, last_shape: str, policy: FeedPolicy
) -> str:
    """Returns why no missing job is closed by this run; empty if they are closed."""
    if run.jobs and run.failed == run.jobs:
        return f"every one of {run.jobs} jobs was refused; none was closed"
    return (
        _find_doubt(run, header, missing=missing, kept=kept, last_shape=last_shape, policy=policy)
        if missing
        else ""
    )


def _find_doubt(
    run: FeedRun, header: FeedHeader, *, missing: int, kept: int, last_shape: str, policy: FeedPolicy
) -> str:
    """Returns why the feed is more likely broken than shortened."""
    if not run.jobs:
        return f"the feed has no job; none of {kept} jobs was closed, ask the operator"
    if header.expected_job_count is not None and run.jobs < header.expected_job_count:
        count = header.expected_job_count
        return f"{run.jobs} jobs were found, expectedJobCount is {count}; none was closed, ask the operator"
    if last_shape not in {"", header.shape}:
        return f"the jobs are in {header.shape}, and were in {last_shape} before; none was closed in this run"
    if closes_too_many(closing=missing, kept=kept, policy=policy):
        return f"{missing} of {kept} jobs are missing; none was closed, ask the operator"
    return ""


@dataclass(frozen=True, slots=True)
class JobRuns:
    """How long the jobs of one reading run: the usual run, and the day from which on a job's own end is too late to count."""

    now: datetime
    until_ms: int
    renew_at_ms: int
    latest: date

    @classmethod
    def of(cls, now: datetime, policy: FeedPolicy) -> Self:
        until = now + timedelta(days=policy.live_days)
        renew_at = until - timedelta(days=policy.renewed_days_ahead)
        latest = now + timedelta(days=policy.live_days_max)
        return cls(now, to_ms(until), to_ms(renew_at), latest.date())


def make_row(job: FeedJob, runs: JobRuns) -> FeedRow | FeedError:
    """Returns the job with its own expiry, or with the usual run, which is renewed while the job stays in the feed."""
    until_ms: int = runs.until_ms
    renew_at_ms: int | None = runs.renew_at_ms
    if job.expiration_date is not None and job.expiration_date < runs.latest:
        until = end_of(job.expiration_date)
        if until <= runs.now:
            why = f"the job ended on {job.expiration_date.isoformat()}"
            flaw = FeedFlaw(path="job/expirationDate", found="", why=why, is_error=True)
            return _report(job, (flaw, *job.warnings))
        until_ms, renew_at_ms = to_ms(until), None
    return FeedRow(
        index=job.index,
        partner_job_id=job.partner_job_id,
        fingerprint=job.fingerprint + job.source,
        live_until_ms=until_ms,
        renew_at_ms=renew_at_ms,
        content=make_content(job),
    )


def _report(job: FeedJob, flaws: tuple[FeedFlaw, ...]) -> FeedError:
    return make_report_row(job.index, partner_job_id=job.partner_job_id, title=job.title, flaws=flaws)


class _Collected:
    """The batch that is being filled."""

    def __init__(self) -> None:
        self.created: list[FeedRow] = []
        self.changed: list[FeedRow] = []
        self.errors: list[FeedError] = []
        self.warnings: list[FeedError] = []
        self.removed: list[str] = []
        self.jobs = self.unchanged = self.warned = 0

    def is_full(self, rows_max: int) -> bool:
        if self.jobs >= CHUNK_JOBS_MAX:
            return True
        # Nothing is counted while it cannot be: this is asked after each job.
        return self.jobs - self.unchanged >= rows_max and rows_max <= max(
            len(self.created), len(self.changed), len(self.errors), len(self.removed)
        )

    def finish(self) -> FeedBatch:
        return FeedBatch(
            created=self.created,
            changed=self.changed,
            errors=self.errors,
            warnings=self.warnings,
            removed=self.removed,
            jobs=self.jobs,
            unchanged=self.unchanged,
            warned=self.warned,
        )


class FeedBatcher:
    """Splits the items of a feed into batches and remembers which jobs it has seen.

    ``warned`` are the report's rows of known jobs that were taken with warnings.
    """

    def __init__(
        self,
        items: Iterator[FeedItem],
        known: Mapping[str, bytes],
        warned: Mapping[str, FeedError],
        *,
        now: datetime,
        policy: FeedPolicy,
    ) -> None:
        self._items = items
        self._known = known
        self._warned = warned
        self._runs = JobRuns.of(now, policy)
        self._policy = policy
        self._seen: set[str] = set()
        self._failure: Refused | None = None
        self._warning_rows = 0
        self.header = _NO_HEADER
        self.notes: tuple[str, ...] = ()

    def next_batch(self) -> FeedBatch | None:
        """Returns the next batch; ``None`` at the end of the feed. Raises ``Refused`` as the stream does.

        What was read before the stream broke is returned first.
        """
        if self._failure is not None:
            raise self._failure
        batch = _Collected()
        try:
            for item in self._items:
                self._add(item, batch)
                if batch.is_full(self._policy.batch_jobs):
                    break
        except Refused as refused:
            if not batch.jobs:
                raise
            self._failure = refused
        return batch.finish() if batch.jobs else None

    def _add(self, item: FeedItem, batch: _Collected) -> None:
        if isinstance(item, FeedHeader):
            self.header = item
            return
        if isinstance(item, FeedNotes):
            self.notes = item.notes
            return
        batch.jobs += 1
        self._seen.add(item.partner_job_id)
        if isinstance(item, FeedSame):
            batch.unchanged += 1
            if self._warned:
                self._add_warnings(self._warned.get(item.partner_job_id), item.index, batch)
        elif isinstance(item, FeedRemoval):
            if item.partner_job_id in self._known:
                batch.removed.append(item.partner_job_id)
        else:
            self._add_job(item, batch)

    def _add_job(self, item: FeedJob | FeedError, batch: _Collected) -> None:
        row = make_row(item, self._runs) if isinstance(item, FeedJob) else item
        if isinstance(row, FeedError):
            batch.errors.append(row)
            return
        (batch.changed if row.partner_job_id in self._known else batch.created).append(row)
        if isinstance(item, FeedJob) and item.warnings:
            self._add_warnings(_report(item, item.warnings), item.index, batch)

    def _add_warnings(self, row: FeedError | None, index: int, batch: _Collected) -> None:
        """Counts every job with warnings; only the first rows of a feed are kept."""
        if row is None:
            return
        batch.warned += 1
        self._warning_rows += 1
        if self._warning_rows <= self._policy.warning_rows_max:
            batch.warnings.append(msgspec.structs.replace(row, index=index))

    def list_missing(self) -> list[str]:
        """Returns the known jobs that are no longer in the feed, sorted; none if the feed does not list all jobs."""
        if not self.header.is_complete:
            return []
        return sorted(partner_job_id for partner_job_id in self._known if partner_job_id not in self._seen)
