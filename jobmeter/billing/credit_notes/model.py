"""Owns the values of credit notes made by hand."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from jobmeter.billing.model import LineKind


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCredit:
    """What is credited of a line: an amount, or a quantity at the line's price."""

    line: int
    amount_micros: int | None = None
    quantity: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditDraft:
    """What the operator asks for. Without ``lines`` the whole of what is left is credited.

    With ``returns_budget`` the charges of clicks are credited too, and the contract may spend the money again.
    """

    reference: str
    note: str
    lines: tuple[LineCredit, ...]
    returns_budget: bool

    @property
    def is_whole(self) -> bool:
        return not self.lines


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditableLine:
    """A line and what is left of it: its net less everything that corrects it, or will on the next invoice.

    ``left_micros`` has the sign of the line's net amount.
    """

    line: int
    kind: LineKind
    contract_id: int
    job_id: int
    first_day: date
    last_day: date
    price_micros: int
    net_micros: int
    left_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditLine:
    """A line of the credit note, for ``line`` of the invoice."""

    line: int
    quantity: int
    price_micros: int

    @property
    def net_micros(self) -> int:
        return self.quantity * self.price_micros


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditedAmount:
    """How much of a line a credit note credits already."""

    line: int
    micros: int
    returns_budget: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeLeft:
    """A charge, and what no correction has returned of it."""

    reference: UUID
    left_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledLine:
    """The line of a document that billed a charge."""

    document_id: int
    line: int
