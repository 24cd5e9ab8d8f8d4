"""Owns the statements of budget alerts, one function each. Does not own when they run."""

from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.promotion.alerts.model import ContractSpend

SQL = load_statements("jobmeter.promotion.alerts")


async def add_alerts(
    connection: Connection,
    *,
    scope: str,
    owner_id: int,
    limit_micros: int,
    percents: list[int],
    now: datetime,
) -> list[int]:
    parameters = {
        "scope": scope,
        "owner_id": owner_id,
        "limit_micros": limit_micros,
        "percents": percents,
        "now": now,
    }
    rows = await (await connection.execute(SQL["add_alerts"], parameters)).fetchall()
    return sorted(row[0] for row in rows)


async def lock_spend_cursor(connection: Connection) -> int:
    row = await (await connection.execute(SQL["lock_spend_cursor"])).fetchone()
    assert row is not None
    return int(row[0])


async def move_spend_cursor(connection: Connection, *, counted_until: int) -> None:
    await connection.execute(SQL["move_spend_cursor"], {"counted_until": counted_until})


async def add_spends(connection: Connection, *, after: int, until: int) -> None:
    await connection.execute(SQL["add_spends"], {"after": after, "until": until})


async def list_spends(connection: Connection) -> list[ContractSpend]:
    rows = await (await connection.execute(SQL["list_spends"])).fetchall()
    return [ContractSpend(*row) for row in rows]


async def set_seen(connection: Connection, *, contract_id: int, limit_micros: int) -> None:
    await connection.execute(SQL["set_seen"], {"contract_id": contract_id, "limit_micros": limit_micros})
