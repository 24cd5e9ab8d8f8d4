"""Owns the statements of settlement's progress, one function each. Does not own when they run."""

from datetime import date, datetime

from jobmeter.charging.corrections.model import RestatementCause
from jobmeter.database.connection import Connection
from jobmeter.database.rows import change_rows, find_scalar, list_rows, read_scalar
from jobmeter.database.statements import load_statements
from jobmeter.settlement.model import ChangedJob, DayCharge, RuleEffect, SettlementDay

SQL = load_statements("jobmeter.settlement.days", enums=(RestatementCause,))


async def lock_settlement(connection: Connection) -> bool:
    return await read_scalar(connection, bool, SQL["lock_settlement"])


async def first_open_day(connection: Connection) -> date | None:
    return await find_scalar(connection, date, SQL["first_open_day"])


async def insert_run(
    connection: Connection,
    *,
    day: date,
    judged_at: datetime,
    clicks: int,
    clicks_reversed: int,
    reversed_by_rule: str,
) -> None:
    parameters = {
        "day": day,
        "judged_at": judged_at,
        "clicks": clicks,
        "clicks_reversed": clicks_reversed,
        "reversed_by_rule": reversed_by_rule,
    }
    await connection.execute(SQL["insert_run"], parameters)


async def touch_run(connection: Connection, *, day: date, touched_at: datetime) -> datetime:
    """Returns the time of the last step: ``touched_at``, or a later one."""
    return await read_scalar(connection, datetime, SQL["touch_run"], {"day": day, "touched_at": touched_at})


async def insert_settled_day(connection: Connection, *, day: date, settled_at: datetime) -> None:
    await connection.execute(SQL["insert_settled_day"], {"day": day, "settled_at": settled_at})


async def schedule_jobs(connection: Connection, *, day: date) -> None:
    await connection.execute(SQL["schedule_jobs"], {"day": day})


async def find_next_shard(connection: Connection, *, day: date) -> int | None:
    return await find_scalar(connection, int, SQL["find_next_shard"], {"day": day})


async def claim_jobs(connection: Connection, *, shard: int | None, day: date, jobs_max: int) -> int:
    """Returns how many rows were requested to be reversed; 0 once every job of the day is done, of a shard or of all."""
    text, of_shard = SQL.name_shard("claim_jobs", shard)
    return await change_rows(connection, text, {"day": day, "jobs_max": jobs_max, **of_shard})


async def read_settled_through(connection: Connection) -> date | None:
    return await find_scalar(connection, date, SQL["read_settled_through"])


async def has_open_day(connection: Connection, *, until: date) -> bool:
    return await read_scalar(connection, bool, SQL["has_open_day"], {"until": until})


async def list_days(
    connection: Connection, *, after: date, until: date, rows_max: int
) -> list[SettlementDay]:
    parameters = {"after": after, "until": until, "rows_max": rows_max}
    return await list_rows(connection, SettlementDay, SQL["list_days"], parameters)


async def list_days_before(connection: Connection, *, before: date, rows_max: int) -> list[SettlementDay]:
    parameters = {"before": before, "rows_max": rows_max}
    return await list_rows(connection, SettlementDay, SQL["list_days_before"], parameters)


async def list_day_charges(connection: Connection, *, days: list[date]) -> list[DayCharge]:
    return await list_rows(connection, DayCharge, SQL["list_day_charges"], {"days": days})


async def list_single_day(connection: Connection, *, day: date) -> list[SettlementDay]:
    return await list_rows(connection, SettlementDay, SQL["list_single_day"], {"day": day})


async def list_effects(connection: Connection, *, day: date) -> list[RuleEffect]:
    return await list_rows(connection, RuleEffect, SQL["list_effects"], {"day": day})


async def list_reversed_jobs(connection: Connection, *, day: date, rows_max: int) -> list[ChangedJob]:
    parameters = {"day": day, "rows_max": rows_max}
    return await list_rows(connection, ChangedJob, SQL["list_reversed_jobs"], parameters)


async def list_late_jobs(connection: Connection, *, day: date, rows_max: int) -> list[ChangedJob]:
    parameters = {"day": day, "rows_max": rows_max}
    return await list_rows(connection, ChangedJob, SQL["list_late_jobs"], parameters)
