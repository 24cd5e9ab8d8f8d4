"""Owns the decision which clicks are part of a burst of one visitor or one network. Pure.

A window is a fixed span of the events' own time, so the same events are judged alike whenever they arrive; what was
stored in a window before is passed in. Does not own what is stored (``jobmeter.metering.filters``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from jobmeter.charging.windows.model import LiveWindows
from jobmeter.database.arrays import Column
from jobmeter.metering.filters.model import BurstSubject, FilterPolicy, RecentClicks
from jobmeter.metering.model import EventColumns, EventKind, Verdict


@dataclass(frozen=True, slots=True)
class BurstCandidates:
    """Clicks that count otherwise, once for their visitor and once for their network.

    ``groups`` are the windows that they fall into, ``group_of`` the group of each, and ``clicks_max`` what a group allows.
    """

    rows: Column
    groups: RecentClicks
    group_of: Column
    clicks_max: Column

    def without_rows(self, rows: Sequence[int]) -> Self:
        """The same windows without these clicks."""
        stays = ~np.isin(self.rows, np.array(rows, dtype=np.int64))
        return replace(
            self, rows=self.rows[stays], group_of=self.group_of[stays], clicks_max=self.clicks_max[stays]
        )


def find_candidates(
    columns: EventColumns, verdicts: Column, windows: LiveWindows, policies: Mapping[int, FilterPolicy]
) -> BurstCandidates | None:
    """Returns the clicks of contracts that refuse bursts; ``None`` if there are none."""
    chosen = {number: policy for number, policy in policies.items() if policy.refuses_bursts}
    if not chosen or len(windows) == 0:
        return None
    rows = np.flatnonzero((verdicts == Verdict.COUNTED) & (columns.kinds == EventKind.APPLY_CLICK))
    contracts = windows.contract_ids[windows.find_rows(columns.job_ids[rows])[1]]
    applies = np.isin(contracts, list(chosen))
    rows, contracts = rows[applies], contracts[applies]
    if len(rows) == 0:
        return None
    # Each contract's limits are looked up once, then repeated for its rows.
    distinct, contract_of = np.unique(contracts, return_inverse=True)
    limits = [chosen[number] for number in distinct.tolist()]
    spans = np.array([policy.burst_window_seconds * 1_000 for policy in limits])[contract_of]
    starts = columns.times_ms[rows] // spans * spans
    parts = []
    for kind, subjects, most in (
        (BurstSubject.VISITOR, columns.visitors, [policy.visitor_clicks_max for policy in limits]),
        (BurstSubject.NETWORK, columns.addresses, [policy.network_clicks_max for policy in limits]),
    ):
        is_known = subjects[rows] != 0  # 0 is an unknown visitor or network: many people
        parts.append(
            np.stack([
                starts, contracts, np.full(len(rows), int(kind)), subjects[rows], rows, np.array(most)[contract_of],
            ])[:, is_known]
        )  # fmt: skip
    table = np.concatenate(parts, axis=1)
    keys, group_of = np.unique(table[:4], axis=1, return_inverse=True)
    starts, contracts, kinds, subjects = keys
    groups = RecentClicks(
        window_ms=starts,
        contract_ids=contracts,
        kinds=kinds,
        subjects=subjects,
        clicks=np.zeros(len(starts), dtype=np.int64),
    )
    return BurstCandidates(rows=table[4], groups=groups, group_of=group_of.reshape(-1), clicks_max=table[5])


def find_bursts(found: BurstCandidates, kept_clicks: Column, times_ms: Column) -> Column:
    """Returns the rows beyond the limit of their window, in the order of their time. ``kept_clicks`` were stored before."""
    # Sorted by group, then time: a click's rank in its group is its distance from the group's first one.
    order = np.lexsort((found.rows, times_ms[found.rows], found.group_of))
    groups = found.group_of[order]
    firsts = np.searchsorted(groups, groups)
    ranks = np.arange(len(groups)) - firsts + 1 + kept_clicks[groups]
    return np.unique(found.rows[order][ranks > found.clicks_max[order]])


def count_new(found: BurstCandidates, new_rows: Column) -> RecentClicks:
    """Returns the clicks of each window that were stored now: a batch that is sent again adds none."""
    is_new = np.isin(found.rows, new_rows)
    clicks = np.bincount(found.group_of[is_new], minlength=len(found.groups))
    touched = np.flatnonzero(clicks)
    groups = found.groups.select(touched)
    return RecentClicks(
        window_ms=groups.window_ms,
        contract_ids=groups.contract_ids,
        kinds=groups.kinds,
        subjects=groups.subjects,
        clicks=clicks[touched],
    )
