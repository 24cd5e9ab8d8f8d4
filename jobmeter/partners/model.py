"""Owns the values of partners: applications and what a token says about its bearer."""

from dataclasses import dataclass
from datetime import datetime

from jobmeter.base.ids import URN_APPLICATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A developer application. ``parent_id`` is ``None`` for a partner's parent application."""

    id: int
    parent_id: int | None
    shard: int
    client_id: str
    name: str
    unique_foreign_id: str | None = None
    description: str = ""
    callback_urls: tuple[str, ...] = ()
    js_domains: tuple[str, ...] = ()

    @property
    def urn(self) -> str:
        return f"{URN_APPLICATION}{self.id}"

    @property
    def partner_id(self) -> int:
        """The parent application that speaks for the partner."""
        return self.parent_id or self.id


@dataclass(frozen=True, slots=True)
class Credentials:
    """The only moment a secret is readable: when it was made."""

    application: Application
    client_secret: str


@dataclass(frozen=True, slots=True)
class IssuedToken:
    application: Application
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationDraft:
    """What a partner says of a child application it wants (spec 2.3)."""

    unique_foreign_id: str
    name: str
    description: str
    callback_urls: tuple[str, ...] = ()
    js_domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLife:
    """The dates of an access token, as introspection tells them to its owner."""

    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationChange:
    """What a partial update sets of a child application; ``None`` leaves a value as it is."""

    name: str | None = None
    description: str | None = None
    callback_urls: tuple[str, ...] | None = None
    js_domains: tuple[str, ...] | None = None
