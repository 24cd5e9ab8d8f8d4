"""Owns the statements of filters and of what they refused, one function each. Does not own when they run."""

from datetime import datetime

from jobmeter.database.arrays import BigintArray, DateArray, IntegerArray, SmallintArray
from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.metering.filters.model import ExcludedVisitor, FilterPolicy, RefusedEvent

SQL = load_statements("jobmeter.metering.filters")


async def list_policies(connection: Connection) -> dict[int, FilterPolicy]:
    rows = await (await connection.execute(SQL["list_policies"])).fetchall()
    return {row[0]: FilterPolicy(*row[1:]) for row in rows}


async def set_policy(
    connection: Connection,
    *,
    contract_id: int,
    refuses_crawlers: bool,
    refuses_other_markets: bool,
    refuses_excluded: bool,
    late_window_hours: int,
    future_tolerance_seconds: int,
) -> None:
    await connection.execute(SQL["set_policy"], locals())


async def raise_revision(connection: Connection) -> None:
    await connection.execute(SQL["raise_revision"])


async def list_subjects(connection: Connection) -> list[tuple[bool, int]]:
    rows = await (await connection.execute(SQL["list_subjects"])).fetchall()
    return [(row[0], row[1]) for row in rows]


async def add_excluded(
    connection: Connection,
    *,
    application_id: int,
    is_address: bool,
    subject: int,
    note: str,
    created_at: datetime,
) -> ExcludedVisitor:
    row = await (await connection.execute(SQL["add_excluded"], locals())).fetchone()
    assert row is not None
    return ExcludedVisitor(*row)


async def list_excluded(connection: Connection, *, application_id: int) -> list[ExcludedVisitor]:
    rows = await (await connection.execute(SQL["list_excluded"], locals())).fetchall()
    return [ExcludedVisitor(*row) for row in rows]


async def remove_excluded(connection: Connection, *, application_id: int, excluded_id: int) -> bool:
    return (await connection.execute(SQL["remove_excluded"], locals())).rowcount > 0


async def find_excluded_places(
    connection: Connection,
    *,
    places: IntegerArray,
    job_ids: BigintArray,
    visitors: BigintArray,
    addresses: BigintArray,
) -> list[int]:
    rows = await (await connection.execute(SQL["find_excluded_places"], locals())).fetchall()
    return [row[0] for row in rows]


async def add_refusals(
    connection: Connection,
    *,
    shards: SmallintArray,
    job_ids: BigintArray,
    days: DateArray,
    verdicts: SmallintArray,
    clicks: IntegerArray,
) -> None:
    await connection.execute(SQL["add_refusals"], locals())


async def add_refused_events(
    connection: Connection,
    *,
    places: list[int],
    sources: list[str],
    event_ids: list[str],
    types: list[str],
    times_ms: list[int],
    job_ids: list[int],
    verdicts: list[int],
    messages: list[str],
    received_at: datetime,
) -> None:
    await connection.execute(SQL["add_refused_events"], locals())


async def list_refused_events(connection: Connection, *, owner_id: int, rows_max: int) -> list[RefusedEvent]:
    rows = await (await connection.execute(SQL["list_refused_events"], locals())).fetchall()
    return [RefusedEvent(*row) for row in rows]


async def trim_refused_events(connection: Connection, *, rows_max: int) -> None:
    await connection.execute(SQL["trim_refused_events"], locals())
