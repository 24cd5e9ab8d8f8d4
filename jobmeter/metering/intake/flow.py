"""Owns the verbs of metering: take a batch in, make the partitions that the next days need."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from importlib.metadata import version
from secrets import token_bytes

import numpy as np
from psycopg.errors import DeadlockDetected, InternalError_, SerializationFailure, UniqueViolation

from jobmeter.base.days import day_from_number, day_of, list_days
from jobmeter.base.limits import REFUSALS_LISTED_MAX
from jobmeter.charging.charge import flow as charging
from jobmeter.charging.model import NOTHING_CHARGED, ChargeResult
from jobmeter.charging.windows import flow as windows_flow
from jobmeter.charging.windows.model import LiveWindows, StaleWindowsError
from jobmeter.database.arrays import Column
from jobmeter.database.columns import list_day_numbers, list_different, shards_of
from jobmeter.database.connection import Connection, is_pipeline
from jobmeter.jobs.postings import flow as jobs
from jobmeter.metering.filters import flow as filters_flow
from jobmeter.metering.filters.flow import FilterCache
from jobmeter.metering.filters.model import FilterPolicy
from jobmeter.metering.intake import bursts, rules, store
from jobmeter.metering.intake.agents import (
    AGENTS_INLINE_MAX,
    BROWSERS_VERSION,
    find_absent,
    find_non_browsers,
    list_unknown_agents,
    match_agents,
)
from jobmeter.metering.intake.bursts import BurstCandidates
from jobmeter.metering.intake.columns import list_external_names, make_columns
from jobmeter.metering.intake.event_shapes import read_shaped
from jobmeter.metering.intake.model import Batch, Taken
from jobmeter.metering.intake.rules import NO_ROW, Filters
from jobmeter.metering.intake.shaped import BYTES_MIN, RecordPlaces, ShapedEvents, make_shaped_columns
from jobmeter.metering.intake.slices import in_slices
from jobmeter.metering.intake.window_cache import LiveWindowCache
from jobmeter.metering.model import (
    VERDICTS,
    EventColumns,
    IntakeReply,
    Rejection,
    SentEvents,
    StagedEvents,
    StoredEvents,
    Verdict,
)
from jobmeter.metering.pseudonyms.flow import SALT_BYTES, SaltCache
from jobmeter.wire.events import Event, Malformed, decode_events

# Errors that are not the sender's fault: nothing was recorded, and the same batch may be sent again.
TAKEN_BACK = (SerializationFailure, DeadlockDetected, StaleWindowsError)
# An event that is stored already. Of rows that it passes on to a node, a distributed database only says that something failed.
REPEATED = (UniqueViolation, InternalError_)
JUDGEMENTS_MAX = 25
ROWS_AS_STATEMENT_MAX = 200
NAMES_AT_ONCE_MAX = 1_000


@dataclass(frozen=True, slots=True)
class IntakeCaches:
    """What a process remembers between batches: jobs' live windows, filters, and the salts of days."""

    windows: LiveWindowCache = field(default_factory=LiveWindowCache)
    filters: FilterCache = field(default_factory=FilterCache)
    salts: SaltCache = field(default_factory=SaltCache)
    recorded_days: set[date] = field(default_factory=set)


async def read_batch(
    body: bytes, media: str, attributes: Mapping[str, str] | None = None
) -> Sequence[Event | Malformed]:
    """The events of a batch as it was sent: packed already where all records have one shape. Raises as ``decode_events``.

    Other requests run between two pieces.
    """
    shaped = None if attributes is not None else await _read_shaped(body, media)
    if shaped is not None:
        return shaped
    events: list[Event | Malformed] = []
    for piece in decode_events(body, media, attributes):
        events += piece
        await asyncio.sleep(0)
    return events


async def _read_shaped(body: bytes, media: str) -> ShapedEvents | None:
    if len(body) < BYTES_MIN:
        return None
    places, parts = [], []
    for piece in read_shaped(body, media):
        columns = None if piece is None else make_shaped_columns(piece)
        if piece is None or columns is None:
            return None
        places.append(RecordPlaces.of_piece(piece))
        parts.append(columns)
        await asyncio.sleep(0)
    return (
        ShapedEvents(body, RecordPlaces.concat_all(places), EventColumns.concat_all(parts)) if parts else None
    )


