"""Owns the values that billing and a payment provider exchange. Amounts are in micros here."""

from dataclasses import dataclass
from enum import StrEnum

from jobmeter.base.money import Money


class Happening(StrEnum):
    """What an event of a provider reports."""

    PAID = "PAID"
    WENT_BACK = "WENT_BACK"  # a refund, or a dispute that withdrew the money
    CAME_AGAIN = "CAME_AGAIN"  # a dispute that was won
    NOTHING = "NOTHING"  # everything else


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEvent:
    """``payment`` is the provider's reference of the payment, ``reference`` that of what happened to it.

    ``document_id`` is the invoice that a link was made for; ``None`` if the payment is not of ours.
    """

    id: str
    kind: str
    happening: Happening
    payment: str = ""
    reference: str = ""
    amount: Money | None = None
    document_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRequest:
    """A page at which ``amount`` of an invoice can be paid; the payer returns to ``return_url``."""

    document_id: int
    number: str
    amount: Money
    return_url: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenEvent:
    """What became of an event. ``is_new`` is false for one that was processed before."""

    outcome: str
    payment_id: int | None
    is_new: bool
