"""``/portal/my/statement``: what the jobs of a customer used in a month, as the agency bills it on."""

from starlette.responses import Response

from jobmeter.base.faults import Fault, Refused
from jobmeter.billing.statements import flow as statements
from jobmeter.billing.statements.model import Statement
from jobmeter.database.connection import Connection
from jobmeter.http.parameters import read_query_text
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import Application
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.statement import (
    LINES_MAX,
    count_lines_max,
    describe,
    list_months,
    read_format,
    read_month,
    send_statement,
)


async def show_statement(visit: Visit) -> Response:
    """A customer that is bound to a contract with slots reads why it has none."""
    async with visit.app.database.snapshot() as connection:
        child = await _find_application(connection, visit)
        agency = None
        if child is not None:
            agency = await partners.find_application(connection, application_id=child.partner_id)
        made, currencies = await _make(connection, visit, child, lines_max=LINES_MAX)
    shown = {"document": None} if made is None else describe(made)
    return visit.show(
        "member/statement.html",
        **shown,
        month=read_month(visit),
        months=list_months(visit),
        currencies=currencies,
        agency="" if agency is None else agency.name,
        is_application=child is not None,
    )


async def download_statement(visit: Visit) -> Response:
    file_format = read_format(visit)
    async with visit.app.database.snapshot() as connection:
        child = await _find_application(connection, visit)
        made, _ = await _make(connection, visit, child, lines_max=count_lines_max(file_format))
    if made is None:
        raise Refused(Fault.ROUTE_UNKNOWN)
    return await send_statement(visit, made, file_format)


async def _find_application(connection: Connection, visit: Visit) -> Application | None:
    """Returns the application that the customer is bound to; ``None`` if it is a contract."""
    application_id = visit.signed_in.grant.application_id
    if application_id is None:
        return None
    return await partners.find_application(connection, application_id=application_id)


async def _make(
    connection: Connection, visit: Visit, child: Application | None, *, lines_max: int
) -> tuple[Statement | None, list[str]]:
    """Returns the statement, if there can be one, and the currencies to choose from."""
    if child is None:
        return None, []
    currencies = await statements.list_currencies(connection, application=child)
    if not currencies:
        return None, []
    made = await statements.make_own_statement(
        connection,
        child=child,
        month=read_month(visit),
        currency=read_query_text(visit.context.request, "currency") or currencies[0],
        lines_max=lines_max,
        now=visit.context.now,
    )
    return made, currencies
