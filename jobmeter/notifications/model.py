"""Owns the values of notifications."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from jobmeter.base.readers.times import EARLIEST

_POSITION = re.compile(r"([0-9]{1,17})-([0-9]{1,18})", re.ASCII)


class NotificationKind(StrEnum):
    """The kinds an endpoint can subscribe to, and two that any endpoint receives: TEST on demand, WEBHOOK_DISABLED when
    another endpoint of its application is disabled.
    """

    JOB_POSTING_STATUS = "JOB_POSTING_STATUS"
    BUDGET_ALERT = "BUDGET_ALERT"
    CHARGES = "CHARGES"
    INVOICE_ISSUED = "INVOICE_ISSUED"
    INVOICE_PAID = "INVOICE_PAID"
    INVOICE_OVERDUE = "INVOICE_OVERDUE"
    CREDIT_NOTE_ISSUED = "CREDIT_NOTE_ISSUED"
    JOB_CHANGED = "JOB_CHANGED"
    TEST = "TEST"
    WEBHOOK_DISABLED = "WEBHOOK_DISABLED"


ASKED_KINDS = (
    NotificationKind.JOB_POSTING_STATUS,
    NotificationKind.BUDGET_ALERT,
    NotificationKind.CHARGES,
    NotificationKind.INVOICE_ISSUED,
    NotificationKind.INVOICE_PAID,
    NotificationKind.INVOICE_OVERDUE,
    NotificationKind.CREDIT_NOTE_ISSUED,
    NotificationKind.JOB_CHANGED,
)
MAILED_KINDS = (
    NotificationKind.BUDGET_ALERT,
    NotificationKind.INVOICE_ISSUED,
    NotificationKind.INVOICE_PAID,
    NotificationKind.INVOICE_OVERDUE,
    NotificationKind.CREDIT_NOTE_ISSUED,
    NotificationKind.JOB_CHANGED,
    NotificationKind.TEST,
    NotificationKind.WEBHOOK_DISABLED,
)


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
    """An endpoint of an application, as it was registered. A URL that is ``gone_at`` some time receives nothing."""

    id: int
    application_id: int
    url: str
    email: str
    kinds: tuple[str, ...]
    created_at: datetime
    paused_until: datetime | None = None
    gone_at: datetime | None = None

    def describe(self) -> dict[str, Any]:
        """What is shown of it, and recorded of its changes."""
        return {
            "id": self.id,
            "url": self.url or None,
            "email": self.email or None,
            "kinds": list(self.kinds),
            "createdAt": self.created_at.isoformat(),
            "pausedUntil": None if self.paused_until is None else self.paused_until.isoformat(),
            "disabledAt": None if self.gone_at is None else self.gone_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Follower:
    """An endpoint that follows a stream, and the cursor up to which entries were sent to it."""

    endpoint: NotificationEndpoint
    sent_until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSecret:
    """A signing secret of an endpoint as it is stored."""

    endpoint_id: int
    number: int
    sealed_secret: bytes


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """A signing secret as it is stored; the lower ``number`` is the older one."""

    number: int
    sealed_secret: bytes
    created_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSecret:
    """What is shown of a signing secret: no ``last_four`` if it was sealed under a key that is lost, no ``created_at`` if an
    earlier version created it.
    """

    last_four: str | None
    created_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerEndpoint(NotificationEndpoint):
    """An endpoint of a partner's application, with that application's name and how many deliveries were given up."""

    application_name: str
    dead: int


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
class Failure:
    """Why an attempt failed. If ``is_of_endpoint``, the next notification would fail as well. The endpoint may ask to be left
    alone for ``retry_after``, or say that it ``is_gone``.
    """

    text: str
    is_of_endpoint: bool = True
    retry_after: timedelta = timedelta(0)
    is_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointAnswer:
    """What an endpoint answered: its status, the beginning of its text, and after how many milliseconds it began."""

    status: int
    text: str
    ms: int


@dataclass(frozen=True, slots=True)
class Sent:
    """The result of an attempt that was made: no ``failure`` if it was accepted. A mail, and an endpoint that was not
    reached, have no answer.
    """

    failure: Failure | None
    answer: EndpointAnswer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One process's deliveries to an endpoint through one channel, until they ended or ``failure`` stopped them.

    ``skipped_ids`` were claimed and not sent, ``tried_ids`` were sent; ``attempts`` counts those of the last of these.
    """

    endpoint_id: int
    channel: Channel
    has_delivered: bool
    failure: Failure | None
    attempts: int
    skipped_ids: tuple[UUID, ...]
    tried_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptResult:
    """The result of an attempt; ``due_at`` is the time of the next one, ``finished_at`` is set when there is none."""

    state: DeliveryState
    due_at: datetime | None
    finished_at: datetime | None
    last_outcome: str
    answer_status: int | None
    answer_text: str | None
    answer_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilter:
    """Which deliveries of an endpoint are read, the newest first: those before the last one of the page before, which is
    named by its time and number; of a time, whose end is not included.
    """

    state: DeliveryState | None
    kind: str | None = None
    since: datetime
    until: datetime
    before_at: datetime
    before_number: int
    rows_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery(Notification):
    """A notification with the results of its delivery so far; ``attempts`` counts what was sent.

    The answer is that of the last attempt.
    """

    number: int
    state: DeliveryState
    attempts: int
    due_at: datetime
    finished_at: datetime | None
    last_outcome: str
    answer_status: int | None = None
    answer_text: str | None = None
    answer_ms: int | None = None

    @property
    def position(self) -> "DeliveryPosition":
        return DeliveryPosition(self.created_at, self.number)


class DeliveryPosition(NamedTuple):
    """Where a list of deliveries continues: after the time and the number of its last element."""

    at: datetime
    number: int

    def to_text(self) -> str:
        return f"{round(self.at.timestamp() * 1_000_000)}-{self.number}"

    @classmethod
    def parse(cls, text: str) -> "DeliveryPosition | None":
        """Returns ``None`` for a text that is no position."""
        match = _POSITION.fullmatch(text)
        return match and cls(EARLIEST + timedelta(microseconds=int(match[1])), int(match[2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryCount:
    """How many deliveries of a kind are in a state."""

    state: DeliveryState
    kind: str
    deliveries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAttempt:
    """A claimed delivery, with its destination and the secrets that sign it, oldest first.

    ``partner_id`` is the parent application, whose endpoints share a number of tasks.
    """

    delivery: Delivery
    application_id: int
    partner_id: int
    url: str
    email: str
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedDelivery(Delivery):
    """A delivery that this process has claimed."""

    partner_id: int
