"""Owns the statements of the laws of documents, one function each. Does not own their order or titles."""

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.integrity.findings.flow import read_finding
from jobmeter.integrity.findings.model import Finding
from jobmeter.ledger.model import AccountKind, Purpose

SQL = load_statements("jobmeter.integrity.documents", enums=(AccountKind, Purpose))


async def check_billed_clicks(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_billed_clicks"])


async def check_billed_postings(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_billed_postings"])


async def check_line_postings(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_line_postings"])


async def check_corrected_lines(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_corrected_lines"])


async def check_document_numbers(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_document_numbers"])


async def check_document_sums(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_document_sums"])


async def check_cuts(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_cuts"])


async def check_document_postings(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_document_postings"])


async def check_document_digests(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_document_digests"])


async def check_billed_before_dropped(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_billed_before_dropped"])


async def check_document_taxes(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_document_taxes"])


async def check_document_files(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_document_files"])


async def check_kept_files(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_kept_files"])
