"""Owns the ledger's statements, one function each. Does not own when they run."""

from datetime import date, datetime
from uuid import UUID

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.ledger")


async def debit_balance(
    connection: Connection, *, shard: int, kind: int, owner_id: int, unit: str, amount: int
) -> int | None:
    """The balance that is left, or ``None`` when there was too little and nothing was taken."""
    cursor = await connection.execute(SQL["debit_balance"], locals())
    row = await cursor.fetchone()
    return None if row is None else int(row[0])


async def add_to_balance(
    connection: Connection, *, shard: int, kind: int, owner_id: int, unit: str, amount: int
) -> int | None:
    """The new balance, or ``None`` when the account is kept in another unit."""
    cursor = await connection.execute(SQL["add_to_balance"], locals())
    row = await cursor.fetchone()
    return None if row is None else int(row[0])


async def read_balance(connection: Connection, *, shard: int, kind: int, owner_id: int) -> int:
    cursor = await connection.execute(SQL["read_balance"], locals())
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


async def insert_posting(
    connection: Connection,
    *,
    shard: int,
    reference: UUID,
    purpose: int,
    source_kind: int,
    source_id: int,
    destination_kind: int,
    destination_id: int,
    amount: int,
    unit: str,
    day: date,
    booked_at: datetime,
    cause: int,
    corrects: UUID | None,
) -> bool:
    """Whether the posting is new; ``False`` when its reference stands already."""
    cursor = await connection.execute(SQL["insert_posting"], locals())
    return await cursor.fetchone() is not None


async def read_posting(
    connection: Connection, *, shard: int, reference: UUID, purpose: int
) -> tuple[int, int, int, int, int, str] | None:
    """Source kind and owner, destination kind and owner, amount, unit."""
    cursor = await connection.execute(SQL["read_posting"], locals())
    row = await cursor.fetchone()
    return None if row is None else (row[0], row[1], row[2], row[3], row[4], row[5])
