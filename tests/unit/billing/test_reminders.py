"""Reminders of overdue invoices are looked for once a day, and no invoice is read that cannot be due for one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from jobmeter.billing.payments import flow as payments
from jobmeter.billing.payments.model import PaymentDraft, PaymentSource, ReversalDraft
from tests.support.books import Books, open_books, standard

DAYS = [3, 14, 30]
OLD = 3_000
OLD_A_DAY = 10
# Paid invoices of days before that of the first one, ten a day. Drafts of a test: only what reminders read is right.
OLD_INVOICES = f"""
    WITH old AS (
        INSERT INTO billing_documents (id, account_id, kind, month, reference, currency, minor_digits, seller, buyer,
                                       net_micros, series, sequence, issued_at, due_on, digest)
        SELECT nextval('billing_ids'), account_id, kind, date '1000-01-01' + make_interval(months => nth),
               gen_random_uuid(), currency, minor_digits, seller, buyer, 1000000, series, 1000 + nth, issued_at,
               due_on - nth / {OLD_A_DAY}, digest
          FROM billing_documents, generate_series(0, {OLD - 1}) AS nth
        RETURNING id, account_id
    ), paid AS (
        INSERT INTO billing_payments (id, account_id, source, reference, amount_micros, paid_on, note, recorded_at)
        SELECT nextval('billing_ids'), id, 'OPERATOR', 'old', {OLD} * 1000000::bigint, '2026-01-01', '',
               '2026-01-01'
          FROM billing_accounts
        RETURNING id
    )
    INSERT INTO billing_allocations (payment_id, document_id, amount_micros, allocated_at)
    SELECT paid.id, old.id, 1000000, '2026-01-01'
      FROM old, paid
"""
ROWS_READ = """
    SELECT coalesce(sum(idx_tup_fetch + seq_tup_read), 0)::bigint
      FROM pg_stat_xact_user_tables
     WHERE relname IN ('billing_documents', 'billing_allocations', 'billing_payments', 'billing_reminders')
"""


class Reminded:
    """An open invoice, and the reminders that were sent of any."""

    def __init__(self, books: Books, due_on: date) -> None:
        self.books = books
        self.due_on = due_on
        self.rows_read = 0

    async def remind(self, day: int, *, days: list[int] | None = None, rows_max: int = 100) -> list[int]:
        """The levels that one turn of the chore sends so many days after the first invoice is due."""
        now = datetime.combine(self.due_on, datetime.min.time(), UTC) + timedelta(days=day)
        async with self.books.scenario.database.transaction() as connection:
            before = await (await connection.execute(ROWS_READ)).fetchone()
            sent = await payments.remind_overdue(
                connection, reminder_days=DAYS if days is None else days, rows_max=rows_max, now=now
            )
            after = await (await connection.execute(ROWS_READ)).fetchone()
        assert before is not None
        assert after is not None
        self.rows_read = after[0] - before[0]
        return [reminder.level for _, reminder in sent]

    async def pay(self, reference: str) -> int:
        (invoice, *_) = await self.books.documents()
        draft = PaymentDraft(
            account_id=self.books.account_id,
            source=PaymentSource.OPERATOR,
            reference=reference,
            amount_micros=invoice.open_micros,
            document_id=invoice.id,
        )
        async with self.books.scenario.database.transaction() as connection:
            recorded = await payments.record_payment(connection, draft, now=self.books.now)
        return recorded.payment.id

    async def reverse(self, payment_id: int, day: int) -> None:
        now = datetime.combine(self.due_on, datetime.min.time(), UTC) + timedelta(days=day, hours=9)
        async with self.books.scenario.database.transaction() as connection:
            draft = ReversalDraft(payment_id=payment_id, reference=f"back {payment_id}")
            await payments.reverse_payment(connection, draft, now=now)


@asynccontextmanager
async def open_reminded(database_url: str) -> AsyncIterator[Reminded]:
    async with open_books(database_url, rate=standard(210_000)) as books:
        contract = await books.open_hiring()
        await books.post_xml("sold", contract)
        await books.finish_month()
        (invoice,) = await books.documents()
        assert invoice.due_on is not None
        yield Reminded(books, invoice.due_on)


async def test_a_turn_reads_no_invoice_and_a_new_day_only_those_that_become_due(database_url: str) -> None:
    async with open_reminded(database_url) as reminded:
        await reminded.books.scenario.execute(OLD_INVOICES)
        analyze: Any = "ANALYZE billing_documents, billing_allocations, billing_payments, billing_reminders"
        await reminded.books.scenario.execute(analyze)
        # the first round, and one with another setting, read every invoice that was ever due
        assert await reminded.remind(2) == []
        # the round of a day looks at those that reached a level since the last but one, and computes what is open of them
        assert await reminded.remind(3) == [1]
        assert 0 < reminded.rows_read < 12 * 2 * len(DAYS) * OLD_A_DAY
        # and nothing else of the day reads one
        for _ in range(3):
            assert await reminded.remind(3) == []
            assert reminded.rows_read == 0


async def test_an_invoice_that_missed_reminders_gets_the_last_one_once(database_url: str) -> None:
    async with open_reminded(database_url) as reminded:
        assert await reminded.remind(0) == []
        assert await reminded.remind(20) == [2]
        assert await reminded.remind(21) == []
        assert await reminded.remind(45) == [3]
        assert await reminded.remind(90) == []


async def test_an_invoice_that_a_reversal_opens_is_reminded_of_on_the_next_day(database_url: str) -> None:
    async with open_reminded(database_url) as reminded:
        payment_id = await reminded.pay("bank 1")
        for day in (3, 14, 30, 40):
            assert await reminded.remind(day) == []
        await reminded.reverse(payment_id, day=40)
        assert await reminded.remind(40) == []
        assert await reminded.remind(41) == [3]
        assert await reminded.remind(42) == []


async def test_another_setting_looks_at_every_overdue_invoice_again(database_url: str) -> None:
    async with open_reminded(database_url) as reminded:
        for day in (3, 14, 30, 60):
            await reminded.remind(day)
        assert await reminded.remind(60, days=[3, 14, 30, 50]) == [4]
        assert await reminded.remind(60, days=[3, 14, 30, 50]) == []
        assert await reminded.remind(60, days=[]) == []


@pytest.mark.long
async def test_what_one_turn_leaves_the_next_one_sends(database_url: str) -> None:
    async with open_reminded(database_url) as reminded:
        contract = await reminded.books.open_hiring()
        for name in ("second", "third"):
            await reminded.books.post_xml(name, contract)
            await reminded.books.finish_month()
        for expected in ([3], [3], []):
            assert await reminded.remind(100, rows_max=1) == expected