async def ingest(
    connection: Connection,
    events: Sequence[Event | Malformed],
    *,
    known: IntakeCaches,
    now: datetime,
    future_tolerance_seconds: int,
) -> IntakeReply:
    """Records a batch: each event is stored once, counted once and charged at most once (laws 5 and 6).

    In the caller's transaction; the reply is true once that commits. Raises as ``take``; nothing is recorded then.
    """
    batch = await begin(connection, events, known=known, future_tolerance_seconds=future_tolerance_seconds)
    taken = await take(connection, batch, known=known, now=now)
    return await end(connection, events, batch, taken, now=now)


async def begin(
    connection: Connection,
    events: Sequence[Event | Malformed],
    *,
    known: IntakeCaches,
    future_tolerance_seconds: int,
) -> Batch:
    """Reads a batch and gives it its number, which its charges name. Records nothing."""
    await _match_agents(events, known.filters.policies)
    columns = await _read_columns(connection, events)
    start = await store.next_batch(connection)
    await known.filters.refresh(connection, start.filter_revision)
    filters = make_filters(
        events, NO_ROW, policies=known.filters.policies, future_tolerance_seconds=future_tolerance_seconds
    )
    return Batch(start.batch, columns, filters)


async def take(connection: Connection, batch: Batch, *, known: IntakeCaches, now: datetime) -> Taken:
    """Stores, counts and charges what is new of a batch, or of those of its rows that are in one shard, in the caller's transaction.

    Raises ``StaleWindowsError`` when the live windows of its jobs keep changing, and in a pipeline ``REPEATED``.
    """
    columns = batch.columns
    job_ids = list_different(columns.job_ids)
    filters = batch.filters.exclude(await filters_flow.find_excluded(connection, columns, known.filters))
    windows = await find_live_windows(connection, job_ids, known.windows)
    for _ in range(JUDGEMENTS_MAX):
        try:
            taken = await _ingest_columns(
                connection, columns, windows, filters, salts=known.salts, batch=batch.number, now=now
            )
        except StaleWindowsError as error:
            # Jobs are not held while they are judged: intake stores events before it locks jobs, never after.
            windows, stale = await windows_flow.read_live_windows(connection, job_ids), error
            known.windows.keep(windows)
        else:
            await _record_lists(connection, columns.times_ms[taken.rows], known.recorded_days, now)
            return replace(taken, verdicts=await _recognize_counted(connection, columns, taken))
    raise stale


async def end(
    connection: Connection, events: Sequence[Event | Malformed], batch: Batch, taken: Taken, *, now: datetime
) -> IntakeReply:
    """Keeps the last of what did not count, and returns the reply to the sender."""
    await filters_flow.save_refused_events(connection, events, batch.columns, taken.verdicts, now=now)
    return _make_reply(batch.columns, taken)


async def _read_columns(connection: Connection, events: Sequence[Event | Malformed]) -> EventColumns:
    """In slices: a large batch never keeps other requests waiting."""
    if isinstance(events, ShapedEvents):
        return events.columns
    wanted = list({name async for named in in_slices(events, list_external_names) for name in named})
    external_ids: dict[tuple[int, str], int] = {}
    for start in range(0, len(wanted), NAMES_AT_ONCE_MAX):
        some = wanted[start : start + NAMES_AT_ONCE_MAX]
        external_ids |= await jobs.resolve_external_ids(connection, some)
    parts = [part async for part in in_slices(events, partial(make_columns, external_ids=external_ids))]
    return EventColumns.concat_all(parts) if parts else make_columns((), {})


