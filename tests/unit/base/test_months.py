"""Months: as they are written, and their first days in UTC."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from jobmeter.base.days import month_after, month_of
from jobmeter.base.readers.times import read_month


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("2026-11", date(2026, 11, 1)),
        ("1970-01", date(1970, 1, 1)),
        ("9998-12", date(9998, 12, 1)),
        *(
            (text, None)
            for text in ("2026-13", "2026-00", "2026-1", "2026", "", "9999-01", "1969-12", "2026-11-01")
        ),
        *((text, None) for text in ("2026-11 ", "٢٠٢٦-11", "2026-W1", "+026-11")),
    ],
)
def test_a_month_is_read(text: str, month: date | None) -> None:
    assert read_month(text) == month


def test_months_follow_each_other() -> None:
    month, found = date(2026, 1, 1), []
    for _ in range(24):
        found.append(month)
        month = month_after(month)
    assert month == date(2028, 1, 1)
    assert [(one.year, one.month, one.day) for one in found] == [
        (year, number, 1) for year in (2026, 2027) for number in range(1, 13)
    ]


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        (datetime(2026, 11, 30, 23, 59, 59, 999_999, UTC), date(2026, 11, 1)),
        (datetime(2026, 12, 1, tzinfo=UTC), date(2026, 12, 1)),
        (datetime(2026, 12, 1, 0, 30, tzinfo=timezone(timedelta(hours=1))), date(2026, 11, 1)),
    ],
)
def test_a_moment_is_in_the_month_of_its_utc_day(moment: datetime, month: date) -> None:
    assert month_of(moment) == month
