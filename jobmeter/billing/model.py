"""Owns the values that every room of billing shares: who issues and receives documents, the kinds of tax. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class TaxCategory(StrEnum):
    """The codes of EN 16931 (UNCL 5305)."""

    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    INTRA_COMMUNITY = "K"
    EXPORT = "G"
    OUT_OF_SCOPE = "O"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who issues or receives a document, as copied into it."""

    legal_name: str
    address_lines: tuple[str, ...]
    city: str
    postcode: str
    country: str  # ISO 3166-1 alpha-2
    vat_number: str = ""
    registration_number: str = ""
    registration_scheme: str = ""
    endpoint: str = ""  # electronic address (BT-34, BT-49)
    endpoint_scheme: str = ""
    emails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller(Party):
    iban: str = ""
    bic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer(Party):
    language: str = "en"
    terms_days: int = 30
    purchase_order: str = ""
    shows_customers: bool = True
