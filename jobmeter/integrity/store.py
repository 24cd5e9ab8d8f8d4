"""Owns the statements that check the laws of the money, one function each. Does not own their order or titles."""

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.integrity.findings.flow import read_finding
from jobmeter.integrity.findings.model import Finding
from jobmeter.ledger.model import AccountKind, Purpose
from jobmeter.metering.model import EventKind, Verdict

SQL = load_statements("jobmeter.integrity", enums=(AccountKind, EventKind, Purpose, Verdict))


async def tune_planner(connection: Connection) -> None:
    await connection.execute(SQL["tune_planner"])


async def limit_wait_for_writers(connection: Connection) -> None:
    await connection.execute(SQL["limit_wait_for_writers"])


async def stop_writers(connection: Connection) -> None:
    """Until the transaction ends, or the savepoint is taken back. Raises ``LockNotAvailable`` if writers do not end in time."""
    await connection.execute(SQL["stop_writers"])


async def check_integer_columns(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_integer_columns"])


async def check_posting_shape(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_posting_shape"])


async def check_posting_guards(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_posting_guards"])


async def check_corrections(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_corrections"])


async def check_stored_balances(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_stored_balances"])


async def check_job_budgets(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_job_budgets"])


async def check_jobs_within_budget(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_jobs_within_budget"])


async def check_contract_funding(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_contract_funding"])


async def check_contract_money(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_contract_money"])


async def check_contract_currencies(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_contract_currencies"])


async def check_job_currencies(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_job_currencies"])


async def check_account_units(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_account_units"])


async def check_daily_charges(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_daily_charges"])


async def check_job_spending(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_job_spending"])


async def check_job_months(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_job_months"])


async def check_daily_prices(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_daily_prices"])


async def check_daily_counts(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_daily_counts"])


async def check_event_keys(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_event_keys"])


async def check_charged_events(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_charged_events"])


async def check_settled_days(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_settled_days"])


async def check_hiring_contracts(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_hiring_contracts"])


async def check_lowered_budgets(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_lowered_budgets"])
