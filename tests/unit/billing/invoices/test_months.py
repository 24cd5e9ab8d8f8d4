"""Monthly documents: what is on which one, at which price and tax, and when."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from jobmeter.billing.accounts.model import Bills, Issuing, ZeroMonth
from jobmeter.billing.model import DocumentKind, LineKind
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringKind
from jobmeter.worker import chores
from tests.support.books import DAY, TICK, open_books, standard
from tests.support.scenario import PRICE_MICROS, SETTINGS

APRIL = datetime(2026, 4, 1, tzinfo=UTC)
BUDGET = 900 * PRICE_MICROS


@pytest.mark.long
async def test_a_click_at_the_last_instant_of_a_month_is_on_its_invoice_and_one_at_the_first_on_the_next(
    database_url: str,
) -> None:
    async with open_books(database_url, rate=standard(190_000)) as books:
        job = await books.scenario.post("job", budget_micros=BUDGET)
        await books.move_to(APRIL - TICK)
        await books.click(job, 2)
        await books.move_to(APRIL)
        await books.click(job, 5)
        assert await books.documents() == []
        await books.move_to(datetime(2026, 5, 3, tzinfo=UTC))
        first, second = await books.documents()
        found = [(one.number, one.month, one.net_micros, one.tax_micros) for one in (first, second)]
        assert found == [
            ("INV-2026-000001", date(2026, 3, 1), 2 * PRICE_MICROS, 570_000),
            ("INV-2026-000002", date(2026, 4, 1), 5 * PRICE_MICROS, 1_430_000),
        ]
        # Final at the third midnight after the month's last day began.
        assert first.issued_at == datetime(2026, 4, 3, tzinfo=UTC)
        assert first.due_on == date(2026, 5, 3)
        ((march,), (april,)) = [await books.lines(one) for one in (first, second)]
        assert (march.quantity, march.first_at, march.kind) == (2, APRIL - DAY, LineKind.CLICKS)
        assert (april.quantity, april.last_at, april.price_micros) == (5, APRIL, PRICE_MICROS)
        assert await books.scenario.breaches() == []


async def test_a_month_without_use_has_no_number_and_no_document(database_url: str) -> None:
    async with open_books(database_url, rate=standard(190_000)) as books:
        await books.move_to(datetime(2026, 6, 4, tzinfo=UTC))
        assert await books.documents() == []
        assert await books.cuts() == [date(2026, month, 1) for month in (3, 4, 5)]
        assert await books.scenario.breaches() == []


async def test_a_month_without_use_has_a_statement_where_one_is_wanted(database_url: str) -> None:
    async with open_books(database_url, rate=standard(190_000), zero_month=ZeroMonth.STATEMENT) as books:
        await books.move_to(datetime(2026, 5, 4, tzinfo=UTC))
        found = [(one.kind, one.number, one.total_micros, one.due_on) for one in await books.documents()]
        assert found == [(DocumentKind.STATEMENT, "", 0, None)] * 2
        assert await books.scenario.breaches() == []


@pytest.mark.long
async def test_a_month_with_two_tax_rates_has_a_line_of_a_job_for_each(database_url: str) -> None:
    async with open_books(database_url, rate=standard(190_000)) as books:
        job = await books.scenario.post("job", budget_micros=BUDGET)
        await books.click(job, 3)
        await books.set_tax(standard(210_000), date(2026, 3, 20))
        await books.move_to(datetime(2026, 3, 20, tzinfo=UTC) - TICK)
        await books.click(job, 1)
        await books.move_to(datetime(2026, 3, 20, tzinfo=UTC))
        await books.click(job, 7)
        await books.move_to(datetime(2026, 4, 3, tzinfo=UTC))
        (invoice,) = await books.documents()
        lines = [(one.quantity, one.rate_micros, one.last_at.day) for one in await books.lines(invoice)]
        assert lines == [(4, 190_000, 19), (7, 210_000, 20)]
        taxes = [(one.rate_micros, one.base_micros, one.tax_micros) for one in invoice.taxes]
        assert taxes == [
            (190_000, 4 * PRICE_MICROS, 1_140_000),
            (210_000, 7 * PRICE_MICROS, 2_210_000),  # 2.205, half away from zero
        ]
        assert await books.scenario.breaches() == []


@pytest.mark.long
@pytest.mark.parametrize(
    ("currency", "price_micros", "tax_micros"),
    [
        ("JPY", 350_000_000, 74_000_000),  # 73.5 yen
        ("EUR", 10_500_000, 2_210_000),  # 2.205 euros
        ("KWD", 10_500_000, 2_205_000),  # three decimal places
    ],
)
async def test_tax_is_rounded_once_in_the_minor_unit_of_the_currency(
    database_url: str, currency: str, price_micros: int, tax_micros: int
) -> None:
    async with open_books(database_url, currency=currency, rate=standard(210_000)) as books:
        contract = await books.open_hiring(price_micros=price_micros)
        await books.post_xml("job", contract)
        await books.finish_month()
        (invoice,) = await books.documents()
        assert (invoice.currency, invoice.net_micros, invoice.tax_micros) == (
            currency,
            price_micros,
            tax_micros,
        )
        assert await books.scenario.breaches() == []


@pytest.mark.long
async def test_each_posting_and_renewal_is_a_line_at_the_price_of_its_time(database_url: str) -> None:
    async with open_books(database_url, rate=standard(210_000)) as books:
        contract = await books.open_hiring(price_micros=90_000_000)
        await books.post_xml("first", contract)
        await books.move_to(books.now + DAY)
        async with books.scenario.database.transaction() as connection:
            await hiring.set_hiring_price(
                connection, contract=contract, price_micros=70_000_000, valid_from=books.now
            )
        await books.move_to(books.now + DAY)
        await books.renew_xml("first", contract)
        await books.move_to(APRIL - TICK)
        await books.post_xml("last", contract)
        await books.move_to(APRIL)
        await books.post_xml("next", contract)
        await books.move_to(datetime(2026, 5, 3, tzinfo=UTC))
        march, april = await books.documents()
        lines = [(one.kind, one.external_id, one.price_micros) for one in await books.lines(march)]
        assert lines == [
            (LineKind.POSTING, "first", 90_000_000),
            (LineKind.RENEWAL, "first", 70_000_000),
            (LineKind.POSTING, "last", 70_000_000),
        ]
        (line,) = await books.lines(april)
        assert (line.external_id, line.first_at, line.quantity) == ("next", APRIL, 1)
        assert await books.scenario.breaches() == []


@pytest.mark.long
async def test_a_contract_that_is_paid_before_has_a_line_for_each_top_up(database_url: str) -> None:
    async with open_books(database_url, rate=standard(210_000)) as books:
        slots = await books.open_hiring(HiringKind.SLOTS, is_postpaid=False, units=3)
        prepaid = await books.open_hiring(is_postpaid=False, units=10, bills=Bills.TOP_UPS)
        await books.post_xml("used", prepaid)
        async with books.scenario.database.transaction() as connection:
            for units in (-4, 6):  # what is added by an adjustment is not billed
                await hiring.adjust_units(
                    connection, contract=prepaid, units=units, reference=UUID(int=100 + units), now=books.now
                )
        await books.finish_month()
        (invoice,) = await books.documents()
        lines = [(one.kind, one.contract_id, one.quantity) for one in await books.lines(invoice)]
        assert lines == [
            (LineKind.TOP_UP, slots.id, 3),
            (LineKind.TOP_UP, prepaid.id, 10),
            (LineKind.CORRECTION, prepaid.id, -4),
        ]
        assert invoice.net_micros == 9 * 90_000_000
        assert await books.scenario.breaches() == []


async def test_a_late_correction_has_the_tax_rate_of_the_day_that_it_corrects(database_url: str) -> None:
    async with open_books(database_url, rate=standard(190_000)) as books:
        job = await books.scenario.post("job", budget_micros=BUDGET)
        await books.click(job, 4)
        await books.set_tax(standard(210_000), date(2026, 4, 1))
        await books.move_to(APRIL + 9 * DAY)
        await books.click(await books.scenario.post("april", now=books.now, budget_micros=BUDGET), 10)
        await books.credit_charge(date(2026, 3, 2), PRICE_MICROS)
        await books.move_to(datetime(2026, 5, 3, tzinfo=UTC))
        march, april = await books.documents()
        clicks, correction = await books.lines(april)
        assert (clicks.quantity, clicks.rate_micros) == (10, 210_000)
        assert (correction.kind, correction.quantity) == (LineKind.CORRECTION, -1)
        assert (correction.price_micros, correction.rate_micros) == (PRICE_MICROS, 190_000)
        assert (correction.corrects_number, correction.corrects_line) == (march.number, 1)
        taxes = [(one.rate_micros, one.base_micros, one.tax_micros) for one in april.taxes]
        assert taxes == [(190_000, -PRICE_MICROS, -290_000), (210_000, 10 * PRICE_MICROS, 3_150_000)]
        assert await books.scenario.breaches() == []


@pytest.mark.long
async def test_a_month_below_zero_becomes_a_credit_note(database_url: str) -> None:
    async with open_books(database_url, rate=standard(190_000)) as books:
        job = await books.scenario.post("job", budget_micros=BUDGET)
        await books.click(job, 4)
        await books.move_to(APRIL + 9 * DAY)
        await books.click(await books.scenario.post("april", now=books.now, budget_micros=BUDGET), 1)
        await books.credit_charge(date(2026, 3, 2), 3 * PRICE_MICROS)
        await books.move_to(datetime(2026, 5, 3, tzinfo=UTC))
        march, april, note = await books.documents()
        assert (april.number, april.net_micros) == ("INV-2026-000002", PRICE_MICROS)
        assert (note.kind, note.number) == (DocumentKind.CREDIT_NOTE, "CN-2026-000001")
        assert (note.net_micros, note.tax_micros) == (3 * PRICE_MICROS, 860_000)
        assert (note.corrects_number, note.issued_at) == (march.number, april.issued_at)
        (line,) = await books.lines(note)
        assert (line.kind, line.quantity, line.corrects_line) == (LineKind.CORRECTION, 1, 1)
        (owed,) = await books.scenario.rows(
            "SELECT sum(CASE destination_kind WHEN 10 THEN amount ELSE -amount END)"
            " FROM ledger_postings WHERE 10 IN (source_kind, destination_kind)"
        )
        assert owed == (march.total_micros + april.total_micros - note.total_micros,)
        assert await books.scenario.breaches() == []


@pytest.mark.long
async def test_a_month_of_corrections_alone_has_no_invoice(database_url: str) -> None:
    async with open_books(database_url, rate=standard(190_000)) as books:
        job = await books.scenario.post("job", budget_micros=BUDGET)
        await books.click(job, 4)
        await books.move_to(APRIL + 9 * DAY)
        await books.credit_charge(date(2026, 3, 2), PRICE_MICROS)
        await books.move_to(datetime(2026, 5, 3, tzinfo=UTC))
        assert [one.kind for one in await books.documents()] == ["INVOICE", "CREDIT_NOTE"]
        assert await books.scenario.breaches() == []


async def test_a_charge_that_is_credited_in_its_own_month_is_corrected_on_the_same_invoice(
    database_url: str,
) -> None:
    async with open_books(database_url, rate=standard(190_000)) as books:
        job = await books.scenario.post("job", budget_micros=BUDGET)
        await books.click(job, 4)
        await books.move_to(books.now + 10 * DAY)
        await books.credit_charge(date(2026, 3, 2), 4 * PRICE_MICROS)
        await books.finish_month()
        (invoice,) = await books.documents()
        clicks, correction = await books.lines(invoice)
        assert (clicks.quantity, correction.quantity, invoice.total_micros) == (4, -1, 0)
        assert (correction.corrects_number, correction.corrects_line) == (invoice.number, 1)
        assert await books.scenario.breaches() == []


async def test_an_account_without_a_tax_rate_is_held_until_it_has_one(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_books(database_url) as books:
        job = await books.scenario.post("job", budget_micros=BUDGET)
        await books.click(job, 2)
        await books.move_to(datetime(2026, 5, 5, tzinfo=UTC))
        assert (await books.documents(), await books.cuts()) == ([], [])
        said = [message for message in caplog.messages if "not billed" in message]
        assert said == [
            f"account {books.account_id} is not billed for 2026-03: no tax rate is in force on 2026-03-01"
        ]
        assert await books.scenario.rows("SELECT month FROM billing_holds") == [(date(2026, 3, 1),)]
        await books.set_tax(standard(190_000))
        await books.scenario.run_due(books.now)
        assert [one.month for one in await books.documents()] == [date(2026, 3, 1)]
        assert await books.cuts() == [date(2026, 3, 1), date(2026, 4, 1)]
        assert await books.scenario.rows("SELECT month FROM billing_holds") == []


async def test_billing_again_changes_nothing(database_url: str) -> None:
    async with open_books(database_url, rate=standard(190_000)) as books:
        job = await books.scenario.post("job", budget_micros=BUDGET)
        await books.click(job, 2)
        await books.finish_month()
        before = await books.scenario.rows("SELECT * FROM billing_documents")
        for _ in range(2):
            await chores.run_due(books.scenario.database, SETTINGS, now=books.now)
        assert await books.scenario.rows("SELECT * FROM billing_documents") == before


CHANGES = (
    "UPDATE billing_documents SET due_on = due_on + 1",
    "DELETE FROM billing_documents",
    "UPDATE billing_lines SET title = 'Other'",
    "DELETE FROM billing_lines",
    "UPDATE billing_taxes SET tax_micros = 0",
    "DELETE FROM billing_taxes",
    (
        "INSERT INTO billing_lines SELECT document_id, line + 1, kind, contract_id, job_id, application_id,"
        " posting, external_id, title, company_name, customer_job_code, poster_email, first_at, last_at,"
        " quantity, price_micros, net_micros, category, rate_micros FROM billing_lines"
    ),
    "INSERT INTO billing_taxes SELECT document_id, 'Z', 0, '', 0, 0 FROM billing_taxes",
)


async def test_nothing_of_an_issued_document_changes(database_url: str) -> None:
    async with open_books(database_url, rate=standard(190_000)) as books:
        job = await books.scenario.post("job", budget_micros=BUDGET)
        await books.click(job, 2)
        await books.finish_month()
        for statement in CHANGES:
            with pytest.raises(psycopg.errors.RaiseException, match="issued document"):
                await books.scenario.execute(statement)


@pytest.mark.long
async def test_a_document_of_january_is_numbered_in_the_series_of_its_own_year(database_url: str) -> None:
    async with open_books(
        database_url, rate=standard(190_000), first_month=date(2026, 12, 1), issues=Issuing.ALONE
    ) as books:
        job = await books.scenario.post("job", budget_micros=BUDGET)
        await books.click(job, 1)  # before the first month of the account: not invoiced
        books.now = datetime(2026, 12, 30, tzinfo=UTC)
        await books.scenario.open_day(books.now)
        await books.scenario.run_due(books.now)
        renewed = await books.scenario.post("again", now=books.now, budget_micros=BUDGET)
        await books.click(renewed, 2)
        await books.move_to(datetime(2027, 1, 3, tzinfo=UTC) + timedelta(hours=1))
        (invoice,) = await books.documents()
        assert (invoice.number, invoice.month) == ("INV-2027-000001", date(2026, 12, 1))
        assert invoice.net_micros == 2 * PRICE_MICROS
        assert await books.scenario.breaches() == []


@pytest.mark.long
async def test_events_are_kept_until_their_month_is_billed(database_url: str) -> None:
    async with open_books(database_url) as books:  # held: the account has no tax rate
        job = await books.scenario.post("job", budget_micros=BUDGET)
        await books.click(job, 2)
        await books.move_to(books.now + DAY)
        for days in (95, 96):
            books.now += days * DAY
            await books.scenario.open_day(books.now)
            await books.scenario.run_due(books.now)
        dropped = "SELECT count(*) FROM event_days WHERE dropped_at IS NOT NULL AND day >= '2026-03-01'"
        assert await books.scenario.rows(dropped) == [(0,)]
        await books.set_tax(standard(190_000))
        await books.scenario.run_due(books.now)
        assert [one.month for one in await books.documents()] == [date(2026, 3, 1)]
        ((count,),) = await books.scenario.rows(dropped)
        assert count > 0
        assert await books.scenario.breaches() == []
