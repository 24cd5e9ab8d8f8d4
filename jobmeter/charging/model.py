"""Owns the values of charging: a job's budget, what a batch asks to be charged, what came of it."""

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np

from jobmeter.database.arrays import Column


@dataclass(frozen=True, slots=True)
class ClickCounts:
    """One row for each (job, UTC day) of a batch, as equally long columns, sorted by shard, job and day.

    ``days`` counts days since 1970. ``clicks`` are those that count; ``refused`` those that do not. ``revisions``
    are those of the meters by which they were judged; ``are_capped`` marks jobs with a limit for each day.
    """

    shards: Column
    job_ids: Column
    revisions: Column
    are_capped: Column
    days: Column
    views: Column
    clicks: Column
    refused: Column

    def select(self, rows: Column) -> Self:
        """The rows that ``rows`` names, by number or by flag."""
        return replace(self, **{one.name: getattr(self, one.name)[rows] for one in fields(self)})

    def list_jobs(self) -> Self:
        """The first row of each job."""
        starts = np.ones(len(self.job_ids), dtype=bool)
        starts[1:] = self.job_ids[1:] != self.job_ids[:-1]
        return self.select(starts)


@dataclass(frozen=True, slots=True)
class ChargeResult:
    """What a batch came to: clicks that were charged and clicks beyond a budget, which are free.

    ``jobs_noted`` ran out, met a day's cap, or used another half or 80 % of their total budgets.
    """

    clicks_charged: int
    clicks_free: int
    charge_micros: int
    jobs_noted: tuple[int, ...]

    def __add__(self, other: Self) -> Self:
        return replace(
            self,
            clicks_charged=self.clicks_charged + other.clicks_charged,
            clicks_free=self.clicks_free + other.clicks_free,
            charge_micros=self.charge_micros + other.charge_micros,
            jobs_noted=self.jobs_noted + other.jobs_noted,
        )
