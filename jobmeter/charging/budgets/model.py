"""Owns the value of a job's budget: what its partner set, what became of it, what is left."""

from dataclasses import dataclass
from datetime import datetime

from jobmeter.contracts.partner.model import PartnerContract
from jobmeter.ledger.model import Account, AccountKind


@dataclass(frozen=True, slots=True)
class JobBudget:
    """A job's money. What is left is reserved from its contract until it is spent or released.

    ``budget_micros`` is all that was ever reserved, ``lowered_micros`` the part of it that a lower total budget
    gave back, which counts as released too. A job that ``is_downgraded`` has nothing left, and gets nothing back,
    until its partner upgrades it.
    """

    shard: int
    job_id: int
    partner_contract_id: int
    currency: str
    click_price_micros: int
    budget_micros: int
    spent_micros: int
    released_micros: int
    lowered_micros: int
    live_until_ms: int
    is_downgraded: bool

    @property
    def limit_micros(self) -> int:
        """The total budget as the partner last set it."""
        return self.budget_micros - self.lowered_micros

    @property
    def used_micros(self) -> int:
        """The part of the limit that is gone: spent, or spent once and credited to the contract since."""
        return self.spent_micros + self.released_micros - self.lowered_micros

    @property
    def left_micros(self) -> int:
        return self.budget_micros - self.spent_micros - self.released_micros

    @property
    def can_pay_a_click(self) -> bool:
        return 0 < self.click_price_micros <= self.left_micros

    @property
    def account(self) -> Account:
        return Account(AccountKind.JOB, self.job_id, self.shard)


@dataclass(frozen=True, slots=True)
class NewJobBudget:
    """A budget's row as it is opened; a job without a contract has contract 0, no currency and no price."""

    shard: int
    job_id: int
    partner_contract_id: int
    currency: str
    click_price_micros: int
    budget_micros: int
    live_from_ms: int
    live_until_ms: int
    daily_micros: int
    is_paced: bool
    market: int


@dataclass(frozen=True, slots=True)
class BudgetOpening:
    """A job about to be metered. ``budget_micros`` is nothing for a job that is never charged per click,
    ``daily_micros`` for one without a daily budget.
    """

    shard: int
    job_id: int
    contract: PartnerContract | None
    click_price_micros: int
    budget_micros: int
    live_from: datetime
    live_until: datetime
    daily_micros: int = 0
    market: int = 0
