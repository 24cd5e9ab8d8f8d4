"""Owns the decision which events count, and their tally by job and day. Pure. Columns, windows, the time."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Self

import numpy as np

from jobmeter.base.clock import to_ms
from jobmeter.base.days import DAY_MS
from jobmeter.charging.model import ClickCounts
from jobmeter.charging.windows.model import LiveWindows
from jobmeter.database.arrays import Column
from jobmeter.database.columns import SHARD_BITS, Columns, Local, order_by_shard, shards_of
from jobmeter.geo.countries import MARKET_UNKNOWN
from jobmeter.metering.filters.model import FilterPolicy
from jobmeter.metering.intake.columns import key_halves
from jobmeter.metering.model import NOT_STORED, EventColumns, EventKind, Verdict

HOUR_MS = 3_600_000
NO_ROW = np.zeros(1, dtype=bool)
IS_STORED = np.array([verdict not in NOT_STORED for verdict in range(max(Verdict) + 1)])  # by its number


@dataclass(frozen=True, slots=True)
class Filters:
    """What else the judgement needs: the policies of contracts, which rows come from excluded visitors, which user
    agents are no browser's or absent; a single row holds for all of a batch.
    """

    policies: Mapping[int, FilterPolicy]
    excluded: Column
    future_tolerance_seconds: int
    non_browsers: Column = field(default_factory=lambda: NO_ROW)
    absent_agents: Column = field(default_factory=lambda: NO_ROW)

    def exclude(self, excluded: Column) -> Self:
        return replace(self, excluded=excluded)

    def select(self, rows: Column) -> Self:
        """The same for those rows of the batch."""
        return replace(
            self,
            excluded=_select(self.excluded, rows),
            non_browsers=_select(self.non_browsers, rows),
            absent_agents=_select(self.absent_agents, rows),
        )


def _select(flags: Column, rows: Column) -> Column:
    return flags if flags is NO_ROW else flags[rows]


def judge(columns: EventColumns, windows: LiveWindows, filters: Filters, *, now: datetime) -> Column:
    """The verdict on each row: the first filter of the table that holds under the policy of the job's contract."""
    now_ms = to_ms(now)
    known, rows = windows.find_rows(columns.job_ids)
    times, policy = columns.times_ms, _spread_policies(windows, rows, filters)
    # Without any window every job is unknown, a verdict that precedes those that depend on a window.
    live_from, live_until, markets = (
        (rows, rows, rows)
        if len(windows) == 0
        else (windows.live_from_ms[rows], windows.live_until_ms[rows], windows.markets[rows])
    )
    elsewhere = (
        (columns.countries != MARKET_UNKNOWN) & (markets != MARKET_UNKNOWN) & (columns.countries != markets)
    )
    table = [
        (Verdict.MALFORMED, columns.malformed),
        (Verdict.JOB_UNKNOWN, ~known),
        (Verdict.TOO_OLD, times <= now_ms - policy.late_window_ms),
        (Verdict.IN_FUTURE, times > now_ms + policy.future_tolerance_ms),
        (Verdict.JOB_NOT_LIVE, (times < live_from) | (times >= live_until)),
        (Verdict.CRAWLER, columns.crawlers & policy.refuses_crawlers),
        (Verdict.OUTSIDE_MARKET, elsewhere & policy.refuses_other_markets),
        (Verdict.EXCLUDED_VISITOR, filters.excluded & policy.refuses_excluded),
        (
            Verdict.NOT_A_BROWSER,
            (filters.non_browsers & policy.refuses_non_browsers)
            | (filters.absent_agents & ~policy.counts_absent_agents),
        ),
    ]
    # Every filter is evaluated for the whole batch. The last is written first, so that of those that hold the first stays:
    # as `np.select`, in less than half of its time for the few events of candidates.
    verdicts = np.full(len(columns), int(Verdict.COUNTED), dtype=np.int16)
    for verdict, holds in reversed(table):
        np.copyto(verdicts, int(verdict), where=holds)
    return verdicts


@dataclass(frozen=True, slots=True)
class _Policies(Columns):
    """The policy of each row; a single row is broadcast to the whole batch."""

    late_window_ms: Local
    future_tolerance_ms: Local
    refuses_crawlers: Local
    refuses_other_markets: Local
    refuses_excluded: Local
    refuses_non_browsers: Local
    counts_absent_agents: Local


@lru_cache(maxsize=64)  # most batches need the default policy only
def _make_policies(policies: tuple[FilterPolicy, ...]) -> _Policies:
    return _Policies(
        late_window_ms=np.array([policy.late_window_hours * HOUR_MS for policy in policies]),
        future_tolerance_ms=np.array([policy.future_tolerance_seconds * 1_000 for policy in policies]),
        refuses_crawlers=np.array([policy.refuses_crawlers for policy in policies]),
        refuses_other_markets=np.array([policy.refuses_other_markets for policy in policies]),
        refuses_excluded=np.array([policy.refuses_excluded for policy in policies]),
        refuses_non_browsers=np.array([policy.refuses_non_browsers for policy in policies]),
        counts_absent_agents=np.array([policy.counts_absent_agents for policy in policies]),
    )


