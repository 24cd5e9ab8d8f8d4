"""Owns the value of a run that is over."""

from dataclasses import dataclass
from datetime import datetime

from jobmeter.jobs.model import JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueRun:
    """A run that is over but that no chore has ended yet."""

    shard: int
    job_id: int
    state: JobState
    run_number: int
    partner_contract_id: int | None
    hiring_contract_id: int | None
    expires_at: datetime
