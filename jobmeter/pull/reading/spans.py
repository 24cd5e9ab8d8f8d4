"""Owns sets of days as spans, in order and apart: which days are stored and final, and which are still needed. Pure."""

from collections.abc import Iterator
from datetime import date, timedelta

from jobmeter.base.limits import REPORT_DAYS_BY_RANGE_MAX
from jobmeter.client.http.ranges import Span, split_days, split_months

Spans = tuple[Span, ...]
ONE_DAY = timedelta(days=1)


def add_span(spans: Spans, new: Span) -> Spans:
    """Returns the days of both; spans that touch become one."""
    if new.last < new.first:
        return spans
    first, last, others = new.first, new.last, []
    for span in spans:
        if span.last < first - ONE_DAY or span.first > last + ONE_DAY:
            others.append(span)
        else:
            first, last = min(first, span.first), max(last, span.last)
    return tuple(sorted([*others, Span(first, last)]))


def remove_day(spans: Spans, day: date) -> Spans:
    kept: list[Span] = []
    for span in spans:
        if span.contains(day):
            parts = (Span(span.first, day - ONE_DAY), Span(day + ONE_DAY, span.last))
            kept += [part for part in parts if part.first <= part.last]
        else:
            kept.append(span)
    return tuple(kept)


def list_missing(wanted: Span, stored: Spans) -> Iterator[Span]:
    """Yields the days of ``wanted`` that are not stored."""
    first = wanted.first
    for span in stored if wanted.first <= wanted.last else ():
        if first < span.first:
            yield Span(first, min(wanted.last, span.first - ONE_DAY))
        first = max(first, span.last + ONE_DAY)
        if first > wanted.last:
            return
    if first <= wanted.last:
        yield Span(first, wanted.last)


def split_requests(spans: Iterator[Span]) -> Iterator[Span]:
    """Yields spans of one request each, none of which is in two months: a month is the unit of files."""
    for span in spans:
        for month in split_months(span.first, span.last):
            yield from split_days(month.first, month.last, days_max=REPORT_DAYS_BY_RANGE_MAX)


def count_days(spans: Iterator[Span]) -> int:
    return sum((span.last - span.first).days + 1 for span in spans)
