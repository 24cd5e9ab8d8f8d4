"""``GET /v2/jobPostingStatus?ids=...`` and ``/rest``: whether jobs are listed and promoted, and why not (spec 4.5)."""

from typing import Any

from jobmeter.api.edge import Call, Reply
from jobmeter.api.replies import error_object
from jobmeter.base.clock import to_ms
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import BATCH_GET_KEYS_MAX
from jobmeter.jobs import flow_status as jobs
from jobmeter.jobs.model_status import Blame, Listing, PostingStatus, RunOut, Standing
from jobmeter.wire.restli.envelopes import wrap_batch
from jobmeter.wire.restli.values import ArgumentTypeError, read_texts

_VISIBILITY = {"PUBLIC": "PUBLIC", "INTERNAL": "COMPANY", "PRIVATE_TO_ATS_INTEGRATION": "PARTNER"}
_NO_APPLY = "No attempt to enable LinkedInApply was found for this job."


async def batch_get_statuses(call: Call) -> Reply:
    """Jobs of the caller's own, by external id; every field is there, ``null`` where it has no value."""
    if call.application.parent_id is None:
        raise Refused(Fault.ACCESS_DENIED, permission="GET /jobPostingStatus")
    asked = _read_ids(call)
    async with call.state.database.connection() as connection:
        found = await jobs.read_statuses(connection, child=call.application, external_ids=asked, now=call.now)
    base_url = call.state.settings.base_url.rstrip("/")
    results = {
        external_id: _draw(found[external_id], base_url) for external_id in asked if external_id in found
    }
    missing = {
        external_id: error_object(Refused(Fault.ENTITY_UNKNOWN, key=external_id))
        for external_id in asked
        if external_id not in found
    }
    return Reply(wrap_batch(results, missing))


def _read_ids(call: Call) -> list[str]:
    try:
        asked = list(dict.fromkeys(read_texts("ids", call.parameters["ids"], single=True)))
    except ArgumentTypeError as error:
        raise Refused(Fault.BATCH_KEY_INVALID) from error
    if not all(asked) or any("\0" in external_id for external_id in asked):
        raise Refused(Fault.BATCH_KEY_INVALID)
    if len(asked) > BATCH_GET_KEYS_MAX:
        raise Refused(Fault.BATCH_TOO_MANY_KEYS, keys_max=BATCH_GET_KEYS_MAX, found=len(asked))
    return asked


def _draw(status: PostingStatus, base_url: str) -> dict[str, Any]:
    posting, content, standing = status.posting, status.content, status.standing
    apply_status, apply_detail = _draw_apply(status)
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
        "listingStatusDetail": _draw_listing_detail(standing),
        "promotionStatus": standing.promotion,
        "promotionStatusDetail": _draw_run_out(standing.run_out),
        "jobCampaign": None if status.campaign is None else status.campaign.urn,
        "partnerJobCampaign": posting.partner_job_campaign,
        "rawLocation": posting.location,
    }


def _draw_apply(status: PostingStatus) -> tuple[str, dict[str, Any] | None]:
    """Applying on the board itself is on when the element configures it."""
    if not status.content.get("onsiteApplyConfiguration"):
        return "NOT_ENABLED", _draw_detail(Blame.PARTNER_ERROR, _NO_APPLY)
    if status.standing.listing is Listing.IN_PROGRESS:
        return "IN_PROGRESS", None
    is_listed = status.standing.listing is Listing.LISTED
    return "ENABLED" if is_listed else "NOT_ENABLED", None


def _draw_listing_detail(standing: Standing) -> dict[str, Any] | None:
    if standing.listing is not Listing.NOT_LISTED:
        return None
    if standing.failure is not None:
        return _draw_detail(Blame.PARTNER_ERROR, standing.failure)
    return _draw_run_out(standing.run_out)


def _draw_run_out(run_out: RunOut | None) -> dict[str, Any] | None:
    return None if run_out is None else _draw_detail(run_out.blame, run_out.says)


def _draw_detail(blame: Blame, says: str) -> dict[str, Any]:
    return {"errorCode": None, "errorType": blame, "statusMessage": says}
