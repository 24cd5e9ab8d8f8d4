"""Owns the statements that fold old days of the roll-up, one function each. Does not own when they run."""

from datetime import date

from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_scalar, list_scalars, read_scalar
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.charging.retention")


async def advance_compaction(connection: Connection, *, before: date) -> None:
    await connection.execute(SQL["advance_compaction"], {"before": before})


async def lock_folds(connection: Connection) -> date | None:
    """Returns the day before which days may be folded; ``None`` if none ever was."""
    return await find_scalar(connection, date, SQL["lock_folds"])


async def has_folded_days(connection: Connection, *, contract_id: int) -> bool:
    return await read_scalar(connection, bool, SQL["has_folded_days"], {"contract_id": contract_id})


async def list_contracts_to_compact(connection: Connection, *, before: date) -> list[int]:
    return await list_scalars(connection, int, SQL["list_contracts_to_compact"], {"before": before})


async def compact_job_days(connection: Connection, *, contract_id: int, before: date, rows_max: int) -> int:
    """How many rows were folded."""
    values = {"contract_id": contract_id, "before": before, "rows_max": rows_max}
    return await read_scalar(connection, int, SQL["compact_job_days"], values)
