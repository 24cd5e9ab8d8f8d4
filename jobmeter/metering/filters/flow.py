"""Owns the verbs of filters: policies and exclusions, what a process knows of them, what was refused.

Does not own the decision (``intake.rules``).
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

import numpy as np

from jobmeter.base.clock import to_ms
from jobmeter.base.days import DAY_MS, LATE_WINDOW_HOURS
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import EXCLUDED_VISITORS_MAX
from jobmeter.database.arrays import Column
from jobmeter.database.columns import shards_of
from jobmeter.database.connection import Connection
from jobmeter.metering.filters import store
from jobmeter.metering.filters.model import (
    DayLists,
    ExcludedVisitor,
    FilterPolicy,
    NewExclusion,
    OwnedExclusion,
    RecentClicks,
    RefusalCount,
    RefusedCounts,
    RefusedEvent,
    RefusedEvents,
    Suspects,
)
from jobmeter.metering.model import VERDICTS, EventColumns, EventKind, Verdict
from jobmeter.partners.model import Application
from jobmeter.wire.events import ID_MAX, Event, Malformed, read_job_id

LAST_EVENTS_MAX = 50
DAY_LISTS_MAX = 1_000
RECENT_CLICKS_KEPT = timedelta(
    hours=LATE_WINDOW_HOURS + 2
)  # events arrive late, and windows have up to an hour
OPERATOR = 0
SUBJECTS_REMEMBERED_MAX = 1_000_000
_UNREADABLE = Event(source="", id="", type="", time=0, job=0)  # contains no visitor and no network


class FilterCache:
    """What a process knows of policies and exclusions; ``revision`` says of when.

    Exclusions that were removed may remain: the database decides, these only select the rows that it is asked about.
    """

    def __init__(self) -> None:
        self.revision = 0
        self.policies: dict[int, FilterPolicy] = {}
        self.visitors: Column = np.zeros(0, dtype=np.int64)
        self.addresses: Column = np.zeros(0, dtype=np.int64)
        self.last_id = 0

    async def refresh(self, connection: Connection, revision: int) -> None:
        """If the database is at another revision, reads the policies, and the exclusions that were added."""
        if revision == self.revision:
            return
        if len(self.visitors) + len(self.addresses) > SUBJECTS_REMEMBERED_MAX:
            self.visitors, self.addresses, self.last_id = self.visitors[:0], self.addresses[:0], 0
        self.policies = await store.list_policies(connection)
        added = await store.list_subjects(connection, after_id=self.last_id)
        self.visitors = _append(self.visitors, [one.subject for one in added if not one.is_address])
        self.addresses = _append(self.addresses, [one.subject for one in added if one.is_address])
        self.last_id = max([self.last_id, *(one.id for one in added)])
        self.revision = revision


def _append(subjects: Column, added: list[int]) -> Column:
    return np.unique(np.concatenate([subjects, np.array(added, dtype=np.int64)]))


def find_suspects(columns: EventColumns, book: FilterCache) -> Column:
    """The rows that contain a visitor or a network on the list of any application: few, and none as a rule."""
    if len(book.visitors) + len(book.addresses) == 0:
        return np.zeros(0, dtype=np.int64)
    return np.flatnonzero(
        np.isin(columns.visitors, book.visitors) | np.isin(columns.addresses, book.addresses)
    )


async def find_excluded(connection: Connection, columns: EventColumns, book: FilterCache) -> Column:
    """Which rows come from visitors that the job's application, or its partner, excluded."""
    excluded = np.zeros(len(columns), dtype=bool)
    rows = find_suspects(columns, book)
    if len(rows):  # whose list it is, and whose job, is checked by the database
        suspects = Suspects(
            row_indexes=rows,
            job_ids=columns.job_ids[rows],
            visitors=columns.visitors[rows],
            addresses=columns.addresses[rows],
        )
        excluded[await store.find_excluded_rows(connection, suspects)] = True
    return excluded


async def count_refused(
    connection: Connection, columns: EventColumns, verdicts: Column, rows: Column
) -> None:
    """Adds the refused clicks among the new ``rows`` to their reasons. After the charge: the jobs are locked."""
    refused = rows[(verdicts[rows] != Verdict.COUNTED) & (columns.kinds[rows] == EventKind.APPLY_CLICK)]
    if len(refused) == 0:
        return
    # The group of a click is a column of four numbers; `unique` counts equal columns and returns them sorted.
    job_ids, days = columns.job_ids[refused], columns.times_ms[refused] // DAY_MS
    groups = np.stack([shards_of(job_ids), job_ids, days, verdicts[refused]])
    (shards, job_ids, days, reasons), clicks = np.unique(groups, axis=1, return_counts=True)
    await store.add_refusals(connection, RefusedCounts(shards, job_ids, days, reasons, clicks))


async def count_refusals(connection: Connection, *, first: date, last: date) -> list[RefusalCount]:
    """Returns how many clicks of all tenants did not count on each day, for each reason."""
    return await store.count_refusals(connection, first=first, last=last)


