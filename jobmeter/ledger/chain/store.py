"""Owns the statements of the chain over postings, one function each. Does not own when they run."""

from dataclasses import dataclass
from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.ledger.chain")


@dataclass(frozen=True, slots=True)
class Horizon:
    """Every posting up to ``known_until`` is committed or never will be.

    ``next_until`` will be known once every transaction below ``next_transaction`` is over; ``oldest`` is the
    lowest that is not.
    """

    known_until: int
    next_until: int
    next_transaction: int
    oldest: int


@dataclass(frozen=True, slots=True)
class Round:
    number: int
    until_number: int
    sealed_at: datetime


async def lock_chain(connection: Connection) -> bool:
    row = await (await connection.execute(SQL["lock_chain"])).fetchone()
    return row is not None and bool(row[0])


async def read_horizon(connection: Connection) -> Horizon | None:
    row = await (await connection.execute(SQL["read_horizon"])).fetchone()
    return None if row is None else Horizon(*row)


async def read_last_number(connection: Connection) -> int:
    row = await (await connection.execute(SQL["read_last_number"])).fetchone()
    assert row is not None
    return int(row[0])


async def read_own_transaction(connection: Connection) -> int:
    row = await (await connection.execute(SQL["read_own_transaction"])).fetchone()
    assert row is not None
    return int(row[0])


async def save_horizon(
    connection: Connection, *, known_until: int, next_until: int, next_transaction: int
) -> None:
    await connection.execute(SQL["save_horizon"], locals())


async def read_last_round(connection: Connection) -> Round | None:
    row = await (await connection.execute(SQL["read_last_round"])).fetchone()
    return None if row is None else Round(*row)


async def insert_seal_round(
    connection: Connection, *, round_number: int, until_number: int, sealed_at: datetime
) -> None:
    await connection.execute(SQL["insert_seal_round"], locals())


async def insert_seals(
    connection: Connection, *, round_number: int, after_number: int, until_number: int
) -> int:
    """How many shards got a seal."""
    return (await connection.execute(SQL["insert_seals"], locals())).rowcount


async def check_chain(connection: Connection) -> tuple[int, int, str | None]:
    row = await (await connection.execute(SQL["check_chain"])).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), row[2]
