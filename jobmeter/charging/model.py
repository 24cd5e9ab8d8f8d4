"""Owns the values of charging: what a batch asks to be charged, what came of it."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from jobmeter.database.arrays import Column
from jobmeter.database.columns import Bigint, Columns, Date, Integer, Local, Smallint, shards_of


@dataclass(frozen=True, slots=True)
class JobKeys(Columns):
    """The keys of jobs."""

    shards: Smallint
    job_ids: Bigint


def make_job_keys(job_ids: Column) -> JobKeys:
    return JobKeys(shards_of(job_ids), job_ids)


@dataclass(frozen=True, slots=True)
class ClickCounts(JobKeys):
    """One row for each (job, UTC day) of a batch, sorted by shard, job and day.

    ``clicks`` are those that count; ``refused`` those that do not. ``revisions`` are those of the windows by which
    they were judged; ``are_capped`` marks jobs with a limit for each day.
    """

    revisions: Integer
    are_capped: Local
    days: Date
    views: Integer
    clicks: Integer
    refused: Integer

    def list_jobs(self) -> Self:
        """The first row of each job."""
        # Rows are sorted by job, so a job starts where the id differs from the previous row.
        starts = np.ones(len(self), dtype=bool)
        starts[1:] = self.job_ids[1:] != self.job_ids[:-1]
        return self.select(starts)


@dataclass(frozen=True, slots=True)
class ChargeResult:
    """The result of a batch: clicks that were charged and clicks beyond a budget, which are free.

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


NOTHING_CHARGED = ChargeResult(clicks_charged=0, clicks_free=0, charge_micros=0, jobs_noted=())