async def save_refused_events(
    connection: Connection,
    events: Sequence[Event | Malformed],
    columns: EventColumns,
    verdicts: Column,
    *,
    now: datetime,
) -> None:
    """Keeps the batch's last events that did not count, for the operator and for whose jobs they name."""
    rows = np.flatnonzero(verdicts != Verdict.COUNTED)[-LAST_EVENTS_MAX:]
    if len(rows) == 0:
        return
    refused = _describe_refused([events[row] for row in rows.tolist()], columns.select(rows), verdicts[rows])
    await store.add_refused_events(connection, refused, received_at=now)


def _describe_refused(
    events: Sequence[Event | Malformed], columns: EventColumns, verdicts: Column
) -> RefusedEvents:
    readable = [event if isinstance(event, Event) else _UNREADABLE for event in events]
    named = [_name_job(event) or 0 for event in readable]
    reasons = zip(columns.flaws, verdicts.tolist(), strict=True)
    return RefusedEvents(
        row_indexes=np.arange(len(events)),
        sources=_make_texts(_clean(event.source) for event in readable),
        event_ids=_make_texts(_clean(event.id) for event in readable),
        types=_make_texts(_clean(event.type) for event in readable),
        times_ms=columns.times_ms,
        job_ids=np.where(named, named, columns.job_ids),
        verdicts=verdicts,
        messages=_make_texts(flaw or VERDICTS[verdict].message for flaw, verdict in reasons),
    )


def _name_job(event: Event) -> int | None:
    """The job that an event names by number, even if another field of the event is malformed."""
    job_id = read_job_id(event.job)
    return job_id if job_id is not None and 0 < job_id <= ID_MAX else None


def _make_texts(texts: Iterable[str]) -> Column:
    return np.array(list(texts), dtype=object)


def _clean(text: str) -> str:
    """A text that the database takes, of bounded length."""
    return text[:200].replace("\0", "\ufffd").encode(errors="replace").decode()


async def read_policy(connection: Connection, *, contract_id: int) -> FilterPolicy:
    return (await store.list_policies(connection)).get(contract_id, FilterPolicy())


async def set_policy(connection: Connection, *, contract_id: int, policy: FilterPolicy) -> None:
    """Holds from the next batch on, in every process."""
    await store.set_policy(connection, policy, contract_id=contract_id)
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
    """No event of this visitor, or network, counts for the application's jobs from the next batch on.

    Raises ``Refused(EXCLUSIONS_TOO_MANY)``. The revision is raised first: it is locked until the end, so exclusions become
    visible in the order of their ids, and a process that reads what was added misses none.
    """
    await store.raise_revision(connection)
    if await store.count_excluded(connection, application_id=application.id) >= EXCLUDED_VISITORS_MAX:
        raise Refused(Fault.EXCLUSIONS_TOO_MANY, exclusions_max=EXCLUDED_VISITORS_MAX)
    exclusion = NewExclusion(
        application_id=application.id, is_address=is_address, subject=subject, note=note, created_at=now
    )
    return await store.add_excluded(connection, exclusion)


async def list_excluded(
    connection: Connection, *, application: Application, after_id: int, rows_max: int
) -> list[ExcludedVisitor]:
    """In the order of their ids, those after ``after_id``."""
    return await store.list_excluded(
        connection, application_id=application.id, after_id=after_id, rows_max=rows_max
    )


async def list_all_excluded(connection: Connection, *, after_id: int, rows_max: int) -> list[OwnedExclusion]:
    """Returns what applications excluded, in the order of their ids; for the operator."""
    return await store.list_all_excluded(connection, after_id=after_id, rows_max=rows_max)


async def include_again(connection: Connection, *, application: Application, excluded_id: int) -> bool:
    removed = await store.remove_excluded(connection, application_id=application.id, excluded_id=excluded_id)
    await store.raise_revision(connection)
    return removed


async def list_refused(connection: Connection, *, owner_id: int) -> list[RefusedEvent]:
    """The last events that did not count, newest first: an application's, or the operator's (``OPERATOR``)."""
    return await store.list_refused_events(connection, owner_id=owner_id, rows_max=LAST_EVENTS_MAX)


async def trim_refused(connection: Connection, *, now: datetime) -> None:
    """Deletes what is kept only for a while: old refused events, and windows of which no event is accepted any more."""
    await store.trim_refused_events(connection, rows_max=LAST_EVENTS_MAX)
    await store.trim_recent_clicks(connection, before_ms=to_ms(now - RECENT_CLICKS_KEPT))


async def read_recent_clicks(connection: Connection, groups: RecentClicks) -> Column:
    """Returns the clicks that were stored in each of these windows before."""
    clicks = np.zeros(len(groups), dtype=np.int64)
    for kept in await store.list_recent_clicks(connection, groups):
        clicks[kept.place - 1] = kept.clicks
    return clicks


async def add_recent_clicks(connection: Connection, counted: RecentClicks) -> None:
    """After the events are stored: a window's clicks are those that were new."""
    if len(counted):
        await store.add_recent_clicks(connection, counted)


async def record_lists(connection: Connection, *, days: list[date], lists: str, now: datetime) -> list[date]:
    """Records by which lists the user agents of these days were judged; returns the days that were not recorded before."""
    return await store.add_day_lists(connection, days=days, lists=lists, now=now)


async def list_day_lists(connection: Connection) -> list[DayLists]:
    return await store.list_day_lists(connection, rows_max=DAY_LISTS_MAX)
