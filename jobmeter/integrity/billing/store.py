"""Owns the statements of the laws of billing, one function each. Does not own their order or titles."""

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.integrity.findings.flow import read_finding
from jobmeter.integrity.findings.model import Finding

SQL = load_statements("jobmeter.integrity.billing")


async def check_accounts(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_accounts"])


async def check_agreements(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_agreements"])


async def check_logos(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_logos"])
