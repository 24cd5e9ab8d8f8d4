"""Tax in whole minor units, months, and the states that follow from payments, credit notes and the date."""

from datetime import UTC, date, datetime
from fractions import Fraction
from random import Random

import psycopg
import pytest

from jobmeter.billing import rules
from jobmeter.billing.model import DocumentKind, DocumentState

TODAY = date(2026, 5, 4)


def round_half_away(amount: Fraction) -> int:
    whole = int(abs(amount) + Fraction(1, 2))
    return whole if amount >= 0 else -whole


def test_tax_is_rounded_half_away_from_zero_in_the_minor_unit(database_url: str) -> None:
    rng = Random(5)
    cases = [(-324_995 * 1_000, 10_000, 2), (105, 210_000, 6), (10**17, 1_000_000, 0)]
    for _ in range(500):
        digits = rng.choice((0, 2, 3, 4))
        base = rng.randrange(-(10**9), 10**9) * 10 ** (6 - digits)
        cases.append((base, rng.randrange(1_000_001), digits))
    with psycopg.connect(database_url) as connection:
        for base, rate, digits in cases:
            (found,) = connection.execute("SELECT tax_of(%s, %s, %s)", [base, rate, digits]).fetchone() or (
                None,
            )
            minor = 10 ** (6 - digits)
            assert found == round_half_away(Fraction(base * rate, 10**6 * minor)) * minor, (
                base,
                rate,
                digits,
            )


@pytest.mark.parametrize(
    ("now", "final_after_days", "month"),
    [
        (datetime(2026, 4, 2, 23, 59, 59, 999_999, tzinfo=UTC), 3, date(2026, 2, 1)),
        (datetime(2026, 4, 3, tzinfo=UTC), 3, date(2026, 3, 1)),
        (datetime(2026, 4, 3, tzinfo=UTC), 1, date(2026, 3, 1)),  # never before settlement
        (datetime(2026, 4, 3, tzinfo=UTC), 10, date(2026, 2, 1)),
        (datetime(2026, 4, 3, tzinfo=UTC), 40, date(2026, 1, 1)),
        (datetime(2027, 1, 3, tzinfo=UTC), 3, date(2026, 12, 1)),
        (datetime(2028, 3, 3, tzinfo=UTC), 3, date(2028, 2, 1)),
    ],
)
def test_a_month_is_billable_once_its_last_day_is_final(
    now: datetime, final_after_days: int, month: date
) -> None:
    assert rules.last_billable_month(now, final_after_days=final_after_days) == month


@pytest.mark.parametrize(
    ("credited", "paid", "due_on", "state"),
    [
        (0, 0, date(2026, 5, 4), DocumentState.OPEN),
        (0, 0, date(2026, 5, 3), DocumentState.OVERDUE),
        (30, 0, date(2026, 5, 4), DocumentState.OPEN),
        (0, 30, date(2026, 5, 4), DocumentState.PARTLY_PAID),
        (0, 30, date(2026, 5, 3), DocumentState.OVERDUE),
        (70, 30, date(2026, 5, 3), DocumentState.PAID),
        (0, 100, date(2026, 5, 3), DocumentState.PAID),
        (100, 0, date(2026, 5, 3), DocumentState.CREDITED),
        (100, 30, date(2026, 5, 3), DocumentState.CREDITED),
    ],
)
def test_the_state_of_an_invoice_is_derived(
    credited: int, paid: int, due_on: date, state: DocumentState
) -> None:
    found = rules.state_of(
        kind=DocumentKind.INVOICE,
        is_issued=True,
        total_micros=100,
        credited_micros=credited,
        paid_micros=paid,
        due_on=due_on,
        today=TODAY,
    )
    assert found is state


@pytest.mark.parametrize(
    ("kind", "is_issued", "total", "state"),
    [
        (DocumentKind.INVOICE, False, 100, DocumentState.DRAFT),
        (DocumentKind.CREDIT_NOTE, True, 100, DocumentState.ISSUED),
        (DocumentKind.STATEMENT, True, 0, DocumentState.ISSUED),
        (DocumentKind.INVOICE, True, 0, DocumentState.PAID),  # nothing is to be paid
    ],
)
def test_other_documents_are_drafts_or_issued(
    kind: DocumentKind, is_issued: bool, total: int, state: DocumentState
) -> None:
    found = rules.state_of(
        kind=kind,
        is_issued=is_issued,
        total_micros=total,
        credited_micros=0,
        paid_micros=0,
        due_on=None,
        today=TODAY,
    )
    assert found is state
