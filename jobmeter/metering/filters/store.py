"""Owns the statements of filters and of what they refused, one function each. Does not own when they run."""

from datetime import date, datetime
from typing import Any

from jobmeter.database.columns import shards_of
from jobmeter.database.connection import Connection, find_named_shard
from jobmeter.database.rows import list_rows, list_scalars, read_row, read_scalar
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.metering.filters.model import (
    DayLists,
    ExcludedVisitor,
    FilterPolicy,
    KeptClicks,
    NewExclusion,
    OwnedExclusion,
    RecentClicks,
    RefusalCount,
    RefusedCounts,
    RefusedEvent,
    RefusedEvents,
    Subject,
    Suspects,
)

SQL = load_statements("jobmeter.metering.filters")


async def list_policies(connection: Connection) -> dict[int, FilterPolicy]:
    """By contract."""
    return dict(await list_rows(connection, _make_policy, SQL["list_policies"]))


def _make_policy(*, contract_id: int, **policy: Any) -> tuple[int, FilterPolicy]:
    return contract_id, FilterPolicy(**policy)


async def set_policy(connection: Connection, policy: FilterPolicy, *, contract_id: int) -> None:
    await connection.execute(SQL["set_policy"], {**vars_of(policy), "contract_id": contract_id})


async def raise_revision(connection: Connection) -> None:
    await connection.execute(SQL["raise_revision"])


async def list_subjects(connection: Connection, *, after_id: int) -> list[Subject]:
    return await list_rows(connection, Subject, SQL["list_subjects"], {"after_id": after_id})


async def count_excluded(connection: Connection, *, application_id: int) -> int:
    return await read_scalar(connection, int, SQL["count_excluded"], {"application_id": application_id})


async def add_excluded(connection: Connection, exclusion: NewExclusion) -> ExcludedVisitor:
    return await read_row(connection, ExcludedVisitor, SQL["add_excluded"], vars_of(exclusion))


async def list_excluded(
    connection: Connection, *, application_id: int, after_id: int, rows_max: int
) -> list[ExcludedVisitor]:
    values = {"application_id": application_id, "after_id": after_id, "rows_max": rows_max}
    return await list_rows(connection, ExcludedVisitor, SQL["list_excluded"], values)


async def list_all_excluded(connection: Connection, *, after_id: int, rows_max: int) -> list[OwnedExclusion]:
    values = {"after_id": after_id, "rows_max": rows_max}
    return await list_rows(connection, OwnedExclusion, SQL["list_all_excluded"], values)


async def remove_excluded(connection: Connection, *, application_id: int, excluded_id: int) -> bool:
    values = {"application_id": application_id, "excluded_id": excluded_id}
    return (await connection.execute(SQL["remove_excluded"], values)).rowcount > 0


async def find_excluded_rows(connection: Connection, suspects: Suspects) -> list[int]:
    """The rows of the batch that an exclusion holds for."""
    text, shard = SQL.name_shard(
        "find_excluded_rows", find_named_shard(connection, shards_of(suspects.job_ids))
    )
    return await list_scalars(connection, int, text, {**suspects.parameters(), **shard})


async def count_refusals(connection: Connection, *, first: date, last: date) -> list[RefusalCount]:
    return await list_rows(connection, RefusalCount, SQL["count_refusals"], {"first": first, "last": last})


async def add_refusals(connection: Connection, counts: RefusedCounts) -> None:
    text, shard = SQL.name_shard("add_refusals", find_named_shard(connection, counts.shards))
    await connection.execute(text, {**counts.parameters(), **shard})


async def add_refused_events(connection: Connection, events: RefusedEvents, *, received_at: datetime) -> None:
    values = {**events.parameters(), "received_at": received_at}
    await connection.execute(SQL["add_refused_events"], values)


async def list_refused_events(connection: Connection, *, owner_id: int, rows_max: int) -> list[RefusedEvent]:
    values = {"owner_id": owner_id, "rows_max": rows_max}
    return await list_rows(connection, RefusedEvent, SQL["list_refused_events"], values)


async def trim_refused_events(connection: Connection, *, rows_max: int) -> None:
    await connection.execute(SQL["trim_refused_events"], {"rows_max": rows_max})


async def list_recent_clicks(connection: Connection, groups: RecentClicks) -> list[KeptClicks]:
    return await list_rows(connection, KeptClicks, SQL["list_recent_clicks"], groups.parameters())


async def add_recent_clicks(connection: Connection, counted: RecentClicks) -> None:
    await connection.execute(SQL["add_recent_clicks"], counted.parameters())


async def trim_recent_clicks(connection: Connection, *, before_ms: int) -> None:
    await connection.execute(SQL["trim_recent_clicks"], {"before_ms": before_ms})


async def add_day_lists(connection: Connection, *, days: list[date], lists: str, now: datetime) -> list[date]:
    """Returns the days that were added."""
    values = {"days": days, "lists": lists, "now": now}
    return await list_scalars(connection, date, SQL["add_day_lists"], values)


async def list_day_lists(connection: Connection, *, rows_max: int) -> list[DayLists]:
    return await list_rows(connection, DayLists, SQL["list_day_lists"], {"rows_max": rows_max})
