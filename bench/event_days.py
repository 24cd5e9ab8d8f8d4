"""Owns a past day of events as intake would have left it: stored, charged and rolled up, from batches ready for COPY.

Does not own which events a day has.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import numpy as np
import psycopg

from jobmeter.database.arrays import Column
from jobmeter.database.statements import load_statements
from jobmeter.ledger.model import AccountKind, Purpose
from jobmeter.metering.model import EventKind

SQL = load_statements("bench", "event_days.sql", enums=(AccountKind, EventKind, Purpose))


def make_keys(rng: np.random.Generator, times_ms: Column) -> Any:
    """Returns an event key for each time: the time, then a random rest instead of a hash of source and id."""
    keys = rng.integers(0, 256, (len(times_ms), 16), dtype=np.uint8)
    keys[:, :6] = times_ms.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 2:]
    return keys


def fill_day(
    connection: psycopg.Connection[Any], day: date, batches: Iterable[bytes], *, booked_at: datetime
) -> None:
    """Stores the batches of a day and charges their clicks, within budgets that do not run out."""
    values = {"day": day, "booked_at": booked_at}
    connection.execute(SQL["make_day"], values)
    for batch in batches:
        with connection.cursor() as cursor, cursor.copy(SQL["copy_events"]) as copy:
            copy.write(batch)
    connection.execute(SQL["charge_day"], values)
    connection.execute(SQL["roll_up_day"], values)
