"""Owns the statements of the laws of used credits, one function each. Does not own their order or titles."""

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.integrity.findings.flow import read_finding
from jobmeter.integrity.findings.model import Finding
from jobmeter.ledger.model import Purpose

SQL = load_statements("jobmeter.integrity.hiring", enums=(Purpose,))


async def check_credit_uses(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_credit_uses"])


async def check_credit_prices(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_credit_prices"])


async def check_credit_texts(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_credit_texts"])
