"""Owns how a batch is divided by shard, and how what came of its parts is put together. Pure."""

from collections.abc import Sequence

import numpy as np

from jobmeter.charging.model import NOTHING_CHARGED
from jobmeter.database.arrays import Column
from jobmeter.database.columns import shards_of
from jobmeter.metering.intake.model import Taken


def divide(job_ids: Column) -> list[Column]:
    """The rows of each shard, by shard, in the order of the batch."""
    shards = shards_of(job_ids)
    order = np.argsort(shards, kind="stable")
    starts = np.flatnonzero(np.diff(shards[order])) + 1
    return [rows for rows in np.split(order, starts) if len(rows)]


def put_together(parts: Sequence[tuple[Column, Taken]]) -> Taken:
    """What came of a batch: of the rows of each part what came of them. Each row is in one part."""
    verdicts = np.zeros(sum(len(rows) for rows, _ in parts), dtype=np.int16)
    new_rows, charged = [np.zeros(0, dtype=np.int64)], NOTHING_CHARGED
    for rows, taken in parts:
        verdicts[rows] = taken.verdicts
        new_rows.append(rows[taken.rows])
        charged += taken.charged
    return Taken(verdicts, np.concatenate(new_rows), charged)
