"""Owns the values of top-ups that are paid."""

from dataclasses import dataclass
from datetime import date

from jobmeter.billing.payments.model import Payment


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUpDraft:
    """What a payment adds to a contract: ``units`` of a hiring contract, or ``limit_micros`` to a partner contract's limit.

    Without ``amount_micros``, what is paid is the price of it with the tax of the day.
    """

    account_id: int
    contract_id: int
    reference: str
    units: int | None = None
    limit_micros: int | None = None
    amount_micros: int | None = None
    paid_on: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Price:
    """What a top-up costs."""

    net_micros: int
    tax_micros: int

    @property
    def total_micros(self) -> int:
        return self.net_micros + self.tax_micros


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidTopUp:
    """A payment with what it added, at the price of then. ``units`` is ``None`` for a partner contract.

    ``billed_in`` is the month whose invoice has a line of it; ``None`` if the contract's use is billed instead.
    """

    payment: Payment
    is_new: bool
    units: int | None
    price: Price
    billed_in: date | None
