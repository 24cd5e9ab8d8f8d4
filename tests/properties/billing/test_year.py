"""Months of random activity, billed as they become final, compared with a plain auditor after each of them."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from random import Random

import pytest

from jobmeter.billing.accounts.model import TaxRate
from jobmeter.charging.corrections import flow as corrections
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringContract
from jobmeter.worker import chores
from tests.properties.billing.auditor import Auditor, month_of
from tests.support.books import DAY, TICK, Books, open_books, standard
from tests.support.scenario import PRICE_MICROS, SETTINGS

UNIT = 1_000_000
BUDGET = 100 * PRICE_MICROS
LIVE_DAYS = 25
REST_BEGINS, REST_DAYS = 16, 12
RATES = (190_000, 210_000, 70_000, 81_000)


class Year:
    """What one reseller does; the auditor records it. ``jobs`` are live, by the day they were posted."""

    def __init__(self, books: Books, hiring_contract: HiringContract, rng: Random) -> None:
        self.books, self.hiring, self.rng = books, hiring_contract, rng
        self.auditor = Auditor()
        self.jobs: dict[int, date] = {}
        self.names = 0
        self.credit_price = Fraction(90)

    async def play_day(self) -> None:
        """Begins at the first instant of a day and may end at its last one."""
        today = self.books.now.date()
        if today.day in {1, 12} or not self._list_live(today):
            await self._post_job(today)
        # Some months are quiet: what is credited in them is below zero.
        if today.month % 4 != 0:
            await self._use_credits(today)
            await self._click(today)
        if self.rng.random() < 0.1 or today.day == 15:
            await self._credit_charge(today)
        if self.rng.random() < 0.04:
            await self._change_tax(today)
        if self.rng.random() < 0.03:
            await self._change_price()

    def _list_live(self, today: date) -> list[int]:
        return [job for job, posted in self.jobs.items() if (today - posted).days < LIVE_DAYS]

    async def _post_job(self, today: date) -> None:
        self.names += 1
        job = await self.books.scenario.post(f"job {self.names}", now=self.books.now, budget_micros=BUDGET)
        self.jobs[job] = today

    async def _click(self, today: date) -> None:
        """At this instant, and at the last one of the day."""
        live, last = self._list_live(today), self.books.now + DAY - TICK
        for at in (self.books.now, last):
            for job in live:
                count = self.rng.choice((0, 0, 1, 2))
                if count:
                    await self.books.move_to(at)
                    await self.books.click(job, count, at)
                    self.auditor.use(today, count * Fraction(PRICE_MICROS, UNIT))

    async def _use_credits(self, today: date) -> None:
        for _ in range(self.rng.choice((0, 0, 0, 1, 2))):
            self.names += 1
            await self.books.post_xml(f"xml {self.names}", self.hiring)
            self.auditor.use(today, self.credit_price)

    async def _credit_charge(self, today: date) -> None:
        rows = await self.books.scenario.rows(
            "SELECT reference, day, amount - coalesce((SELECT sum(amount)::bigint FROM ledger_bookings"
            " WHERE corrects = charge.reference), 0) FROM charge_postings AS charge"
            " JOIN settled_days USING (day) ORDER BY number"
        )
        rows = [row for row in rows if row[2] > 0]
        if not rows:
            return
        charge, day, left = self.rng.choice(rows)
        amount = self.rng.randrange(1, left // 10_000 + 1) * 10_000
        async with self.books.scenario.database.transaction() as connection:
            await corrections.credit_charge(
                connection,
                charge=charge,
                amount_micros=amount,
                reference=f"credit {self.books.now}",
                now=self.books.now,
            )
        self.auditor.correct(today, day, Fraction(amount, UNIT))

    async def _change_tax(self, today: date) -> None:
        rate = self.rng.choice(RATES)
        begins = today + self.rng.randrange(1, 9) * DAY
        if begins > max(self.auditor.rates):
            await self.books.set_tax(standard(rate), begins)
            self.auditor.rates[begins] = Fraction(rate, UNIT)

    async def _change_price(self) -> None:
        price = Fraction(self.rng.randrange(1_000, 9_999), 100)
        valid_from = self.books.now + timedelta(seconds=1)
        async with self.books.scenario.database.transaction() as connection:
            await hiring.set_hiring_price(
                connection, contract=self.hiring, price_micros=int(price * UNIT), valid_from=valid_from
            )
        self.credit_price = price
        await self.books.move_to(max(self.books.now, valid_from))

    async def compare(self, until: date) -> None:
        found = [
            (
                one.kind.value,
                one.month,
                Fraction(one.net_micros, UNIT),
                Fraction(one.tax_micros, UNIT),
            )
            for one in await self.books.documents()
        ]
        assert found == self.auditor.list_totals(until)
        assert [check for check in await self.books.scenario.check() if check.breaches] == []


async def play(database_url: str, *, months: int, seed: int, rests: bool = False) -> None:
    """If it ``rests``, nothing happens in the second half of a month, whose days are settled together."""
    rate: TaxRate = standard(RATES[0])
    async with open_books(database_url, rate=rate, limit_micros=10**15) as books:
        year = Year(books, await books.open_hiring(), Random(seed))
        year.auditor.rates[date(1970, 1, 1)] = Fraction(RATES[0], UNIT)
        compared: list[date] = [month_of(books.now.date())]  # the first of them has no month before it
        while len(compared) <= months:
            await year.play_day()
            days = REST_DAYS if rests and books.now.day == REST_BEGINS else 1
            tomorrow = datetime.combine(books.now.date() + days * DAY, datetime.min.time(), UTC)
            await books.move_to(tomorrow)
            # A day that ended with a change of price is followed by the one after the next.
            if tomorrow.day >= 3 and month_of(tomorrow.date()) > compared[-1]:
                compared.append(month_of(tomorrow.date()))
                await year.compare(month_of(compared[-1] - DAY))
        documents = await books.documents()
        await chores.run_due(books.scenario.database, SETTINGS, now=books.now)
        assert await books.documents() == documents
        assert len({one.month for one in documents}) == months
        assert [one.kind for one in documents].count("CREDIT_NOTE") > 0


async def test_months_of_random_activity_are_what_a_plain_auditor_computes(database_url: str) -> None:
    await play(database_url, months=2, seed=3, rests=True)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
async def test_a_year_of_random_activity_is_what_a_plain_auditor_computes(
    database_url: str, seed: int
) -> None:
    await play(database_url, months=13, seed=seed)
