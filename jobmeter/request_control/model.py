"""Owns the values of request control: a lease of calls, a claim of an idempotent request."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class QuotaCounter:
    """Identifies the counter of an application's calls on a resource in a UTC day."""

    application_id: int
    resource: str
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaLease:
    """``granted`` calls may be answered without asking again; ``taken`` is the day's count, including the lease."""

    granted: int
    taken: int


@dataclass(frozen=True, slots=True)
class StoredClaim:
    """``status`` and ``sealed_answer`` are ``None`` until the request is answered."""

    body_hash: bytes
    claimed_at: datetime
    status: int | None
    sealed_answer: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An idempotent request. ``sender`` separates senders that may use the same key for different requests."""

    sender: str
    method: str
    path: str
    key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class StoredResponse:
    status: int
    headers: dict[str, str]
    body: bytes
