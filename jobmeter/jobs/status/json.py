"""Owns how a job's status is told as a JSON value, over HTTP and in notices alike (spec 4.5).

Does not own how a job stands (``rules``).
"""

from typing import Any

from jobmeter.base.clock import to_ms
from jobmeter.jobs.status.model import ErrorType, Listing, NotPromotedReason, PostingStatus, PublicStatus

_VISIBILITY = {"PUBLIC": "PUBLIC", "INTERNAL": "COMPANY", "PRIVATE_TO_ATS_INTEGRATION": "PARTNER"}

_NO_APPLY = "No attempt to enable LinkedInApply was found for this job."


def serialize_status(status: PostingStatus, base_url: str) -> dict[str, Any]:
    """Every field is there, ``null`` where it has no value."""
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
                "name": content.get("companyName"),
                "pageUrl": content.get("companyPageUrl"),
            },
            "visibilityTag": _VISIBILITY.get(content.get("availability", "")),
        },
        "jobPostingUrl": f"{base_url}/jobs/view/{posting.job_id}",
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


def _serialize_apply(status: PostingStatus) -> tuple[str, dict[str, Any] | None]:
    """Applying on the board itself is on when the element configures it."""
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
    return None if run_out is None else _serialize_detail(run_out.error_type, run_out.says)


def _serialize_detail(error_type: ErrorType, says: str) -> dict[str, Any]:
    return {"errorCode": None, "errorType": error_type, "statusMessage": says}
