"""Owns the statements of the sandbox: its clock, and what became of made-up events."""

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.sandbox.traffic")


async def read_offset(connection: Connection) -> int:
    row = await (await connection.execute(SQL["read_offset"])).fetchone()
    return 0 if row is None else int(row[0])


async def set_offset(connection: Connection, *, offset_ms: int) -> None:
    await connection.execute(SQL["set_offset"], locals())


async def list_outcomes(
    connection: Connection, *, origins: list[bytes]
) -> list[tuple[bytes, int, int, int | None]]:
    """Origin, kind, verdict and settlement rule of those of the events that are kept."""
    rows = await (await connection.execute(SQL["list_outcomes"], locals())).fetchall()
    return [(bytes(row[0]), row[1], row[2], row[3]) for row in rows]


async def list_markets(connection: Connection, *, job_ids: list[int]) -> dict[int, int]:
    """The market of each job that has a meter."""
    return dict(await (await connection.execute(SQL["list_markets"], locals())).fetchall())
