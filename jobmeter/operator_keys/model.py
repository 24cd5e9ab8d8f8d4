"""Owns the values of named keys. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class KeyRole(Enum):
    """What the owner of a key may do."""

    READER = "READER"  # reads what the operator reads, changes nothing
    OPERATOR = "OPERATOR"
    EVENTS = "EVENTS"  # the job board's: sends events, reads the promotion feed


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorKey:
    """``secrets`` is how many secrets are valid: two while a key is being rotated, none once it is revoked."""

    id: int
    name: str
    role: KeyRole
    created_at: datetime
    revoked_at: datetime | None
    secrets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHolder:
    """Whom a secret belongs to; ``id`` is the key's."""

    id: int
    name: str
    role: KeyRole


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """``secret`` is shown once, and stored as a hash only."""

    key: OperatorKey
    secret: str
