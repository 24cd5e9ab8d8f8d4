"""Owns the values of jobs: what an element asks for, the posting, its task, what an operation was accepted as."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from jobmeter.base.ids import URN_JOB, URN_TASK
from jobmeter.base.money import Money


class Operation(StrEnum):
    CREATE = "CREATE"
    UPDATE = "UPDATE"
    RENEW = "RENEW"
    CLOSE = "CLOSE"
    UPGRADE = "UPGRADE"
    DOWNGRADE = "DOWNGRADE"


class JobState(StrEnum):
    PENDING = "PENDING"  # accepted, its task not carried out yet
    LIVE = "LIVE"
    CLOSED = "CLOSED"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"


OPEN_STATES = frozenset({JobState.PENDING, JobState.LIVE})


class TaskStatus(StrEnum):
    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    PROCESSED = "PROCESSED"  # carried out, and what it made is no longer promoted or no longer listed


@dataclass(frozen=True, slots=True)
class JobDraft:
    """What one element of a batch asks for, checked field by field (spec 4.1). ``content`` is the element."""

    operation: Operation
    external_id: str
    title: str
    description: str
    company_apply_url: str
    listed_at: datetime
    location: str
    company: str | None
    company_page_url: str | None
    company_name: str | None
    contract: str | None
    total_budget: Money | None
    daily_budget: Money | None
    listing_type: str
    company_job_code: str | None
    job_function: str
    experience_level: str
    alternate_locations: tuple[str, ...]
    workplace_types: tuple[str, ...]
    expire_at: datetime | None
    partner_job_campaign: str | None
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class JobPosting:
    """``location`` is as sent, ``place`` the standardized one. A premium job has a hiring contract."""

    shard: int
    job_id: int
    application_id: int
    external_id: str
    partner_contract_id: int | None
    title: str
    company_name: str
    company_page: str | None
    apply_url: str
    location: str
    state: JobState
    listed_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    place: str
    hiring_contract_id: int | None
    run_number: int
    partner_job_campaign: str | None
    campaign_id: int | None
    failure: str | None

    @property
    def urn(self) -> str:
        return f"{URN_JOB}{self.job_id}"


@dataclass(frozen=True, slots=True)
class Task:
    """One operation and what became of it. ``job_id`` is set once the job it made or changed is known.

    ``number`` is the order in which operations were accepted. ``failure_message`` is set where it was certain on
    acceptance that the task will fail.
    """

    shard: int
    task_id: UUID
    application_id: int
    external_id: str
    operation: Operation
    job_id: int | None
    location: str
    status: TaskStatus
    error_message: str | None
    created_at: datetime
    number: int
    failure_message: str | None

    @property
    def urn(self) -> str:
        return f"{URN_TASK}{self.task_id}"


@dataclass(frozen=True, slots=True)
class AcceptedOperation:
    """The job that an accepted operation is about, or why its task will fail."""

    job_id: int | None
    failure_message: str | None = None


@dataclass(frozen=True, slots=True)
class AcceptedElement:
    """The task of an element, and those of its alternate locations."""

    task_id: UUID
    alternate_task_ids: tuple[UUID, ...]


PREMIUM = "PREMIUM"
