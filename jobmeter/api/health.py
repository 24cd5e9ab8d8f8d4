"""What reports whether a server works: ``/livez`` and ``/readyz`` for those who start it, ``/health`` for everybody, ``/operator/health``
and ``/metrics`` for the operator.
"""

import asyncio
import platform
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg_pool import PoolTimeout
from starlette.responses import Response

from jobmeter import __version__
from jobmeter.base.settings import list_in_force
from jobmeter.http.context import AppContext, RequestContext
from jobmeter.http.responses import format_time, json_response
from jobmeter.metering.streams.model import PartitionState
from jobmeter.reports.health import flow as health
from jobmeter.reports.health.model import Health
from jobmeter.settlement.days import flow as settlement
from jobmeter.telemetry.metrics import model
from jobmeter.telemetry.metrics.flow import write_metrics
from jobmeter.telemetry.metrics.model import Readings


async def show_life(_: RequestContext) -> Response:
    """Whether the process answers. It does not ask the database: to restart a server does not help if that is away."""
    return json_response({"status": "ok"})


async def show_readiness(context: RequestContext) -> Response:
    """Whether requests can be sent to this server; if its database cannot be used, 503 with the reason."""
    await context.app.database.check()
    return json_response({"status": "ready"})


async def show_health(context: RequestContext) -> Response:
    """Returns the time and the last settled day; if the database cannot be used, 503 with the reason."""
    await context.app.database.check()
    async with context.app.database.connection() as connection:
        settled_through = await settlement.read_settled_through(connection)
    return json_response(
        {
            "status": "ok",
            "now": context.now.isoformat(),
            "sandbox": context.app.settings.sandbox,
            "settledThrough": format_time(settled_through),
        }
    )


async def show_operation(context: RequestContext) -> Response:
    """Settings in force, secrets only as whether they are set; versions, database, queues, and when each chore ran last."""
    app = context.app
    async with app.database.connection() as connection:
        found = await health.read_health(
            connection, final_after_days=app.settings.final_after_days, now=context.now
        )
    database = found.database
    return json_response(
        {
            "version": __version__,
            "python": platform.python_version(),
            "database": {
                "version": database.version,
                "bytes": database.byte_count,
                "connections": database.connections,
                "connectionsMax": database.connections_max,
                "lastMigration": database.last_migration,
                "lentByThisProcess": app.database.connections_lent,
                "poolMax": app.settings.pool_connections_max,
            },
            "queues": [
                {"name": one.name, "waiting": one.waiting, "oldestAt": format_time(one.oldest_at)}
                for one in found.queues
            ],
            "streams": [_serialize_partition(one) for one in found.partitions],
            "chores": [
                {
                    "name": one.name,
                    "ranAt": one.ran_at.isoformat(),
                    "workedAt": format_time(one.worked_at),
                    "failedAt": format_time(one.failed_at),
                }
                for one in found.chores
            ],
            "settings": dict(list_in_force(app.settings)),
        }
    )


def _serialize_partition(one: PartitionState) -> dict[str, Any]:
    return {
        "stream": one.stream,
        "partition": one.partition,
        "nextOffset": one.next_offset,
        "messagesWaiting": one.messages_waiting,
        "seenAt": one.seen_at.isoformat(),
        "accepted": one.accepted,
        "duplicate": one.duplicate,
        "rejected": one.rejected,
    }


async def show_metrics(context: RequestContext) -> Response:
    """All metrics of the server that answers. While the database cannot be used, those that are counted in its processes."""
    app = context.app
    readings = [
        Readings(model.BUILD, {(__version__, platform.python_version()): 1}),
        Readings(model.CLOCK, {(): context.now.timestamp()}),
    ]
    try:
        await app.database.check()  # fails sooner than a program that reads metrics gives up
        async with app.lend_connection() as connection:
            found = await health.read_health(
                connection, final_after_days=app.settings.final_after_days, now=context.now
            )
    except (psycopg.OperationalError, PoolTimeout) as error:
        app.database.outage.report(error)
        readings.append(Readings(model.DATABASE_UP, {(): 0}))
    else:
        readings += _list_readings(found, app, context.now)
    text, media = await asyncio.to_thread(
        write_metrics, readings, accept=context.request.headers.get("accept", "")
    )
    return Response(text, headers={"Content-Type": media})


def _list_readings(found: Health, app: AppContext, now: datetime) -> list[Readings]:
    database, progress = found.database, found.progress
    due_since = progress.find_due_since(final_after_days=app.settings.final_after_days)
    single = {
        model.DATABASE_UP: 1,
        model.DATABASE_BYTES: database.byte_count,
        model.DATABASE_CONNECTIONS: database.connections,
        model.DATABASE_CONNECTIONS_MAX: database.connections_max,
        model.LEDGER_NUMBER: progress.ledger_number,
        model.DAYS_DUE: progress.days_due,
        model.OLDEST_DUE: _count_seconds(due_since, now),
    }
    if database.archive_bytes is not None:
        single[model.ARCHIVE_BYTES] = database.archive_bytes
    queues, chores = found.queues, found.chores
    return [
        *(Readings(metric, {(): value}) for metric, value in single.items()),
        Readings(model.QUEUE_LENGTH, {(one.name,): one.waiting for one in queues}),
        Readings(model.QUEUE_SECONDS, {(one.name,): _count_seconds(one.oldest_at, now) for one in queues}),
        *_list_stream_readings(found.partitions),
        Readings(model.CHORE_RAN, {(one.name,): one.ran_at.timestamp() for one in chores}),
        Readings(
            model.CHORE_FAILED,
            {(one.name,): one.failed_at.timestamp() for one in chores if one.failed_at is not None},
        ),
    ]


def _list_stream_readings(partitions: Sequence[PartitionState]) -> list[Readings]:
    events: Counter[tuple[str, ...]] = Counter()
    for one in partitions:
        events[one.stream, "accepted"] += one.accepted
        events[one.stream, "duplicate"] += one.duplicate
        events[one.stream, "rejected"] += one.rejected
    waiting: dict[tuple[str, ...], float] = {
        (one.stream, one.partition): one.messages_waiting for one in partitions
    }
    seen: dict[tuple[str, ...], float] = {
        (one.stream, one.partition): one.seen_at.timestamp() for one in partitions
    }
    return [
        Readings(model.STREAM_WAITING, waiting),
        Readings(model.STREAM_SEEN, seen),
        Readings(model.STREAM_EVENTS, events),
    ]


def _count_seconds(since: datetime | None, now: datetime) -> float:
    """How long ago it was; 0 for what is not known or still to come."""
    return 0.0 if since is None else max((now - since).total_seconds(), 0.0)
