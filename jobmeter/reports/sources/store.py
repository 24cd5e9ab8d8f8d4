"""Owns the statements that check whether a report's data can be read. Does not own when they run."""

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.reports.sources")


async def probe_postings(connection: Connection, *, shard: int) -> None:
    await connection.execute(SQL["probe_postings"], {"shard": shard})


async def probe_versions(connection: Connection, *, shard: int) -> None:
    await connection.execute(SQL["probe_versions"], {"shard": shard})


async def probe_limits(connection: Connection, *, shard: int) -> None:
    await connection.execute(SQL["probe_limits"], {"shard": shard})


async def probe_spends(connection: Connection, *, shard: int) -> None:
    await connection.execute(SQL["probe_spends"], {"shard": shard})


async def probe_ever_charged(connection: Connection, *, shard: int) -> None:
    await connection.execute(SQL["probe_ever_charged"], {"shard": shard})


async def probe_past_days(connection: Connection) -> None:
    await connection.execute(SQL["probe_past_days"])


async def probe_folded_days(connection: Connection) -> None:
    await connection.execute(SQL["probe_folded_days"])


async def probe_charges(connection: Connection, *, shard: int) -> None:
    await connection.execute(SQL["probe_charges"], {"shard": shard})


async def probe_charges_of_days(connection: Connection, *, shard: int) -> None:
    await connection.execute(SQL["probe_charges_of_days"], {"shard": shard})


async def probe_live_charges(connection: Connection, *, shard: int) -> None:
    await connection.execute(SQL["probe_live_charges"], {"shard": shard})


async def probe_restatements(connection: Connection, *, shard: int) -> None:
    await connection.execute(SQL["probe_restatements"], {"shard": shard})


async def probe_metrics(connection: Connection, *, shard: int) -> None:
    await connection.execute(SQL["probe_metrics"], {"shard": shard})


async def probe_metrics_of_days(connection: Connection, *, shard: int) -> None:
    await connection.execute(SQL["probe_metrics_of_days"], {"shard": shard})


async def probe_live_metrics(connection: Connection, *, shard: int) -> None:
    await connection.execute(SQL["probe_live_metrics"], {"shard": shard})


async def probe_months(connection: Connection, *, shard: int) -> None:
    await connection.execute(SQL["probe_months"], {"shard": shard})


async def probe_rollup(connection: Connection) -> None:
    await connection.execute(SQL["probe_rollup"])


async def probe_terms(connection: Connection) -> None:
    await connection.execute(SQL["probe_terms"])


async def probe_limits_of_contracts(connection: Connection) -> None:
    await connection.execute(SQL["probe_limits_of_contracts"])


async def probe_contract_days(connection: Connection) -> None:
    await connection.execute(SQL["probe_contract_days"])


async def probe_contract_charges(connection: Connection) -> None:
    await connection.execute(SQL["probe_contract_charges"])
