"""Owns the statements of the laws of payments, one function each. Does not own their order or titles."""

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.integrity.findings.flow import read_finding
from jobmeter.integrity.findings.model import Finding
from jobmeter.ledger.model import AccountKind, Purpose

SQL = load_statements("jobmeter.integrity.payments", enums=(AccountKind, Purpose))


async def check_payments(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_payments"])


async def check_paid_top_ups(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_paid_top_ups"])


async def check_allocations(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_allocations"])


async def check_unpaid_invoices(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_unpaid_invoices"])


async def check_owed(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_owed"])
