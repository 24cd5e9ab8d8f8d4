"""Owns the values of requests to log in. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginDraft:
    """A request as it is stored; of token, code and browser the hashes. ``is_known`` is whether a mail is sent."""

    email: str
    is_known: bool
    language: str
    network: str
    browser_hash: bytes
    token_hash: bytes
    code_hash: bytes
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLogin:
    """A request that was not used yet."""

    id: int
    email: str
    is_known: bool
    language: str
    browser_hash: bytes
    code_hash: bytes
    tries: int
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLogin:
    """What a page may show of an open link: whose it is, shortened, and whether the browser is the one that asked."""

    email: str
    is_same_browser: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Whether an address has a role, and the language of its mails; empty for one that nobody has."""

    has_role: bool
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentLogins:
    """How many requests there were lately, and when the earliest of them was made."""

    count: int
    earliest_at: datetime | None
