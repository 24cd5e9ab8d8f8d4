"""Credit notes by hand: by line or whole, never more than what is left, as goodwill or with the budget returned."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

import pytest

from jobmeter.base.faults import Fault, Refused
from jobmeter.billing.accounts.model import Issuing
from jobmeter.billing.credit_notes import flow as credit_notes
from jobmeter.billing.credit_notes.model import CreditDraft, LineCredit
from jobmeter.billing.documents.flow import find_state
from jobmeter.billing.model import Document, DocumentState, LineKind
from jobmeter.contracts.partner import flow as contracts
from tests.support.books import DAY, Books, open_books, standard
from tests.support.scenario import PRICE_MICROS

BUDGET = 900 * PRICE_MICROS
MINOR = 10_000


def credit(line: int, amount_micros: int | None = None, quantity: int | None = None) -> LineCredit:
    return LineCredit(line=line, amount_micros=amount_micros, quantity=quantity)


async def give(
    books: Books, invoice: Document, *lines: LineCredit, reference: str = "r", returns_budget: bool = False
) -> tuple[Document, bool]:
    """Credits the lines, or the whole invoice."""
    draft = CreditDraft(reference=reference, note="", lines=lines, returns_budget=returns_budget)
    async with books.scenario.database.transaction() as connection:
        return await credit_notes.credit_invoice(connection, draft, invoice_id=invoice.id, now=books.now)


async def refuse(books: Books, invoice: Document, *lines: LineCredit, **options: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        await give(books, invoice, *lines, **options)
    return refused.value


async def reload(books: Books, invoice: Document) -> Document:
    (found,) = [one for one in await books.documents() if one.id == invoice.id]
    return found


@asynccontextmanager
async def open_invoice(database_url: str) -> AsyncIterator[tuple[Books, Document]]:
    """March: line 1 of 1 credit used at 90.00, line 2 of 7 clicks at 1.50; 21 % tax."""
    async with open_books(database_url, rate=standard(210_000)) as books:
        hiring = await books.open_hiring()
        await books.post_xml("posted", hiring)
        job = await books.scenario.post("clicked", budget_micros=BUDGET)
        await books.click(job, 4)
        await books.move_to(books.now + DAY)
        await books.click(job, 3)
        await books.finish_month()
        (invoice,) = await books.documents()
        assert invoice.net_micros == 90_000_000 + 7 * PRICE_MICROS
        yield books, invoice


async def test_lines_are_credited_by_quantity_and_by_amount(database_url: str) -> None:
    async with open_invoice(database_url) as (books, invoice):
        note, is_new = await give(books, invoice, credit(2, quantity=2), credit(1, 10_000_000))
        assert is_new
        assert (note.number, note.corrects_number) == ("CN-2026-000001", invoice.number)
        lines = [
            (one.kind, one.quantity, one.price_micros, one.corrects_line) for one in await books.lines(note)
        ]
        assert lines == [
            (LineKind.GOODWILL, 1, 10_000_000, 1),
            (LineKind.GOODWILL, 2, PRICE_MICROS, 2),
        ]
        assert (note.net_micros, note.tax_micros) == (13_000_000, 2_730_000)
        credited = await reload(books, invoice)
        assert credited.credited_micros == note.total_micros
        assert find_state(credited, today=books.now.date()) is DocumentState.OPEN
        assert await books.scenario.breaches() == []


async def test_the_same_credit_note_again_is_the_first_and_another_under_its_reference_is_refused(
    database_url: str,
) -> None:
    async with open_invoice(database_url) as (books, invoice):
        first, _ = await give(books, invoice, credit(2, quantity=2))
        again, is_new = await give(books, invoice, credit(2, quantity=2))
        assert (again.id, is_new) == (first.id, False)
        refused = await refuse(books, invoice, credit(2, quantity=3))
        assert refused.fault is Fault.REFERENCE_REUSED
        refused = await refuse(books, invoice, credit(2, quantity=2), returns_budget=True)
        assert refused.fault is Fault.REFERENCE_REUSED
        whole, _ = await give(books, invoice, reference="whole")
        again, is_new = await give(books, invoice, reference="whole")
        assert (again.id, is_new) == (whole.id, False)
        assert await books.scenario.breaches() == []


async def test_an_invoice_that_is_credited_in_parts_is_never_credited_more_than_its_total(
    database_url: str,
) -> None:
    async with open_invoice(database_url) as (books, invoice):
        for number in range(3):
            # Each tax would be 0.002, rounded up to 0.01 three times; together it is 0.01.
            await give(books, invoice, credit(2, MINOR), reference=f"cent {number}")
        whole, _ = await give(books, invoice, reference="rest")
        credited = await reload(books, invoice)
        assert credited.credited_micros == invoice.total_micros
        assert find_state(credited, today=books.now.date()) is DocumentState.CREDITED
        assert whole.net_micros == invoice.net_micros - 3 * MINOR
        refused = await refuse(books, invoice, reference="more")
        assert refused.fault is Fault.CREDIT_TOO_HIGH
        assert await books.scenario.breaches() == []


MORE_THAN_A_LINE_HAS = (
    ([credit(2, 7 * PRICE_MICROS + MINOR)], Fault.CREDIT_TOO_HIGH),
    ([credit(2, quantity=8)], Fault.CREDIT_TOO_HIGH),
    ([credit(3, MINOR)], Fault.OPERATOR_UNKNOWN),
    ([credit(2, MINOR), credit(2, MINOR)], Fault.OPERATOR_INPUT),
    ([credit(2)], Fault.OPERATOR_INPUT),
    ([credit(2, MINOR, 1)], Fault.OPERATOR_INPUT),
)


async def test_what_a_line_does_not_have_is_not_credited(database_url: str) -> None:
    async with open_invoice(database_url) as (books, invoice):
        for lines, fault in MORE_THAN_A_LINE_HAS:
            assert (await refuse(books, invoice, *lines)).fault is fault
            assert len(await books.documents()) == 1


async def test_a_credit_note_is_not_credited(database_url: str) -> None:
    async with open_invoice(database_url) as (books, invoice):
        note, _ = await give(books, invoice, credit(2, MINOR))
        assert (await refuse(books, note)).fault is Fault.DOCUMENT_NOT_CREDITABLE


async def test_a_draft_is_not_credited(database_url: str) -> None:
    async with open_books(database_url, rate=standard(210_000), issues=Issuing.HELD) as books:
        await books.post_xml("posted", await books.open_hiring())
        await books.finish_month()
        (draft,) = await books.documents()
        assert (await refuse(books, draft)).fault is Fault.DOCUMENT_NOT_CREDITABLE


@pytest.mark.long
async def test_a_credit_that_returns_the_budget_credits_the_charges_and_is_not_on_the_next_invoice(
    database_url: str,
) -> None:
    async with open_invoice(database_url) as (books, invoice):
        before = await read_available(books)
        note, _ = await give(books, invoice, credit(2, 5 * PRICE_MICROS), returns_budget=True)
        assert await read_available(books) == before + 5 * PRICE_MICROS
        lines = [(one.kind, one.net_micros, one.corrects_line) for one in await books.lines(note)]
        assert lines == [
            (LineKind.CORRECTION, 4 * PRICE_MICROS, 2),  # all of the first day
            (LineKind.CORRECTION, PRICE_MICROS, 2),
        ]
        refused = await refuse(books, invoice, credit(1, MINOR), reference="x", returns_budget=True)
        assert refused.fault is Fault.OPERATOR_INPUT  # a credit that was used is not returned
        await books.move_to(datetime(2026, 5, 3, tzinfo=UTC))
        assert [one.id for one in await books.documents()] == [invoice.id, note.id]
        assert await books.scenario.breaches() == []


async def read_available(books: Books) -> int:
    async with books.scenario.database.connection() as connection:
        return await contracts.read_available(connection, contract=books.scenario.contract)


async def test_a_credit_of_a_charge_that_no_document_names_yet_counts_as_credited(database_url: str) -> None:
    async with open_invoice(database_url) as (books, invoice):
        await books.credit_charge(date(2026, 3, 2), 3 * PRICE_MICROS)
        refused = await refuse(books, invoice, credit(2, 5 * PRICE_MICROS))
        assert "6.00 left" in refused.message
        note, _ = await give(books, invoice)
        assert note.net_micros == 90_000_000 + 4 * PRICE_MICROS
        await books.move_to(datetime(2026, 5, 3, tzinfo=UTC))
        *_, last = await books.documents()
        assert (last.kind, last.net_micros) == ("CREDIT_NOTE", 3 * PRICE_MICROS)
        credited = await reload(books, invoice)
        assert credited.credited_micros == invoice.total_micros
        assert await books.scenario.breaches() == []
