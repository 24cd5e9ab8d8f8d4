"""Owns the decisions about jobs of a feed: how long a job runs, what a batch contains, when too many jobs would close.

Does not own the stream (``jobmeter.wire.xml.feed.stream``) or what is written.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from jobmeter.base.clock import to_ms
from jobmeter.base.days import end_of
from jobmeter.jobs.feeds.model import FeedBatch, FeedPolicy, FeedRow
from jobmeter.wire.xml.feed.content import make_content
from jobmeter.wire.xml.feed.job import FeedJob
from jobmeter.wire.xml.feed.stream import FeedError, FeedHeader, FeedItem, FeedSame

CHUNK_JOBS_MAX = 20_000


def closes_too_many(*, closing: int, kept: int, policy: FeedPolicy) -> bool:
    """Whether so many of the ``kept`` jobs are missing that the feed is more likely broken than shortened."""
    allowed = max(policy.closes_always_allowed, kept * policy.close_percent_max // 100)
    return closing > allowed


def make_row(job: FeedJob, *, now: datetime, policy: FeedPolicy) -> FeedRow | FeedError:
    """Returns the job with its own expiry, or with the usual run, which is renewed while the job stays in the feed."""
    latest = now + timedelta(days=policy.live_days_max)
    until, renew_at = now + timedelta(days=policy.live_days), None
    if job.expiration_date is not None and job.expiration_date < latest.date():
        until = end_of(job.expiration_date)
        if until <= now:
            return FeedError(
                index=job.index,
                partner_job_id=job.partner_job_id,
                path="job/expirationDate",
                why="is over",
            )
    else:
        renew_at = to_ms(until - timedelta(days=policy.renewed_days_ahead))
    return FeedRow(
        index=job.index,
        partner_job_id=job.partner_job_id,
        fingerprint=job.fingerprint,
        live_until_ms=to_ms(until),
        renew_at_ms=renew_at,
        content=make_content(job),
    )


class FeedBatcher:
    """Splits the items of a feed into batches and remembers which jobs it has seen."""

    def __init__(
        self, items: Iterator[FeedItem], known: Mapping[str, bytes], *, now: datetime, policy: FeedPolicy
    ) -> None:
        self._items = items
        self._known = known
        self._now = now
        self._policy = policy
        self._seen: set[str] = set()
        self.expected_job_count: int | None = None

    def next_batch(self) -> FeedBatch | None:
        """Returns the next batch; ``None`` at the end of the feed. Raises ``Refused`` as the stream does."""
        created: list[FeedRow] = []
        changed: list[FeedRow] = []
        errors: list[FeedError] = []
        jobs = unchanged = 0
        for item in self._items:
            if isinstance(item, FeedHeader):
                self.expected_job_count = item.expected_job_count
                continue
            jobs += 1
            self._seen.add(item.partner_job_id)
            if isinstance(item, FeedSame):
                unchanged += 1
            else:
                row = (
                    make_row(item, now=self._now, policy=self._policy) if isinstance(item, FeedJob) else item
                )
                if isinstance(row, FeedError):
                    errors.append(row)
                elif row.partner_job_id in self._known:
                    changed.append(row)
                else:
                    created.append(row)
            is_full = max(len(created), len(changed), len(errors)) >= self._policy.batch_jobs
            if is_full or jobs >= CHUNK_JOBS_MAX:
                break
        if not jobs:
            return None
        return FeedBatch(created=created, changed=changed, errors=errors, jobs=jobs, unchanged=unchanged)

    def list_missing(self) -> list[str]:
        """Returns the known jobs that are no longer in the feed, sorted."""
        return sorted(partner_job_id for partner_job_id in self._known if partner_job_id not in self._seen)
