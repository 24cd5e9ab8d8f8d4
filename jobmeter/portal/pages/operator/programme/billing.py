"""``/portal/operator/billing``: how far a month is billed and paid, its documents, and their lines down to the charges."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.readers.times import read_month
from jobmeter.billing.documents import flow as documents
from jobmeter.billing.documents.model import DocumentFilter
from jobmeter.billing.model import Document, DocumentKind, DocumentState, LineKind
from jobmeter.billing.runs import flow as runs
from jobmeter.database.connection import Connection
from jobmeter.exports.model import CURRENCY
from jobmeter.http.parameters import IDS_MAX, read_path_id, read_query_id
from jobmeter.ledger.model import Purpose
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.operator.programme.tables import AMOUNT, DAY, NUMBER, TEXT, TIME, Row, send_table

BILLING = "/portal/operator/billing"
PAGE_ROWS, FILE_ROWS, LINE_ROWS = 50, 250, 250
LINES_MAX = 2**31 - 1
STATES = {
    DocumentState.DRAFT: ("still", "empty", mark("Draft")),
    DocumentState.ISSUED: ("good", "full", mark("Issued")),
    DocumentState.OPEN: ("good", "empty", mark("Open")),
    DocumentState.PARTLY_PAID: ("warn", "half", mark("Partly paid")),
    DocumentState.PAID: ("good", "full", mark("Paid")),
    DocumentState.OVERDUE: ("bad", "triangle", mark("Overdue")),
    DocumentState.CREDITED: ("still", "square", mark("Credited")),
}
KINDS = {
    DocumentKind.INVOICE: mark("Invoice"),
    DocumentKind.CREDIT_NOTE: mark("Credit note"),
    DocumentKind.STATEMENT: mark("Statement"),
}
LINES = {
    LineKind.POSTING: mark("Posting"),
    LineKind.RENEWAL: mark("Renewal"),
    LineKind.CLICKS: mark("Apply clicks"),
    LineKind.CORRECTION: mark("Correction"),
    LineKind.GOODWILL: mark("Goodwill"),
    LineKind.TOP_UP: mark("Top-up"),
    LineKind.REFUND: mark("Refund"),
}
COLUMNS = {
    "number": TEXT,
    "kind": TEXT,
    "state": TEXT,
    "month": DAY,
    "account": NUMBER,
    "partner": NUMBER,
    "buyer": TEXT,
    "net": AMOUNT,
    "tax": AMOUNT,
    "total": AMOUNT,
    "credited": AMOUNT,
    "paid": AMOUNT,
    "open": AMOUNT,
    CURRENCY: TEXT,
    "issuedAt": TIME,
    "dueOn": DAY,
}
NOT_FINAL = mark("This month is not final yet: it can be billed from %(day)s")


async def show_month(visit: Visit) -> Response:
    return await _show_month(visit, {})


async def run_month(visit: Visit) -> Response:
    """Bills some accounts; who is asked for more presses again. A repeated run changes nothing."""
    month = _read_month(visit, visit.form.get("month", ""))
    try:
        async with visit.app.database.transaction() as connection:
            step = await runs.run_step(
                connection,
                month=month,
                account_id=None,
                final_after_days=visit.app.settings.final_after_days,
                record=visit.context.record,
                now=visit.context.now,
            )
    except Refused as refused:
        if refused.fault is not Fault.MONTH_NOT_FINAL:
            raise
        return await _show_month(visit, {"run": visit.gettext(NOT_FINAL) % refused.parameters}, month)
    done = "run-more" if step.has_more else "run" if step.billed_now else "run-nothing"
    return visit.redirect(f"{BILLING}?month={month:%Y-%m}", done=done)


async def _show_month(visit: Visit, problems: dict[str, str], month: date | None = None) -> Response:
    query = visit.context.request.query_params
    month = month or _read_month(visit, query.get("month", ""))
    wanted = _read_filter(visit, month)
    after, today = read_query_id(visit.context.request, "after") or 0, day_of(visit.context.now)
    async with visit.app.database.snapshot() as connection:
        run = await runs.read_run(connection, month=month, account_id=None, now=visit.context.now)
        sums = await runs.sum_month(connection, month=month)
        found = await documents.list_documents(
            connection, wanted, after=after, rows_max=PAGE_ROWS + 1, today=today
        )
    address = {"month": f"{month:%Y-%m}"} | ({"state": wanted.state.lower()} if wanted.state else {})
    return visit.show(
        "operator/programme/billing/month.html",
        problems=problems,
        month=month,
        run=run,
        sums=sums,
        rows=_add_states(found[:PAGE_ROWS], today),
        states=STATES,
        kinds=KINDS,
        state=wanted.state,
        query=urlencode(address),
        following=f"?{urlencode(address | {'after': found[PAGE_ROWS - 1].id})}"
        if len(found) > PAGE_ROWS
        else "",
        is_first=after == 0,
    )


async def download_documents(visit: Visit) -> Response:
    month = _read_month(visit, visit.context.request.query_params.get("month", ""))
    name = f"documents-{month:%Y-%m}"
    return await send_table(visit, name, COLUMNS, _read_lines(visit, _read_filter(visit, month)))


async def show_document(visit: Visit) -> Response:
    """Raises ``Refused(OPERATOR_UNKNOWN)``."""
    after = read_query_id(visit.context.request, "after") or 0
    async with visit.app.database.snapshot() as connection:
        document = await _find_document(connection, visit)
        lines = await documents.list_lines(
            connection, document=document, after=min(after, LINES_MAX), rows_max=LINE_ROWS + 1
        )
    return visit.show(
        "operator/programme/billing/document.html",
        document=document,
        state=STATES[documents.find_state(document, today=day_of(visit.context.now))],
        kind=KINDS[document.kind],
        lines=lines[:LINE_ROWS],
        line_kinds=LINES,
        following=f"?after={lines[LINE_ROWS - 1].line}" if len(lines) > LINE_ROWS else "",
    )


async def show_line(visit: Visit) -> Response:
    """The postings that a line invoices; a charge leads to its clicks. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    request = visit.context.request
    line = min(request.path_params["line"], LINES_MAX)
    async with visit.app.database.snapshot() as connection:
        document = await _find_document(connection, visit)
        page = await documents.list_line_charges(
            connection, document=document, line=line, after=_read_after(visit), rows_max=LINE_ROWS
        )
        (shown,) = await documents.list_lines(connection, document=document, after=line - 1, rows_max=1)
    return visit.show(
        "operator/programme/billing/line.html",
        document=document,
        line=shown,
        line_kinds=LINES,
        page=page,
        is_charge=lambda one: one.purpose == Purpose.CHARGE,
    )


