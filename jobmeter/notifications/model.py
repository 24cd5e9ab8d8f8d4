"""Owns the values of notifications."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class NotificationKind(StrEnum):
    """The kinds an endpoint can subscribe to. TEST is sent on demand, to any endpoint."""

    JOB_POSTING_STATUS = "JOB_POSTING_STATUS"
    BUDGET_ALERT = "BUDGET_ALERT"
    CHARGES = "CHARGES"
    TEST = "TEST"


ASKED_KINDS = (NotificationKind.JOB_POSTING_STATUS, NotificationKind.BUDGET_ALERT, NotificationKind.CHARGES)
MAILED_KINDS = (NotificationKind.BUDGET_ALERT, NotificationKind.TEST)


class Channel(StrEnum):
    WEBHOOK = "WEBHOOK"
    EMAIL = "EMAIL"


class DeliveryState(StrEnum):
    """A dead notification was given up; it can be replayed."""

    WAITING = "WAITING"
    DELIVERED = "DELIVERED"
    DEAD = "DEAD"


@dataclass(frozen=True, slots=True)
class EndpointDraft:
    """An endpoint as the partner sends it. ``url`` is empty when only e-mail is wanted, and vice versa."""

    url: str
    email: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationEndpoint:
    """An endpoint of an application, as it was registered."""

    id: int
    application_id: int
    url: str
    email: str
    kinds: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Follower:
    """An endpoint that follows a stream, and the cursor up to which entries were sent to it."""

    endpoint: NotificationEndpoint
    sent_until: int


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """A signing secret as it is stored; the lower ``number`` is the older one."""

    number: int
    sealed_secret: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One delivery to one endpoint through one channel. ``body`` is JSON text."""

    id: UUID
    endpoint_id: int
    channel: Channel
    kind: str
    subject: str
    body: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptResult:
    """The result of an attempt; ``due_at`` is the time of the next one, ``finished_at`` is set when there is none."""

    state: DeliveryState
    due_at: datetime | None
    finished_at: datetime | None
    last_outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery(Notification):
    """A notification with the results of its delivery so far."""

    number: int
    state: DeliveryState
    attempts: int
    due_at: datetime
    finished_at: datetime | None
    last_outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAttempt:
    """A claimed delivery, with its destination and the secrets that sign it, oldest first."""

    delivery: Delivery
    application_id: int
    url: str
    email: str
    secrets: tuple[str, ...]
