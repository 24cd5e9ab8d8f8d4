"""Owns the decisions about formats: what EN 16931 can express, how many lines become few, what the reseller's price is. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from jobmeter.base.money import MICROS_PER_UNIT, minor_digits, share_of
from jobmeter.billing.model import Document, DocumentKind, DocumentLine, LineKind, TaxCategory

XML_LINES_MAX = 1_000
XML_DIGITS_MAX = 2  # EN 16931, rules BR-DEC

NEEDS_REASON = frozenset(
    {
        TaxCategory.EXEMPT,
        TaxCategory.REVERSE_CHARGE,
        TaxCategory.INTRA_COMMUNITY,
        TaxCategory.EXPORT,
        TaxCategory.OUT_OF_SCOPE,
    }
)
_NEEDS_BUYER_NUMBER = (TaxCategory.REVERSE_CHARGE, TaxCategory.INTRA_COMMUNITY)
_VAT_NUMBER = re.compile(r"[A-Z]{2}[0-9A-Z.+*]{2,}")


def explain_no_xml(document: Document) -> str:
    """Why EN 16931 cannot express the document, in words for its reader; empty if it can."""
    digits = minor_digits(document.currency)
    if document.kind is DocumentKind.STATEMENT:
        return "a statement is not an invoice"
    if not document.number:
        return "a draft has no number"
    if digits > XML_DIGITS_MAX:
        return f"{document.currency} has {digits} decimal places, and EN 16931 allows {XML_DIGITS_MAX}"
    return _explain_taxes(document)


def _explain_taxes(document: Document) -> str:
    categories = {tax.category for tax in document.taxes}
    if TaxCategory.OUT_OF_SCOPE in categories:
        return "EN 16931 allows no other tax category beside O" if len(categories) > 1 else ""
    if not is_vat_number(document.seller.vat_number):
        return "the seller has no VAT number"
    if categories.intersection(_NEEDS_BUYER_NUMBER) and not is_vat_number(document.buyer.vat_number):
        return "the buyer has no VAT number"
    return ""


def is_vat_number(text: str) -> bool:
    """Whether the number begins with its country, as EN 16931 demands of VAT numbers (BR-CO-9)."""
    return _VAT_NUMBER.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The lines of a customer, contract, kind and tax rate as one; ``line`` is the first of them."""

    line: DocumentLine
    count: int
    has_one_price: bool


class LineSummaries:
    """Adds lines up, page by page; there are as many summaries as customers, contracts, kinds and rates."""

    def __init__(self) -> None:
        self._found: dict[tuple[object, ...], Summary] = {}

    def add(self, lines: Iterable[DocumentLine]) -> None:
        for line in lines:
            key = (line.application_id, line.contract_id, line.kind, line.category, line.rate_micros)
            known = self._found.get(key)
            self._found[key] = (
                Summary(line=line, count=1, has_one_price=True) if known is None else _add_line(known, line)
            )

    def list_summaries(self) -> list[Summary]:
        """In the order of their first lines. Where prices differ, a summary has the quantity 1 or -1."""
        return [_with_price(summary) for summary in self._found.values()]


def _add_line(known: Summary, line: DocumentLine) -> Summary:
    total = replace(
        known.line,
        quantity=known.line.quantity + line.quantity,
        net_micros=known.line.net_micros + line.net_micros,
        first_at=min(known.line.first_at, line.first_at),
        last_at=max(known.line.last_at, line.last_at),
    )
    is_same = known.has_one_price and known.line.price_micros == line.price_micros
    return Summary(line=total, count=known.count + 1, has_one_price=is_same)


def _with_price(summary: Summary) -> Summary:
    if summary.has_one_price:
        return summary
    net = summary.line.net_micros
    line = replace(summary.line, quantity=-1 if net < 0 else 1, price_micros=abs(net))
    return replace(summary, line=line)


def add_markup(net_micros: int, markup_micros: int, *, currency: str) -> int:
    """Returns the reseller's own price of a line, rounded as taxes are."""
    return share_of(net_micros, MICROS_PER_UNIT + markup_micros, currency=currency)


def find_resale(line: DocumentLine, markup_micros: int | None, *, currency: str) -> int | None:
    """Returns what the reseller's customer pays for a line, or gets back: a refund is the reseller's own amount."""
    if line.kind is LineKind.REFUND:
        return line.net_micros
    return None if markup_micros is None else add_markup(line.net_micros, markup_micros, currency=currency)


def make_rf_reference(number: str) -> str:
    """Returns the number of a document as a structured creditor reference (ISO 11649): ``RF54INV2026000042``."""
    plain = "".join(character for character in number.upper() if character.isascii() and character.isalnum())
    digits = "".join(str(int(character, 36)) for character in f"{plain}RF00")
    return f"RF{98 - int(digits) % 97:02d}{plain}"


def is_payable(document: Document) -> bool:
    is_invoice = document.kind is DocumentKind.INVOICE and bool(document.number)
    return is_invoice and document.total_micros > 0


def shows_period(line: DocumentLine) -> bool:
    """Clicks are those of a period; anything else happened at one time."""
    return line.kind is LineKind.CLICKS