async def _ingest_columns(
    connection: Connection,
    columns: EventColumns,
    windows: LiveWindows,
    filters: Filters,
    *,
    salts: SaltCache,
    batch: int,
    now: datetime,
) -> Taken:
    """Stores the rows that are new and charges them.

    Batches without a repeated event are the rule, so the rows go straight in; only when the key refuses
    one does the batch go through a staging table (design, storage). In a savepoint: all of it or nothing.
    """
    verdicts = rules.judge(columns, windows, filters, now=now)
    candidates = await _refuse_bursts(connection, columns, verdicts, windows, filters, salts=salts)
    rows = rules.order_for_storage(columns, verdicts)
    if len(rows) == 0:
        return Taken(verdicts, rows, NOTHING_CHARGED)
    await salts.load(connection, columns.times_ms[rows])
    events = StoredEvents.of_batch(columns, salts.hide_senders(columns, rows), verdicts, rows, batch)
    charge_rows = partial(
        _charge,
        connection,
        columns,
        verdicts,
        windows=windows,
        count_recent=partial(_count_recent, connection, candidates, salts),
        batch=batch,
        now=now,
    )
    try:
        async with connection.transaction():
            await _store_events(connection, events)
            return Taken(verdicts, rows, await charge_rows(rows))
    except REPEATED:
        if is_pipeline(connection):
            raise  # the pipeline cannot continue from here
        async with connection.transaction():
            await store.make_staging(connection)
            staged = events.extend(StagedEvents, row_indexes=rows)
            await store.copy_staged(connection, staged)
            new_rows = np.array(await store.add_staged(connection, staged), dtype=np.int64)
            return Taken(verdicts, new_rows, await charge_rows(new_rows))


async def _recognize_counted(connection: Connection, columns: EventColumns, taken: Taken) -> Column:
    """Returns the verdicts, except that a refused event that was counted before counts: it is a duplicate.

    It may be too old by now, or its visitor excluded since. Only what is refused and not new is looked up, which is
    nothing in most batches.
    """
    rows = rules.find_repeatable(taken.verdicts, taken.rows)
    if len(rows) == 0:
        return taken.verdicts
    sent = SentEvents(shards=shards_of(columns.job_ids[rows]), keys=columns.keys[rows], row_indexes=rows)
    recognized = taken.verdicts.copy()
    recognized[await store.list_counted(connection, sent)] = Verdict.COUNTED
    return recognized


async def _charge(
    connection: Connection,
    columns: EventColumns,
    verdicts: Column,
    rows: Column,
    *,
    windows: LiveWindows,
    count_recent: Callable[[Column], Awaitable[None]],
    batch: int,
    now: datetime,
) -> ChargeResult:
    if len(rows) == 0:
        return NOTHING_CHARGED
    counts = rules.count_clicks(columns, verdicts, rows, windows)
    charged = await charging.charge(connection, counts, batch=batch, now=now)
    await filters_flow.count_refused(connection, columns, verdicts, rows)
    await count_recent(rows)
    return charged


async def _count_recent(
    connection: Connection, candidates: BurstCandidates | None, salts: SaltCache, rows: Column
) -> None:
    if candidates is not None:
        counted = salts.hide_windows(bursts.count_new(candidates, rows))
        await filters_flow.add_recent_clicks(connection, counted)


def _list_agents(events: Sequence[Event | Malformed]) -> list[str | None]:
    if isinstance(events, ShapedEvents):
        return events.list_agents()
    return [event.user_agent if isinstance(event, Event) else None for event in events]


async def _match_agents(events: Sequence[Event | Malformed], policies: Mapping[int, FilterPolicy]) -> None:
    """Many that are new in a thread, so that other requests do not wait for them."""
    judges = _judges_browsers(policies)
    if isinstance(events, ShapedEvents) and not judges:
        return  # those were matched as they were read
    unknown = list_unknown_agents(_list_agents(events), judges_browsers=judges)
    if len(unknown) > AGENTS_INLINE_MAX:
        await asyncio.to_thread(match_agents, unknown, judges_browsers=judges)


def _judges_browsers(policies: Mapping[int, FilterPolicy]) -> bool:
    return any(policy.refuses_non_browsers for policy in policies.values())


