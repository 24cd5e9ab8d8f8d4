"""Owns the statements of delivery, one function each. Does not own when they run."""

from collections.abc import AsyncIterator
from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.promotion.model import PromotionChange, PromotionState

SQL = load_statements("jobmeter.promotion")


async def lock_numbers(connection: Connection) -> int:
    row = await (await connection.execute(SQL["lock_numbers"])).fetchone()
    assert row is not None
    return int(row[0])


async def set_last_number(connection: Connection, *, last: int) -> None:
    await connection.execute(SQL["set_last_number"], locals())


async def read_numbers(connection: Connection) -> tuple[int, int]:
    row = await (await connection.execute(SQL["read_numbers"])).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


async def list_promotion_states(connection: Connection, *, job_ids: list[int]) -> dict[int, PromotionState]:
    rows = await (await connection.execute(SQL["list_promotion_states"], locals())).fetchall()
    return {row[0]: PromotionState(*row) for row in rows}


async def save_promotion_states(
    connection: Connection,
    *,
    job_ids: list[int],
    application_ids: list[int],
    are_promoted: list[bool],
    reasons: list[str],
    listings: list[str],
    limits: list[int],
    spents: list[int],
    untils: list[int],
    now: datetime,
) -> None:
    await connection.execute(SQL["save_promotion_states"], locals())


async def insert_changes(
    connection: Connection,
    *,
    numbers: list[int],
    job_ids: list[int],
    are_promoted: list[bool],
    reasons: list[str],
    now: datetime,
) -> None:
    await connection.execute(SQL["insert_changes"], locals())


async def list_waiting_for_time(
    connection: Connection, *, now_ms: int, today: datetime, rows_max: int
) -> list[int]:
    rows = await (await connection.execute(SQL["list_waiting_for_time"], locals())).fetchall()
    return [row[0] for row in rows]


async def list_changes(connection: Connection, *, after: int, rows_max: int) -> list[PromotionChange]:
    rows = await (await connection.execute(SQL["list_changes"], locals())).fetchall()
    return [PromotionChange(*row) for row in rows]


async def stream_promoted(connection: Connection, *, rows_max: int) -> AsyncIterator[list[PromotionChange]]:
    """Portions of at most ``rows_max``; in a transaction, which the cursor lives in."""
    async with connection.cursor(name="promoted_jobs") as cursor:
        await cursor.execute(SQL["stream_promoted"])
        while rows := await cursor.fetchmany(rows_max):
            yield [PromotionChange(*row) for row in rows]


async def drop_changes(connection: Connection, *, before: datetime) -> None:
    await connection.execute(SQL["drop_changes"], locals())
