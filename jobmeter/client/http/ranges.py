"""Owns how a request that is too large is split: days into months and weeks, ids into groups, operations into batches. Pure.

Does not own the limits (``base.limits``) or the requests.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from jobmeter.base.days import month_after
from jobmeter.wire.restli.encoding import encode_atom

IDS_CHARACTERS_MAX = 3_500  # a query may have 4,096
_DAY = timedelta(days=1)


class Span(NamedTuple):
    """Days from ``first`` to ``last``, both included."""

    first: date
    last: date

    def contains(self, day: date) -> bool:
        return self.first <= day <= self.last


def split_months(first: date, last: date) -> Iterator[Span]:
    """Yields spans that are each within one calendar month, and so have at most 31 days (6011)."""
    while first <= last:
        end = min(last, month_after(first.replace(day=1)) - _DAY)
        yield Span(first, end)
        first = end + _DAY


def split_days(first: date, last: date, *, days_max: int) -> Iterator[Span]:
    """Yields spans of at most ``days_max`` days (6023)."""
    while first <= last:
        end = min(last, first + _DAY * (days_max - 1))
        yield Span(first, end)
        first = end + _DAY


def split_ids(
    ids: Iterable[str], *, count_max: int, characters_max: int = IDS_CHARACTERS_MAX
) -> Iterator[tuple[str, ...]]:
    """Yields groups of distinct ids in their order, each small enough for a query (6021)."""
    group: list[str] = []
    size = 0
    for one in dict.fromkeys(ids):
        length = len(encode_atom(one)) + 1
        if group and (len(group) == count_max or size + length > characters_max):
            yield tuple(group)
            group, size = [], 0
        group.append(one)
        size += length
    if group:
        yield tuple(group)


def split_batches(
    elements: Iterable[Mapping[str, Any]], *, key: str, count_max: int
) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Yields batches in order. No batch has two elements of one job, because the order within a batch means nothing (4002)."""
    batch: list[Mapping[str, Any]] = []
    named: set[object] = set()
    for element in elements:
        name = element.get(key)
        if len(batch) == count_max or name in named:
            yield batch
            batch, named = [], set()
        batch.append(element)
        if name is not None:
            named.add(name)
    if batch:
        yield batch