def _spread_policies(windows: LiveWindows, rows: Column, filters: Filters) -> _Policies:
    default = FilterPolicy(future_tolerance_seconds=filters.future_tolerance_seconds)
    if not filters.policies or len(windows) == 0:
        return _make_policies((default,))
    # A batch has far fewer contracts than rows: each contract's policy is converted once, then repeated for its rows.
    contracts, contract_rows = np.unique(windows.contract_ids[rows], return_inverse=True)
    chosen = tuple(filters.policies.get(contract_id, default) for contract_id in contracts.tolist())
    return _make_policies(chosen).select(contract_rows)


def order_for_storage(columns: EventColumns, verdicts: Column) -> Column:
    """Row numbers to store, by shard and key, each key once: the first of equal ones stays."""
    # In the order of the index: each of its pages is written once, and two senders of the same events cannot deadlock.
    rows = np.flatnonzero(IS_STORED[verdicts])
    high, low = key_halves(columns.keys[rows])
    shards = shards_of(columns.job_ids[rows])
    order = _order_at_once(shards=shards, high=high, low=low)
    if order is not None:
        return rows[order]  # no key is there twice
    # The sort is stable, so the first of equal keys is kept.
    order = np.lexsort((low, high, shards))
    rows, high, low, shards = rows[order], high[order], low[order], shards[order]
    first = np.ones(len(rows), dtype=bool)
    first[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1]) | (shards[1:] != shards[:-1])
    return rows[first]


def _order_at_once(*, shards: Column, high: Column, low: Column) -> Column | None:
    """Row numbers by shard and key; ``None`` where more than one number of 64 bits is needed to distinguish all of them."""
    # The times, with which keys begin, differ little in most batches: shard, time and what there is room for of the hash are
    # one number, which numpy sorts several times faster than three.
    if len(high) == 0:
        return None
    beginnings = high - high.min()
    room = 64 - SHARD_BITS - int(beginnings.max()).bit_length()
    if room < 1:
        return None
    first = shards.astype(np.uint64) << np.uint64(64 - SHARD_BITS)
    numbers = first | (beginnings << np.uint64(room)) | (low >> np.uint64(64 - room))
    order = np.argsort(numbers)
    numbers = numbers[order]
    return order if (numbers[1:] != numbers[:-1]).all() else None


def find_repeatable(verdicts: Column, new_rows: Column) -> Column:
    """The refused rows that may repeat an event that is stored: not new, and with a key and a job."""
    is_candidate = verdicts != Verdict.COUNTED
    is_candidate[new_rows] = False
    return np.flatnonzero(is_candidate & ~np.isin(verdicts, [Verdict.MALFORMED, Verdict.JOB_UNKNOWN]))


def count_clicks(columns: EventColumns, verdicts: Column, rows: Column, windows: LiveWindows) -> ClickCounts:
    """The rows counted by (shard, job, UTC day), sorted so. ``windows`` are those that the rows were judged by."""
    # After sorting, a group is a run of equal rows: it starts where a row differs from the previous one, and `reduceat`
    # sums from one start to the next. This is also the order in which jobs are locked.
    job_ids, days = columns.job_ids[rows], columns.times_ms[rows] // DAY_MS
    shards = shards_of(job_ids)
    is_one_day = len(days) > 0 and days.min() == days.max()
    order = order_by_shard(job_ids) if is_one_day else np.lexsort((days, job_ids, shards))
    job_ids, days, shards, rows = job_ids[order], days[order], shards[order], rows[order]
    starts = np.ones(len(rows), dtype=bool)
    starts[1:] = (job_ids[1:] != job_ids[:-1]) | (days[1:] != days[:-1])
    first = np.flatnonzero(starts)
    counted = verdicts[rows] == Verdict.COUNTED
    is_click = columns.kinds[rows] == EventKind.APPLY_CLICK
    window_rows = windows.find_rows(job_ids[first])[1]
    return ClickCounts(
        shards=shards[first],
        job_ids=job_ids[first],
        revisions=windows.revisions[window_rows],
        are_capped=windows.are_capped[window_rows],
        days=days[first],
        views=_sum_groups(counted & ~is_click, first),
        clicks=_sum_groups(counted & is_click, first),
        refused=_sum_groups(~counted & is_click, first),
    )


def _sum_groups(flags: Column, first: Column) -> Column:
    if len(first) == 0:
        return np.zeros(0, dtype=np.int64)  # reduceat does not accept an empty list of starts
    return np.add.reduceat(flags.astype(np.int64), first)
