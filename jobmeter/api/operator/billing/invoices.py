"""``/operator/invoices``: documents of all accounts, their lines down to charges and clicks, and drafts."""

from typing import Any
from uuid import UUID

from starlette.responses import Response

from jobmeter.api.operator.billing.documents import (
    find_named,
    list_documents_of,
    list_lines_of,
    serialize_document,
    show_document_of,
)
from jobmeter.api.operator.explain import read_key, serialize_click
from jobmeter.audit.model import Action
from jobmeter.base.days import day_of
from jobmeter.base.money import format_amount
from jobmeter.billing.documents import flow as documents
from jobmeter.billing.documents.model import LineCharge
from jobmeter.billing.invoices import flow as invoices
from jobmeter.billing.model import Document
from jobmeter.database.connection import Connection
from jobmeter.explain.model import ExplainedClick
from jobmeter.http.context import RequestContext
from jobmeter.http.responses import format_time, json_response
from jobmeter.ledger.model import Purpose

PAGE_MAX = 1_000
MONEY_MOVED = {Purpose.CHARGE, Purpose.ADJUST}


async def list_invoices(context: RequestContext) -> Response:
    """Drafts and issued documents in the order of their ids; ``account``, ``month`` and ``state`` select some."""
    return await list_documents_of(context, partner_id=None)


async def show_invoice(context: RequestContext) -> Response:
    """With its parties as they were when it was issued, and its taxes; lines have their own list."""
    return await show_document_of(context, partner_id=None)


async def list_lines(context: RequestContext) -> Response:
    """At most 1,000 lines; ``?after=`` continues the list."""
    return await list_lines_of(context, partner_id=None)


async def list_charges(context: RequestContext) -> Response:
    """The postings of a line: at most 1,000; ``?after=`` continues the list. A charge is opened by explain."""
    return await list_charges_of(context, partner_id=None)


async def list_charges_of(context: RequestContext, *, partner_id: int | None) -> Response:
    """A partner does not see the numbers of postings, which count those of all partners."""
    after = _read_after(context)
    async with context.app.database.connection() as connection:
        document = await find_named(connection, context, partner_id=partner_id)
        page = await documents.list_line_charges(
            connection, document=document, line=_read_line(context), after=after, rows_max=PAGE_MAX
        )
    return json_response(
        {
            "elements": [
                _serialize_charge(charge, document)
                | ({"number": charge.number} if partner_id is None else {})
                for charge in page.charges
            ],
            "nextAfter": None if page.next_after is None else str(page.next_after),
            "clicksKept": page.dropped_at is None,
            "eventsDroppedAt": format_time(page.dropped_at),
        }
    )


async def list_clicks(context: RequestContext) -> Response:
    """The clicks that a line charges, while the events of its days are kept: ``clicksKept`` says so, and since when not.

    A page reads at most 1,000 clicks, of which it shows those that were charged; ``?after=`` continues the list.
    """
    return await list_clicks_of(context, partner_id=None)


async def list_clicks_of(context: RequestContext, *, partner_id: int | None) -> Response:
    """A partner sees when a click was and what it cost, and nothing of its visitor."""
    after = _read_after(context)
    async with context.app.database.connection() as connection:
        document = await find_named(connection, context, partner_id=partner_id)
        page = await documents.list_line_clicks(
            connection, document=document, line=_read_line(context), after=after, rows_max=PAGE_MAX
        )
    return json_response(
        {
            "elements": [
                _serialize_own_click(click, document)
                if partner_id is not None
                else serialize_click(click, document.currency)
                for click in page.clicks
            ],
            "nextAfter": None if page.next_after is None else str(page.next_after),
            "clicksKept": page.dropped_at is None,
            "eventsDroppedAt": format_time(page.dropped_at),
        }
    )


async def issue_invoice(context: RequestContext) -> Response:
    """Issues a draft, and the other drafts of its month. An issued one is not issued again."""
    async with context.app.database.transaction() as connection:
        draft = await find_named(connection, context, partner_id=None)
        is_new = await invoices.issue_draft(connection, document=draft, now=context.now)
        document = await find_named(connection, context, partner_id=None)
        content = serialize_document(document, day_of(context.now))
        if is_new:
            before = serialize_document(draft, day_of(context.now))
            await _record(connection, context, Action.INVOICE_ISSUE, document, before=before, after=content)
    return json_response(content | {"wasRepeated": not is_new}, status=201 if is_new else 200)


async def refresh_invoice(context: RequestContext) -> Response:
    """Makes the drafts of the month again, with the settings of today. They get new ids."""
    async with context.app.database.transaction() as connection:
        document = await find_named(connection, context, partner_id=None)
        document_ids = await invoices.refresh_drafts(connection, document=document, now=context.now)
        drafts = await documents.list_documents_by_id(connection, document_ids=document_ids)
        before, after = {"id": document.id}, {"drafts": list(document_ids)}
        await _record(connection, context, Action.INVOICE_REFRESH, document, before=before, after=after)
    today = day_of(context.now)
    return json_response({"elements": [serialize_document(draft, today) for draft in drafts]})


async def drop_invoice(context: RequestContext) -> Response:
    """Deletes the drafts of the month; a run for the account makes them again."""
    async with context.app.database.transaction() as connection:
        document = await find_named(connection, context, partner_id=None)
        await invoices.drop_drafts(connection, document=document, now=context.now)
        before = serialize_document(document, day_of(context.now))
        await _record(connection, context, Action.INVOICE_DROP, document, before=before, after={})
    return Response(status_code=204)


async def _record(
    connection: Connection,
    context: RequestContext,
    action: Action,
    document: Document,
    *,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    partner_id = document.partner_id
    await context.record(connection, action, document.id, partner_id=partner_id, before=before, after=after)


def _read_line(context: RequestContext) -> int:
    line: int = context.request.path_params["line"]
    return min(line, 2**31 - 1)


def _read_after(context: RequestContext) -> UUID:
    return read_key(context.request.query_params.get("after") or str(documents.FIRST), field="after")


def _serialize_own_click(click: ExplainedClick, document: Document) -> dict[str, Any]:
    return {
        "eventKey": str(click.event_key),
        "at": click.at.isoformat(),
        "charge": None if click.charge is None else str(click.charge),
        "amount": format_amount(click.amount_micros, document.currency),
    }


def _serialize_charge(charge: LineCharge, document: Document) -> dict[str, Any]:
    def amount(micros: int) -> str:
        return format_amount(micros, document.currency)

    purpose = Purpose(charge.purpose)
    is_money = purpose in MONEY_MOVED or charge.unit == document.currency
    return {
        "reference": str(charge.reference),
        "purpose": purpose.name,
        "day": charge.day.isoformat(),
        "bookedAt": charge.booked_at.isoformat(),
        "amount": amount(charge.amount) if is_money else None,
        "units": None if is_money else charge.amount,
        "reversed": amount(charge.reversed_amount) if is_money else None,
        "corrects": None if charge.corrects is None else str(charge.corrects),
        "eventsDroppedAt": format_time(charge.dropped_at),
    }
