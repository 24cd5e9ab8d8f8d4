"""Owns the verbs of statements: list the end customers of a month, make the statement of one, record a refund.

Does not own what the platform invoices: a statement shows the use of contracts by day, also before it is invoiced.
"""

from dataclasses import replace
from datetime import date, datetime

from jobmeter.base.days import day_of, end_of, start_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_APPLICATION, read_urn
from jobmeter.base.money import parse_positive_amount
from jobmeter.billing.accounts import flow as accounts
from jobmeter.billing.accounts.model import Dated, TaxRate
from jobmeter.billing.formats.model import Count, CountKind, Presentation
from jobmeter.billing.model import Buyer, LineKind
from jobmeter.billing.statements import rules, store
from jobmeter.billing.statements.model import (
    Customer,
    CustomerPage,
    Refund,
    RefundDraft,
    Statement,
    StatementLine,
    StatementRequest,
    StatementSpan,
)
from jobmeter.billing.usage import flow as usage_flow
from jobmeter.billing.usage import store as usage
from jobmeter.billing.usage.model import UsageKind, UsageSpan, UsedContract
from jobmeter.database.connection import Connection
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import Application


async def list_customers(
    connection: Connection, *, parent: Application, month: date, page: CustomerPage, now: datetime
) -> list[Customer]:
    """Returns the end customers of a partner that used something in the month.

    Raises ``Refused(PARAMETER_INVALID)`` for a month that is not within the last year.
    """
    days = await usage_flow.read_span(connection, month=month, now=now)
    contracts = await usage.list_used_contracts(connection, partner_id=parent.id, account_id=None)
    span = _make_span(parent, days, contracts, currency="", lines_max=page.rows_max)
    return await store.list_customers(connection, span, page)


async def make_statement(
    connection: Connection,
    *,
    application: Application,
    wanted: StatementRequest,
    lines_max: int,
    now: datetime,
) -> Statement:
    """Returns the statement of one customer: what was posted, renewed, clicked and credited, and refunded by the partner.

    A child application is its own customer. Raises ``Refused``: PARAMETER_INVALID, PARAMETER_REQUIRED for the currency,
    OPERATOR_UNKNOWN for a customer that is not the caller's, STATEMENT_TOO_LONG.
    """
    days = await usage_flow.read_span(connection, month=wanted.month, now=now)
    contracts = await usage.list_used_contracts(
        connection, partner_id=application.partner_id, account_id=None
    )
    currency = rules.choose_currency(contracts, wanted.currency)
    contracts = [contract for contract in contracts if contract.currency == currency]
    span = _make_span(application, days, contracts, currency=currency, lines_max=lines_max + 1)
    span, name = await _choose_customer(connection, application, wanted, span)
    read = await _read_lines(connection, span)
    if not read and span.poster_email is not None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="customer", key=wanted.customer)
    if len(read) > lines_max:
        raise Refused(Fault.STATEMENT_TOO_LONG, lines_max=lines_max)
    lines = rules.make_lines(read, await _list_rates(connection, contracts))
    profile = await _find_profile(connection, contracts, days.last_day)
    partner = await partners.find_application(connection, application_id=application.partner_id)
    assert partner is not None, "a child has a parent"
    document = rules.make_document(
        lines,
        seller=rules.make_seller(profile, partner.name),
        buyer=rules.make_buyer(name, language="en" if profile is None else profile.language),
        span=days,
        currency=currency,
        partner_id=partner.id,
    )
    presentation = replace(
        wanted.presentation,
        customer=name,
        final_through=rules.find_final_day(days, has_clicks=span.application_id is not None),
        has_refunds=any(line.kind is LineKind.REFUND for line in lines),
        counts=tuple(await _count(connection, span, read)),
    )
    if presentation.has_prices and span.application_id is None:
        left = await usage_flow.sum_unused(connection, days, _list_prepaid(contracts))
        presentation = replace(
            presentation, counts=(*presentation.counts, Count(CountKind.CREDITS_LEFT, left))
        )
    return Statement(document, lines, presentation)


async def make_own_statement(
    connection: Connection,
    *,
    child: Application,
    month: date,
    currency: str | None,
    lines_max: int,
    now: datetime,
) -> Statement:
    """Returns the statement of a customer as its own people see it; raises as ``make_statement``.

    They see what their clicks cost, as on their jobs, and not what the partner pays for its credits.
    """
    wanted = StatementRequest(
        month=month, customer=None, job_code=None, currency=currency, presentation=Presentation()
    )
    made = await make_statement(connection, application=child, wanted=wanted, lines_max=lines_max, now=now)
    has_prices = rules.may_show_prices(made.lines)
    return replace(made, presentation=replace(made.presentation, has_prices=has_prices))


async def list_currencies(connection: Connection, *, application: Application) -> list[str]:
    """Returns the currencies in which a partner's customers can have statements."""
    contracts = await usage.list_used_contracts(
        connection, partner_id=application.partner_id, account_id=None
    )
    return sorted({contract.currency for contract in contracts})


