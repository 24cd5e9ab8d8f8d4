"""Owns reading the result of a law's statement."""

from typing import Any, LiteralString

from jobmeter.database.connection import Connection
from jobmeter.database.rows import read_row
from jobmeter.integrity.findings.model import Finding


async def read_finding(
    connection: Connection, statement: LiteralString, parameters: dict[str, Any] | None = None
) -> Finding:
    return await read_row(connection, Finding, statement, parameters)
