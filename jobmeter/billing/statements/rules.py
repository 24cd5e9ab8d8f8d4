"""Owns the decisions about statements: which contracts one shows, its document, what names an invoice's line. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.billing.accounts.model import Bills, Dated, TaxRate, find_in_force
from jobmeter.billing.model import Buyer, Document, DocumentKind, DocumentLine, LineKind, Seller, TaxCategory
from jobmeter.billing.rules import read_number
from jobmeter.billing.statements.model import StatementLine
from jobmeter.billing.usage.model import UsageKind, UsageSpan, UsedContract

NO_POSTER = "none"  # the key of credits that were used without a poster
_LINE = re.compile(r"[0-9]{1,9}")
_UNTAXED = TaxRate(category=TaxCategory.OUT_OF_SCOPE, rate_micros=0, reason="")


def choose_currency(contracts: Iterable[UsedContract], wanted: str | None) -> str:
    """Returns the currency of a statement. Raises ``Refused``: PARAMETER_REQUIRED if the contracts have several,
    PARAMETER_INVALID for one that no contract has.
    """
    known = {contract.currency for contract in contracts}
    if wanted is not None and wanted not in known:
        raise Refused(Fault.PARAMETER_INVALID, name="currency")
    if wanted is None and len(known) != 1:
        raise Refused(Fault.PARAMETER_REQUIRED, name="currency")
    return wanted or known.pop()


def list_ids(contracts: Iterable[UsedContract], kind: UsageKind) -> tuple[int, ...]:
    return tuple(contract.contract_id for contract in contracts if contract.kind is kind)


def list_free_ids(contracts: Iterable[UsedContract]) -> tuple[int, ...]:
    """The contracts whose top-ups are billed, and not their use."""
    return tuple(contract.contract_id for contract in contracts if contract.bills is Bills.TOP_UPS)


def make_lines(
    lines: Sequence[StatementLine], rates: Mapping[int, Sequence[Dated[TaxRate]]]
) -> tuple[DocumentLine, ...]:
    """Numbers the lines. ``rates`` are the versions of the tax of the account that bills each contract."""
    return tuple(
        _make_line(number, line, _find_rate(rates.get(line.contract_id, ()), day_of(line.last_at)))
        for number, line in enumerate(lines, start=1)
    )


def _make_line(number: int, line: StatementLine, rate: TaxRate) -> DocumentLine:
    return DocumentLine(
        line=number,
        kind=line.kind,
        contract_id=line.contract_id,
        job_id=line.job_id,
        application_id=line.application_id,
        external_id=line.external_id,
        title=line.title,
        company_name=line.company_name,
        customer_job_code=line.customer_job_code,
        poster_email=line.poster_email,
        first_at=line.first_at,
        last_at=line.last_at,
        quantity=line.quantity,
        price_micros=line.price_micros,
        net_micros=line.quantity * line.price_micros,
        category=rate.category,
        rate_micros=rate.rate_micros,
        corrects_number=line.corrects_number,
        corrects_line=line.corrects_line,
    )


def _find_rate(versions: Sequence[Dated[TaxRate]], day: date) -> TaxRate:
    in_force = find_in_force(versions, day)
    return _UNTAXED if in_force is None else in_force.value


def make_document(
    lines: Sequence[DocumentLine],
    *,
    seller: Seller,
    buyer: Buyer,
    span: UsageSpan,
    currency: str,
    partner_id: int,
) -> Document:
    """Returns the head of a statement, without tax: that is on the invoice, and the reseller's own on its invoices.

    The sum is what the platform charges; a refund is the reseller's own.
    """
    return Document(
        id=0,
        kind=DocumentKind.STATEMENT,
        number="",
        account_id=0,
        partner_id=partner_id,
        month=span.month,
        currency=currency,
        seller=seller,
        buyer=buyer,
        line_count=len(lines),
        net_micros=sum(line.net_micros for line in lines if line.kind is not LineKind.REFUND),
        tax_micros=0,
        taxes=(),
        issued_at=None,
        due_on=None,
    )


def may_show_prices(lines: Iterable[DocumentLine]) -> bool:
    """Whether a customer may see the prices of its statement: those of credits are what the partner pays."""
    return all(line.kind not in {LineKind.POSTING, LineKind.RENEWAL} for line in lines)


def find_final_day(span: UsageSpan, *, has_clicks: bool) -> date | None:
    """Returns the last final day of a month in which others are not: clicks are settled, credits are final at once."""
    last = span.final_through if has_clicks else span.today - timedelta(days=1)
    return None if last >= span.last_day else last


def make_seller(profile: Buyer | None, name: str) -> Seller:
    """Returns the partner as the one who issues the statement: its profile, or its name alone."""
    if profile is None:
        return Seller(legal_name=name, address_lines=(), city="", postcode="", country="")
    return Seller(
        legal_name=profile.legal_name,
        address_lines=profile.address_lines,
        city=profile.city,
        postcode=profile.postcode,
        country=profile.country,
        vat_number=profile.vat_number,
        registration_number=profile.registration_number,
        registration_scheme=profile.registration_scheme,
        emails=profile.emails,
    )


def make_buyer(name: str, *, language: str) -> Buyer:
    """Returns the end customer, of whom only the name is known."""
    return Buyer(legal_name=name, address_lines=(), city="", postcode="", country="", language=language)


def read_invoice_line(text: str) -> tuple[str, int, int] | None:
    """Returns series, sequence and line of ``INV-2026-000001/3``; ``None`` for every other text."""
    number, _, line = text.partition("/")
    found = read_number(number)
    return None if found is None or not _LINE.fullmatch(line) else (*found, int(line))
