"""Owns the statements of the laws of files, one function each. Does not own their order or titles."""

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.integrity.findings.flow import read_finding
from jobmeter.integrity.findings.model import Finding

SQL = load_statements("jobmeter.integrity.files")


async def check_document_files(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_document_files"])


async def check_kept_files(connection: Connection) -> Finding:
    return await read_finding(connection, SQL["check_kept_files"])
