"""``/portal/partner/statements``: what each end customer of a partner used in a month, to bill on or to refund by."""

from urllib.parse import urlencode

from starlette.responses import Response

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import format_amount
from jobmeter.base.readers.percents import read_percent
from jobmeter.billing.formats.model import Presentation
from jobmeter.billing.statements import flow as statements
from jobmeter.billing.statements.model import Customer, CustomerPage, Statement, StatementRequest
from jobmeter.http.parameters import read_query_text
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.partner.money.owned import send_table
from jobmeter.portal.pages.partner.owned import find_parent
from jobmeter.portal.pages.statement import (
    LINES_MAX,
    count_lines_max,
    describe,
    list_months,
    read_format,
    read_month,
    send_statement,
)
from jobmeter.wire.csv_cells import guard_cell

ROWS, FILE_ROWS = 50, 1_000
MARKUP_MICROS_MAX = 10_000_000  # ten times the price
COLUMNS = (
    "month",
    "customer",
    "customer_job_code",
    "kind",
    "name",
    "postings",
    "renewals",
    "apply_clicks",
    "amount",
    "currency",
)


async def list_customers(visit: Visit) -> Response:
    """In the order of their keys."""
    month, page = read_month(visit), _read_page(visit)
    async with visit.app.database.snapshot() as connection:
        parent = await find_parent(connection, visit)
        found = await statements.list_customers(
            connection, parent=parent, month=month, page=page, now=visit.context.now
        )
    shown, own = found[:ROWS], {"month": f"{month:%Y-%m}"}
    following = ""
    if len(found) > ROWS:
        last = shown[-1]
        after = {"after": last.key, "afterCode": last.job_code, "afterCurrency": last.currency}
        following = f"?{urlencode(own | after)}"
    return visit.show(
        "partner/money/statements.html",
        month=month,
        months=list_months(visit),
        customers=[(one, urlencode(own | _name_customer(one))) for one in shown],
        first=f"?{urlencode(own)}" if page.after_key else "",
        following=following,
        file=f"/portal/partner/statements.csv?{urlencode(own)}",
    )


def _read_page(visit: Visit) -> CustomerPage:
    after, code, currency = (
        read_query_text(visit.context.request, name) for name in ("after", "afterCode", "afterCurrency")
    )
    return CustomerPage(after_key=after, after_job_code=code, after_currency=currency, rows_max=ROWS + 1)


def _name_customer(one: Customer) -> dict[str, str]:
    """Returns the part of an address that names the statement of a customer."""
    code = {"code": one.job_code} if one.job_code else {}
    return {"customer": one.key, "currency": one.currency} | code


async def download_customers(visit: Visit) -> Response:
    month, rows, page = read_month(visit), list[tuple[object, ...]](), CustomerPage(rows_max=FILE_ROWS)
    async with visit.app.database.snapshot() as connection:
        parent = await find_parent(connection, visit)
        while True:
            found = await statements.list_customers(
                connection, parent=parent, month=month, page=page, now=visit.context.now
            )
            rows += [(f"{month:%Y-%m}", *_write_row(one)) for one in found]
            if len(found) < FILE_ROWS:
                break
            last = found[-1]
            page = CustomerPage(
                after_key=last.key,
                after_job_code=last.job_code,
                after_currency=last.currency,
                rows_max=FILE_ROWS,
            )
    return send_table(f"jobmeter-customers-{month:%Y-%m}", COLUMNS, rows)


def _write_row(one: Customer) -> tuple[object, ...]:
    return (
        guard_cell(one.key),
        guard_cell(one.job_code),
        one.kind,
        guard_cell(one.name),
        one.postings,
        one.renewals,
        one.clicks,
        format_amount(one.micros, one.currency),
        one.currency,
    )


async def show_statement(visit: Visit) -> Response:
    """Shows what the customer used at the partner's own cost; the customer's file hides it unless it is asked for."""
    statement = await _make(visit, Presentation(), lines_max=LINES_MAX)
    request = visit.context.request
    kept = {name: request.query_params.get(name, "") for name in ("month", "customer", "code", "currency")}
    return visit.show(
        "partner/money/statement.html",
        **describe(statement),
        month=statement.document.month,
        kept={name: text for name, text in kept.items() if text},
    )


async def download_statement(visit: Visit) -> Response:
    """Our prices are in it with ``prices=mine``, the partner's own with a ``markup`` in per cent."""
    file_format = read_format(visit)
    query = visit.context.request.query_params
    presentation = Presentation(
        has_prices=query.get("prices") == "mine", markup_micros=_read_markup(query.get("markup", ""))
    )
    statement = await _make(visit, presentation, lines_max=count_lines_max(file_format))
    return await send_statement(visit, statement, file_format)


def _read_markup(text: str) -> int | None:
    if not text:
        return None
    markup = read_percent(text)
    if markup is None or markup > MARKUP_MICROS_MAX:
        raise Refused(Fault.PARAMETER_INVALID, name="markup")
    return markup


async def _make(visit: Visit, presentation: Presentation, *, lines_max: int) -> Statement:
    """Raises as ``statements.make_statement``."""
    request = visit.context.request
    wanted = StatementRequest(
        month=read_month(visit),
        customer=read_query_text(request, "customer"),
        job_code=read_query_text(request, "code") or None,
        currency=read_query_text(request, "currency") or None,
        presentation=presentation,
    )
    async with visit.app.database.snapshot() as connection:
        parent = await find_parent(connection, visit)
        return await statements.make_statement(
            connection, application=parent, wanted=wanted, lines_max=lines_max, now=visit.context.now
        )
