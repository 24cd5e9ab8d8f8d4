"""Owns the verb of what happened between two moments: read it, counted and listed."""

from collections import Counter
from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.reports.happenings import store
from jobmeter.reports.happenings.model import HappeningKind, Happenings

LISTED_MAX = 200


async def read_happenings(connection: Connection, *, since: datetime, until: datetime) -> Happenings:
    """Returns what happened after ``since`` and until ``until``."""
    found = await store.list_happenings(connection, since=since, until=until)
    counts: Counter[HappeningKind] = Counter()
    for one in found:
        counts[one.kind] += one.count
    return Happenings(
        counts={kind: counts[kind] for kind in HappeningKind if counts[kind]},
        listed=found[:LISTED_MAX],
        is_cut=len(found) > LISTED_MAX,
    )
