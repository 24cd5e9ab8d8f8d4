"""Owns the statements of the laws of jobs, one function each. Does not own their order or titles."""

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.integrity.findings.flow import read_finding
from jobmeter.integrity.findings.model import Finding
from jobmeter.ledger.model import AccountKind, Purpose

SQL = load_statements("jobmeter.integrity.jobs", enums=(AccountKind, Purpose))


async def check_job_rows(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_job_rows"])


async def check_applications(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_applications"])


async def check_job_payers(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_job_payers"])


async def check_job_states(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_job_states"])


async def check_job_endings(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_job_endings"])


async def check_job_windows(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_job_windows"])


async def check_job_elements(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_job_elements"])


async def check_job_limits(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_job_limits"])


async def check_job_runs(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_job_runs"])


async def check_job_log(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_job_log"])


async def check_site_log(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_site_log"])


async def check_tasks(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_tasks"])


async def check_versions(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_versions"])


async def check_campaigns(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_campaigns"])


async def check_feed_jobs(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_feed_jobs"])


async def check_job_channels(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_job_channels"])


async def check_version_limits(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_version_limits"])
