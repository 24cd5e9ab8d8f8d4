"""Owns the values of the chain over postings: how far postings are known, a round of seals, the result of a check."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonMark:
    """Every posting up to ``known_until`` is committed or never will be.

    ``next_until`` will be known once every transaction below ``next_transaction`` is over.
    """

    known_until: int
    next_until: int
    next_transaction: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SealRound:
    """All postings up to ``until_number`` that no earlier round has sealed."""

    round_number: int
    until_number: int
    sealed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainCheck:
    """How many postings are sealed, how many seals are broken, and the first broken one in words."""

    checked: int
    breaches: int
    example: str | None
