"""Owns job postings: operations in batches, their tasks, the status of jobs.

Does not own the fields of a job: an operation is the element of the protocol, made by ``JobPosting`` or by hand.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from jobmeter.base.currencies import KNOWN_DIGITS
from jobmeter.base.ids import URN_JOB, read_urn
from jobmeter.base.limits import BATCH_CREATE_ELEMENTS_MAX, BATCH_GET_KEYS_MAX
from jobmeter.base.money import Money, format_amount
from jobmeter.client.http.errors import UnreadableError, WaitEndedError
from jobmeter.client.http.ranges import split_batches, split_ids
from jobmeter.client.http.reading import (
    RowError,
    Shape,
    check_keys,
    decode,
    make_row_error,
    read_time,
    write_time,
)
from jobmeter.client.http.session import Session
from jobmeter.client.http.transport import Answer
from jobmeter.client.rows import AcceptedOperation, ItemError, JobStatus, Task

POSTINGS = "/rest/simpleJobPostings"
TASKS = "/rest/simpleJobPostingTasks"
STATUSES = "/v2/jobPostingStatus"
EXTERNAL_ID = "externalJobPostingId"
OPERATION = "jobPostingOperationType"
ACCEPTED = 202


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPosting:
    """A job to be posted. ``more`` has further fields under their names on the wire, and may replace the others'."""

    external_id: str
    title: str
    description: str
    apply_url: str
    listed_at: datetime
    location: str
    contract_urn: str
    company_urn: str | None = None
    company_name: str | None = None
    total_budget: Money | None = None
    poster_email: str | None = None
    partner_campaign_id: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def make_element(self, operation: str) -> dict[str, Any]:
        """Returns the element of an operation: CREATE, UPDATE, RENEW, CLOSE, UPGRADE or DOWNGRADE."""
        element = {
            EXTERNAL_ID: self.external_id,
            OPERATION: operation,
            "title": self.title,
            "description": self.description,
            "companyApplyUrl": self.apply_url,
            "listedAt": write_time(self.listed_at),
            "location": self.location,
            "contract": self.contract_urn,
            "company": self.company_urn,
            "companyName": self.company_name,
            "budget": _make_budget(self.total_budget),
            "posterEmail": self.poster_email,
            "partnerJobCampaignId": self.partner_campaign_id,
        }
        return {name: value for name, value in element.items() if value is not None} | dict(self.more)


Operation = Mapping[str, Any]


class _Entity(Shape):
    alternate_location_tasks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class _Row(Shape):
    status: int
    id: str | None = None
    error: RowError | None = None
    job_posting_error: RowError | None = None  # its name in LinkedIn's own client
    entity: _Entity | None = None


class _Rows(Shape):
    elements: tuple[_Row, ...]


class _Task(Shape):
    status: str
    external_job_posting_id: str | int = ""
    location: str | None = None
    job_posting: str | None = None
    error_message: str | None = None


class _Tasks(Shape):
    results: dict[str, _Task]
    errors: dict[str, RowError] = msgspec.field(default_factory=dict)


class _Company(Shape):
    name: str | None = None


class _Info(Shape):
    listed_at: int | None = None
    expire_at: int | None = None
    location: str | None = None
    company_details: _Company | None = None


class _Detail(Shape):
    status_message: str | None = None


class _Status(Shape):
    listing_status: str
    promotion_status: str | None = None
    listing_status_detail: _Detail | None = None
    promotion_status_detail: _Detail | None = None
    job_posting_info: _Info | None = None
    job_posting_url: str | None = None
    job_campaign: str | None = None
    partner_job_campaign: str | None = None


class _Statuses(Shape):
    results: dict[str, _Status]
    errors: dict[str, RowError] = msgspec.field(default_factory=dict)


_ROWS = msgspec.json.Decoder(_Rows)
_TASKS = msgspec.json.Decoder(_Tasks)
_STATUSES = msgspec.json.Decoder(_Statuses)


