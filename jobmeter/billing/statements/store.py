"""Owns the statements in SQL of statements per end customer, one function each. Does not own when they run."""

from datetime import date, datetime
from typing import Any

from jobmeter.billing.statements.model import (
    ApplicationCounts,
    Customer,
    CustomerPage,
    InvoiceLine,
    Refund,
    StatementLine,
    StatementSpan,
)
from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_row, find_scalar, list_rows, read_row
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.ledger.model import AccountKind, Purpose

SQL = load_statements("jobmeter.billing.statements", enums=(AccountKind, Purpose))


async def list_customers(connection: Connection, span: StatementSpan, page: CustomerPage) -> list[Customer]:
    return await list_rows(connection, Customer, SQL["list_customers"], vars_of(span) | vars_of(page))


async def list_credit_lines(connection: Connection, span: StatementSpan) -> list[StatementLine]:
    return await list_rows(connection, StatementLine, SQL["list_credit_lines"], vars_of(span))


async def list_click_lines(connection: Connection, span: StatementSpan) -> list[StatementLine]:
    return await list_rows(connection, StatementLine, SQL["list_click_lines"], vars_of(span))


async def list_correction_lines(connection: Connection, span: StatementSpan) -> list[StatementLine]:
    return await list_rows(connection, StatementLine, SQL["list_correction_lines"], vars_of(span))


async def list_refund_lines(connection: Connection, span: StatementSpan) -> list[StatementLine]:
    return await list_rows(connection, StatementLine, SQL["list_refund_lines"], vars_of(span))


async def count_application(connection: Connection, span: StatementSpan) -> ApplicationCounts:
    return await read_row(connection, ApplicationCounts, SQL["count_application"], vars_of(span))


async def find_invoice_line(
    connection: Connection, *, partner_id: int, series: str, sequence: int, line: int
) -> InvoiceLine | None:
    parameters = {"partner_id": partner_id, "series": series, "sequence": sequence, "line": line}
    return await find_row(connection, InvoiceLine, SQL["find_invoice_line"], parameters)


async def insert_refund(
    connection: Connection,
    refunded: InvoiceLine,
    *,
    partner_id: int,
    reference: str,
    amount_micros: int,
    refunded_on: date,
    now: datetime,
) -> int | None:
    parameters: dict[str, Any] = vars_of(refunded) | {
        "partner_id": partner_id,
        "reference": reference,
        "amount_micros": amount_micros,
        "refunded_on": refunded_on,
        "now": now,
    }
    return await find_scalar(connection, int, SQL["insert_refund"], parameters)


async def find_refund(connection: Connection, *, partner_id: int, reference: str) -> Refund | None:
    parameters = {"partner_id": partner_id, "reference": reference}
    return await find_row(connection, Refund, SQL["find_refund"], parameters)


async def list_refunds(connection: Connection, *, partner_id: int, after: int, rows_max: int) -> list[Refund]:
    parameters = {"partner_id": partner_id, "after": after, "rows_max": rows_max}
    return await list_rows(connection, Refund, SQL["list_refunds"], parameters)