def make_filters(
    events: Sequence[Event | Malformed],
    excluded: Column,
    *,
    policies: Mapping[int, FilterPolicy],
    future_tolerance_seconds: int,
) -> Filters:
    """User agents are judged only where some contract asks for it: most installations pay for neither."""
    judged = {}
    if _judges_browsers(policies):
        judged["non_browsers"] = find_non_browsers(_list_agents(events))
    if any(not policy.counts_absent_agents for policy in policies.values()):
        judged["absent_agents"] = find_absent(_list_agents(events))
    return Filters(policies, excluded, future_tolerance_seconds, **judged)


async def _record_lists(
    connection: Connection, stored_ms: Column, recorded: set[date], now: datetime
) -> None:
    """Once for each day and process: which lists judged the user agents of the day's stored events."""
    days = {day_from_number(number) for number in list_day_numbers(stored_ms)} - recorded
    if days:
        added = await filters_flow.record_lists(connection, days=sorted(days), lists=name_lists(), now=now)
        # What this transaction added may still be rolled back; it is remembered when it is found there.
        recorded |= days - set(added)


def name_lists() -> str:
    """The lists by which user agents are judged, with their versions."""
    robots, families = (version(name) for name in ("crawler-user-agents", "ua-parser-builtins"))
    return f"crawler-user-agents {robots}, ua-parser-builtins {families}, browsers {BROWSERS_VERSION}"


async def _refuse_bursts(
    connection: Connection,
    columns: EventColumns,
    verdicts: Column,
    windows: LiveWindows,
    filters: Filters,
    *,
    salts: SaltCache,
) -> BurstCandidates | None:
    """Sets the verdict of clicks beyond a window's limit; they are counted without being charged."""
    found = bursts.find_candidates(columns, verdicts, windows, filters.policies)
    if found is None:
        return None
    # A window may begin on the day before its events.
    await salts.load(connection, found.groups.window_ms)
    kept = await filters_flow.read_recent_clicks(connection, salts.hide_windows(found.groups))
    refused = bursts.find_bursts(found, kept, columns.times_ms)
    if len(refused):
        # A batch that is sent again is a duplicate, not a burst: its clicks are in the windows already.
        rows = np.unique(found.rows)
        sent = SentEvents(shards=shards_of(columns.job_ids[rows]), keys=columns.keys[rows], row_indexes=rows)
        found = found.without_rows(await store.list_counted(connection, sent))
        refused = bursts.find_bursts(found, kept, columns.times_ms)
    verdicts[refused] = Verdict.BURST
    return found


async def find_live_windows(
    connection: Connection, job_ids: Column, known_windows: LiveWindowCache
) -> LiveWindows:
    """The windows of those of ``job_ids``, which rise, that exist: as they are remembered, or read and remembered."""
    found, missing = known_windows.find(job_ids)
    if len(missing) == 0:
        return found
    read = await windows_flow.read_live_windows(connection, missing)
    known_windows.keep(read)
    return found.merge(read)


async def _store_events(connection: Connection, events: StoredEvents) -> None:
    if len(events) > ROWS_AS_STATEMENT_MAX:
        await store.copy_events(connection, events)
    else:
        await store.add_events(connection, events)


def _make_reply(columns: EventColumns, taken: Taken) -> IntakeReply:
    verdicts, charged = taken.verdicts, taken.charged
    refused = np.flatnonzero(verdicts != Verdict.COUNTED)
    accepted = int(np.count_nonzero(verdicts[taken.rows] == Verdict.COUNTED))
    rejections = []
    for index in refused[:REFUSALS_LISTED_MAX].tolist():
        verdict = VERDICTS[int(verdicts[index])]
        rejections.append(Rejection(index, verdict, columns.flaws[index] or verdict.message))
    return IntakeReply(
        accepted=accepted,
        duplicate=len(columns) - len(refused) - accepted,
        rejected=len(refused),
        rejections=tuple(rejections),
        clicks_charged=charged.clicks_charged,
        jobs_noted=charged.jobs_noted,
    )


async def make_event_days(connection: Connection, *, now: datetime) -> None:
    """Partitions for every day whose events may come in now or within two days, each with a new salt. Safe to repeat."""
    days = list(list_days(day_of(now - timedelta(days=3)), day_of(now + timedelta(days=2))))
    await store.make_event_days(connection, days=days, salts=[token_bytes(SALT_BYTES) for _ in days])
