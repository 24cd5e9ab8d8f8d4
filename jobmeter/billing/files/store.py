"""Owns the statements of files, one function each."""

from datetime import datetime
from typing import Any

from jobmeter.billing.files.model import DueMail, KeptFile
from jobmeter.billing.formats.model import FileFormat
from jobmeter.billing.model import MailKind
from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_row, find_scalar, list_rows, list_scalars
from jobmeter.database.statements import load_statements, vars_of

SQL = load_statements("jobmeter.billing.files")


def make_file(*, format: str, sha256: bytes, content: bytes | None, **columns: Any) -> KeptFile:  # noqa: A002 -- a column
    return KeptFile(
        format=FileFormat(format),
        sha256=bytes(sha256),
        content=None if content is None else bytes(content),
        **columns,
    )


def make_mail(*, kind: str, **columns: Any) -> DueMail:
    return DueMail(kind=MailKind(kind), **columns)


async def claim_file_tasks(connection: Connection, *, now: datetime, rows_max: int) -> list[int]:
    return await list_scalars(connection, int, SQL["claim_file_tasks"], {"now": now, "rows_max": rows_max})


async def wait_for_file_tasks(connection: Connection, *, now: datetime, rows_max: int) -> list[int]:
    return await list_scalars(connection, int, SQL["wait_for_file_tasks"], {"now": now, "rows_max": rows_max})


async def insert_file(connection: Connection, file: KeptFile) -> None:
    await connection.execute(SQL["insert_file"], vars_of(file) | {"format": file.format.value})


async def delete_file_task(connection: Connection, *, document_id: int) -> None:
    await connection.execute(SQL["delete_file_task"], {"document_id": document_id})


async def postpone_file_task(
    connection: Connection, *, document_id: int, due_at: datetime, last_error: str
) -> None:
    parameters = {"document_id": document_id, "due_at": due_at, "last_error": last_error}
    await connection.execute(SQL["postpone_file_task"], parameters)


async def find_file_attempts(connection: Connection, *, document_id: int) -> int | None:
    return await find_scalar(connection, int, SQL["find_file_attempts"], {"document_id": document_id})


async def find_file(connection: Connection, *, document_id: int, file_format: FileFormat) -> KeptFile | None:
    parameters = {"document_id": document_id, "file_format": file_format.value}
    return await find_row(connection, make_file, SQL["find_file"], parameters)


async def list_sample(connection: Connection, *, rows_max: int) -> list[int]:
    return await list_scalars(connection, int, SQL["list_sample"], {"rows_max": rows_max})


async def claim_mails(connection: Connection, *, now: datetime, rows_max: int) -> list[DueMail]:
    return await list_rows(connection, make_mail, SQL["claim_mails"], {"now": now, "rows_max": rows_max})


async def update_mail(
    connection: Connection,
    mail: DueMail,
    *,
    due_at: datetime | None,
    sent_at: datetime | None,
    last_outcome: str,
) -> None:
    parameters = {
        "document_id": mail.document_id,
        "email": mail.email,
        "kind": mail.kind,
        "level": mail.level,
        "due_at": due_at,
        "sent_at": sent_at,
        "last_outcome": last_outcome,
    }
    await connection.execute(SQL["update_mail"], parameters)
