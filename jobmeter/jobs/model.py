"""Owns the values of jobs: an element's draft, the posting and its columns, what a run is paid with, a task."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, Self
from uuid import UUID

from jobmeter.base.ids import URN_JOB, URN_TASK
from jobmeter.base.money import Money
from jobmeter.geo.gazetteer import standardize

PREMIUM = "PREMIUM"
# A job with any other availability has no page, is not delivered to job boards, and its events do not count.
PUBLIC_AVAILABILITIES = frozenset({None, "", "PUBLIC"})
# The reference codes of fields that a task may fail for, and the field of each.
FIELD_PROCESSOR = "JOB_FIELD_PROCESSOR_"
FIELD_PROCESSORS = {
    "JOB_FIELD_PROCESSOR_COMPANY": "company",
    "JOB_FIELD_PROCESSOR_COMPANY_APPLY_URL": "companyApplyUrl",
    "JOB_FIELD_PROCESSOR_COMPANY_NAME": "companyName",
    "JOB_FIELD_PROCESSOR_COUNTRY_CODE": "countryCode",
    "JOB_FIELD_PROCESSOR_DESCRIPTION": "description",
    "JOB_FIELD_PROCESSOR_EXPERIENCE": "experienceLevel",
    "JOB_FIELD_PROCESSOR_GEO_LOCATION": "geoLocation",
    "JOB_FIELD_PROCESSOR_JOB_CATEGORY": "categories",
    "JOB_FIELD_PROCESSOR_JOB_TYPE": "employmentStatus",
    "JOB_FIELD_PROCESSOR_ORIGINAL_JOB_CODE": "originalJobCode",
    "JOB_FIELD_PROCESSOR_SOURCE_DOMAIN": "sourceDomain",
    "JOB_FIELD_PROCESSOR_SOURCE_JOB_CODE": "sourceJobCode",
    "JOB_FIELD_PROCESSOR_SOURCE_URL": "sourceUrl",
    "JOB_FIELD_PROCESSOR_STANDARDIZED_LOCATION": "location",
    "JOB_FIELD_PROCESSOR_TITLE": "title",
}


class Operation(StrEnum):
    CREATE = "CREATE"
    UPDATE = "UPDATE"
    RENEW = "RENEW"
    CLOSE = "CLOSE"
    UPGRADE = "UPGRADE"
    DOWNGRADE = "DOWNGRADE"


class JobState(StrEnum):
    PENDING = "PENDING"  # accepted, its task has not run yet
    LIVE = "LIVE"
    CLOSED = "CLOSED"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"


OPEN_STATES = frozenset({JobState.PENDING, JobState.LIVE})


class TaskStatus(StrEnum):
    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    PROCESSED = "PROCESSED"  # done, and the job is no longer promoted or no longer listed


# How a sandbox ends a task on demand, besides success.
FORCED_OUTCOMES = (TaskStatus.PROCESSED.value, *FIELD_PROCESSORS)


class OperationRejected(Exception):  # noqa: N818 -- reads as what happened
    """An accepted operation is not allowed: its task fails with ``failure_message``."""

    def __init__(self, failure_message: str) -> None:
        super().__init__(failure_message)
        self.failure_message = failure_message


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOperation:
    """What CLOSE, RENEW and DOWNGRADE read of an element: the job. The places are only repeated in its tasks."""

    operation: Operation
    external_id: str
    location: str
    alternate_locations: tuple[str, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FundedOperation(JobOperation):
    """What UPGRADE reads of an element: the job, and what pays for its promotion."""

    contract: str | None
    total_budget: Money | None
    daily_budget: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDraft(FundedOperation):
    """The element of a CREATE or UPDATE, checked field by field (spec 4.1). ``content`` is the element itself."""

    title: str
    description: str
    company_apply_url: str
    listed_at: datetime
    company: str | None
    company_page_url: str | None
    company_name: str | None
    listing_type: str
    company_job_code: str | None
    poster_email: str
    job_function: str
    experience_level: str
    workplace_types: tuple[str, ...]
    expire_at: datetime | None
    partner_job_campaign: str | None
    content: dict[str, Any]

    @property
    def displayed_company(self) -> str:
        """The name shown in reports: the given one, else the last part of the page's address or the organization."""
        if self.company_name:
            return self.company_name
        page = (self.company_page_url or self.company or "").rstrip("/")
        return page.rsplit("/", 1)[-1]

    @property
    def availability(self) -> str | None:
        return self.content.get("availability")

    @property
    def is_public(self) -> bool:
        return self.availability in PUBLIC_AVAILABILITIES

    @property
    def content_hash(self) -> bytes:
        """Equal for jobs with the same company, title, location and description, ignoring case and whitespace."""
        company = self.company or self.company_page_url or self.company_name or ""
        parts = (company, self.title, self.location, self.description)
        text = "\x1f".join(" ".join(part.split()).casefold() for part in parts)
        return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementColumns:
    """The columns of a posting that come from its element, written by both CREATE and UPDATE."""

    company_job_code: str | None
    poster_email: str
    title: str
    company_name: str
    company_page: str | None
    apply_url: str
    location: str
    place: str
    content: dict[str, Any]
    content_hash: bytes

    @classmethod
    def of(cls, draft: JobDraft) -> Self:
        return cls(
            company_job_code=draft.company_job_code,
            poster_email=draft.poster_email,
            title=draft.title,
            company_name=draft.displayed_company,
            company_page=draft.company_page_url,
            apply_url=draft.company_apply_url,
            location=draft.location,
            place=standardize(draft.location),
            content=draft.content,
            content_hash=draft.content_hash,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPosting:
    """The columns of a posting that are written once, apart from its content: its owner, its contract, its run."""

    shard: int
    job_id: int
    application_id: int
    external_id: str
    partner_contract_id: int | None
    hiring_contract_id: int | None
    listing_type: str
    partner_job_campaign: str | None
    listed_at: datetime
    expires_at: datetime
    created_at: datetime


class Run(Protocol):
    """What pays for a run, whichever API the job came through: a budget on a partner contract, or a slot."""

    @property
    def shard(self) -> int: ...
    @property
    def job_id(self) -> int: ...
    @property
    def state(self) -> JobState: ...
    @property
    def run_number(self) -> int: ...
    @property
    def partner_contract_id(self) -> int | None: ...
    @property
    def hiring_contract_id(self) -> int | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingFilter:
    """Which jobs a list contains; ``None`` means all. ``search`` is a part of the title, in any case."""

    partner_id: int | None = None
    application_id: int | None = None
    state: JobState | None = None
    external_id: str | None = None
    search: str | None = None

    @property
    def has_owner(self) -> bool:
        return self.application_id is not None or self.partner_id is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPosting:
    """``location`` is as sent, ``place`` is standardized. A premium job has a hiring contract.

    ``availability`` is whom the job is for, as sent. The poster's e-mail is in lower case.
    """

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
    company_job_code: str | None = None
    availability: str | None = None
    poster_email: str = ""

    @property
    def urn(self) -> str:
        return f"{URN_JOB}{self.job_id}"

    @property
    def is_public(self) -> bool:
        return self.availability in PUBLIC_AVAILABILITIES


class ChangeKind(StrEnum):
    POST = "POST"
    EDIT = "EDIT"
    RENEW = "RENEW"
    CLOSE = "CLOSE"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedChange:
    """One change of a job and who made it; ``changed_fields`` lists the fields an edit changed.

    Of a job posted element by element only what its poster or customer changed is logged: its partner's changes are tasks.
    """

    shard: int
    job_id: int
    application_id: int
    revision: int
    run_number: int
    poster_email: str
    kind: ChangeKind
    actor: str
    changed_fields: tuple[str, ...]
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """One operation to apply. ``job_id`` is set once the job it created or changed is known.

    ``failure_message`` is set when it is already certain on acceptance that the task will fail.
    """

    shard: int
    task_id: UUID
    application_id: int
    external_id: str
    operation: Operation
    job_id: int | None
    location: str
    failure_message: str | None
    created_at: datetime

    @property
    def urn(self) -> str:
        return f"{URN_TASK}{self.task_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(NewTask):
    """One operation and its result. ``number`` is the order in which operations were accepted."""

    status: TaskStatus
    error_message: str | None
    number: int

    @property
    def names_job(self) -> bool:
        """Whether its entry has the job's external id: the entry of a job that was dropped for a field may lack it."""
        return FIELD_PROCESSOR not in (self.error_message or "")


@dataclass(frozen=True, slots=True)
class AcceptedOperation:
    """The job of an accepted operation, or the reason why its task will fail."""

    job_id: int | None
    failure_message: str | None = None


@dataclass(frozen=True, slots=True)
class AcceptedElement:
    """The task of an element, those of its alternate locations, and what was read otherwise than it was sent."""

    task_id: UUID
    alternate_task_ids: tuple[UUID, ...]
    warnings: tuple[str, ...] = ()
