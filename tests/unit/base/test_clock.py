"""Instants and milliseconds; the machine's clock is UTC."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.base.clock import EPOCH, from_ms, read_machine_clock, to_ms

MS_OF_YEAR_9999 = 253_402_300_799_999


def test_the_machine_clock_is_aware_and_in_utc():
    before = datetime.now(UTC)
    now = read_machine_clock()
    assert before <= now <= datetime.now(UTC)
    assert now.utcoffset() == timedelta(0)


@given(st.integers(to_ms(datetime(1, 1, 1, tzinfo=UTC)), MS_OF_YEAR_9999))
def test_milliseconds_survive_a_round_trip(milliseconds):
    assert to_ms(from_ms(milliseconds)) == milliseconds


@given(st.integers(0, MS_OF_YEAR_9999 // 2), st.integers(-840, 840))
def test_an_instant_is_the_same_in_every_time_zone(milliseconds, minutes):
    here = from_ms(milliseconds)
    there = here.astimezone(timezone(timedelta(minutes=minutes)))
    assert to_ms(there) == to_ms(here)


def test_fractions_of_a_millisecond_are_rounded_down():
    assert to_ms(EPOCH + timedelta(microseconds=1_999)) == 1
    assert to_ms(EPOCH - timedelta(microseconds=1)) == -1


def test_a_naive_datetime_is_a_programming_error():
    with pytest.raises(AssertionError):
        to_ms(datetime(2024, 1, 1))  # noqa: DTZ001 -- the error under test


@pytest.mark.parametrize("milliseconds", [MS_OF_YEAR_9999 + 1, 10**18, -(10**18)])
def test_an_instant_outside_the_calendar_raises_an_overflow_error(milliseconds):
    with pytest.raises(OverflowError):
        from_ms(milliseconds)
