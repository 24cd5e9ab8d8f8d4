"""Owns the values of sessions as they are stored and listed. Pure."""

from dataclasses import dataclass
from datetime import datetime

from jobmeter.people.model import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """A session and whose it is; ``grant_id`` is ``None`` for one as a member, ``viewed_partner_id`` for one that looks at nobody's pages."""

    id: int
    grant_id: int | None
    viewed_partner_id: int | None
    began_at: datetime
    confirmed_at: datetime
    last_used_at: datetime
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSession:
    """A session as its owner sees it: in which browser and network, since when, and when it was last used."""

    id: int
    device: str
    network: str
    began_at: datetime
    last_used_at: datetime