async def _find_document(connection: Connection, visit: Visit) -> Document:
    document_id = read_path_id(visit.context.request, "document_id", what="invoice")
    return await documents.find_document(connection, document_id=min(document_id, IDS_MAX))


def _read_month(visit: Visit, text: str) -> date:
    """Without a month, or with one that cannot be read, the last one that is over."""
    today = day_of(visit.context.now)
    return read_month(text) or (today.replace(day=1) - timedelta(days=1)).replace(day=1)


def _read_filter(visit: Visit, month: date) -> DocumentFilter:
    name = visit.context.request.query_params.get("state", "").upper()
    return DocumentFilter(
        month=month, state=DocumentState[name] if name in DocumentState.__members__ else None
    )


def _read_after(visit: Visit) -> UUID:
    try:
        return UUID(visit.context.request.query_params.get("after", ""))
    except ValueError:
        return documents.FIRST


def _add_states(found: list[Document], today: date) -> list[tuple[Document, DocumentState]]:
    return [(one, documents.find_state(one, today=today)) for one in found]


async def _read_lines(visit: Visit, wanted: DocumentFilter) -> AsyncIterator[list[Row]]:
    after, today = 0, day_of(visit.context.now)
    while True:
        async with visit.app.database.connection() as connection:
            found = await documents.list_documents(
                connection, wanted, after=after, rows_max=FILE_ROWS, today=today
            )
        yield [_make_line(one, state) for one, state in _add_states(found, today)]
        if len(found) < FILE_ROWS:
            return
        after = found[-1].id


def _make_line(one: Document, state: DocumentState) -> Row:
    return (
        *(one.number, one.kind, state, one.month, one.account_id, one.partner_id, one.buyer.legal_name),
        *(one.net_micros, one.tax_micros, one.total_micros, one.credited_micros, one.paid_micros),
        *(one.open_micros if one.due_on is not None else 0, one.currency, one.issued_at, one.due_on),
    )
