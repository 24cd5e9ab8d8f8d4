"""Owns the verbs of credit notes made by hand: credit an invoice, check what a charge has left."""

from datetime import datetime
from uuid import UUID

from jobmeter.base.days import list_days
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import make_reference
from jobmeter.base.money import format_amount
from jobmeter.billing.credit_notes import rules, store
from jobmeter.billing.credit_notes.model import BilledLine, CreditableLine, CreditDraft, CreditLine
from jobmeter.billing.documents import flow as documents
from jobmeter.billing.invoices import flow as invoices
from jobmeter.billing.model import Document
from jobmeter.charging.corrections import flow as corrections
from jobmeter.database.connection import Connection

NO_DOCUMENT = 0


async def credit_invoice(
    connection: Connection, draft: CreditDraft, *, invoice_id: int, now: datetime
) -> tuple[Document, bool]:
    """Issues a credit note once for each reference; returns it, and whether it is new.

    Raises ``Refused``: OPERATOR_UNKNOWN, DOCUMENT_NOT_CREDITABLE for a draft or a credit note, CREDIT_TOO_HIGH with
    what is left, OPERATOR_INPUT, REFERENCE_REUSED for other content under the same reference.
    """
    invoice = await documents.find_document(connection, document_id=invoice_id)
    await invoices.lock_account(connection, account_id=invoice.account_id)
    rules.check_creditable(invoice)
    reference = make_reference("credit note", invoice.id, draft.reference)
    known_id = await store.find_credit_note(connection, reference=reference)
    lines = await _choose_lines(connection, draft, invoice, except_id=known_id or NO_DOCUMENT)
    if known_id is not None:
        credited = await store.list_credited(connection, document_id=known_id)
        if not rules.is_same(draft, list(lines), credited):
            raise Refused(Fault.REFERENCE_REUSED, reference=draft.reference)
        return await documents.find_document(connection, document_id=known_id), False
    if not lines:
        raise _refuse_document(invoice, 0)
    credit_note_id = await store.insert_credit_note(
        connection, invoice_id=invoice.id, reference=reference, note=draft.note
    )
    if draft.returns_budget:
        await _return_budget(
            connection, invoice, lines, credit_note_id=credit_note_id, reference=draft.reference, now=now
        )
    else:
        await _give(connection, invoice, list(lines), credit_note_id=credit_note_id)
    await invoices.issue_credit_note(connection, credit_note_id=credit_note_id, invoice=invoice, now=now)
    note = await documents.find_document(connection, document_id=credit_note_id)
    left = invoice.total_micros - invoice.credited_micros
    if note.total_micros > left:
        raise _refuse_document(invoice, note.total_micros)
    return note, True


async def lock_billed_charge(connection: Connection, *, charge: UUID) -> BilledLine | None:
    """Returns the line that billed a charge, if one did, and locks its account. Before the charge is credited."""
    billed = await store.find_charge_line(connection, charge=charge)
    if billed is not None:
        invoice = await documents.find_document(connection, document_id=billed.document_id)
        await invoices.lock_account(connection, account_id=invoice.account_id)
    return billed


async def find_billed_charge(connection: Connection, *, charge: UUID) -> tuple[Document, int] | None:
    """Returns the document that bills a charge, and the number of its line; ``None`` before it is billed."""
    billed = await store.find_charge_line(connection, charge=charge)
    if billed is None:
        return None
    return await documents.find_document(connection, document_id=billed.document_id), billed.line


async def check_not_exceeded(connection: Connection, billed: BilledLine) -> None:
    """Checks that a line was not credited by more than it was, since goodwill may have been given on it.

    Raises ``Refused(CREDIT_TOO_HIGH)``.
    """
    invoice = await documents.find_document(connection, document_id=billed.document_id)
    (line,) = await store.list_creditable_lines(
        connection, document_id=invoice.id, lines=[billed.line], except_id=NO_DOCUMENT
    )
    if line.left_micros < 0:
        raise Refused(
            Fault.CREDIT_TOO_HIGH,
            what=f"Line {line.line} of {invoice.number or invoice.id}",
            left="no amount",
            amount=format_amount(-line.left_micros, invoice.currency),
        )


async def _choose_lines(
    connection: Connection, draft: CreditDraft, invoice: Document, *, except_id: int
) -> dict[CreditLine, CreditableLine]:
    wanted = None if draft.is_whole else [one.line for one in draft.lines]
    found = await store.list_creditable_lines(
        connection, document_id=invoice.id, lines=wanted, except_id=except_id
    )
    known = {line.line: line for line in found}
    made = rules.make_lines(draft, known, currency=invoice.currency)
    return {line: known[line.line] for line in made}


async def _give(
    connection: Connection, invoice: Document, given: list[CreditLine], *, credit_note_id: int
) -> None:
    inserted = await store.insert_goodwill_lines(
        connection,
        document_id=credit_note_id,
        invoice_id=invoice.id,
        lines=[line.line for line in given],
        quantities=[line.quantity for line in given],
        prices_micros=[line.price_micros for line in given],
    )
    assert inserted == len(given), "each line credits one of the invoice"


async def _return_budget(
    connection: Connection,
    invoice: Document,
    lines: dict[CreditLine, CreditableLine],
    *,
    credit_note_id: int,
    reference: str,
    now: datetime,
) -> None:
    """Credits the charges of each line, from the first day on, until its amount is reached."""
    for credited, line in lines.items():
        left = credited.net_micros
        for day in list_days(line.first_day, line.last_day):
            if left == 0:
                break
            for charge in await store.list_charges_left(connection, job_id=line.job_id, day=day):
                amount = min(left, charge.left_micros)
                if amount <= 0:
                    continue
                name = f"credit note {credit_note_id} {reference}"
                await corrections.credit_charge(
                    connection, charge=charge.reference, amount_micros=amount, reference=name, now=now
                )
                await store.insert_returned_line(
                    connection,
                    document_id=credit_note_id,
                    invoice_id=invoice.id,
                    line=line.line,
                    posting=make_reference("credit", charge.reference, name),
                    amount_micros=amount,
                    now=now,
                )
                left -= amount
        assert left == 0, "what is left of a line is left of its charges"


def _refuse_document(invoice: Document, micros: int) -> Refused:
    left = max(invoice.total_micros - invoice.credited_micros, 0)
    return Refused(
        Fault.CREDIT_TOO_HIGH,
        what=invoice.number,
        left=format_amount(left, invoice.currency),
        amount=format_amount(micros, invoice.currency),
    )
