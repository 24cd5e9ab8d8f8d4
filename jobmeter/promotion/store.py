"""Owns the statements of promotion, one function each. Does not own when they run."""

from collections.abc import AsyncIterator
from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.database.rows import change_rows, list_rows, list_scalars, read_row, read_scalar, row_of
from jobmeter.database.statements import arrays_of, load_statements
from jobmeter.promotion.model import FeedEntry, FeedNumbers, ObservedState, PromotionChange, PromotionState

SQL = load_statements("jobmeter.promotion")


async def lock_numbers(connection: Connection) -> int:
    return await read_scalar(connection, int, SQL["lock_numbers"])


async def set_last_number(connection: Connection, *, last: int) -> None:
    await connection.execute(SQL["set_last_number"], {"last": last})


async def read_numbers(connection: Connection) -> FeedNumbers:
    return await read_row(connection, FeedNumbers, SQL["read_numbers"])


async def list_promotion_states(connection: Connection, *, job_ids: list[int]) -> list[PromotionState]:
    return await list_rows(connection, PromotionState, SQL["list_promotion_states"], {"job_ids": job_ids})


async def save_promotion_states(
    connection: Connection, states: list[ObservedState], *, now: datetime
) -> None:
    await connection.execute(SQL["save_promotion_states"], arrays_of(ObservedState, states) | {"now": now})


async def insert_changes(connection: Connection, entries: list[FeedEntry], *, now: datetime) -> int:
    return await change_rows(connection, SQL["insert_changes"], arrays_of(FeedEntry, entries) | {"now": now})


async def list_waiting_for_time(
    connection: Connection, *, now_ms: int, today: datetime, rows_max: int
) -> list[int]:
    return await list_scalars(
        connection,
        int,
        SQL["list_waiting_for_time"],
        {"now_ms": now_ms, "today": today, "rows_max": rows_max},
    )


async def list_changes(connection: Connection, *, after: int, rows_max: int) -> list[PromotionChange]:
    return await list_rows(
        connection, PromotionChange, SQL["list_changes"], {"after": after, "rows_max": rows_max}
    )


async def stream_promoted(connection: Connection, *, rows_max: int) -> AsyncIterator[list[PromotionChange]]:
    """Yields batches of at most ``rows_max``; needs a transaction, since the database cursor ends with it."""
    async with connection.cursor(name="promoted_jobs", row_factory=row_of(PromotionChange)) as cursor:
        await cursor.execute(SQL["stream_promoted"])
        while portion := await cursor.fetchmany(rows_max):
            yield portion


async def drop_changes(connection: Connection, *, before: datetime) -> None:
    await connection.execute(SQL["drop_changes"], {"before": before})
