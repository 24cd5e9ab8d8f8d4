"""Owns the values that every room of billing shares: parties, documents, their lines and taxes. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class DocumentKind(StrEnum):
    INVOICE = "INVOICE"
    CREDIT_NOTE = "CREDIT_NOTE"
    STATEMENT = "STATEMENT"  # of a month without an invoice, or per end customer: no number, not payable


class DocumentState(StrEnum):
    """Derived, never stored, beyond DRAFT: nothing of an issued document changes.

    Credit notes and statements are not payable: they are ISSUED. The others are states of an invoice.
    """

    DRAFT = "DRAFT"
    ISSUED = "ISSUED"
    OPEN = "OPEN"
    PARTLY_PAID = "PARTLY_PAID"
    PAID = "PAID"
    OVERDUE = "OVERDUE"
    CREDITED = "CREDITED"


class LineKind(StrEnum):
    POSTING = "POSTING"
    RENEWAL = "RENEWAL"
    CLICKS = "CLICKS"
    CORRECTION = "CORRECTION"
    GOODWILL = "GOODWILL"
    TOP_UP = "TOP_UP"
    REFUND = "REFUND"  # by a reseller to its customer: on statements only, and no money of ours


class MailKind(StrEnum):
    """What a mail about a document says; each brings its PDF, except the warning, which goes to the seller."""

    DOCUMENT = "DOCUMENT"
    REMINDER = "REMINDER"
    WARNING = "WARNING"  # the last reminder was sent
    RECEIPT = "RECEIPT"


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
    logo: str = ""  # the SHA-256 of its bytes


PNG, SVG = "image/png", "image/svg+xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    """An image that was checked. ``width`` and ``height`` are its proportions."""

    media_type: str
    content: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer(Party):
    language: str = "en"
    terms_days: int = 30
    purchase_order: str = ""
    shows_customers: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLine:
    """One line. ``net_micros`` is ``quantity * price_micros``, exactly; only tax is ever rounded."""

    line: int
    kind: LineKind
    contract_id: int
    job_id: int
    application_id: int  # the customer
    external_id: str
    title: str
    company_name: str
    customer_job_code: str
    poster_email: str
    first_at: datetime
    last_at: datetime
    quantity: int
    price_micros: int
    net_micros: int
    category: TaxCategory
    rate_micros: int  # 21 % is 210_000
    corrects_number: str = ""  # of the document whose line this corrects
    corrects_line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxTotal:
    category: TaxCategory
    rate_micros: int
    reason: str
    base_micros: int
    tax_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document without its lines, which are read page by page."""

    id: int
    kind: DocumentKind
    number: str  # "INV-2026-000001"; empty for a draft or a statement
    account_id: int
    partner_id: int
    month: date  # its first day
    currency: str
    seller: Seller
    buyer: Buyer
    line_count: int
    net_micros: int
    tax_micros: int
    taxes: tuple[TaxTotal, ...]
    issued_at: datetime | None
    due_on: date | None
    corrects_number: str = ""
    digest: bytes = b""
    note: str = ""
    credited_micros: int = 0  # by issued credit notes
    paid_micros: int = 0
    prepaid_micros: int = (
        0  # paid by the account's credit when it was issued; its files show this and nothing later
    )

    @property
    def total_micros(self) -> int:
        return self.net_micros + self.tax_micros

    @property
    def payable_micros(self) -> int:
        """What was to be paid when it was issued."""
        return self.total_micros - self.prepaid_micros

    @property
    def open_micros(self) -> int:
        """What is still to be paid of an issued invoice."""
        return max(self.total_micros - self.credited_micros - self.paid_micros, 0)
