"""Random payments and reversals compared with a plain auditor: who pays what, what is open, what is credit."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import count

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from jobmeter.base.faults import Refused
from jobmeter.billing.payments import flow as payments
from jobmeter.billing.payments.model import PaymentDraft, PaymentSource, ReversalDraft
from jobmeter.database.connection import Connection
from jobmeter.database.pool import Database
from jobmeter.integrity.payments import store as laws
from jobmeter.partners.applications import flow as partners
from tests.support.books import open_account_of
from tests.support.scenario import few_or_many, open_for_examples

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
CENT = 10_000
ISSUE = """
WITH series AS (
    INSERT INTO billing_series (name, kind, last, last_issued_at, last_digest)
    VALUES ('INV-2026', 'INVOICE', 0, %(now)s, '') ON CONFLICT DO NOTHING),
issued AS (
    INSERT INTO billing_documents (id, account_id, kind, month, reference, currency, minor_digits, seller, buyer,
                                   net_micros, issued_at, due_on, corrects, series, sequence, digest)
    VALUES (nextval('billing_ids'), %(account_id)s, %(kind)s, %(month)s, gen_random_uuid(), 'EUR', 2,
            %(party)s, %(party)s, %(net)s, %(now)s, %(due_on)s, %(corrects)s, 'INV-2026', nextval('billing_ids'), 'x')
    RETURNING id)
INSERT INTO ledger_bookings (shard, reference, purpose, source_kind, source_id, destination_kind, destination_id,
                             amount, unit, day, booked_at, cause)
SELECT shard_of(%(account_id)s), gen_random_uuid(), CASE %(kind)s WHEN 'INVOICE' THEN 8 ELSE 9 END,
       CASE %(kind)s WHEN 'INVOICE' THEN 11 ELSE 10 END, %(account_id)s,
       CASE %(kind)s WHEN 'INVOICE' THEN 10 ELSE 11 END, %(account_id)s, %(net)s, 'EUR', '2026-03-02', %(now)s, id
  FROM issued
