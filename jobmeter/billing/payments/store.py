"""Owns the statements of payments, one function each. Does not own when they run."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from jobmeter.billing.payments.model import (
    AccountAge,
    DueReminder,
    InvoicePayment,
    PaidInvoice,
    PartnerDebt,
    Payment,
    PaymentSource,
    TopUpKey,
)
from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_row, find_scalar, list_rows, list_scalars, read_scalar
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.billing.payments")


def _payment(*, source: str, tops_up: int | None, top_up: UUID | None, **columns: Any) -> Payment:
    key = None if tops_up is None or top_up is None else TopUpKey(tops_up, top_up)
    return Payment(source=PaymentSource(source), top_up=key, **columns)


async def lock_payments(connection: Connection, *, account_id: int) -> str | None:
    """Returns the account's currency; ``None`` if there is no such account."""
    return await find_scalar(connection, str, SQL["lock_payments"], {"account_id": account_id})


async def find_payment(connection: Connection, *, payment_id: int) -> Payment | None:
    return await find_row(connection, _payment, SQL["find_payment"], {"payment_id": payment_id})


async def find_by_reference(
    connection: Connection, *, account_id: int, source: PaymentSource, reference: str
) -> Payment | None:
    parameters = {"account_id": account_id, "source": source, "reference": reference}
    return await find_row(connection, _payment, SQL["find_by_reference"], parameters)


async def find_received(connection: Connection, *, source: PaymentSource, reference: str) -> Payment | None:
    parameters = {"source": source, "reference": reference}
    return await find_row(connection, _payment, SQL["find_received"], parameters)


async def list_payments(
    connection: Connection, *, account_id: int, after: int, rows_max: int
) -> list[Payment]:
    parameters = {"account_id": account_id, "after": after, "rows_max": rows_max}
    return await list_rows(connection, _payment, SQL["list_payments"], parameters)


async def list_partner_payments(
    connection: Connection, *, partner_id: int, after: int, rows_max: int
) -> list[Payment]:
    parameters = {"partner_id": partner_id, "after": after, "rows_max": rows_max}
    return await list_rows(connection, _payment, SQL["list_partner_payments"], parameters)


async def list_newest_payments(
    connection: Connection, *, partner_id: int, before: int, rows_max: int
) -> list[Payment]:
    parameters = {"partner_id": partner_id, "before": before, "rows_max": rows_max}
    return await list_rows(connection, _payment, SQL["list_newest_payments"], parameters)


async def list_invoice_payments(connection: Connection, *, document_id: int) -> list[InvoicePayment]:
    parameters = {"document_id": document_id}
    return await list_rows(connection, InvoicePayment, SQL["list_invoice_payments"], parameters)


async def list_partner_debts(connection: Connection, *, partner_id: int, today: date) -> list[PartnerDebt]:
    parameters = {"partner_id": partner_id, "today": today}
    return await list_rows(connection, PartnerDebt, SQL["list_partner_debts"], parameters)


async def insert_payment(
    connection: Connection,
    *,
    account_id: int,
    source: PaymentSource,
    reference: str,
    amount_micros: int,
    paid_on: date,
    note: str,
    document_id: int | None,
    reverses: int | None,
    tops_up: int | None,
    top_up: UUID | None,
    recorded_at: datetime,
) -> int:
    """Returns the new id."""
    parameters = {
        "account_id": account_id,
        "source": source,
        "reference": reference,
        "amount_micros": amount_micros,
        "paid_on": paid_on,
        "note": note,
        "document_id": document_id,
        "reverses": reverses,
        "tops_up": tops_up,
        "top_up": top_up,
        "recorded_at": recorded_at,
    }
    return await read_scalar(connection, int, SQL["insert_payment"], parameters)


async def read_received(connection: Connection, *, account_id: int) -> int:
    return await read_scalar(connection, int, SQL["read_received"], {"account_id": account_id})


async def allocate_named(
    connection: Connection, *, payment_id: int, document_id: int, now: datetime
) -> list[int]:
    parameters = {"payment_id": payment_id, "document_id": document_id, "now": now}
    return await list_scalars(connection, int, SQL["allocate_named"], parameters)


async def allocate_credit(connection: Connection, *, account_ids: list[int], now: datetime) -> list[int]:
    """Returns the invoices that were paid with it, each once for each source."""
    parameters = {"account_ids": account_ids, "now": now}
    return await list_scalars(connection, int, SQL["allocate_credit"], parameters)


async def release_reversed(connection: Connection, *, payment_id: int, now: datetime) -> None:
    await connection.execute(SQL["release_reversed"], {"payment_id": payment_id, "now": now})


async def release_excess(connection: Connection, *, account_ids: list[int], now: datetime) -> None:
    await connection.execute(SQL["release_excess"], {"account_ids": account_ids, "now": now})


async def list_paid_invoices(connection: Connection, *, payment_ids: list[int]) -> list[PaidInvoice]:
    return await list_rows(connection, PaidInvoice, SQL["list_paid_invoices"], {"payment_ids": payment_ids})


async def list_ages(connection: Connection, *, today: date, after: int, rows_max: int) -> list[AccountAge]:
    parameters = {"today": today, "after": after, "rows_max": rows_max}
    return await list_rows(connection, AccountAge, SQL["list_ages"], parameters)


async def find_reminded_through(connection: Connection, *, days: list[int]) -> date | None:
    return await find_scalar(connection, date, SQL["find_reminded_through"], {"days": days})


async def set_reminded_through(connection: Connection, *, days: list[int], today: date) -> None:
    await connection.execute(SQL["set_reminded_through"], {"days": days, "today": today})


async def list_due_reminders(
    connection: Connection, *, days: list[int], since: date, today: date, rows_max: int
) -> list[DueReminder]:
    parameters = {"days": days, "since": since, "today": today, "rows_max": rows_max}
    return await list_rows(connection, DueReminder, SQL["list_due_reminders"], parameters)


async def insert_reminder(
    connection: Connection, *, document_id: int, level: int, open_micros: int, now: datetime
) -> bool:
    """Returns whether this call inserted it."""
    parameters = {"document_id": document_id, "level": level, "open_micros": open_micros, "now": now}
    return await find_scalar(connection, int, SQL["insert_reminder"], parameters) is not None
