"""Owns the statements of the laws of what others follow, one function each. Does not own their order or titles."""

from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_row, read_scalar
from jobmeter.database.statements import load_statements
from jobmeter.integrity.findings.flow import read_finding
from jobmeter.integrity.findings.model import Finding
from jobmeter.integrity.streams.model import ChainHead
from jobmeter.ledger.model import AccountKind

SQL = load_statements("jobmeter.integrity.streams", enums=(AccountKind,))


async def check_horizon(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_horizon"])


async def check_rounds(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_rounds"])


async def check_contract_spends(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_contract_spends"])


async def check_promotion_feed(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_promotion_feed"])


async def check_promotion_states(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_promotion_states"])


async def check_promotion_reasons(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_promotion_reasons"])


async def check_listed_jobs(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_listed_jobs"])


async def check_alerts(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_alerts"])


async def check_notices(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_notices"])


async def check_audit_seals(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_audit_seals"])


async def read_head(connection: Connection, *, round_number: int | None) -> ChainHead | None:
    parameters = {"round_number": round_number}
    return await find_row(connection, ChainHead, SQL["read_head"], parameters)


async def has_records(connection: Connection) -> bool:
    return await read_scalar(connection, bool, SQL["has_records"])
