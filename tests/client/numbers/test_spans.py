"""Which days are needed: sets of days as spans, compared with plain sets; and requests that servers accept."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from random import Random

import pytest

from jobmeter.client.http.ranges import Span
from jobmeter.pull.reading.spans import add_span, count_days, list_missing, remove_day, split_requests
from jobmeter.pull.reading.state import State, read_state, write_state

FIRST = date(2026, 1, 1)


def day(number):
    return FIRST + timedelta(days=number)


def days_of(spans):
    return {
        span.first + timedelta(days=n) for span in spans for n in range((span.last - span.first).days + 1)
    }


def make_span(rng):
    first = rng.randrange(100)
    return Span(day(first), day(first + rng.randrange(-1, 20)))


@pytest.mark.parametrize("seed", range(30))
def test_spans_are_the_sets_of_their_days(seed):
    rng, spans, expected = Random(seed), (), set()
    for _ in range(40):
        if rng.random() < 0.5:
            span = make_span(rng)
            spans, expected = add_span(spans, span), expected | days_of([span])
        else:
            gone = day(rng.randrange(120))
            spans, expected = remove_day(spans, gone), expected - {gone}
        assert days_of(spans) == expected
        assert list(spans) == sorted(spans)
        assert all(one.last + timedelta(days=1) < other.first for one, other in pairwise(spans))
        wanted = make_span(rng)
        assert days_of(list_missing(wanted, spans)) == days_of([wanted]) - expected
        assert count_days(list_missing(wanted, spans)) == len(days_of([wanted]) - expected)


def test_a_request_has_at_most_seven_days_of_one_month():
    spans = list(split_requests(iter([Span(day(25), day(70))])))
    assert days_of(spans) == days_of([Span(day(25), day(70))])
    assert all((span.last - span.first).days < 7 and span.first.month == span.last.month for span in spans)


def test_only_final_days_are_stored_as_such_and_a_restated_day_is_needed_again():
    state = State().store_days(0, Span(day(0), day(9)), day(6)).store_clicks(Span(day(0), day(3)), day(6))
    assert (state.job_days, state.clicks_not_charged) == (
        {0: (Span(day(0), day(6)),)},
        (Span(day(0), day(3)),),
    )
    state = state.restate(day(2))
    assert list(list_missing(Span(day(0), day(9)), state.job_days[0])) == [
        Span(day(2), day(2)),
        Span(day(7), day(9)),
    ]
    assert read_state(write_state(state), application="a") == state


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 2}', '{"cursor": "x"}'])
def test_a_state_that_cannot_be_read_is_named(text):
    with pytest.raises(Exception, match="state of acme"):
        read_state(text, application="acme")


def test_a_stream_that_was_not_in_the_last_pull_is_read_from_its_beginning():
    span = Span(day(0), day(3))
    before = State(cursor=7, invoices=frozenset({1})).choose_streams(frozenset({"job_days", "jobs"}))
    before = replace(before.store_days(0, span, day(3)).store_clicks(span, day(3)), cursor=9)
    assert before.choose_streams(frozenset({"job_days"})).job_days == before.job_days
    after = before.choose_streams(frozenset({"job_days", "charges", "clicks_not_charged"}))
    assert (after.cursor, after.job_days, after.clicks_not_charged) == (0, before.job_days, ())
    again = before.choose_streams(frozenset({"job_days"})).choose_streams(frozenset({"job_days", "jobs"}))
    assert (again.cursor, again.job_days) == (9, {})
