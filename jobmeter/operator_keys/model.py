"""Owns the values of named keys, and of what is shown of a secret. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class KeyRole(Enum):
    """What the owner of a key may do."""

    READER = "READER"  # reads what the operator reads, changes nothing
    OPERATOR = "OPERATOR"
    EVENTS = "EVENTS"  # the job board's: sends events, reads the promotion feed


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSecret:
    """What is shown of a valid secret. ``last_four`` is ``None`` if an earlier version created it; ``last_used_at`` is exact
    to an hour.
    """

    created_at: datetime
    last_four: str | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorKey:
    """``secrets`` are the valid ones, the oldest first: two while a key is being rotated, none once it is revoked."""

    id: int
    name: str
    role: KeyRole
    created_at: datetime
    revoked_at: datetime | None
    secrets: tuple[LiveSecret, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHolder:
    """Whom a secret belongs to; ``id`` is the key's. ``last_used_at`` is that of the secret, to the hour."""

    id: int
    name: str
    role: KeyRole
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """``secret`` is shown once, and stored as a hash only."""

    key: OperatorKey
    secret: str
