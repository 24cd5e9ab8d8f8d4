"""Owns the values of explanations: from a figure to its postings, from a posting to its clicks and their outcomes."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from jobmeter.base.money import format_amount
from jobmeter.charging.corrections.model import RestatementCause
from jobmeter.settlement.model import RULES

AFTER = "after_"


class ClickOutcome(StrEnum):
    """What happened to a click. A reversed click may have been charged first."""

    CHARGED = "CHARGED"
    BEYOND_BUDGET = "BEYOND_BUDGET"
    NOT_PRICED = "NOT_PRICED"
    REFUSED = "REFUSED"
    REVERSED = "REVERSED"


@dataclass(frozen=True, slots=True)
class JobDay:
    """A job's UTC day whose clicks are listed."""

    shard: int
    job_id: int
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDays:
    """A job's UTC days, both ends included."""

    shard: int
    job_id: int
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedJob:
    shard: int
    job_id: int
    external_id: str
    title: str
    state: str
    partner_contract_id: int
    currency: str
    click_price_micros: int
    budget_micros: int
    spent_micros: int
    released_micros: int
    listed_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedDay:
    """``apply_clicks`` are those that count now, including charged and excluding reversed and refused ones."""

    day: date
    views: int
    apply_clicks: int
    clicks_charged: int
    clicks_refused: int
    clicks_reversed: int
    charge_micros: int
    settled_at: datetime | None

    @property
    def clicks_free(self) -> int:
        return self.apply_clicks - self.clicks_charged


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedPosting:
    number: int
    reference: UUID
    purpose: int
    source_kind: int
    destination_kind: int
    amount: int
    day: date
    booked_at: datetime
    cause: int
    corrects: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    views: int
    apply_clicks: int
    clicks_charged: int
    clicks_refused: int
    charge_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """A change of a day's figures after they appeared in reports; ``reasons`` counts reversed clicks by rule."""

    number: int
    recorded_at: datetime
    is_settlement: bool
    batch: int
    reasons: dict[str, int]
    change: Figures
    after: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredClick:
    """A click as intake stored it; ``rule`` is the settlement rule that reversed it."""

    event_key: UUID
    time_ms: int
    visitor: int
    batch: int
    verdict: int
    rule: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastCharged:
    """The charge of a batch, and the key of the last click that it pays for."""

    batch: int
    reference: UUID
    event_key: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedClick:
    """``charge`` is the posting that included the click, even if it was reversed later."""

    event_key: UUID
    at: datetime
    visitor: int
    batch: int
    outcome: ClickOutcome
    reason: str
    charge: UUID | None
    amount_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    shard: int
    job_id: int
    day: date
    batch: int
    amount: int
    unit: str
    booked_at: datetime
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    shard: int
    job_id: int
    kind: int
    verdict: int
    visitor: int
    batch: int


@dataclass(frozen=True, slots=True)
class PostingPage:
    """``next_after`` is the number after which the next page starts; ``None`` on the last page."""

    postings: tuple[ExplainedPosting, ...]
    next_after: int | None


@dataclass(frozen=True, slots=True)
class ClickPage:
    """``next_after`` is the event key after which the next page starts; ``None`` on the last page.

    ``dropped_at`` is when the events of the day were deleted; since then it has no clicks to list.
    """

    clicks: tuple[ExplainedClick, ...]
    next_after: UUID | None
    dropped_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class JobExplanation:
    job: ExplainedJob
    days: tuple[ExplainedDay, ...]
    page: PostingPage


@dataclass(frozen=True, slots=True)
class DayExplanation:
    job: ExplainedJob
    day: ExplainedDay
    page: PostingPage
    restatements: tuple[Restatement, ...]
    click_page: ClickPage


@dataclass(frozen=True, slots=True)
class ChargeExplanation:
    job: ExplainedJob
    reference: UUID
    charge: Charge
    corrections: tuple[ExplainedPosting, ...]
    click_page: ClickPage


@dataclass(frozen=True, slots=True)
class EventExplanation:
    """``click`` is ``None`` for a view, which is free."""

    event_key: UUID
    event: StoredEvent
    verdict: str
    click: ExplainedClick | None


def make_restatement(
    *, number: int, recorded_at: datetime, cause: int, batch: int, reasons: dict[str, int], **figures: int
) -> Restatement:
    """The columns of a restatement; ``figures`` are the change, the ``after_`` columns the result."""
    after = {name.removeprefix(AFTER): count for name, count in figures.items() if name.startswith(AFTER)}
    change = {name: count for name, count in figures.items() if not name.startswith(AFTER)}
    return Restatement(
        number=number,
        recorded_at=recorded_at,
        is_settlement=cause == RestatementCause.SETTLEMENT,
        batch=batch,
        reasons=reasons,
        change=Figures(**change),
        after=Figures(**after),
    )


def serialize_restatement(change: Restatement, currency: str) -> dict[str, Any]:
    return {
        "number": change.number,
        "recordedAt": change.recorded_at.isoformat(),
        "cause": "SETTLEMENT" if change.is_settlement else "LATE_EVENTS",
        "batch": None if change.is_settlement else change.batch,
        "reversed": {RULES[int(rule)].name: count for rule, count in sorted(change.reasons.items())},
        "change": _serialize_figures(change.change, currency),
        "after": _serialize_figures(change.after, currency),
    }


def _serialize_figures(figures: Figures, currency: str) -> dict[str, Any]:
    return {
        "views": figures.views,
        "applyClicks": figures.apply_clicks,
        "clicksCharged": figures.clicks_charged,
        "clicksRefused": figures.clicks_refused,
        "charge": format_amount(figures.charge_micros, currency) if currency else None,
    }
