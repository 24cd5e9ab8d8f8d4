"""Random top-ups, paid for and not, payments and prices, with references that repeat, compared with a plain dictionary."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from jobmeter.base.faults import Fault, Refused
from jobmeter.billing.accounts import flow as accounts
from jobmeter.billing.accounts.model import (
    AgreementWish,
    Bills,
)
from jobmeter.billing.payments import flow as payments
from jobmeter.billing.payments.model import PaymentDraft, PaymentSource
from jobmeter.billing.top_ups import flow as top_ups
from jobmeter.billing.top_ups.model import TopUpDraft
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringContract, HiringDraft, HiringKind
from jobmeter.database.connection import Connection
from jobmeter.database.pool import Database
from jobmeter.integrity.payments import store as laws
from jobmeter.partners.applications import flow as partners
from tests.support.books import open_account_of, standard
from tests.support.scenario import open_for_examples

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
CENT = 10_000
RATE = 77_000  # 7.7 %: most taxes are rounded

references, contracts, units = st.integers(0, 3), st.integers(0, 1), st.integers(1, 3)
amounts = st.sampled_from([None, 500, 646])
acts = st.one_of(
    st.tuples(st.just("paid"), references, contracts, units, amounts),
    st.tuples(st.just("paid"), references, contracts, units, st.none()),
    st.tuples(st.just("granted"), references, contracts, units, st.none()),
    st.tuples(st.just("received"), references, st.just(0), st.just(0), st.sampled_from([500, 646])),
    st.tuples(st.just("price"), st.just(0), contracts, st.integers(300, 303), st.none()),
)


class Auditor:
    """What was done under each reference: units by contract and reference, amounts of payments with what they added."""

    def __init__(self) -> None:
        self.units: dict[tuple[int, int], int] = {}
        self.payments: dict[int, tuple[int, tuple[int, int] | None]] = {}
        self.prices = {0: 300, 1: 300}

    def total(self, contract: int, count: int) -> int:
        """With its tax, half away from zero; in cents."""
        net = self.prices[contract] * count
        return net + (2 * net * RATE + 1_000_000) // 2_000_000

    def pay(self, reference: int, contract: int, count: int, amount: int | None) -> bool | None:
        """Whether it is new; ``None`` if the reference is of another act."""
        known = self.payments.get(reference)
        if known is not None:
            is_same = known[1] == (contract, count) and amount in {None, known[0]}
            return False if is_same else None
        if (contract, reference) in self.units:
            return None
        self.units[contract, reference] = count
        self.payments[reference] = (
            self.total(contract, count) if amount is None else amount,
            (contract, count),
        )
        return True

    def grant(self, reference: int, contract: int, count: int) -> bool | None:
        known = self.units.get((contract, reference))
        if known is not None:
            return False if known == count else None
        self.units[contract, reference] = count
        return True

    def receive(self, reference: int, amount: int) -> bool | None:
        known = self.payments.get(reference)
        if known is not None:
            return False if known == (amount, None) else None
        self.payments[reference] = (amount, None)
        return True


class Books:
    """The account and its contracts in the database, played in parallel with the auditor."""

    def __init__(self, connection: Connection, account_id: int, contracts: list[HiringContract]) -> None:
        self.connection, self.account_id, self.contracts = connection, account_id, contracts
        self.now, self.auditor = START, Auditor()

    async def play(self, act: tuple[str, int, int, int, int | None]) -> None:
        kind, reference, contract, count, amount = act
        self.now += timedelta(seconds=1)
        if kind == "price":
            await hiring.set_hiring_price(
                self.connection,
                contract=self.contracts[contract],
                price_micros=count * CENT,
                valid_from=self.now,
            )
            self.auditor.prices[contract] = count
            return
        is_new: bool | None
        try:
            async with self.connection.transaction():
                is_new = await self.act(kind, f"reference {reference}", contract, count, amount)
        except Refused as refused:
            if refused.fault is not Fault.REFERENCE_REUSED:
                raise
            is_new = None
        if kind == "paid":
            assert is_new is self.auditor.pay(reference, contract, count, amount), act
        elif kind == "granted":
            assert is_new is self.auditor.grant(reference, contract, count), act
        else:
            assert amount is not None
            assert is_new is self.auditor.receive(reference, amount), act

    async def act(self, kind: str, reference: str, contract: int, count: int, amount: int | None) -> bool:
        micros = None if amount is None else amount * CENT
        chosen = self.contracts[contract]
        if kind == "paid":
            draft = TopUpDraft(
                account_id=self.account_id,
                contract_id=chosen.id,
                reference=reference,
                units=count,
                amount_micros=micros,
            )
            return (await top_ups.record_top_up(self.connection, draft, now=self.now)).is_new
        if kind == "granted":
            return await hiring.add_units(
                self.connection,
                contract=chosen,
                units=count,
                reference=top_ups.refer(chosen.id, reference, units=count),
                now=self.now,
            )
        assert micros is not None
        received = PaymentDraft(
            account_id=self.account_id,
            source=PaymentSource.OPERATOR,
            reference=reference,
            amount_micros=micros,
        )
        return (await payments.record_payment(self.connection, received, now=self.now)).is_new

    async def compare(self) -> None:
        for number, contract in enumerate(self.contracts):
            expected = sum(count for (owner, _), count in self.auditor.units.items() if owner == number)
            assert await hiring.read_inventory(self.connection, contract=contract) == expected
        found = await payments.list_payments(
            self.connection, account_id=self.account_id, after=0, rows_max=1_000
        )
        assert sorted(one.amount_micros for one in found) == sorted(
            amount * CENT for amount, _ in self.auditor.payments.values()
        )
        for law in (laws.check_payments, laws.check_paid_top_ups, laws.check_owed):
            finding = await law(self.connection)
            assert finding.breaches == 0, finding.example


async def open_books(connection: Connection) -> Books:
    parent = (await partners.create_parent(connection, name="Partner", now=START)).application
    account_id = await open_account_of(
        connection, parent.id, first_month=date(2026, 3, 1), now=START, rate=standard(RATE)
    )
    opened = []
    for _ in range(2):
        contract = await hiring.open_hiring_contract(
            connection,
            draft=HiringDraft(
                kind=HiringKind.CREDITS,
                owner_name="Owner",
                owner_application_id=parent.id,
                is_postpaid=False,
                currency="EUR",
                units=0,
                price_micros=300 * CENT,
                run_days=30,
                default_poster_email="",
                seats=(),
                sandbox_number=None,
                starts_at=START - timedelta(days=1),
                ends_at=START + timedelta(days=900),
            ),
            now=START,
        )
        wish = AgreementWish(bills=Bills.TOP_UPS)
        await accounts.set_agreement(
            connection, account_id=account_id, contract_id=contract.id, wish=wish, now=START
        )
        opened.append(contract)
    return Books(connection, account_id, opened)


def test_a_reference_is_one_act_in_any_order_of_acts(database_url: str) -> None:
    with open_for_examples(database_url, connections_max=1) as (runner, database):

        @settings(max_examples=30, phases=[Phase.generate], deadline=None)
        @given(st.lists(acts, min_size=4, max_size=16))
        def play(history: list[tuple[str, int, int, int, int | None]]) -> None:
            runner.run(play_all(database, history))

        play()


async def play_all(database: Database, history: list[tuple[str, int, int, int, int | None]]) -> None:
    async with database.connection() as connection, connection.transaction(force_rollback=True):
        books = await open_books(connection)
        for act in history:
            await books.play(act)
        await books.compare()
