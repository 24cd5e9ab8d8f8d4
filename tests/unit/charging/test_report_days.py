"""The packed days of a report: cut to a range, joined from the places where they are stored, and split into columns."""

import struct
from datetime import timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from jobmeter.base.days import day_from_number
from jobmeter.reports.job_reports.model import DayRange, join_days, make_slicer, split_days

PACKED = struct.Struct("!iiiq")
COUNTS = st.tuples(st.integers(0, 2**30), st.integers(0, 2**30), st.integers(0, 2**61))
NUMBERS = st.integers(20_470, 20_490)  # the last byte of a day's number passes 255 among them
DAYS = st.dictionaries(NUMBERS, COUNTS, max_size=20).map(lambda days: dict(sorted(days.items())))
Days = dict[int, tuple[int, ...]]


def pack(days: Days) -> bytes:
    return b"".join(PACKED.pack(number, *counts) for number, counts in days.items())


@given(DAYS, NUMBERS, st.integers(0, 20))
def test_only_days_of_the_range_are_left(days: Days, first: int, more: int) -> None:
    wanted = DayRange(day_from_number(first), day_from_number(first + more))
    kept = {number: counts for number, counts in days.items() if first <= number <= first + more}
    assert make_slicer(wanted)(pack(days)) == pack(kept)


def test_nothing_is_copied_if_all_days_are_wanted() -> None:
    packed = pack({20_480: (1, 2, 3), 20_481: (4, 5, 6)})
    day = day_from_number(20_480)
    assert make_slicer(DayRange(day, day + timedelta(days=1)))(packed) is packed


@given(DAYS, st.integers(0, 20), NUMBERS, COUNTS)
@example({20_480: (1, 1, 1)}, 1, 20_480, (1, 2, 3))
@example({}, 0, 20_480, (1, 2, 3))
def test_a_day_that_is_counted_elsewhere_is_added(
    days: Days, kept: int, number: int, counts: tuple[int, ...]
) -> None:
    parts = list(days.items())
    stored = (pack(dict(parts[:kept])) or None, pack(dict(parts[kept:])) or None)
    joined = join_days(stored, PACKED.pack(number, *counts))
    both = [days[number], counts] if number in days else [counts]
    expected = days | {number: tuple(map(sum, zip(*both, strict=True)))}
    assert joined == pack(dict(sorted(expected.items())))


@given(DAYS)
def test_days_are_split_into_columns(days: Days) -> None:
    columns = split_days(join_days((pack(days), None), None))
    assert dict(zip(columns.numbers, zip(*columns[1:], strict=True), strict=True)) == days
