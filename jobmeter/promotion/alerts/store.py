"""Owns the statements of budget alerts, one function each. Does not own when they run."""

from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.database.rows import list_rows, list_scalars, read_scalar
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.ledger.model import AccountKind
from jobmeter.promotion.alerts.model import ContractSpend, ReachedShares

SQL = load_statements("jobmeter.promotion.alerts", enums=(AccountKind,))


async def add_alerts(connection: Connection, reached: ReachedShares, *, now: datetime) -> list[int]:
    """Returns the percentages that are new, in order."""
    return sorted(await list_scalars(connection, int, SQL["add_alerts"], vars_of(reached) | {"now": now}))


async def lock_spend_cursor(connection: Connection) -> int:
    return await read_scalar(connection, int, SQL["lock_spend_cursor"])


async def move_spend_cursor(connection: Connection, *, counted_until: int) -> None:
    await connection.execute(SQL["move_spend_cursor"], {"counted_until": counted_until})


async def add_spends(connection: Connection, *, after: int, until: int) -> None:
    await connection.execute(SQL["add_spends"], {"after": after, "until": until})


async def list_spends(connection: Connection) -> list[ContractSpend]:
    return await list_rows(connection, ContractSpend, SQL["list_spends"])


async def set_seen(connection: Connection, *, contract_id: int, limit_micros: int) -> None:
    await connection.execute(SQL["set_seen"], {"contract_id": contract_id, "limit_micros": limit_micros})
