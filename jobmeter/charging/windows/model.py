"""The windows in which jobs' clicks count, as packed columns, and their revision."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from jobmeter.database.arrays import Column
from jobmeter.database.columns import Bigint, Columns


@dataclass(frozen=True, slots=True)
class FreeWindows(Columns):
    """From when until when the events of jobs without a price count. A window that begins at its end is closed. ``job_ids`` rise."""

    job_ids: Bigint
    live_from_ms: Bigint
    live_until_ms: Bigint


@dataclass(frozen=True, slots=True)
class LiveWindows(Columns):
    """When jobs' events count, in milliseconds since 1970, in order of job id.

    The end is the first millisecond that no longer counts. A job's revision rises with every change of its window.
    ``are_capped`` is 1 for a job with a limit for each day; ``markets`` numbers the country that a job is for, 0 where
    it is none or several.
    """

    job_ids: Bigint
    live_from_ms: Bigint
    live_until_ms: Bigint
    revisions: Bigint
    are_capped: Bigint
    contract_ids: Bigint
    markets: Bigint

    def find_rows(self, job_ids: Column) -> tuple[Column, Column]:
        """For each of ``job_ids`` whether it is known, and its row (0 where it is not)."""
        if len(self) == 0:
            return np.zeros(len(job_ids), dtype=bool), np.zeros(len(job_ids), dtype=np.int64)
        # `searchsorted` returns an insertion point, which may be past the end, even for ids that do not occur.
        rows = np.minimum(np.searchsorted(self.job_ids, job_ids), len(self) - 1)
        is_known = self.job_ids[rows] == job_ids
        return is_known, np.where(is_known, rows, 0)

    def merge(self, newer: Self) -> Self:
        """Both, in order of job id; of a job that both know, the newer window."""
        if len(self) == 0 or len(newer) == 0:
            return newer if len(self) == 0 else self
        # The sort is stable, so the newer window of a job is the last of its rows.
        both = self.concat(newer)
        both = both.select(np.argsort(both.job_ids, kind="stable"))
        is_last = np.ones(len(both), dtype=bool)
        is_last[:-1] = both.job_ids[1:] != both.job_ids[:-1]
        return both.select(is_last)


NO_WINDOWS = LiveWindows.empty()


class StaleWindowsError(Exception):
    """A window changed between the evaluation of events and their charge: nothing was charged, evaluate again."""
