"""Owns the values of P4P contracts."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from jobmeter.base.ids import URN_CONTRACT
from jobmeter.ledger.model import Account, AccountKind


class Pacing(StrEnum):
    """How the jobs of a contract spend their total budgets: as fast as clicks arrive, or evenly over their runs."""

    ASAP = "ASAP"
    EVEN = "EVEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerContract:
    """A P4P service term: the amount a partner may spend, in one currency, between two instants."""

    id: int
    partner_id: int
    shard: int
    currency: str
    limit_micros: int
    term_starts_at: datetime
    term_ends_at: datetime
    pacing: Pacing = Pacing.ASAP

    @property
    def urn(self) -> str:
        return f"{URN_CONTRACT}{self.id}"

    @property
    def account(self) -> Account:
        """The account of the amount that no job has reserved."""
        return Account(AccountKind.CONTRACT, self.id, self.shard)

    @property
    def funding(self) -> Account:
        return Account(AccountKind.FUNDING, self.id, self.shard)

    @property
    def earned(self) -> Account:
        return Account(AccountKind.EARNED, self.id, self.shard)

    def is_active(self, now: datetime) -> bool:
        return self.term_starts_at <= now < self.term_ends_at


@dataclass(frozen=True, slots=True)
class CustomerContract:
    """The contract a child application posts under; it shares the partner contract's funds (spec 3)."""

    id: int
    application_id: int
    partner_contract: PartnerContract

    @property
    def urn(self) -> str:
        return f"{URN_CONTRACT}{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer's contract as the operator lists it under the partner contract."""

    id: int
    application_id: int
    application_name: str
    created_at: datetime

    @property
    def urn(self) -> str:
        return f"{URN_CONTRACT}{self.id}"


EXPERIENCE_LEVELS = (
    *("ENTRY_LEVEL", "MID_SENIOR_LEVEL", "DIRECTOR", "EXECUTIVE", "INTERNSHIP", "ASSOCIATE"),
    "NOT_APPLICABLE",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTraits:
    """The properties of a job that a price may depend on; empty where the job does not specify them. The
    function is the first of its categories, as the partner writes it; case is ignored.
    """

    country: str = ""
    job_function: str = ""
    experience_level: str = ""


@dataclass(frozen=True, slots=True)
class ClickPrice:
    """One line of a price list; empty traits match every job."""

    traits: JobTraits
    valid_from: datetime
    price_micros: int
