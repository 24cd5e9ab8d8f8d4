"""``/operator/invoices/{invoice_id}/creditNotes``: credit lines of an invoice, or the whole of it."""

from typing import Annotated

from pydantic import Field
from starlette.responses import Response

from jobmeter.api.operator.billing.documents import find_named, serialize_document
from jobmeter.api.operator.billing.parties import Line, Word
from jobmeter.audit.model import Action
from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import parse_positive_amount
from jobmeter.billing.credit_notes import flow as credit_notes
from jobmeter.billing.credit_notes.model import CreditDraft, LineCredit
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import read_path_id
from jobmeter.http.responses import json_response
from jobmeter.http.schemas import OperatorBody

LINES_MAX = 1_000
Reference = Annotated[Line, Field(min_length=1)]


class LineCreditBody(OperatorBody):
    """An ``amount``, or a ``quantity`` at the line's price."""

    line: Annotated[int, Field(gt=0, lt=2**31)]
    amount: Word | None = None
    quantity: Annotated[int, Field(gt=0, lt=2**31)] | None = None


class CreditNoteBody(OperatorBody):
    """Repeats with the same ``reference`` have no further effect. ``WHOLE`` credits what is left of every line.

    With ``returnsBudget`` the charges of clicks are credited too, so that the contract may spend the money again.
    """

    reference: Reference
    lines: Annotated[list[LineCreditBody], Field(min_length=1, max_length=LINES_MAX)] | None = None
    whole: bool = False
    returns_budget: bool = False
    note: Line = ""


async def create_credit_note(context: RequestContext, body: CreditNoteBody) -> Response:
    if (body.lines is None) is not body.whole:
        raise Refused(Fault.OPERATOR_INPUT, field="lines", why="are needed, or whole must be true")
    invoice_id = read_path_id(context.request, "invoice_id", what="invoice")
    async with context.app.database.transaction() as connection:
        invoice = await find_named(connection, context, partner_id=None)
        draft = CreditDraft(
            reference=body.reference,
            note=body.note,
            lines=tuple(_read_line(line, invoice.currency) for line in body.lines or ()),
            returns_budget=body.returns_budget,
        )
        note, is_new = await credit_notes.credit_invoice(
            connection, draft, invoice_id=invoice_id, now=context.now
        )
        content = serialize_document(note, day_of(context.now))
        if is_new:
            await context.record(
                connection,
                Action.INVOICE_CREDIT,
                invoice.id,
                partner_id=invoice.partner_id,
                after=content | {"reference": body.reference, "returnsBudget": body.returns_budget},
            )
    return json_response(content | {"wasRepeated": not is_new}, status=201 if is_new else 200)


def _read_line(line: LineCreditBody, currency: str) -> LineCredit:
    amount = None if line.amount is None else parse_positive_amount(line.amount, currency).amount_micros
    return LineCredit(line=line.line, amount_micros=amount, quantity=line.quantity)
