"""Owns the statement that contracts of all kinds share: their numbers."""

from jobmeter.database.connection import Connection
from jobmeter.database.rows import read_scalar
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.contracts")


async def next_contract_id(connection: Connection) -> int:
    return await read_scalar(connection, int, SQL["next_contract_id"])
