"""Owns the values of hiring contracts, which pay for posting through the XML API."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from jobmeter.ledger.model import Account, AccountKind


class HiringKind(StrEnum):
    SLOTS = "SLOTS"  # a client's: capacity, occupied by a job while it runs
    CREDITS = "CREDITS"  # a reseller's: consumed by each posting and each renewal


class Role(StrEnum):
    """The role in which a call acts. It follows from the contract that the call names (credits page, overview)."""

    DISTRIBUTOR = "DISTRIBUTOR"
    RESELLER = "RESELLER"


@dataclass(frozen=True, slots=True, kw_only=True)
class HiringContract:
    """``seats`` are the e-mail addresses, in lower case, of members who may be a distributor job's poster.

    ``sandbox_number`` is a second number by which a granted application may name the contract.
    """

    id: int
    shard: int
    kind: HiringKind
    owner_name: str
    owner_application_id: int | None
    is_postpaid: bool
    currency: str
    run_days: int
    default_poster_email: str
    seats: tuple[str, ...]
    sandbox_number: int | None
    starts_at: datetime
    ends_at: datetime

    @property
    def role(self) -> Role:
        return Role.DISTRIBUTOR if self.kind is HiringKind.SLOTS else Role.RESELLER

    @property
    def unit(self) -> str:
        return "SLOT" if self.kind is HiringKind.SLOTS else "CREDIT"

    @property
    def inventory(self) -> Account:
        """The account of the unused units; for a post-paid contract, of the units owed (unlimited)."""
        if self.kind is HiringKind.SLOTS:
            return Account(AccountKind.SLOTS_FREE, self.id, self.shard)
        kind = AccountKind.CREDITS_OWED if self.is_postpaid else AccountKind.CREDITS
        return Account(kind, self.id, self.shard)

    @property
    def funding(self) -> Account:
        return Account(AccountKind.FUNDING, self.id, self.shard)

    @property
    def used(self) -> Account:
        return Account(AccountKind.CREDITS_USED, self.id, self.shard)

    def is_active(self, now: datetime) -> bool:
        return self.starts_at <= now < self.ends_at

    def is_called(self, number: int) -> bool:
        return number in {self.id, self.sandbox_number}


@dataclass(frozen=True, slots=True, kw_only=True)
class HiringPrice:
    """One line of a price list: the price of a posting or renewal from ``valid_from`` on."""

    valid_from: datetime
    price_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HiringDraft:
    """What the operator specifies for a new hiring contract. ``units`` are its first slots or credits."""

    kind: HiringKind
    owner_name: str
    owner_application_id: int | None
    is_postpaid: bool
    currency: str
    units: int
    price_micros: int
    run_days: int
    default_poster_email: str
    seats: tuple[str, ...]
    sandbox_number: int | None
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerHiring:
    """A hiring contract as a partner sees it that owns it, or may post on it. Of a post-paid contract nothing is counted.

    ``funded`` are the units that were added, without those taken away again.
    """

    contract: HiringContract
    is_owner: bool
    unused: int | None
    funded: int

    @property
    def used(self) -> int | None:
        return None if self.unused is None else self.funded - self.unused


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerGrant:
    """An application of a partner that may post on a contract."""

    application_id: int
    name: str
    granted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """An application that may use a contract."""

    application_id: int
    granted_at: datetime
