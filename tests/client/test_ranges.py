"""Ranges, ids and operations are split within the limits of the protocol, without a gap and without doubles."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.client.http.ranges import Span, split_batches, split_days, split_ids, split_months

days = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@st.composite
def ranges(draw):
    first = draw(days)
    return first, first + timedelta(days=draw(st.integers(0, 800)))


def is_complete(spans, first, last):
    return (
        spans[0].first == first
        and spans[-1].last == last
        and all(one.last + timedelta(days=1) == other.first for one, other in pairwise(spans))
    )


@given(ranges())
def test_months_cover_the_range_and_each_is_in_one_calendar_month(wanted):
    spans = list(split_months(*wanted))
    assert is_complete(spans, *wanted)
    assert all((span.first.year, span.first.month) == (span.last.year, span.last.month) for span in spans)


@given(ranges(), st.integers(1, 31))
def test_days_cover_the_range_in_as_few_spans_as_possible(wanted, days_max):
    spans = list(split_days(*wanted, days_max=days_max))
    assert is_complete(spans, *wanted)
    sizes = [(span.last - span.first).days + 1 for span in spans]
    assert all(size == days_max for size in sizes[:-1])
    assert sizes[-1] <= days_max


@pytest.mark.parametrize("split", [split_months, lambda *span: split_days(*span, days_max=7)])
def test_a_range_that_ends_before_it_begins_has_no_spans(split):
    assert list(split(date(2026, 3, 2), date(2026, 3, 1))) == []
    assert list(split(date(2026, 3, 2), date(2026, 3, 2))) == [Span(date(2026, 3, 2), date(2026, 3, 2))]


@given(st.lists(st.text(max_size=20)), st.integers(1, 12), st.integers(20, 200))
def test_ids_are_distinct_and_groups_fit_a_query(ids, count_max, characters_max):
    groups = list(split_ids(ids, count_max=count_max, characters_max=characters_max))
    assert [one for group in groups for one in group] == list(dict.fromkeys(ids))
    assert all(0 < len(group) <= count_max for group in groups)


def test_long_ids_come_in_smaller_groups():
    ids = [f"{number}" + "(é)" * 60 for number in range(10)]
    groups = list(split_ids(ids, count_max=10, characters_max=3_500))
    assert [len(group) for group in groups] == [4, 4, 2]


@given(st.lists(st.sampled_from("abcdef")), st.integers(1, 5))
def test_operations_keep_their_order_and_no_batch_has_a_job_twice(names, count_max):
    operations = [{"id": name, "number": number} for number, name in enumerate(names)]
    batches = list(split_batches(operations, key="id", count_max=count_max))
    assert [one for batch in batches for one in batch] == operations
    for batch in batches:
        assert 0 < len(batch) <= count_max
        assert len({one["id"] for one in batch}) == len(batch)


def test_operations_without_an_id_are_left_to_the_server():
    assert [len(batch) for batch in split_batches([{}, {}], key="id", count_max=5)] == [2]
