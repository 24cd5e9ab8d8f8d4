"""Incidents 4, 12 and 17 of the project's list, and those of other billing systems that have no other test."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from jobmeter.base.faults import Fault, Refused
from jobmeter.billing.accounts import flow as accounts
from jobmeter.billing.accounts.model import Bills
from jobmeter.billing.credit_notes import flow as credit_notes
from jobmeter.billing.credit_notes.model import CreditDraft
from jobmeter.billing.documents import flow as documents
from jobmeter.billing.model import Buyer, Document
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.database.connection import Connection
from jobmeter.worker import chores
from tests.support.books import ADDRESS, Books, open_books, standard
from tests.support.scenario import PRICE_MICROS, SETTINGS, make_clicks

BUDGET = 6_000 * PRICE_MICROS


async def test_4_a_top_up_that_is_sent_twice_is_invoiced_once(database_url: str) -> None:
    """A top-up was booked twice, because the same call had been repeated (lago-api 5870)."""
    async with open_books(database_url, rate=standard(210_000)) as books:
        contract = await books.open_hiring(is_postpaid=False, bills=Bills.TOP_UPS)

        async def top_up() -> bool:
            async with books.scenario.database.transaction() as connection:
                return await hiring.add_units(
                    connection, contract=contract, units=7, reference=UUID(int=7), now=books.now
                )

        assert sorted(await asyncio.gather(top_up(), top_up())) == [False, True]
        await books.finish_month()
        (invoice,) = await books.documents()
        assert [line.quantity for line in await books.lines(invoice)] == [7]


async def test_12_grants_adjustments_and_uses_of_credits_at_once_add_up(database_url: str) -> None:
    """A reset of credits was lost when it raced with their use (polar 6194)."""
    async with open_books(database_url, rate=standard(210_000)) as books:
        contract = await books.open_hiring(is_postpaid=False, units=10, bills=Bills.TOP_UPS)

        async def move(number: int) -> None:
            async with books.scenario.database.transaction() as connection:
                act = hiring.add_units if number % 2 else hiring.adjust_units
                units = 3 if number % 2 else -2
                await act(
                    connection, contract=contract, units=units, reference=UUID(int=number), now=books.now
                )

        uses = [books.post_xml(f"job {number}", contract) for number in range(4)]
        await asyncio.gather(*(move(number) for number in range(1, 9)), *uses)
        async with books.scenario.database.connection() as connection:
            unused = await hiring.read_inventory(connection, contract=contract)
        assert unused == 10 + 4 * 3 - 4 * 2 - 4
        assert await books.scenario.breaches() == []


async def count_rows_read(connection: Connection) -> int:
    """Rows of events and charges that the session has read."""
    found = await connection.execute(
        "SELECT coalesce(sum(idx_tup_fetch + seq_tup_read), 0) FROM pg_stat_xact_user_tables"
        " WHERE relname ~ '^events_' OR relname = 'charge_postings'"
    )
    ((count,),) = await found.fetchall()
    return int(count)


async def test_17_a_page_of_the_clicks_of_a_large_line_reads_its_own_rows(database_url: str) -> None:
    """Opening a large invoice loaded every event of it (killbill 1022, 1952)."""
    async with open_books(database_url, rate=standard(210_000)) as books:
        job = await books.scenario.post("large", budget_micros=BUDGET)
        clicks = make_clicks(job, 4_000, books.now)
        for start in range(0, len(clicks), 1_000):
            await books.scenario.ingest(clicks[start : start + 1_000], books.now + timedelta(seconds=5))
        await books.finish_month()
        (invoice,) = await books.documents()
        after, found = documents.FIRST, 0
        while True:
            async with books.scenario.database.transaction() as connection:
                before = await count_rows_read(connection)
                page = await documents.list_line_clicks(
                    connection, document=invoice, line=1, after=after, rows_max=100
                )
                assert await count_rows_read(connection) - before <= 100
            found += len(page.clicks)
            if page.next_after is None:
                break
            after = page.next_after
        assert found == 4_000


async def test_a_clock_that_goes_back_dates_no_later_number_earlier(database_url: str) -> None:
    """A later invoice had an earlier date (Dolibarr 3181)."""
    async with open_books(database_url, rate=standard(210_000)) as books:
        contract = await books.open_hiring()
        await books.post_xml("first", contract)
        await books.move_to(datetime(2026, 4, 2, tzinfo=UTC))
        await books.post_xml("second", contract)
        await books.move_to(datetime(2026, 5, 3, tzinfo=UTC) + timedelta(hours=5))
        first, second = await books.documents()
        draft = CreditDraft(reference="r", note="", lines=(), returns_budget=False)
        notes = []
        for invoice, now in ((first, books.now), (second, books.now - timedelta(hours=3))):
            async with books.scenario.database.transaction() as connection:
                note, _ = await credit_notes.credit_invoice(connection, draft, invoice_id=invoice.id, now=now)
                notes.append(note)
        assert [note.number for note in notes] == ["CN-2026-000001", "CN-2026-000002"]
        assert notes[1].issued_at == notes[0].issued_at
        assert await books.scenario.breaches() == []


async def void(books: Books, invoice: Document, reference: str) -> Document | Fault:
    draft = CreditDraft(reference=reference, note="", lines=(), returns_budget=False)
    try:
        async with books.scenario.database.transaction() as connection:
            note, _ = await credit_notes.credit_invoice(
                connection, draft, invoice_id=invoice.id, now=books.now
            )
            return note
    except Refused as refused:
        return refused.fault


async def test_two_voids_at_once_make_one_credit_note(database_url: str) -> None:
    """Two voids of an invoice at once made two credit notes (lago-api 5495)."""
    async with open_books(database_url, rate=standard(210_000)) as books:
        await books.post_xml("sold", await books.open_hiring())
        await books.finish_month()
        (invoice,) = await books.documents()
        results = await asyncio.gather(*(void(books, invoice, name) for name in "ab"))
        assert sorted(isinstance(result, Document) for result in results) == [False, True]
        assert Fault.CREDIT_TOO_HIGH in results
        assert len(await books.documents()) == 2
        assert await books.scenario.breaches() == []


async def test_a_changed_address_changes_no_invoice(database_url: str) -> None:
    """Old invoices showed the customer's new address (invoiceninja 1117, lago-api 4431)."""
    async with open_books(database_url, rate=standard(210_000)) as books:
        contract = await books.open_hiring()
        await books.post_xml("sold", contract)
        await books.finish_month()
        (before,) = await books.documents()
        moved = Buyer(legal_name="Moved", **(ADDRESS | {"city": "Delft"}))
        async with books.scenario.database.transaction() as connection:
            await accounts.set_buyer(
                connection, account_id=books.account_id, buyer=moved, valid_from=None, now=books.now
            )
        await books.post_xml("later", contract)
        await books.finish_month()
        first, second = await books.documents()
        assert first == before
        assert (first.buyer.city, second.buyer.city) == ("Rotterdam", "Delft")


async def test_a_run_that_is_repeated_every_hour_bills_once(database_url: str) -> None:
    """An hourly job billed again, or failed because it had billed already (lago-api 1988, 2681)."""
    async with open_books(database_url, rate=standard(210_000)) as books:
        await books.post_xml("sold", await books.open_hiring())
        await books.finish_month()
        for hour in range(1, 5):
            await chores.run_due(books.scenario.database, SETTINGS, now=books.now + timedelta(hours=hour))
        assert [one.month for one in await books.documents()] == [date(2026, 3, 1)]
        assert await books.cuts() == [date(2026, 3, 1)]
