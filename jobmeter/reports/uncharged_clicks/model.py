"""Owns the values of clicks that were not charged: of a job's day, and their sums by reason, day and job."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from jobmeter.metering.model import VERDICTS
from jobmeter.settlement.model import RULES

BEYOND_BUDGET = "BEYOND_BUDGET"
BEYOND_BUDGET_MESSAGE = "the job's budget, or its limit of the day, was used up: counted and free"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotChargedPage:
    """Which job days a page lists: of an application's jobs or of contracts, in order, after a job and day."""

    application_id: int
    contract_ids: tuple[int, ...]
    external_id: str | None
    first: date
    last: date
    after_job: int
    after_day: date
    rows_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCharged:
    """``received`` clicks are all clicks: charged, free, refused at intake and reversed by settlement."""

    job_id: int
    external_id: str
    application_id: int
    day: date
    apply_clicks: int
    clicks_charged: int
    clicks_refused: int
    clicks_reversed: int
    refused: dict[str, int]
    reversed: dict[str, int]

    @property
    def received(self) -> int:
        return self.apply_clicks + self.clicks_refused + self.clicks_reversed

    def list_reasons(self) -> list[tuple[str, str, int]]:
        """Returns each reason with its text and its clicks, in the order of the tables; their sum is the
        uncharged clicks.
        """
        found = [
            (VERDICTS[int(verdict)].name, VERDICTS[int(verdict)].message, clicks)
            for verdict, clicks in sorted(self.refused.items(), key=lambda one: int(one[0]))
        ]
        free = self.apply_clicks - self.clicks_charged
        found += [(BEYOND_BUDGET, BEYOND_BUDGET_MESSAGE, free)] if free else []
        found += [
            (RULES[int(rule)].name, RULES[int(rule)].message, clicks)
            for rule, clicks in sorted(self.reversed.items(), key=lambda one: int(one[0]))
        ]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class UnchargedFilter:
    """Which job days are summed: of contracts, perhaps of one application, or of one job."""

    contract_ids: list[int]
    first: date
    last: date
    application_id: int | None = None
    job_id: int | None = None


class UnchargedSource(StrEnum):
    """What decided that clicks are not charged: a filter at intake, a budget, a rule of settlement."""

    REFUSED = "REFUSED"
    FREE = "FREE"
    REVERSED = "REVERSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnchargedReason:
    """``number`` is that of the filter or rule."""

    source: UnchargedSource
    number: int
    clicks: int

    @property
    def name(self) -> str:
        if self.source == UnchargedSource.FREE:
            return BEYOND_BUDGET
        return (VERDICTS if self.source == UnchargedSource.REFUSED else RULES)[self.number].name

    @property
    def message(self) -> str:
        if self.source == UnchargedSource.FREE:
            return BEYOND_BUDGET_MESSAGE
        return (VERDICTS if self.source == UnchargedSource.REFUSED else RULES)[self.number].message


@dataclass(frozen=True, slots=True, kw_only=True)
class UnchargedDay:
    """Clicks of a day that counted and were free, were refused at intake, or reversed by settlement."""

    day: date
    free: int
    refused: int
    reversed: int

    @property
    def clicks(self) -> int:
        return self.free + self.refused + self.reversed


@dataclass(frozen=True, slots=True, kw_only=True)
class UnchargedJob:
    job_id: int
    external_id: str
    title: str
    free: int
    refused: int
    reversed: int

    @property
    def clicks(self) -> int:
        return self.free + self.refused + self.reversed


@dataclass(frozen=True, slots=True)
class UnchargedSummary:
    """By reason, by day, and the jobs with the most: each sums the same clicks."""

    reasons: tuple[UnchargedReason, ...]
    days: tuple[UnchargedDay, ...]
    jobs: tuple[UnchargedJob, ...]

    @property
    def clicks(self) -> int:
        return sum(one.clicks for one in self.reasons)
