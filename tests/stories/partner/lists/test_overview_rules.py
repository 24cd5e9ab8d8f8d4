"""What an overview makes of stored values: the parts of a limit, even pace, what is due, what ends."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from jobmeter.reports.overview import rules
from jobmeter.reports.overview.model import (
    ContractMeter,
    ContractRow,
    DeadWebhook,
    DueInvoice,
    FaultyFeed,
    HiringRow,
    NeedKind,
)

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
LIMIT = 1_000_000_000
MICROS = st.integers(0, LIMIT)


def make_row(
    *,
    free: int = LIMIT,
    final: int = 0,
    estimated: int = 0,
    credited: int = 0,
    ends_at: datetime = NOW + timedelta(days=100),
) -> ContractRow:
    return ContractRow(
        contract_id=7,
        currency="EUR",
        limit_micros=LIMIT,
        free_micros=free,
        final_micros=final,
        credited_micros=credited,
        estimated_micros=estimated,
        term_starts_at=NOW - timedelta(days=100),
        term_ends_at=ends_at,
    )


@given(free=MICROS, final=MICROS, estimated=MICROS)
def test_the_parts_of_a_meter_are_its_limit(free: int, final: int, estimated: int) -> None:
    free = min(free, LIMIT - min(final, LIMIT))
    final = min(final, LIMIT - free)
    meter = rules.make_meter(make_row(free=free, final=final, estimated=estimated), now=NOW)
    parts = (meter.final_micros, meter.estimated_micros, meter.reserved_micros, meter.free_micros)
    assert min(parts) >= 0
    assert sum(parts) == LIMIT


def test_what_was_credited_is_not_spent() -> None:
    meter = rules.make_meter(make_row(free=LIMIT - 40, final=100, credited=60), now=NOW)
    assert (meter.final_micros, meter.reserved_micros) == (40, 0)


def test_pace_is_even_over_the_term() -> None:
    assert rules.pace(make_row(), now=NOW) == LIMIT // 2
    assert rules.pace(make_row(), now=NOW - timedelta(days=101)) == 0
    assert rules.pace(make_row(), now=NOW + timedelta(days=101)) == LIMIT


def test_an_even_pace_since_a_day_is_that_of_all_contracts_in_a_currency() -> None:
    days = [NOW.date() - timedelta(days=1), NOW.date()]
    meters = [rules.make_meter(make_row(), now=NOW) for _ in range(2)]
    per_day = LIMIT / 200
    found = rules.pace_days(meters, currency="EUR", days=days)
    assert all(0 <= 2 * per_day * count - value < 10_000 for count, value in zip((1, 2), found, strict=True))
    assert all(value % 10_000 == 0 for value in found)
    assert rules.pace_days(meters, currency="USD", days=days) == (0, 0)


def kinds(rows: list[ContractRow]) -> list[NeedKind]:
    meters: list[ContractMeter] = [rules.make_meter(row, now=NOW) for row in rows]
    return [need.kind for need in rules.list_contract_needs(meters, now=NOW)]


def test_a_contract_is_named_when_little_is_free_or_it_ends_soon() -> None:
    assert kinds([make_row()]) == []
    assert kinds([make_row(free=LIMIT // 50)]) == []
    assert kinds([make_row(free=LIMIT // 50 - 1)]) == [NeedKind.CONTRACT_USED_UP]
    assert kinds([make_row(ends_at=NOW + rules.ENDS_SOON)]) == [NeedKind.TERM_ENDS]
    assert kinds([make_row(free=0, ends_at=NOW)]) == []


def test_invoices_webhooks_feeds_and_slots_are_named() -> None:
    today = date(2026, 11, 29)
    invoices = [
        DueInvoice(number="1", currency="EUR", open_micros=5, due_on=today - timedelta(days=1)),
        DueInvoice(number="2", currency="EUR", open_micros=5, due_on=today),
    ]
    needs = rules.list_invoice_needs(invoices, today=today)
    needs += rules.list_webhook_needs(
        [
            DeadWebhook(endpoint_id=1, is_disabled=True, dead=0),
            DeadWebhook(endpoint_id=2, is_disabled=False, dead=3),
        ]
    )
    needs += rules.list_feed_needs(
        [FaultyFeed(feed_id=1, is_read=False, failed=0), FaultyFeed(feed_id=2, is_read=True, failed=4)]
    )
    far = NOW + timedelta(days=200)
    needs += rules.list_hiring_needs(
        [
            HiringRow(contract_id=1, has_slots=True, units=2, ends_at=far),
            HiringRow(contract_id=2, has_slots=True, units=0, ends_at=far),
            HiringRow(contract_id=3, has_slots=False, units=9, ends_at=NOW + timedelta(days=1)),
        ],
        now=NOW,
    )
    found = rules.sort_needs(needs[::-1])
    assert [(need.kind, need.subject, need.count) for need in found] == [
        (NeedKind.INVOICE_OVERDUE, "1", 0),
        (NeedKind.INVOICE_DUE, "2", 0),
        (NeedKind.WEBHOOK_DISABLED, "1", 0),
        (NeedKind.DELIVERIES_DEAD, "2", 3),
        (NeedKind.FEED_NOT_READ, "1", 0),
        (NeedKind.FEED_ERRORS, "2", 4),
        (NeedKind.TERM_ENDS, "3", 0),
        (NeedKind.SLOTS_FREE, "1", 2),
    ]