RETURNING cause
"""
PARTY = '{"legal_name": "P", "address_lines": [], "city": "", "postcode": "", "country": "NL"}'

cents, days, positions = st.integers(1, 400), st.integers(0, 9), st.integers(0, 4)
issue = st.tuples(st.just("issue"), st.integers(100, 400), days)
pay = st.tuples(st.just("pay"), st.integers(100, 700), st.integers(-3, 4))
others = st.one_of(
    st.tuples(st.just("reverse"), cents, positions),
    st.tuples(st.just("reverse all"), st.just(0), positions),
    st.tuples(st.just("note"), cents, st.just(0)),
    st.tuples(st.just("correct"), cents, positions),
)
# Payments that pay several invoices, before anything is taken back.
histories = st.tuples(
    st.lists(issue, min_size=3, max_size=4),
    st.lists(pay, min_size=1, max_size=3),
    st.lists(st.one_of(issue, pay, others, others), min_size=2, max_size=10),
).map(lambda parts: [step for part in parts for step in part])


class Paid:
    """A payment, or a credit note of the account, as the auditor knows it; ``pays`` is by the position of the invoice."""

    def __init__(self, amount: int) -> None:
        self.left = amount
        self.pays: Counter[int] = Counter()
        self.last: dict[int, int] = {}  # when something of an invoice was allocated or released last

    @property
    def credit(self) -> int:
        return self.left - self.pays.total()


class Auditor:
    def __init__(self) -> None:
        self.totals: list[int] = []
        self.dues: list[int] = []
        self.paid: list[Paid] = []
        self.times = count()

    def open_of(self, invoice: int) -> int:
        return self.totals[invoice] - sum(one.pays[invoice] for one in self.paid)

    def by_due(self) -> list[int]:
        return sorted(range(len(self.totals)), key=lambda invoice: (self.dues[invoice], invoice))

    def move(self, payment: Paid, invoice: int, amount: int) -> None:
        if amount:
            payment.pays[invoice] += amount
            payment.last[invoice] = next(self.times)

    def give(self, payment: Paid, invoice: int) -> None:
        self.move(payment, invoice, max(min(payment.credit, self.open_of(invoice)), 0))

    def settle(self) -> None:
        for payment in self.paid:
            for invoice in self.by_due():
                self.give(payment, invoice)

    def issue(self, total: int, due: int) -> None:
        self.totals.append(total)
        self.dues.append(due)
        self.settle()

    def correct(self, invoice: int, amount: int) -> None:
        self.totals[invoice] -= amount
        payers = [one for one in self.paid if one.pays[invoice]]
        for payment in sorted(payers, key=lambda one: -one.last[invoice]):
            excess = max(-self.open_of(invoice), 0)
            self.move(payment, invoice, -min(excess, payment.pays[invoice]))
        self.settle()

    def pay(self, amount: int, invoice: int | None) -> None:
        self.paid.append(Paid(amount))
        if invoice is not None:
            self.give(self.paid[-1], invoice)
        self.settle()

    def reverse(self, payment: Paid, amount: int) -> None:
        payment.left -= amount
        for invoice in reversed(self.by_due()):
            self.move(payment, invoice, -min(max(-payment.credit, 0), payment.pays[invoice]))
        self.settle()


class Books:
    """The account in the database, played in parallel with the auditor."""

    def __init__(self, connection: Connection, account_id: int) -> None:
        self.connection, self.account_id = connection, account_id
        self.auditor = Auditor()
        self.invoices: list[int] = []
        self.payments: list[tuple[int, Paid]] = []
        self.references = count()

    def refer(self) -> str:
        return f"reference {next(self.references)}"

    async def play(self, kind: str, amount: int, number: int) -> None:
        if kind == "issue":
            await self.issue(amount, number)
        elif kind == "pay":
            await self.pay(amount, number)
        elif kind == "note":
            await self.add_document("CREDIT_NOTE", amount)
            self.auditor.pay(amount, None)
        elif kind == "correct" and self.invoices:
            await self.correct(number % len(self.invoices), amount)
        elif kind.startswith("reverse") and self.payments:
            await self.reverse(number % len(self.payments), amount)

    async def issue(self, amount: int, due: int) -> None:
        self.invoices.append(await self.add_document("INVOICE", amount, due=due))
        self.auditor.issue(amount, due)

    async def correct(self, invoice: int, amount: int) -> None:
        amount = min(amount, self.auditor.totals[invoice])
        if amount:
            await self.add_document("CREDIT_NOTE", amount, corrects=self.invoices[invoice])
            self.auditor.correct(invoice, amount)

    async def add_document(
        self, kind: str, amount: int, *, due: int | None = None, corrects: int | None = None
    ) -> int:
        number = next(self.references)
        parameters = {
            "account_id": self.account_id,
            "kind": kind,
            "now": START,
            "month": date(2000 + number, 1, 1),
            "party": PARTY,
            "net": amount * CENT,
            "due_on": None if due is None else START.date() + timedelta(days=due),
            "corrects": corrects,
        }
        row = await (await self.connection.execute(ISSUE, parameters)).fetchone()
        assert row is not None
        await payments.settle_accounts(self.connection, account_ids=[self.account_id], now=START)
        return int(row[0])

    async def pay(self, amount: int, number: int) -> None:
        named = number if 0 <= number < len(self.invoices) else None
        draft = PaymentDraft(
            account_id=self.account_id,
            source=PaymentSource.OPERATOR,
            reference=self.refer(),
            amount_micros=amount * CENT,
            document_id=None if named is None else self.invoices[named],
        )
        recorded = await payments.record_payment(self.connection, draft, now=START)
        again = await payments.record_payment(self.connection, draft, now=START)
        assert (recorded.is_new, again.is_new, again.payment) == (True, False, recorded.payment)
        self.auditor.pay(amount, named)
        self.payments.append((recorded.payment.id, self.auditor.paid[-1]))

    async def reverse(self, number: int, amount: int) -> None:
        payment_id, paid = self.payments[number]
        left = paid.left
        draft = ReversalDraft(
            payment_id=payment_id,
            reference=self.refer(),
            amount_micros=amount * CENT if amount else None,
        )
        is_possible = 0 < left >= amount
        try:
            await payments.reverse_payment(self.connection, draft, now=START)
        except Refused:
            assert not is_possible
        else:
            assert is_possible
            self.auditor.reverse(paid, amount or left)

    async def compare(self) -> None:
        statement = "SELECT document_id, open_micros FROM billing_open_invoices WHERE account_id = %s"
        rows = await (await self.connection.execute(statement, [self.account_id])).fetchall()
        found = dict(rows)
        expected = [self.auditor.open_of(invoice) * CENT for invoice in range(len(self.invoices))]
        assert [found[document_id] for document_id in self.invoices] == expected
        for payment_id, paid in self.payments:
            payment = await payments.find_payment(self.connection, payment_id=payment_id)
            assert payment.credit_micros == paid.credit * CENT
        for law in (laws.check_payments, laws.check_allocations, laws.check_unpaid_invoices, laws.check_owed):
            finding = await law(self.connection)
            assert finding.breaches == 0, finding.example


async def open_books(connection: Connection) -> Books:
    parent = (await partners.create_parent(connection, name="Partner", now=START)).application
    account_id = await open_account_of(connection, parent.id, first_month=date(2026, 3, 1), now=START)
    return Books(connection, account_id)


@few_or_many(4, 120)
def test_payments_are_allocated_as_an_auditor_does_it(database_url: str, examples: int) -> None:
    with open_for_examples(database_url, connections_max=1) as (runner, database):

        @settings(max_examples=examples, phases=[Phase.generate])
        @given(histories)
        def play(history: list[tuple[str, int, int]]) -> None:
            runner.run(play_all(database, history))

        play()


async def play_all(database: Database, history: list[tuple[str, int, int]]) -> None:
    async with database.connection() as connection, connection.transaction(force_rollback=True):
        books = await open_books(connection)
        for step in history:
            await books.play(*step)
            await books.compare()
