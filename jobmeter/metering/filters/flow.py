"""Owns the verbs of filters: policies and exclusions, what a process knows of them, what was refused.

Does not own the decision (``intake.rules``).
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from jobmeter.base.ids import shards_of
from jobmeter.database import arrays
from jobmeter.database.arrays import Column
from jobmeter.database.connection import Connection
from jobmeter.metering.filters import store
from jobmeter.metering.filters.model import ExcludedVisitor, FilterPolicy, RefusedEvent
from jobmeter.metering.model import VERDICTS, EventColumns, EventKind, Verdict
from jobmeter.partners.model import Application
from jobmeter.wire.events import ID_MAX, Event, Malformed, read_job_id

LAST_EVENTS_MAX = 50
OPERATOR = 0


class FilterCache:
    """What a process knows of policies and exclusions; ``revision`` says of when."""

    def __init__(self) -> None:
        self.revision = 0
        self.policies: dict[int, FilterPolicy] = {}
        self.visitors: Column = np.zeros(0, dtype=np.int64)
        self.addresses: Column = np.zeros(0, dtype=np.int64)

    async def refresh(self, connection: Connection, revision: int) -> None:
        """Reads everything anew where the database is at another revision."""
        if revision == self.revision:
            return
        self.policies = await store.list_policies(connection)
        subjects = await store.list_subjects(connection)
        self.visitors = np.array(
            [number for is_address, number in subjects if not is_address], dtype=np.int64
        )
        self.addresses = np.array([number for is_address, number in subjects if is_address], dtype=np.int64)
        self.revision = revision


async def find_excluded(connection: Connection, columns: EventColumns, book: FilterCache) -> Column:
    """Which rows come from visitors that the job's application, or its partner, excluded."""
    excluded = np.zeros(len(columns), dtype=bool)
    if len(book.visitors) + len(book.addresses) == 0:
        return excluded
    suspects = np.flatnonzero(
        np.isin(columns.visitors, book.visitors) | np.isin(columns.addresses, book.addresses)
    )
    if len(suspects):
        excluded[
            await store.find_excluded_places(
                connection,
                places=arrays.pack_integers(suspects),
                job_ids=arrays.pack_bigints(columns.job_ids[suspects]),
                visitors=arrays.pack_bigints(columns.visitors[suspects]),
                addresses=arrays.pack_bigints(columns.addresses[suspects]),
            )
        ] = True
    return excluded


async def count_refused(
    connection: Connection, columns: EventColumns, verdicts: Column, rows: Column
) -> None:
    """Adds the refused clicks among the new ``rows`` to their reasons. After the charge: the jobs are locked."""
    refused = rows[(verdicts[rows] != Verdict.COUNTED) & (columns.kinds[rows] == EventKind.APPLY_CLICK)]
    if len(refused) == 0:
        return
    days = columns.times_ms[refused] // 86_400_000
    keys = np.stack([shards_of(columns.job_ids[refused]), columns.job_ids[refused], days, verdicts[refused]])
    groups, clicks = np.unique(keys, axis=1, return_counts=True)
    await store.add_refusals(
        connection,
        shards=arrays.pack_smallints(groups[0]),
        job_ids=arrays.pack_bigints(groups[1]),
        days=arrays.pack_dates(groups[2]),
        verdicts=arrays.pack_smallints(groups[3]),
        clicks=arrays.pack_integers(clicks),
    )


async def save_refused_events(
    connection: Connection,
    events: Sequence[Event | Malformed],
    columns: EventColumns,
    verdicts: Column,
    *,
    now: datetime,
) -> None:
    """Keeps the batch's last events that did not count, for the operator and for whose jobs they name."""
    places = np.flatnonzero(verdicts != Verdict.COUNTED)[-LAST_EVENTS_MAX:].tolist()
    if not places:
        return
    told, job_ids = [events[place] for place in places], columns.job_ids[places].tolist()
    found = [VERDICTS[int(verdicts[place])] for place in places]
    await store.add_refused_events(
        connection,
        places=list(range(len(places))),
        sources=[_clean(event.source) if isinstance(event, Event) else "" for event in told],
        event_ids=[_clean(event.id) if isinstance(event, Event) else "" for event in told],
        types=[_clean(event.type) if isinstance(event, Event) else "" for event in told],
        times_ms=columns.times_ms[places].tolist(),
        job_ids=[_name_job(event) or job_id for event, job_id in zip(told, job_ids, strict=True)],
        verdicts=[int(verdict) for verdict in found],
        messages=[
            columns.flaws.get(place, verdict.says) for place, verdict in zip(places, found, strict=True)
        ],
        received_at=now,
    )


def _name_job(event: Event | Malformed) -> int | None:
    """The job that an event names by number, also where something else of it can not be read."""
    job_id = read_job_id(event.job) if isinstance(event, Event) else None
    return job_id if job_id is not None and 0 < job_id <= ID_MAX else None


def _clean(text: str) -> str:
    """A text that the database takes, of bounded length."""
    return text[:200].replace("\0", "\ufffd").encode(errors="replace").decode()


async def read_policy(connection: Connection, *, contract_id: int) -> FilterPolicy:
    return (await store.list_policies(connection)).get(contract_id, FilterPolicy())


async def set_policy(connection: Connection, *, contract_id: int, policy: FilterPolicy) -> None:
    """Holds from the next batch on, in every process."""
    await store.set_policy(
        connection,
        contract_id=contract_id,
        refuses_crawlers=policy.refuses_crawlers,
        refuses_other_markets=policy.refuses_other_markets,
        refuses_excluded=policy.refuses_excluded,
        late_window_hours=policy.late_window_hours,
        future_tolerance_seconds=policy.future_tolerance_seconds,
    )
    await store.raise_revision(connection)


async def exclude(
    connection: Connection,
    *,
    application: Application,
    is_address: bool,
    subject: int,
    note: str,
    now: datetime,
) -> ExcludedVisitor:
    """No event of this visitor, or network, counts for the application's jobs from the next batch on."""
    added = await store.add_excluded(
        connection,
        application_id=application.id,
        is_address=is_address,
        subject=subject,
        note=note,
        created_at=now,
    )
    await store.raise_revision(connection)
    return added


async def list_excluded(connection: Connection, *, application: Application) -> list[ExcludedVisitor]:
    return await store.list_excluded(connection, application_id=application.id)


async def include_again(connection: Connection, *, application: Application, excluded_id: int) -> bool:
    removed = await store.remove_excluded(connection, application_id=application.id, excluded_id=excluded_id)
    await store.raise_revision(connection)
    return removed


async def list_refused(connection: Connection, *, owner_id: int) -> list[RefusedEvent]:
    """The last events that did not count, newest first: an application's, or the operator's (``OPERATOR``)."""
    return await store.list_refused_events(connection, owner_id=owner_id, rows_max=LAST_EVENTS_MAX)


async def trim_refused(connection: Connection) -> None:
    await store.trim_refused_events(connection, rows_max=LAST_EVENTS_MAX)
