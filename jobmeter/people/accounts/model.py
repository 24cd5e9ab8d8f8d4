"""Owns the values of people as they are listed and changed. Pure."""

from dataclasses import dataclass
from datetime import datetime

from jobmeter.people.model import Grant, Person, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPerson:
    """``last_used_at`` is when one of the person's sessions was last used, as long as it is kept."""

    person: Person
    grants: tuple[Grant, ...]
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleFilter:
    """A page of people in the order of their ids. ``search`` is the beginning of an address or name; empty for all.

    With ``partner_id``, only those who have a role with this partner.
    """

    after: int
    rows_max: int
    search: str = ""
    partner_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """A person as a partner sees them. ``id`` is that of the role: nothing connects it with the person's other roles."""

    id: int
    person_id: int
    email: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """``is_new`` is whether the role is new; a repetition changes nothing."""

    listed: ListedPerson
    is_new: bool

    def colleague_of(self, partner_id: int) -> Colleague:
        """The person as this partner sees them."""
        (grant,) = (one for one in self.listed.grants if one.partner_id == partner_id)
        assert grant.id is not None, "the role is stored"
        person = self.listed.person
        return Colleague(id=grant.id, person_id=person.id, email=person.email, role=grant.role)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange:
    """What a person sets of their own account; ``None`` leaves a value unchanged."""

    name: str | None = None
    language: str | None = None
    time_zone: str | None = None
    theme: str | None = None
