"""Owns the statements of the sandbox clock."""

from jobmeter.store.migrate import Connection
from jobmeter.store.sql import load_statements

SQL = load_statements("jobmeter.sandbox")


async def read_offset(connection: Connection) -> int:
    row = await (await connection.execute(SQL["read_offset"])).fetchone()
    return 0 if row is None else int(row[0])


async def set_offset(connection: Connection, *, offset_ms: int) -> None:
    await connection.execute(SQL["set_offset"], locals())
