"""The statements of replicas."""

from jobmeter.database.connection import Connection
from jobmeter.database.rows import read_row
from jobmeter.database.statements import load_statements
from jobmeter.replicas.model import Replayed, Written

SQL = load_statements("jobmeter.replicas")


async def read_written(connection: Connection) -> Written:
    return await read_row(connection, Written, SQL["read_written"])


async def read_replayed(connection: Connection) -> Replayed:
    return await read_row(connection, Replayed, SQL["read_replayed"])
