"""Owns the values of partners: applications, and the contents of a token."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

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
        """The id of the partner's parent application."""
        return self.parent_id or self.id

    def describe(self) -> dict[str, Any]:
        """What is shown of it to its partner, and recorded of its changes; never a credential."""
        return {
            "uniqueForeignId": self.unique_foreign_id,
            "name": self.name,
            "description": self.description,
            "validJsSdkDomains": self.js_domains,
            "key": self.urn,
            "oauth2AuthorizedCallbackUrls": self.callback_urls,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnApplication(Application):
    """An application as its partner sees it: ``secrets`` counts the valid ones, ``last_token_at`` is exact to an hour."""

    created_at: datetime
    is_permitted: bool
    secrets: int
    last_token_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """A partner as the operator sees it. ``id`` is that of its parent application, ``reference`` the operator's own name of it."""

    id: int
    client_id: str
    name: str
    reference: str | None
    created_at: datetime

    @property
    def urn(self) -> str:
        return f"{URN_APPLICATION}{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPage:
    """A page in the order of ids. ``search`` is the beginning of a name, or a whole client id or foreign id; empty for all."""

    after: int
    rows_max: int
    search: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerChange:
    """What the operator sets of a partner; ``None`` leaves a value unchanged, an empty reference removes it."""

    name: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """A secret in plain text, readable only when it is created."""

    application: Application
    client_secret: str


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """``is_permitted`` is the application's permission at the time of the look-up, not of the issue."""

    application: Application
    expires_at: datetime
    revoked_at: datetime | None
    is_permitted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationDraft:
    """The draft of a child application as the partner sends it (spec 2.3)."""

    unique_foreign_id: str
    name: str
    description: str
    callback_urls: tuple[str, ...] = ()
    js_domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLife:
    """The dates of an access token, as introspection returns them to its owner."""

    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    is_permitted: bool = True

    def status_at(self, now: datetime) -> str:
        if not self.is_permitted or (self.revoked_at is not None and self.revoked_at <= now):
            return "revoked"
        return "expired" if self.expires_at <= now else "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationChange:
    """What a partial update sets of a child application; ``None`` leaves a value unchanged."""

    name: str | None = None
    description: str | None = None
    callback_urls: tuple[str, ...] | None = None
    js_domains: tuple[str, ...] | None = None
