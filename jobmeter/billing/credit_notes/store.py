"""Owns the statements of credit notes made by hand, one function each. Does not own when they run."""

from datetime import date, datetime
from uuid import UUID

from jobmeter.billing.credit_notes.model import BilledLine, ChargeLeft, CreditableLine, CreditedAmount
from jobmeter.database.connection import Connection
from jobmeter.database.rows import change_rows, find_row, find_scalar, list_rows, read_scalar
from jobmeter.database.statements import load_statements
from jobmeter.ledger.model import AccountKind, Purpose

SQL = load_statements("jobmeter.billing.credit_notes", enums=(AccountKind, Purpose))


async def list_creditable_lines(
    connection: Connection, *, document_id: int, lines: list[int] | None, except_id: int
) -> list[CreditableLine]:
    parameters = {"document_id": document_id, "lines": lines, "except_id": except_id}
    return await list_rows(connection, CreditableLine, SQL["list_creditable_lines"], parameters)


async def find_credit_note(connection: Connection, *, reference: UUID) -> int | None:
    return await find_scalar(connection, int, SQL["find_credit_note"], {"reference": reference})


async def list_credited(connection: Connection, *, document_id: int) -> list[CreditedAmount]:
    parameters = {"document_id": document_id}
    return await list_rows(connection, CreditedAmount, SQL["list_credited"], parameters)


async def insert_credit_note(connection: Connection, *, invoice_id: int, reference: UUID, note: str) -> int:
    parameters = {"invoice_id": invoice_id, "reference": reference, "note": note}
    return await read_scalar(connection, int, SQL["insert_credit_note"], parameters)


async def insert_goodwill_lines(
    connection: Connection,
    *,
    document_id: int,
    invoice_id: int,
    lines: list[int],
    quantities: list[int],
    prices_micros: list[int],
) -> int:
    parameters = {
        "document_id": document_id,
        "invoice_id": invoice_id,
        "lines": lines,
        "quantities": quantities,
        "prices_micros": prices_micros,
    }
    return await change_rows(connection, SQL["insert_goodwill_lines"], parameters)


async def insert_returned_line(
    connection: Connection,
    *,
    document_id: int,
    invoice_id: int,
    line: int,
    posting: UUID,
    amount_micros: int,
    now: datetime,
) -> None:
    parameters = {
        "document_id": document_id,
        "invoice_id": invoice_id,
        "line": line,
        "posting": posting,
        "amount_micros": amount_micros,
        "now": now,
    }
    await connection.execute(SQL["insert_returned_line"], parameters)


async def list_charges_left(connection: Connection, *, job_id: int, day: date) -> list[ChargeLeft]:
    parameters = {"job_id": job_id, "day": day}
    return await list_rows(connection, ChargeLeft, SQL["list_charges_left"], parameters)


async def find_charge_line(connection: Connection, *, charge: UUID) -> BilledLine | None:
    return await find_row(connection, BilledLine, SQL["find_charge_line"], {"charge": charge})
