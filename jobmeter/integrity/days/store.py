"""Owns the statements of the laws of days, one function each. Does not own their order or titles."""

from jobmeter.charging.corrections.model import RestatementCause
from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.integrity.findings.flow import read_finding
from jobmeter.integrity.findings.model import Finding
from jobmeter.ledger.model import Purpose
from jobmeter.metering.model import EventKind, Verdict

SQL = load_statements("jobmeter.integrity.days", enums=(EventKind, Purpose, RestatementCause, Verdict))


async def check_partitions(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_partitions"])


async def check_settlement(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_settlement"])


async def check_live_days(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_live_days"])


async def check_settled_clicks(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_settled_clicks"])


async def check_reversals(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_reversals"])


async def check_reversed_charges(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_reversed_charges"])


async def check_reversal_marks(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_reversal_marks"])


async def check_restatements(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_restatements"])


async def check_settled_restatements(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_settled_restatements"])


async def check_marked_rules(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_marked_rules"])


async def check_settled_rules(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_settled_rules"])


async def check_restatement_seals(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_restatement_seals"])


async def check_refusals(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_refusals"])


async def check_refused_events(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_refused_events"])


async def check_events(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_events"])


async def check_progress(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_progress"])


async def check_contract_days(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_contract_days"])
