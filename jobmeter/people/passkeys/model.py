"""Owns the values of passkeys. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a passkey is made for: always the address of the settings, never that of a request.

    ``secret_keys`` are those by which challenges are recognized; the first one makes them.
    """

    name: str
    origin: str
    secret_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A passkey as its owner sees it."""

    id: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPasskey:
    """What is needed to check a signature. ``sign_count`` never falls, unless a passkey was copied."""

    id: int
    person_id: int
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPasskey:
    """A passkey whose signature was checked."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
