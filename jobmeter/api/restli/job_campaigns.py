"""``/rest/jobCampaigns``: create, get, update, pause, resume and close campaigns (spec 5; the schema is our choice)."""

from typing import Any

from jobmeter.api.restli.resources import Call, Handler, Reply
from jobmeter.base.clock import from_ms, to_ms
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_CAMPAIGN, URN_CONTRACT, read_urn
from jobmeter.jobs.campaigns import flow as campaigns
from jobmeter.jobs.campaigns.model import Campaign, CampaignChange, CampaignDraft, CampaignStatus
from jobmeter.wire.restli.envelopes import Patch, read_patch, wrap_action
from jobmeter.wire.restli.keys import encode_location
from jobmeter.wire.restli.syntax import RestliSyntaxError

MILLISECONDS_MAX = 253_402_300_799_999
_REQUIRED = {"partnerJobCampaignId", "name", "contract", "startTime"}
_CREATED_WITH = _REQUIRED | {"endTime"}
_PATCHED_WITH = {"name", "status", "startTime", "endTime"}
_ASKED_STATUSES = (CampaignStatus.ACTIVE, CampaignStatus.PAUSED, CampaignStatus.CLOSED)


async def create_campaign(call: Call) -> Reply:
    """Responds 202 with the campaign's URN in ``X-RestLi-Id``; the worker starts the campaign when it is due."""
    _check_caller(call)
    draft = _read_draft(call.read_json())
    async with call.app.database.transaction() as connection:
        made = await campaigns.create_campaign(connection, child=call.application, draft=draft, now=call.now)
    call.app.wake_worker()
    return Reply(
        None,
        status=202,
        headers={"X-RestLi-Id": made.urn, "Location": encode_location(call.path, made.urn)},
    )


async def get_campaign(call: Call) -> Reply:
    _check_caller(call)
    async with call.app.database.connection() as connection:
        found = await campaigns.find_campaign(connection, child=call.application, campaign_id=_read_key(call))
    return Reply(_serialize(found))


async def update_campaign(call: Call) -> Reply:
    """A partial update of name, status, startTime and endTime; responds 204."""
    _check_caller(call)
    try:
        change = _read_change(read_patch(call.read_json()))
    except RestliSyntaxError as error:
        raise Refused(Fault.BODY_INVALID, lines=f"ERROR :: /patch :: {error.text}\n") from error
    await _change(call, change)
    return Reply(None, status=204)


def make_action(status: CampaignStatus) -> Handler:
    """The actions pause, resume and close update the status; they return the campaign."""

    async def act(call: Call) -> Reply:
        _check_caller(call)
        return Reply(wrap_action(_serialize(await _change(call, CampaignChange(status=status)))))

    return act


pause_campaign = make_action(CampaignStatus.PAUSED)
resume_campaign = make_action(CampaignStatus.ACTIVE)
close_campaign = make_action(CampaignStatus.CLOSED)


async def _change(call: Call, change: CampaignChange) -> Campaign:
    campaign_id = _read_key(call)
    async with call.app.database.transaction() as connection:
        await campaigns.change_campaign(
            connection, child=call.application, campaign_id=campaign_id, change=change, now=call.now
        )
        changed = await campaigns.find_campaign(connection, child=call.application, campaign_id=campaign_id)
    call.app.wake_worker()
    return changed


def _check_caller(call: Call) -> None:
    if call.application.parent_id is None:
        raise Refused(Fault.ACCESS_DENIED, permission=call.permission)


def _read_key(call: Call) -> int:
    """Reads a campaign's URN or number."""
    key = call.key or ""
    number = read_urn(key if key.startswith(URN_CAMPAIGN) else f"{URN_CAMPAIGN}{key}", URN_CAMPAIGN)
    if number is None:
        raise Refused(Fault.ENTITY_UNKNOWN, key=key[:200])
    return number


def _serialize(campaign: Campaign) -> dict[str, Any]:
    shown = {
        "id": campaign.urn,
        "partnerJobCampaignId": campaign.partner_job_campaign,
        "name": campaign.name,
        "contract": f"{URN_CONTRACT}{campaign.posted_contract_id}",
        "status": campaign.status,
        "startTime": to_ms(campaign.starts_at),
        "createdAt": to_ms(campaign.created_at),
        "lastModifiedAt": to_ms(campaign.changed_at),
    }
    if campaign.ends_at is not None:
        shown["endTime"] = to_ms(campaign.ends_at)
    if campaign.ended_at is not None:
        shown["endedAt"] = to_ms(campaign.ended_at)
    return shown


def _read_draft(body: Any) -> CampaignDraft:
    fields = body if isinstance(body, dict) else {}
    lines = [
        f"ERROR :: /{name} :: field is required but not found and has no default value\n"
        for name in sorted(_REQUIRED - set(fields))
    ]
    lines += _find_field_faults(fields, _CREATED_WITH)
    if lines:
        raise Refused(Fault.BODY_INVALID, lines="".join(lines))
    return CampaignDraft(
        partner_job_campaign=fields["partnerJobCampaignId"],
        name=fields["name"],
        contract=fields["contract"],
        starts_at=from_ms(fields["startTime"]),
        ends_at=from_ms(fields["endTime"]) if "endTime" in fields else None,
    )


def _read_change(patch: Patch) -> CampaignChange:
    lines = _find_field_faults(patch.assigned, _PATCHED_WITH)
    lines += [
        f"ERROR :: /{name} :: cannot delete a required field\n" for name in patch.removed if name != "endTime"
    ]
    if lines:
        raise Refused(Fault.BODY_INVALID, lines="".join(lines))
    assigned = patch.assigned
    return CampaignChange(
        name=assigned.get("name"),
        status=CampaignStatus(assigned["status"]) if "status" in assigned else None,
        starts_at=from_ms(assigned["startTime"]) if "startTime" in assigned else None,
        ends_at=from_ms(assigned["endTime"]) if "endTime" in assigned else None,
        clears_end="endTime" in patch.removed,
    )


def _find_field_faults(fields: dict[str, Any], allowed: set[str]) -> list[str]:
    return [
        f"ERROR :: /{name} :: {fault}\n"
        for name, value in fields.items()
        if (fault := _find_field_fault(name, value, allowed)) is not None
    ]


def _find_field_fault(name: str, value: Any, allowed: set[str]) -> str | None:
    if name not in allowed:
        return "unrecognized field found but not allowed"
    shown = ("null" if value is None else str(value))[:100]
    if name in {"startTime", "endTime"}:
        is_time = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MILLISECONDS_MAX
        return None if is_time else f"{shown} cannot be coerced to Long"
    if not isinstance(value, str):
        return f"{shown} cannot be coerced to String"
    if name == "status" and value not in _ASKED_STATUSES:
        return f'"{shown}" is not an enum symbol'
    return None
