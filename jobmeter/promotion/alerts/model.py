"""Owns the values of budget alerts."""

from dataclasses import dataclass

ALERT_PERCENTS = (50, 80, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachedShares:
    """The percentages of a limit that are used; ``scope`` says whether ``owner_id`` is a job or a contract."""

    scope: str
    owner_id: int
    limit_micros: int
    percents: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractSpend:
    """The charges on a contract less reversals; the ``seen_`` values are those of the last check."""

    contract_id: int
    partner_id: int
    currency: str
    spent_micros: int
    limit_micros: int
    seen_limit_micros: int
    seen_spent_micros: int
