"""Owns the values of notices."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class NotificationKind(StrEnum):
    """What an endpoint can ask for. TEST is sent on demand, to any."""

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
    """A dead notice was given up; it can be replayed."""

    WAITING = "WAITING"
    DELIVERED = "DELIVERED"
    DEAD = "DEAD"


@dataclass(frozen=True, slots=True)
class NotificationEndpoint:
    """Where an application wants to be told. ``url`` is empty where only e-mail is wanted, and the other way round."""

    id: int
    application_id: int
    url: str
    email: str
    kinds: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notice on its way to one endpoint. ``body`` is JSON text."""

    id: UUID
    number: int
    endpoint_id: int
    way: Channel
    kind: str
    subject: str
    body: str
    state: DeliveryState
    attempts: int
    due_at: datetime
    created_at: datetime
    finished_at: datetime | None
    last_outcome: str


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """A delivery that is claimed, with where it goes and the secrets that sign it, oldest first."""

    delivery: Delivery
    application_id: int
    url: str
    email: str
    secrets: tuple[str, ...]
