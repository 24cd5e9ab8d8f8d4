"""Owns the values of a search. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class HitKind(StrEnum):
    """What was found, in the order in which it is listed."""

    PARTNER = "PARTNER"
    APPLICATION = "APPLICATION"
    CONTRACT = "CONTRACT"
    CUSTOMER_CONTRACT = "CUSTOMER_CONTRACT"
    HIRING_CONTRACT = "HIRING_CONTRACT"
    JOB = "JOB"
    CHARGE = "CHARGE"
    EVENT = "EVENT"
    INVOICE = "INVOICE"
    PERSON = "PERSON"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """``key`` is the number or reference under which it is shown, ``name`` what people call it.

    ``partner_id`` is the partner that it belongs to, ``None`` if it is nobody's in particular. ``target`` is the id of what
    shows it: of a customer's contract, that of the partner's contract; of an invoice, that of the document.
    """

    kind: HitKind
    key: str
    name: str
    partner_id: int | None
    target: str
