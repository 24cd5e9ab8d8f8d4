"""UTC days: bounds, the retention of one year, 29 February."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.base import days

DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2023, 12, 31, 23, 59, 59, 999_999, UTC), date(2023, 12, 31)),
        (datetime(2024, 1, 1, tzinfo=UTC), date(2024, 1, 1)),
        # 17:00 on the Pacific coast is the next UTC day (reports page)
        (datetime(2024, 1, 1, 17, tzinfo=timezone(timedelta(hours=-8))), date(2024, 1, 2)),
        (datetime(2024, 3, 1, 0, 30, tzinfo=timezone(timedelta(hours=1))), date(2024, 2, 29)),
    ],
)
def test_day_of_returns_the_utc_day(moment, day):
    assert days.day_of(moment) == day


@given(DAYS)
def test_a_day_ends_when_the_next_begins(day):
    last = days.end_of(day) - timedelta(microseconds=1)
    assert days.day_of(days.start_of(day)) == day == days.day_of(last)
    assert days.end_of(day) == days.start_of(day + timedelta(days=1))


def test_the_last_day_that_there_is_ends_too():
    """``to=9999-12-31`` was once an internal error."""
    assert days.end_of(date.max) == days.LAST_MOMENT
    assert days.day_of(days.end_of(date.max)) == date.max


@given(DAYS, st.integers(0, 10))
def test_a_day_is_final_a_whole_number_of_days_later(day, after):
    assert days.final_at(day, final_after_days=after) - days.start_of(day) == timedelta(days=after)


def test_a_day_is_not_final_before_its_last_late_event():
    day = date(2024, 2, 28)
    last_event = days.end_of(day)
    assert days.final_at(day) >= last_event + timedelta(hours=days.LATE_WINDOW_HOURS)
    assert days.final_at(day) == datetime(2024, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "before"),
    [
        (date(2024, 2, 29), date(2023, 2, 28)),
        (date(2025, 2, 28), date(2024, 2, 28)),
        (date(2024, 3, 1), date(2023, 3, 1)),
        (date(2024, 1, 1), date(2023, 1, 1)),
    ],
)
def test_one_year_before_a_day(day, before):
    assert days.one_year_before(day) == before
