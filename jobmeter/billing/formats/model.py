"""Owns the values of the formats: which there are, and how a statement is shown to an end customer."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from jobmeter.billing.model import MailKind


class FileFormat(StrEnum):
    """The values are the words in URLs and on the command line."""

    PDF = "pdf"
    XML = "xml"  # EN 16931 as CII, the same that is inside the PDF
    UBL = "ubl"  # EN 16931 as UBL 2.1
    CSV = "csv"
    JSON = "json"
    XLSX = "xlsx"

    @property
    def media_type(self) -> str:
        return _MEDIA_TYPES[self]

    @property
    def extension(self) -> str:
        return "ubl.xml" if self is FileFormat.UBL else self.value


_MEDIA_TYPES = {
    FileFormat.PDF: "application/pdf",
    FileFormat.XML: "application/xml",
    FileFormat.UBL: "application/xml",
    FileFormat.CSV: "text/csv; charset=utf-8",
    FileFormat.JSON: "application/json",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class CountKind(StrEnum):
    """What a statement counts besides its lines."""

    POSTINGS = "POSTINGS"
    RENEWALS = "RENEWALS"
    CLICKS = "CLICKS"
    FREE_CLICKS = "FREE_CLICKS"
    REFUSED_CLICKS = "REFUSED_CLICKS"
    BASIC_JOBS = "BASIC_JOBS"
    SLOTS_USED = "SLOTS_USED"
    CREDITS_LEFT = "CREDITS_LEFT"


@dataclass(frozen=True, slots=True)
class Count:
    kind: CountKind
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """How a document is shown. The default is that of an invoice; a statement for an end customer names the customer, may hide
    our prices, and may have a column with the reseller's own price: ours and ``markup_micros`` of it (15 % is 150_000).
    That column also has what the reseller refunded, if there are refunds. ``final_through`` is the last day that is final,
    of a month in which others are not.
    """

    customer: str = ""
    has_prices: bool = True
    markup_micros: int | None = None
    has_refunds: bool = False
    final_through: date | None = None
    counts: tuple[Count, ...] = ()

    @property
    def has_resale(self) -> bool:
        return self.markup_micros is not None or self.has_refunds


FULL = Presentation()


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDraft:
    """A mail about a document to one address. ``level`` is that of a reminder."""

    kind: MailKind
    level: int
    to: str
    sender: str
    language: str
    now: datetime
