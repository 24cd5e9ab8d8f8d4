"""Owns the values of privacy: what an erasure did, and one row of the table of personal data. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

ERASED = "erased-"  # how the substitute of an address begins

# What an erasure leaves, and why.
LEFT_BECAUSE: Mapping[str, str] = {
    "lines of issued documents": "an invoice is kept as it was issued, as the law of taxes requires",
    "webhooks that send mails": "they are a partner's: remove them at the partner, or by the operator",
    "records of acts": "they prove who changed what, and are sealed in one chain with the ledger",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """How many rows were erased of each kind, and how many are left. ``substitute`` takes the place of an address, and is empty for a
    visitor.
    """

    substitute: str
    erased: Mapping[str, int]
    left: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Columns of a table that hold data about people: about whom and what, why, for how long, and what erases them."""

    table: str
    columns: tuple[str, ...]
    what: str
    why: str
    kept: str
    erased: str
