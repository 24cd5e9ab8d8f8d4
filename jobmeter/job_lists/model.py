"""Owns the values of job lists: the states and kinds of jobs as they are listed, a filter, an order, a page. Pure."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Self

NUMBER_MAX = 2**62
KEY_CHARACTERS_MAX = 80


class ListedState(StrEnum):
    """What a job is doing, in the order in which states are listed.

    RAN_OUT: its budget, its contract's or the term is used up. DAY_BUDGET waits for tomorrow, CAMPAIGN_OFF for its
    campaign, NOT_PUBLIC is for a part of the public alone. LISTED jobs are not paid by clicks.
    """

    PROMOTED = "PROMOTED"
    LISTED = "LISTED"
    IN_PROGRESS = "IN_PROGRESS"
    RAN_OUT = "RAN_OUT"
    DAY_BUDGET = "DAY_BUDGET"
    CAMPAIGN_OFF = "CAMPAIGN_OFF"
    NOT_PUBLIC = "NOT_PUBLIC"
    FAILED = "FAILED"
    CLOSED = "CLOSED"
    EXPIRED = "EXPIRED"


class ListedKind(StrEnum):
    """What pays for a job: its clicks, a slot, a credit, or nothing."""

    P4P = "P4P"
    SLOT = "SLOT"
    CREDIT = "CREDIT"
    BASIC = "BASIC"


class ListOrder(StrEnum):
    """By what a list is ordered; jobs with the same value are in the order of their ids."""

    SPENT = "SPENT"
    POSTED = "POSTED"
    CLICKS = "CLICKS"
    TITLE = "TITLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilter:
    """Which jobs of a partner a list contains; ``None`` means all. ``search`` is a part of title, company, id or code."""

    partner_id: int
    application_id: int | None = None
    states: tuple[ListedState, ...] | None = None
    kinds: tuple[ListedKind, ...] | None = None
    campaign: str | None = None
    search: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPosition:
    """A job in an order: its id, and the number or title by which it was ordered. A job that changes meanwhile moves alone."""

    job_id: int
    number: int | None = None
    title: str | None = None

    def to_text(self) -> str:
        """Returns the position as an address contains it."""
        key = self.number if self.title is None else self.title
        return urlsafe_b64encode(json.dumps([self.job_id, key]).encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str, order: ListOrder) -> Self | None:
        """Reads ``to_text``; ``None`` for any other text, and for a position in another order."""
        try:
            job_id, key = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (ValueError, TypeError):
            return None
        if type(job_id) is not int or not 0 < job_id < NUMBER_MAX:
            return None
        if order is ListOrder.TITLE:
            is_title = type(key) is str and len(key) <= KEY_CHARACTERS_MAX and "\0" not in key
            return cls(job_id=job_id, title=key) if is_title else None
        is_number = type(key) is int and abs(key) < NUMBER_MAX
        return cls(job_id=job_id, number=key) if is_number else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedJob:
    """One job. ``clicks`` are apply clicks that count; ``limit_micros`` is its total budget, 0 without one."""

    job_id: int
    application_id: int
    external_id: str
    company_job_code: str
    title: str
    company_name: str
    place: str
    campaign: str
    kind: ListedKind
    state: ListedState
    reason: str
    posted_ms: int
    currency: str
    limit_micros: int
    spent_micros: int
    views: int
    clicks: int
    title_key: str

    def position_in(self, order: ListOrder) -> ListPosition:
        if order is ListOrder.TITLE:
            return ListPosition(job_id=self.job_id, title=self.title_key)
        numbers = {
            ListOrder.SPENT: self.spent_micros,
            ListOrder.POSTED: self.posted_ms,
            ListOrder.CLICKS: self.clicks,
        }
        return ListPosition(job_id=self.job_id, number=numbers[order])


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuestion:
    """A page of a list: the jobs after a position, or those before it; without a position the first, or the last."""

    wanted: ListFilter
    order: ListOrder
    is_descending: bool
    position: ListPosition | None = None
    is_before: bool = False
    rows_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewestQuestion:
    """A page of the jobs of all partners, the newest first: those before a job. ``None`` means all; ``search`` as in ``ListFilter``."""

    partner_id: int | None = None
    application_id: int | None = None
    states: tuple[ListedState, ...] | None = None
    search: str | None = None
    before: int
    rows_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCount:
    """How many jobs are in a state, and how many of them come before the page."""

    state: ListedState
    jobs: int
    jobs_before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobListPage:
    """A page, the number of its first job among all ``jobs_total`` that the filter selects, and the facets.

    ``states`` counts what the other filters select, in any state. Figures are those of ``counted_at``, if any were counted.
    """

    jobs: tuple[ListedJob, ...]
    first_number: int
    jobs_total: int
    states: tuple[StateCount, ...]
    counted_at: datetime | None

    @property
    def has_next(self) -> bool:
        return bool(self.jobs) and self.first_number + len(self.jobs) <= self.jobs_total

    @property
    def has_previous(self) -> bool:
        return self.first_number > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NewestPage:
    """``states`` counts what the other filters select, in any state."""

    jobs: tuple[ListedJob, ...]
    states: tuple[StateCount, ...]
    counted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractDay:
    """What was charged on a contract and day."""

    contract_id: int
    currency: str
    day: date
    charge_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatedDay:
    """What was charged to all partners on a day that is not final, in one currency."""

    currency: str
    day: date
    charge_micros: int