async def record_refund(
    connection: Connection, *, parent: Application, draft: RefundDraft, now: datetime
) -> tuple[Refund, bool]:
    """Records what the partner refunded to its customer, once for each reference; returns whether this call did.

    Raises ``Refused``: OPERATOR_INPUT, OPERATOR_UNKNOWN for a line that is not on an invoice of the partner, those of
    ``parse_positive_amount``, REFERENCE_REUSED.
    """
    named = rules.read_invoice_line(draft.invoice_line)
    if named is None:
        why = "is not the line of an invoice, such as INV-2026-000001/3"
        raise Refused(Fault.OPERATOR_INPUT, field="invoiceLine", why=why)
    series, sequence, line = named
    refunded = await store.find_invoice_line(
        connection, partner_id=parent.id, series=series, sequence=sequence, line=line
    )
    if refunded is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="invoice line", key=draft.invoice_line)
    amount = parse_positive_amount(draft.amount, refunded.currency).amount_micros
    number = await store.insert_refund(
        connection,
        refunded,
        partner_id=parent.id,
        reference=draft.reference,
        amount_micros=amount,
        refunded_on=day_of(now),
        now=now,
    )
    refund = await store.find_refund(connection, partner_id=parent.id, reference=draft.reference)
    assert refund is not None, "it was inserted, or prevented the insertion"
    same = (refund.document_number, refund.line, refund.amount_micros)
    if same != (f"{series}-{sequence:06d}", line, amount):
        raise Refused(Fault.REFERENCE_REUSED, reference=draft.reference)
    return refund, number is not None


async def list_refunds(
    connection: Connection, *, parent: Application, after: int, rows_max: int
) -> list[Refund]:
    """Returns the refunds that a partner recorded, in order."""
    return await store.list_refunds(connection, partner_id=parent.id, after=after, rows_max=rows_max)


def _make_span(
    application: Application,
    days: UsageSpan,
    contracts: list[UsedContract],
    *,
    currency: str,
    lines_max: int,
) -> StatementSpan:
    return StatementSpan(
        partner_id=application.partner_id,
        currency=currency,
        first=days.month,
        last=days.last_day,
        since=start_of(days.month),
        until=end_of(days.last_day),
        click_ids=rules.list_ids(contracts, UsageKind.CLICKS),
        credit_ids=rules.list_ids(contracts, UsageKind.CREDITS),
        slot_ids=rules.list_ids(contracts, UsageKind.SLOTS),
        free_ids=rules.list_free_ids(contracts),
        lines_max=lines_max,
    )


async def _choose_customer(
    connection: Connection, application: Application, wanted: StatementRequest, span: StatementSpan
) -> tuple[StatementSpan, str]:
    """What of the contracts is the customer's, and its name. Raises ``Refused(OPERATOR_UNKNOWN)``.

    Credits are listed by poster; a child application sees those that it used itself.
    """
    is_own = wanted.customer in {None, application.urn}
    if is_own and application.parent_id is not None:
        mine = replace(span, application_id=application.id, application_shard=application.shard)
        return mine, application.name
    customer = wanted.customer or ""
    number = read_urn(customer, URN_APPLICATION)
    if application.parent_id is not None or not customer:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="customer", key=customer)
    if number is None:
        poster = "" if customer == rules.NO_POSTER else customer
        return replace(span, poster_email=poster, job_code=wanted.job_code, click_ids=()), customer
    child = await partners.find_application(connection, application_id=number)
    if child is None or child.partner_id != application.id:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="customer", key=customer)
    theirs = replace(span, application_id=child.id, application_shard=child.shard, credit_ids=())
    return theirs, child.name


async def _read_lines(connection: Connection, span: StatementSpan) -> list[StatementLine]:
    found = await store.list_credit_lines(connection, span)
    if span.application_id is not None:
        found += await store.list_click_lines(connection, span)
        found += await store.list_correction_lines(connection, span)
    found += await store.list_refund_lines(connection, span)
    return found


def _list_prepaid(contracts: list[UsedContract]) -> list[UsedContract]:
    return [one for one in contracts if one.kind is UsageKind.CREDITS and not one.is_postpaid]


async def _count(connection: Connection, span: StatementSpan, lines: list[StatementLine]) -> list[Count]:
    sums = dict.fromkeys(LineKind, 0)
    for line in lines:
        sums[line.kind] += line.quantity
    counts = {CountKind.POSTINGS: sums[LineKind.POSTING], CountKind.RENEWALS: sums[LineKind.RENEWAL]}
    if span.application_id is not None:
        rest = await store.count_application(connection, span)
        counts |= {
            CountKind.CLICKS: sums[LineKind.CLICKS],
            CountKind.FREE_CLICKS: rest.free,
            CountKind.REFUSED_CLICKS: rest.refused,
            CountKind.BASIC_JOBS: rest.basic_jobs,
            CountKind.SLOTS_USED: rest.slots_used,
        }
    return [Count(kind, number) for kind, number in counts.items()]


async def _list_rates(
    connection: Connection, contracts: list[UsedContract]
) -> dict[int, list[Dated[TaxRate]]]:
    """The versions of the tax of the account that bills each contract."""
    found: dict[int, list[Dated[TaxRate]]] = {}
    for account_id in {contract.account_id for contract in contracts} - {None}:
        assert account_id is not None
        versions = await accounts.list_tax_rates(connection, account_id=account_id)
        found |= {one.contract_id: versions for one in contracts if one.account_id == account_id}
    return found


async def _find_profile(connection: Connection, contracts: list[UsedContract], day: date) -> Buyer | None:
    """The profile of the account that bills one of the contracts: a partner has one account in a currency."""
    for contract in contracts:
        if contract.account_id is not None:
            return await accounts.find_buyer(connection, account_id=contract.account_id, day=day)
    return None
