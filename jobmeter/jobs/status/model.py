"""Owns the values of a job's public status: listed, promoted, and why not; and their JSON (spec 4.5)."""

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, NamedTuple

from jobmeter.base.clock import to_ms
from jobmeter.charging.budgets.model import JobBudget
from jobmeter.jobs.campaigns.model import Campaign
from jobmeter.jobs.model import JobPosting

_VISIBILITY = {"PUBLIC": "PUBLIC", "INTERNAL": "COMPANY", "PRIVATE_TO_ATS_INTEGRATION": "PARTNER"}

_NO_APPLY = "No attempt to enable LinkedInApply was found for this job."


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
    message: str


class NotPromotedReason(Enum):
    """Why a job is not promoted, in the documented words (spec 4.4). The first reason that applies is reported.

    CAMPAIGN_OFF, NOT_PUBLIC and DAY_BUDGET are the project's own and temporary: the job waits for its campaign,
    an update or the next day.
    """

    CLOSED_BY_POSTER = _Reason(ErrorType.CUSTOMER_ERROR, "This job was closed by original poster.")
    DURATION = _Reason(ErrorType.CUSTOMER_ERROR, "This job's duration limit has been reach.")
    OFFER_END = _Reason(ErrorType.CUSTOMER_ERROR, "This job's affordable offer has reach end.")
    CAMPAIGN_OFF = _Reason(ErrorType.CUSTOMER_ERROR, "This job's campaign is paused or has not begun.")
    ACCOUNT_BUDGET = _Reason(ErrorType.CUSTOMER_ERROR, "The account level budget has ran out.")
    JOB_BUDGET = _Reason(ErrorType.CUSTOMER_ERROR, "This job's budget has ran out.")
    NO_BUDGET = _Reason(ErrorType.PARTNER_ERROR, "There is no job budget available for this job.")

    NOT_PUBLIC = _Reason(ErrorType.CUSTOMER_ERROR, "This job is not available to the public.")
    DAY_BUDGET = _Reason(ErrorType.CUSTOMER_ERROR, "This job's budget of the day has ran out.")

    @property
    def message(self) -> str:
        return self.value.message

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
    """``content`` is the element that last created or changed the job."""

    posting: JobPosting
    content: dict[str, Any]
    alternate_places: tuple[str, ...]
    campaign: Campaign | None
    standing: PublicStatus


@dataclass(frozen=True, slots=True)
class JobSnapshot:
    """A job's status and budget at one moment."""

    status: PostingStatus
    limit: JobBudget


def serialize_status(status: PostingStatus, base_url: str) -> dict[str, Any]:
    """Every field is present, ``null`` when it has no value."""
    posting, content, standing = status.posting, status.content, status.standing
    apply_status, apply_detail = _serialize_apply(status)
    return {
        "externalJobPostingId": posting.external_id,
        "jobPostingInfo": {
            "expireAt": to_ms(posting.expires_at),
            "listedAt": to_ms(posting.listed_at),
            "location": posting.place or posting.location,
            "alternateLocations": list(status.alternate_places) or None,
            "companyDetails": {
                "name": _find_company_name(status),
                "pageUrl": content.get("companyPageUrl"),
            },
            "visibilityTag": _VISIBILITY.get(content.get("availability", "")),
        },
        "jobPostingUrl": f"{base_url}/jobs/view/{posting.job_id}" if posting.is_public else None,
        "linkedInApplyStatus": apply_status,
        "linkedInApplyStatusDetail": apply_detail,
        "listingStatus": standing.listing,
        "listingStatusDetail": _serialize_listing_detail(standing),
        "promotionStatus": standing.promotion,
        "promotionStatusDetail": _serialize_not_promoted_reason(standing.run_out),
        "jobCampaign": None if status.campaign is None else status.campaign.urn,
        "partnerJobCampaign": posting.partner_job_campaign,
        "rawLocation": posting.location,
    }


def _find_company_name(status: PostingStatus) -> str | None:
    """The name as posted, under the name that the posting's own API has for it; what is only derived from a page's
    address is no name.
    """
    if "externalJobPostingId" in status.content:
        return status.content.get("companyName")
    return status.posting.company_name or None


def _serialize_apply(status: PostingStatus) -> tuple[str, dict[str, Any] | None]:
    """Applying on the board itself is enabled when the element configures it."""
    if not status.content.get("onsiteApplyConfiguration"):
        return "NOT_ENABLED", _serialize_detail(ErrorType.PARTNER_ERROR, _NO_APPLY)
    if status.standing.listing is Listing.IN_PROGRESS:
        return "IN_PROGRESS", None
    is_listed = status.standing.listing is Listing.LISTED
    return "ENABLED" if is_listed else "NOT_ENABLED", None


def _serialize_listing_detail(standing: PublicStatus) -> dict[str, Any] | None:
    if standing.listing is not Listing.NOT_LISTED:
        return None
    if standing.failure is not None:
        return _serialize_detail(ErrorType.PARTNER_ERROR, standing.failure)
    return _serialize_not_promoted_reason(standing.run_out)


def _serialize_not_promoted_reason(run_out: NotPromotedReason | None) -> dict[str, Any] | None:
    return None if run_out is None else _serialize_detail(run_out.error_type, run_out.message)


def _serialize_detail(error_type: ErrorType, message: str) -> dict[str, Any]:
    return {"errorCode": None, "errorType": error_type, "statusMessage": message}
