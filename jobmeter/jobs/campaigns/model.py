"""Owns the values of campaigns: a customer's jobs on one contract that are paused, resumed and ended together."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from jobmeter.base.ids import URN_CAMPAIGN


class CampaignStatus(StrEnum):
    DRAFT = "DRAFT"  # created, not started
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"  # its end time has passed
    CLOSED = "CLOSED"  # closed by the partner


OPEN_STATUSES = frozenset({CampaignStatus.DRAFT, CampaignStatus.ACTIVE, CampaignStatus.PAUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignDraft:
    partner_job_campaign: str
    name: str
    contract: str
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignChange:
    """What a partial update sets; ``None`` leaves a value unchanged. ``clears_end`` removes the end time."""

    name: str | None = None
    status: CampaignStatus | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    clears_end: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """``posted_contract_id`` is the contract as the caller named it: its own, or the partner's that pays."""

    shard: int
    id: int
    application_id: int
    partner_job_campaign: str
    partner_contract_id: int
    posted_contract_id: int
    name: str
    status: CampaignStatus
    starts_at: datetime
    ends_at: datetime | None
    created_at: datetime
    changed_at: datetime
    ended_at: datetime | None

    @property
    def urn(self) -> str:
        return f"{URN_CAMPAIGN}{self.id}"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    @property
    def counts_events(self) -> bool:
        """Whether the events of its jobs count."""
        return self.status is CampaignStatus.ACTIVE
