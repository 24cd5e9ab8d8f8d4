"""Owns the statements that fold old days of the roll-up, one function each. Does not own when they run."""

from datetime import date

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.charging.retention")


async def advance_compaction(connection: Connection, *, before: date) -> None:
    await connection.execute(SQL["advance_compaction"], locals())


async def list_contracts_to_compact(connection: Connection, *, before: date) -> list[int]:
    rows = await (await connection.execute(SQL["list_contracts_to_compact"], locals())).fetchall()
    return [row[0] for row in rows]


async def compact_job_days(connection: Connection, *, contract_id: int, before: date, rows_max: int) -> int:
    """How many rows were folded."""
    row = await (await connection.execute(SQL["compact_job_days"], locals())).fetchone()
    assert row is not None
    return int(row[0])
