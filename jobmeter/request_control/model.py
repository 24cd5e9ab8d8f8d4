"""Owns the values of the edge's bookkeeping: a lease of calls, a claim of a repeatable request."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class QuotaCounter:
    """What counts the calls of an application on a resource in a UTC day."""

    application_id: int
    resource: str
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaLease:
    """``granted`` calls may be answered without asking again; ``taken`` is the day's count, the lease included."""

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
    """A request that may be repeated. ``sender`` tells apart who may use the same key for different things."""

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
