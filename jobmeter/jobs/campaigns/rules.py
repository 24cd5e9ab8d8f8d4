"""Owns the decisions about campaigns: a valid draft, the allowed changes, the jobs that may join. Pure."""

from dataclasses import replace
from datetime import datetime

from jobmeter.base.faults import Fault, Refused
from jobmeter.jobs.campaigns.model import Campaign, CampaignChange, CampaignDraft, CampaignStatus
from jobmeter.jobs.messages import CAMPAIGN_INVALID, CAMPAIGN_MISSING
from jobmeter.jobs.model import OperationRejected

NAME_CHARACTERS_MAX = 200
PARTNER_ID_CHARACTERS_MAX = 200

# Status changes that a partner may request. Only the worker starts and completes a campaign.
_ASKED_FROM = {
    CampaignStatus.ACTIVE: {CampaignStatus.PAUSED},
    CampaignStatus.PAUSED: {CampaignStatus.DRAFT, CampaignStatus.ACTIVE},
    CampaignStatus.CLOSED: {CampaignStatus.DRAFT, CampaignStatus.ACTIVE, CampaignStatus.PAUSED},
}


def check_draft(draft: CampaignDraft, now: datetime) -> None:
    """Raises ``Refused(BODY_INVALID)`` with one line for each broken rule."""
    lines = _find_name_faults("/partnerJobCampaignId", draft.partner_job_campaign, PARTNER_ID_CHARACTERS_MAX)
    lines += _find_name_faults("/name", draft.name, NAME_CHARACTERS_MAX)
    lines += _find_time_faults(starts_at=draft.starts_at, ends_at=draft.ends_at, now=now)
    if lines:
        raise Refused(Fault.BODY_INVALID, lines="".join(lines))


def _find_name_faults(path: str, text: str, characters_max: int) -> list[str]:
    if not text.strip():
        return [f"ERROR :: {path} :: the text may not be empty\n"]
    if len(text) > characters_max:
        return [f'ERROR :: {path} :: length of "{text[:100]}" is greater than {characters_max}\n']
    return ["ERROR :: " + path + " :: the character U+0000 is not allowed\n"] if "\0" in text else []


def _find_time_faults(*, starts_at: datetime, ends_at: datetime | None, now: datetime) -> list[str]:
    if ends_at is None:
        return []
    if ends_at <= starts_at:
        return ["ERROR :: /endTime :: the campaign ends before it starts\n"]
    return ["ERROR :: /endTime :: the campaign would be over already\n"] if ends_at <= now else []


def change_campaign(campaign: Campaign, change: CampaignChange, now: datetime) -> Campaign:
    """Returns the campaign after the change.

    A request for the current status changes nothing. A campaign that has not started is resumed into DRAFT.
    Raises ``Refused``: CAMPAIGN_OVER for one that has ended, BODY_INVALID.
    """
    status = campaign.status if change.status is None else change.status
    if not campaign.is_open:
        if status is campaign.status and change == CampaignChange(status=change.status):
            return replace(campaign, changed_at=now)
        raise Refused(Fault.CAMPAIGN_OVER, campaign=campaign.urn, status=campaign.status)
    name = campaign.name if change.name is None else change.name
    starts_at = change.starts_at or campaign.starts_at
    ends_at = None if change.clears_end else change.ends_at or campaign.ends_at
    lines = _find_name_faults("/name", name, NAME_CHARACTERS_MAX)
    lines += _find_time_faults(starts_at=starts_at, ends_at=ends_at, now=now)
    if starts_at != campaign.starts_at and campaign.starts_at <= now:
        lines.append("ERROR :: /startTime :: the campaign has begun\n")
    if status is not campaign.status and campaign.status not in _ASKED_FROM.get(status, set()):
        lines.append(f"ERROR :: /status :: the status cannot change from {campaign.status} to {status}\n")
    if lines:
        raise Refused(Fault.BODY_INVALID, lines="".join(lines))
    if status is CampaignStatus.ACTIVE and starts_at > now:
        status = CampaignStatus.DRAFT
    return replace(
        campaign,
        name=name,
        status=status,
        starts_at=starts_at,
        ends_at=ends_at,
        changed_at=now,
        ended_at=now if status is CampaignStatus.CLOSED else None,
    )


def check_join(campaign: Campaign | None, partner_contract_id: int | None, now: datetime) -> Campaign:
    """Returns the campaign, if a job on this contract may join it.

    Raises ``OperationRejected`` when it is unknown, has ended, or is on another contract (spec 4.4).
    """
    if campaign is None:
        raise OperationRejected(CAMPAIGN_MISSING)
    is_over = not campaign.is_open or (campaign.ends_at is not None and campaign.ends_at <= now)
    if is_over or campaign.partner_contract_id != partner_contract_id:
        raise OperationRejected(CAMPAIGN_INVALID)
    return campaign
