"""``/portal/partner/invoices``: what a partner was invoiced, what it owes and paid, and what this month costs so far."""

from datetime import date, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.responses import Response

from jobmeter.base.days import day_of, final_at, month_after, month_of
from jobmeter.base.money import format_amount
from jobmeter.billing.documents import flow as documents
from jobmeter.billing.documents.model import DocumentFilter
from jobmeter.billing.model import Document, DocumentState
from jobmeter.billing.payments import flow as payments
from jobmeter.billing.payments.model import Payment
from jobmeter.billing.usage import flow as usage
from jobmeter.billing.usage.model import Amount, Usage, UsageReport
from jobmeter.http.parameters import IDS_MAX, read_query_id
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.partner.money.owned import KINDS, STATES, name_document, send_table
from jobmeter.portal.pages.partner.owned import find_partner_id
from jobmeter.wire.csv_cells import guard_cell

PAGE_ROWS, FILE_PAGE_ROWS, PAYMENTS = 50, 1_000, 10
COLUMNS = (
    "number",
    "kind",
    "state",
    "month",
    "issued",
    "due",
    "net",
    "tax",
    "total",
    "credited",
    "paid",
    "open",
    "currency",
    "corrects",
)
PAYMENT_COLUMNS = ("paid", "reference", "amount", "pays_invoices", "credit", "currency")


class MonthSum(NamedTuple):
    """What a month cost so far in a currency."""

    currency: str
    final: int
    estimated: int
    forecast: int


async def list_invoices(visit: Visit) -> Response:
    """The newest first. A state that does not exist is left out: somebody may have typed it."""
    partner_id, today = find_partner_id(visit), day_of(visit.context.now)
    wanted = _read_filter(visit)
    before = read_query_id(visit.context.request, "before")
    async with visit.app.database.snapshot() as connection:
        found = await documents.list_newest(
            connection,
            wanted,
            before=IDS_MAX if before is None else before,
            rows_max=PAGE_ROWS + 1,
            today=today,
        )
        debts = await payments.list_partner_debts(connection, partner_id=partner_id, today=today)
        paid = await payments.list_newest_payments(
            connection, partner_id=partner_id, before=IDS_MAX, rows_max=PAYMENTS
        )
        report = await usage.report_usage(
            connection, partner_id=partner_id, month=month_of(visit.context.now), now=visit.context.now
        )
    shown = found[:PAGE_ROWS]
    state = {} if wanted.state is None else {"state": wanted.state.lower()}
    following = urlencode(state | {"before": str(shown[-1].id)}) if len(found) > PAGE_ROWS else ""
    return visit.show(
        "partner/money/invoices.html",
        documents=[(one, documents.find_state(one, today=today)) for one in shown],
        state=wanted.state,
        is_first=before is None,
        first=f"?{urlencode(state)}" if before is not None else "",
        following=f"?{following}" if following else "",
        file=f"/portal/partner/invoices.csv?{urlencode(state)}",
        debts=debts,
        payments=paid,
        usage=[one for one in report.contracts if _is_used(one)],
        sums=_sum_month(report),
        report=report,
        expected_on=_expect_invoice(visit),
        chips=STATES,
        kinds=KINDS,
        name_document=name_document,
    )


def _read_filter(visit: Visit) -> DocumentFilter:
    text = visit.context.request.query_params.get("state", "").upper()
    state = DocumentState[text] if text in DocumentState.__members__ else None
    return DocumentFilter(partner_id=find_partner_id(visit), state=state if state in STATES else None)


def _is_used(one: Usage) -> bool:
    return one.forecast != Amount() or bool(one.credited_micros)


def _sum_month(report: UsageReport) -> list[MonthSum]:
    found = []
    for currency in sorted({one.contract.currency for one in report.contracts}):
        mine = [one for one in report.contracts if one.contract.currency == currency]
        found.append(
            MonthSum(
                currency=currency,
                final=sum(one.final.micros for one in mine),
                estimated=sum(one.estimated.micros for one in mine),
                forecast=sum(one.forecast.micros for one in mine),
            )
        )
    return found


def _expect_invoice(visit: Visit) -> date:
    """Returns the day on which this month is final, and so its invoice is issued."""
    last_day = month_after(month_of(visit.context.now)) - timedelta(days=1)
    return day_of(final_at(last_day, final_after_days=visit.app.settings.final_after_days))


async def download_invoices(visit: Visit) -> Response:
    """All documents of the same filter as a file: a partner has a few a month."""
    today, wanted = day_of(visit.context.now), _read_filter(visit)
    rows: list[tuple[object, ...]] = []
    before, is_complete = IDS_MAX, False
    async with visit.app.database.snapshot() as connection:
        while not is_complete:
            found = await documents.list_newest(
                connection, wanted, before=before, rows_max=FILE_PAGE_ROWS, today=today
            )
            rows += [_write_row(one, documents.find_state(one, today=today)) for one in found]
            is_complete = len(found) < FILE_PAGE_ROWS
            before = before if is_complete else found[-1].id
    return send_table(f"jobmeter-invoices-{today.isoformat()}", COLUMNS, rows)


async def download_payments(visit: Visit) -> Response:
    """All payments and what went back, the newest first."""
    rows: list[tuple[object, ...]] = []
    before, is_complete = IDS_MAX, False
    async with visit.app.database.snapshot() as connection:
        while not is_complete:
            found = await payments.list_newest_payments(
                connection, partner_id=find_partner_id(visit), before=before, rows_max=FILE_PAGE_ROWS
            )
            rows += [_write_payment(one) for one in found]
            is_complete = len(found) < FILE_PAGE_ROWS
            before = before if is_complete else found[-1].id
    return send_table(f"jobmeter-payments-{day_of(visit.context.now).isoformat()}", PAYMENT_COLUMNS, rows)


def _write_payment(one: Payment) -> tuple[object, ...]:
    """An amount that went back is below zero."""
    amount = -one.amount_micros if one.reverses else one.amount_micros
    return (
        one.paid_on.isoformat(),
        guard_cell(one.reference),
        format_amount(amount, one.currency),
        format_amount(one.allocated_micros, one.currency),
        format_amount(one.credit_micros, one.currency),
        one.currency,
    )


def _write_row(one: Document, state: DocumentState) -> tuple[object, ...]:
    amounts = (one.net_micros, one.tax_micros, one.total_micros, one.credited_micros, one.paid_micros)
    is_payable = one.due_on is not None
    return (
        name_document(one),
        one.kind,
        state,
        f"{one.month:%Y-%m}",
        "" if one.issued_at is None else day_of(one.issued_at).isoformat(),
        "" if one.due_on is None else one.due_on.isoformat(),
        *(format_amount(micros, one.currency) for micros in amounts),
        format_amount(one.open_micros if is_payable else 0, one.currency),
        one.currency,
        one.corrects_number,
    )