class Jobs:
    """The jobs of a customer. The client's own application is the customer's."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def submit(self, operations: Iterable[Operation]) -> Iterator[AcceptedOperation | ItemError]:
        """Sends operations in batches of 100, and yields what the server says of each, in order.

        A later operation on the same job is sent in a later batch. What was sent before an error stays sent.
        """
        batches = split_batches(operations, key=EXTERNAL_ID, count_max=BATCH_CREATE_ELEMENTS_MAX)
        for batch in batches:
            yield from self._session.post(
                POSTINGS,
                {"elements": list(batch)},
                restli_method="batch_create",
                read=partial(_read_rows, batch),
            )

    def await_tasks(
        self, urns: Iterable[str], *, seconds_max: float | None = None
    ) -> Iterator[Task | ItemError]:
        """Yields each task once it is no longer in progress, the first ones first.

        Raises ``WaitEndedError`` if some are still in progress at the end of the time (by default 15 minutes).
        """
        limits, sleep = self._session.transport.limits, self._session.transport.surroundings.sleep
        longest = limits.task_seconds_max if seconds_max is None else seconds_max
        waited: float = 0
        pending = tuple(dict.fromkeys(urns))
        while True:
            done: set[str] = set()
            for task in self.read_tasks(pending):
                if isinstance(task, ItemError) or not task.is_in_progress:
                    done.add(task.external_id if isinstance(task, ItemError) else task.urn)
                    yield task
            pending = tuple(urn for urn in pending if urn not in done)
            if not pending:
                return
            if waited >= longest:
                message = f"{len(pending)} tasks are still in progress after {longest:g} seconds"
                raise WaitEndedError(message, pending=pending)
            seconds = min(limits.task_poll_seconds, longest - waited)
            sleep(seconds)
            waited += seconds

    def read_tasks(self, urns: Iterable[str]) -> Iterator[Task | ItemError]:
        """Yields the tasks as they are now. The ``external_id`` of an ``ItemError`` is the task's URN."""
        for group in _split(urns):
            yield from self._session.get(
                TASKS,
                {"ids": list(group)},
                read=partial(_read_tasks, group),
            )

    def post(
        self, operations: Iterable[Operation], *, seconds_max: float | None = None
    ) -> Iterator[Task | ItemError]:
        """Sends operations and awaits their tasks; yields the results batch by batch. Raises ``WaitEndedError``."""
        batches = split_batches(operations, key=EXTERNAL_ID, count_max=BATCH_CREATE_ELEMENTS_MAX)
        for batch in batches:
            urns: list[str] = []
            for outcome in self.submit(batch):
                if isinstance(outcome, ItemError):
                    yield outcome
                else:
                    urns += outcome.task_urns
            yield from self.await_tasks(urns, seconds_max=seconds_max)

    def read_statuses(self, external_ids: Iterable[str]) -> Iterator[JobStatus | ItemError]:
        """Yields whether each job is listed and promoted."""
        for group in _split(external_ids):
            yield from self._session.get(
                STATUSES,
                {"ids": list(group)},
                read=partial(_read_statuses, group),
            )


def _make_budget(total: Money | None) -> dict[str, Any] | None:
    if total is None:
        return None
    # A currency that is not in our table may be in the server's, which decides.
    amount = format_amount(total.amount_micros, total.currency if total.currency in KNOWN_DIGITS else "USD")
    return {"payForPerformanceTotalBudget": {"currencyCode": total.currency, "amount": amount}}


def _split(ids: Iterable[str]) -> Iterator[tuple[str, ...]]:
    return split_ids(ids, count_max=BATCH_GET_KEYS_MAX)


def _read_rows(batch: Sequence[Operation], answer: Answer) -> list[AcceptedOperation | ItemError]:
    rows = decode(_ROWS, answer).elements
    if len(rows) != len(batch):
        raise UnreadableError(f"the response has {len(rows)} rows for {len(batch)} operations")
    return [
        _read_row(str(operation.get(EXTERNAL_ID, "")), row)
        for operation, row in zip(batch, rows, strict=True)
    ]


def _read_row(external_id: str, row: _Row) -> AcceptedOperation | ItemError:
    if row.status != ACCEPTED or row.id is None:
        error = make_row_error(row.error or row.job_posting_error or RowError(), status=row.status)
        return ItemError(external_id=external_id, error=error)
    entity = row.entity or _Entity()
    return AcceptedOperation(
        external_id=external_id,
        task_urns=(row.id, *entity.alternate_location_tasks),
        warnings=entity.warnings,
    )


def _read_tasks(asked: Sequence[str], answer: Answer) -> list[Task | ItemError]:
    shape = decode(_TASKS, answer)
    check_keys(asked, (*shape.results, *shape.errors))
    tasks: list[Task | ItemError] = [
        Task(
            urn=urn,
            external_id=str(task.external_job_posting_id),
            status=task.status,
            location=task.location,
            job_id=read_urn(task.job_posting or "", URN_JOB),
            error_message=task.error_message,
        )
        for urn, task in shape.results.items()
    ]
    return tasks + _read_errors(shape.errors)


def _read_errors(errors: Mapping[str, RowError]) -> list[ItemError]:
    return [ItemError(external_id=key, error=make_row_error(error)) for key, error in errors.items()]


def _read_statuses(asked: Sequence[str], answer: Answer) -> list[JobStatus | ItemError]:
    shape = decode(_STATUSES, answer)
    check_keys(asked, (*shape.results, *shape.errors))
    statuses: list[JobStatus | ItemError] = [
        _read_status(external_id, status) for external_id, status in shape.results.items()
    ]
    return statuses + _read_errors(shape.errors)


def _read_status(external_id: str, status: _Status) -> JobStatus:
    info = status.job_posting_info or _Info()
    return JobStatus(
        external_id=external_id,
        listing_status=status.listing_status,
        promotion_status=status.promotion_status or "NOT_PROMOTED",
        listing_detail=(status.listing_status_detail or _Detail()).status_message,
        promotion_detail=(status.promotion_status_detail or _Detail()).status_message,
        url=status.job_posting_url,
        listed_at=read_time(info.listed_at),
        expires_at=read_time(info.expire_at),
        location=info.location,
        company_name=(info.company_details or _Company()).name,
        campaign_urn=status.job_campaign,
        partner_campaign_id=status.partner_job_campaign,
    )
