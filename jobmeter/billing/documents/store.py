"""Owns the statements that read documents and queue their mails, one function each."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from jobmeter.billing.documents.model import DocumentFilter, LineCharge, LineKey, LineSum
from jobmeter.billing.model import Buyer, Document, DocumentKind, DocumentLine, MailKind, Seller, TaxTotal
from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_row, find_scalar, list_rows
from jobmeter.database.statements import load_statements
from jobmeter.ledger.model import Purpose

SQL = load_statements("jobmeter.billing.documents", enums=(Purpose,))


def make_document(
    *, kind: str, seller: Any, buyer: Any, taxes: Any, digest: bytes, **columns: Any
) -> Document:
    """Makes the value of a row, whose parties and taxes are JSON."""
    return Document(
        kind=DocumentKind(kind),
        seller=msgspec.convert(seller, Seller),
        buyer=msgspec.convert(buyer, Buyer),
        taxes=msgspec.convert(taxes, tuple[TaxTotal, ...]),
        digest=bytes(digest),
        **columns,
    )


async def list_documents(
    connection: Connection, wanted: DocumentFilter, *, after: int, rows_max: int
) -> list[Document]:
    parameters = {
        "partner_id": wanted.partner_id,
        "account_id": wanted.account_id,
        "month": wanted.month,
        "after": after,
        "rows_max": rows_max,
    }
    return await list_rows(connection, make_document, SQL["list_documents"], parameters)


async def list_newest_documents(
    connection: Connection, wanted: DocumentFilter, *, before: int, rows_max: int
) -> list[Document]:
    parameters = {
        "partner_id": wanted.partner_id,
        "account_id": wanted.account_id,
        "month": wanted.month,
        "before": before,
        "rows_max": rows_max,
    }
    return await list_rows(connection, make_document, SQL["list_newest_documents"], parameters)


async def find_number(connection: Connection, *, series: str, sequence: int) -> int | None:
    parameters = {"series": series, "sequence": sequence}
    return await find_scalar(connection, int, SQL["find_number"], parameters)


async def list_credit_notes(connection: Connection, *, document_id: int) -> list[Document]:
    return await list_rows(connection, make_document, SQL["list_credit_notes"], {"document_id": document_id})


async def find_documents(
    connection: Connection, *, document_ids: list[int], partner_id: int | None
) -> list[Document]:
    parameters = {"document_ids": document_ids, "partner_id": partner_id}
    return await list_rows(connection, make_document, SQL["find_documents"], parameters)


async def insert_mails(
    connection: Connection,
    *,
    document_id: int,
    kind: MailKind,
    level: int,
    emails: list[str],
    due_at: datetime,
) -> None:
    parameters = {
        "document_id": document_id,
        "kind": kind,
        "level": level,
        "emails": emails,
        "due_at": due_at,
    }
    await connection.execute(SQL["insert_mails"], parameters)


async def list_lines(
    connection: Connection, *, document_id: int, after: int, rows_max: int
) -> list[DocumentLine]:
    parameters = {"document_id": document_id, "after": after, "rows_max": rows_max}
    return await list_rows(connection, DocumentLine, SQL["list_lines"], parameters)


async def sum_lines(connection: Connection, *, document_id: int) -> list[LineSum]:
    return await list_rows(connection, LineSum, SQL["sum_lines"], {"document_id": document_id})


async def find_line(connection: Connection, *, document_id: int, line: int) -> LineKey | None:
    return await find_row(connection, LineKey, SQL["find_line"], {"document_id": document_id, "line": line})


async def list_day_charges(
    connection: Connection, *, job_id: int, day: date, after: UUID, rows_max: int
) -> list[LineCharge]:
    parameters = {"job_id": job_id, "day": day, "after": after, "rows_max": rows_max}
    return await list_rows(connection, LineCharge, SQL["list_day_charges"], parameters)


async def find_posting(connection: Connection, *, contract_id: int, reference: UUID) -> LineCharge | None:
    parameters = {"contract_id": contract_id, "reference": reference}
    return await find_row(connection, LineCharge, SQL["find_posting"], parameters)


async def find_first_drop(connection: Connection, *, first_day: date, last_day: date) -> datetime | None:
    parameters = {"first_day": first_day, "last_day": last_day}
    return await find_scalar(connection, datetime, SQL["find_first_drop"], parameters)
