"""Owns the values of people: roles, what they are bound to, who is logged in. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

STEP_UP_MINUTES = 10


class Role(StrEnum):
    """In the order of precedence at a log-in: the first one that a person has is chosen."""

    OPERATOR = "OPERATOR"
    OPERATOR_READER = "OPERATOR_READER"
    PARTNER_MANAGER = "PARTNER_MANAGER"
    PARTNER_READER = "PARTNER_READER"
    CUSTOMER = "CUSTOMER"  # all jobs of one child application or hiring contract
    MEMBER = "MEMBER"  # everybody: the jobs that were posted with the person's address


OPERATOR_ROLES = frozenset({Role.OPERATOR, Role.OPERATOR_READER})
PARTNER_ROLES = frozenset({Role.PARTNER_MANAGER, Role.PARTNER_READER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role and what it is bound to. That of a member has no ``id``, because everybody is one.

    ``name`` is that of the partner, the customer or the contract, where it was read for being shown.
    """

    id: int | None = None
    role: Role
    partner_id: int | None = None
    application_id: int | None = None
    hiring_contract_id: int | None = None
    name: str = field(default="", compare=False)


AS_MEMBER = Grant(role=Role.MEMBER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """``email`` is in lower case; ``theme`` is ``system``, ``light`` or ``dark``."""

    id: int
    email: str
    name: str
    language: str
    time_zone: str
    theme: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Whose session it is. ``grants`` are all that the person has, ``grant`` the one that was chosen; of an operator who
    ``is_looking`` at the pages of a partner, that of a reader of it.

    ``confirmed_at`` is when the person last proved who they are; the session ends at ``ends_at`` unless it is used before.
    """

    session_id: int
    person: Person
    grants: tuple[Grant, ...]
    grant: Grant
    confirmed_at: datetime
    ends_at: datetime
    is_looking: bool = False

    def is_confirmed(self, now: datetime) -> bool:
        """Whether the person proved who they are so recently that they may do what needs it."""
        return now < self.confirmed_at + timedelta(minutes=STEP_UP_MINUTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """``token`` is sent to the browser once, and stored as a hash only."""

    token: str
    signed_in: SignedIn


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a request comes from: the name of the browser, and the network of its address, empty if it is not known."""

    device: str
    network: str
