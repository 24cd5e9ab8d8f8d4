"""Owns the values of open jobs, and which file of the sitemap has a job. Pure."""

from dataclasses import dataclass
from datetime import datetime

from jobmeter.base.clock import from_ms

SITEMAP_JOBS = 50_000
# A job id is a number of one sequence, then the shard in eight bits (``make_job_id``).
SITEMAP_SPAN = SITEMAP_JOBS * 256


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenJob:
    job_id: int
    title: str
    company_name: str
    place: str
    posted_ms: int

    @property
    def posted_at(self) -> datetime:
        return from_ms(self.posted_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapJob:
    """``changed_at`` is when the job's page last changed, as far as that is recorded."""

    job_id: int
    changed_at: datetime
