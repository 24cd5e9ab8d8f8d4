"""Owns the work that requests share in batches: look-ups of tokens and keys, reports by ids, and the candidates' single events.

Does not own the batching itself (``database.batching``) or the work of a batch (the slices' flows).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import TypeVar

from jobmeter.base.settings import Settings
from jobmeter.database.batching import Batcher
from jobmeter.database.connection import Connection
from jobmeter.database.pool import Database
from jobmeter.jobs.pages.model import ApplyTarget
from jobmeter.metering.intake.flow import REPEATED, ROWS_AS_STATEMENT_MAX, IntakeCaches
from jobmeter.metering.intake.singles import flow as singles
from jobmeter.operator_keys import flow as operator_keys
from jobmeter.operator_keys.model import KeyHolder
from jobmeter.partners.model import IssuedToken
from jobmeter.partners.tokens import flow as tokens_flow
from jobmeter.reports.job_reports import flow as reports
from jobmeter.reports.job_reports.model import ByIdsRequest, JobReport
from jobmeter.telemetry.metrics.flow import count_single_events
from jobmeter.wire.events import Event

REPORTS_AT_ONCE_MAX = 32

Answers = TypeVar("Answers")


def batch_tokens(database: Database) -> Batcher[str, IssuedToken | None]:
    """Looks tokens up without caching them, so that a revocation applies to every later request."""

    async def find(tokens: Sequence[str]) -> list[IssuedToken | None]:
        async with database.connection() as connection:
            return await tokens_flow.find_tokens(connection, tokens)

    return Batcher(find, parts_on_failure=True)


def batch_named_keys(database: Database) -> Batcher[str, KeyHolder | None]:
    """Looks named keys up without caching them, so that a revocation applies to every later request."""

    async def find(secrets: Sequence[str]) -> list[KeyHolder | None]:
        async with database.connection() as connection:
            return await operator_keys.find_holders(connection, secrets)

    return Batcher(find, parts_on_failure=True)


def batch_job_reports(
    database: Database, *, seconds_max: float
) -> Batcher[ByIdsRequest, dict[str, JobReport]]:
    async def read(requests: Sequence[ByIdsRequest]) -> list[dict[str, JobReport]]:
        async with asyncio.timeout(seconds_max), database.connection() as connection:
            return await reports.report_by_ids(connection, requests)

    return Batcher(read, rows_max=REPORTS_AT_ONCE_MAX, parts_on_failure=True)


def batch_single_events(
    database: Database,
    settings: Settings,
    *,
    read_clock: Callable[[], Awaitable[datetime]],
    known: IntakeCaches,
) -> Batcher[Event, ApplyTarget | None]:
    async def record(events: Sequence[Event]) -> list[ApplyTarget | None]:
        now = await read_clock()

        async def carry_out(
            verb: Callable[..., Awaitable[Answers]], opened: AbstractAsyncContextManager[Connection]
        ) -> Answers:
            async with opened as connection:
                return await verb(
                    connection,
                    events,
                    known=known,
                    now=now,
                    future_tolerance_seconds=settings.future_tolerance_seconds,
                )

        answers = await carry_out(singles.take_events, database.keyed_connection())
        if answers is None:
            try:
                answers = await carry_out(singles.ingest_single_events, database.pipeline())
            except REPEATED:  # the event exists already; a pipeline cannot continue after an error
                answers = await carry_out(singles.ingest_single_events, database.transaction())
        count_single_events(len(events))
        return answers

    return Batcher(
        record,
        window_ms=settings.single_events_window_ms,
        rows_max=ROWS_AS_STATEMENT_MAX,
        part_of=singles.find_shard if database.is_distributed else None,
    )
