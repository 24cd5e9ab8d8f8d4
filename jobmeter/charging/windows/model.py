"""The windows in which jobs' clicks count, as packed columns, and their revision."""

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np

from jobmeter.database.arrays import Column


@dataclass(frozen=True, slots=True)
class LiveWindows:
    """When jobs' events count, in milliseconds since 1970, as equally long columns in order of job id.

    The end is the first millisecond that no longer counts. A job's revision rises with every change of its meter.
    ``are_capped`` is 1 for a job with a limit for each day; ``markets`` numbers the country that a job is for, 0 where
    it is none or several.
    """

    job_ids: Column
    live_from_ms: Column
    live_until_ms: Column
    revisions: Column
    are_capped: Column
    contract_ids: Column
    markets: Column

    def __len__(self) -> int:
        return len(self.job_ids)

    def select(self, rows: Column) -> Self:
        return replace(self, **{one.name: getattr(self, one.name)[rows] for one in fields(self)})

    def find_rows(self, job_ids: Column) -> tuple[Column, Column]:
        """For each of ``job_ids`` whether it is known, and its row (0 where it is not)."""
        if len(self) == 0:
            return np.zeros(len(job_ids), dtype=bool), np.zeros(len(job_ids), dtype=np.int64)
        rows = np.minimum(np.searchsorted(self.job_ids, job_ids), len(self) - 1)
        is_known = self.job_ids[rows] == job_ids
        return is_known, np.where(is_known, rows, 0)

    def merge(self, newer: Self) -> Self:
        """Both, in order of job id; of a job that both know, the newer meter."""
        if len(self) == 0 or len(newer) == 0:
            return newer if len(self) == 0 else self
        both = replace(
            self,
            **{
                one.name: np.concatenate([getattr(self, one.name), getattr(newer, one.name)])
                for one in fields(self)
            },
        )
        both = both.select(np.argsort(both.job_ids, kind="stable"))
        is_last = np.ones(len(both), dtype=bool)
        is_last[:-1] = both.job_ids[1:] != both.job_ids[:-1]
        return both.select(is_last)


NO_WINDOWS = LiveWindows(*(np.zeros(0, dtype=np.int64) for _ in fields(LiveWindows)))


class StaleWindowsError(Exception):
    """A meter changed between the judgement of events and their charge: nothing was charged, judge them anew."""
