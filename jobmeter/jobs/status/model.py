"""Owns the values of a job's public status: is it listed, is it promoted, and why not (spec 4.5)."""

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, NamedTuple

from jobmeter.charging.budgets.model import JobBudget
from jobmeter.jobs.campaigns.model import Campaign
from jobmeter.jobs.model import JobPosting


class Listing(StrEnum):
    LISTED = "LISTED"
    NOT_LISTED = "NOT_LISTED"
    IN_PROGRESS = "IN_PROGRESS"


class Promotion(StrEnum):
    PROMOTED = "PROMOTED"
    NOT_PROMOTED = "NOT_PROMOTED"


class ErrorType(StrEnum):
    CUSTOMER_ERROR = "CUSTOMER_ERROR"
    PARTNER_ERROR = "PARTNER_ERROR"
    LINKEDIN_ERROR = "LINKEDIN_ERROR"


class _Reason(NamedTuple):
    error_type: ErrorType
    says: str


class NotPromotedReason(Enum):
    """Why a job is not promoted, in the documented words (spec 4.4). The first that applies is the one told.

    CAMPAIGN_OFF and DAY_BUDGET are ours, and pass: the job waits for its campaign, or for the next day.
    """

    CLOSED_BY_POSTER = _Reason(ErrorType.CUSTOMER_ERROR, "This job was closed by original poster.")
    DURATION = _Reason(ErrorType.CUSTOMER_ERROR, "This job's duration limit has been reach.")
    OFFER_END = _Reason(ErrorType.CUSTOMER_ERROR, "This job's affordable offer has reach end.")
    CAMPAIGN_OFF = _Reason(ErrorType.CUSTOMER_ERROR, "This job's campaign is paused or has not begun.")
    ACCOUNT_BUDGET = _Reason(ErrorType.CUSTOMER_ERROR, "The account level budget has ran out.")
    JOB_BUDGET = _Reason(ErrorType.CUSTOMER_ERROR, "This job's budget has ran out.")
    NO_BUDGET = _Reason(ErrorType.PARTNER_ERROR, "There is no job budget available for this job.")

    DAY_BUDGET = _Reason(ErrorType.CUSTOMER_ERROR, "This job's budget of the day has ran out.")

    @property
    def says(self) -> str:
        return self.value.says

    @property
    def error_type(self) -> ErrorType:
        return self.value.error_type


@dataclass(frozen=True, slots=True)
class PublicStatus:
    """``failure`` is why the job was never published; ``run_out`` why it is no longer promoted."""

    listing: Listing
    promotion: Promotion
    run_out: NotPromotedReason | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class PostingStatus:
    """``content`` is the element that the job was last made or changed by."""

    posting: JobPosting
    content: dict[str, Any]
    alternate_places: tuple[str, ...]
    campaign: Campaign | None
    standing: PublicStatus


@dataclass(frozen=True, slots=True)
class JobSnapshot:
    """A job's status and its money, at one moment."""

    status: PostingStatus
    limit: JobBudget
