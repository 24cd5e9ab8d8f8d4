"""Owns the statements of the audit log, one function each. Does not own when they run."""

from jobmeter.audit.model import AuditEntry, AuditFilter, AuditRecord
from jobmeter.database.connection import Connection
from jobmeter.database.rows import list_rows, read_scalar
from jobmeter.database.statements import load_statements, vars_of

SQL = load_statements("jobmeter.audit")


async def insert_record(connection: Connection, entry: AuditEntry) -> None:
    await connection.execute(SQL["insert_record"], vars_of(entry))


async def list_records(connection: Connection, wanted: AuditFilter) -> list[AuditRecord]:
    return await list_rows(connection, AuditRecord, SQL["list_records"], vars_of(wanted), prepare=False)


async def insert_seal(connection: Connection, *, round_number: int, until_number: int) -> None:
    parameters = {"round_number": round_number, "until_number": until_number}
    await connection.execute(SQL["insert_seal"], parameters)


async def count_records_of(connection: Connection, *, email: str) -> int:
    return await read_scalar(connection, int, SQL["count_records_of"], {"email": email})
