"""Owns the statements that make documents, one function each. Does not own when they run, or reading documents."""

from datetime import date, datetime

from jobmeter.billing.invoices.model import ClaimedAccount, Draft, Hold, MonthProgress, NumberRange
from jobmeter.database.connection import Connection
from jobmeter.database.rows import change_rows, find_scalar, list_rows, list_scalars, read_row, read_scalar
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.ledger.model import AccountKind, Purpose

SQL = load_statements("jobmeter.billing.invoices", enums=(AccountKind, Purpose))


async def find_due_month(
    connection: Connection, *, account_id: int | None, last_month: date, day: date
) -> date | None:
    parameters = {"account_id": account_id, "last_month": last_month, "day": day}
    return await find_scalar(connection, date, SQL["find_due_month"], parameters)


async def find_month(connection: Connection, *, month: date) -> int | None:
    """Returns the number of the last posting that the month knows; ``None`` before it is opened."""
    return await find_scalar(connection, int, SQL["find_month"], {"month": month})


async def has_unknown_posting(connection: Connection, *, known_until: int, until_day: date) -> bool:
    parameters = {"known_until": known_until, "until_day": until_day}
    return await read_scalar(connection, bool, SQL["has_unknown_posting"], parameters)


async def insert_month(connection: Connection, *, month: date, known_until: int, now: datetime) -> None:
    parameters = {"month": month, "known_until": known_until, "now": now}
    await connection.execute(SQL["insert_month"], parameters)


async def claim_accounts(
    connection: Connection, *, account_id: int | None, month: date, day: date, accounts_max: int
) -> list[ClaimedAccount]:
    parameters = {"account_id": account_id, "month": month, "day": day, "accounts_max": accounts_max}
    return await list_rows(connection, ClaimedAccount, SQL["claim_accounts"], parameters)


async def insert_cuts(
    connection: Connection, *, account_ids: list[int], month: date, until_number: int
) -> list[int]:
    """Returns the accounts that had no cut for the month."""
    parameters = {"account_ids": account_ids, "month": month, "until_number": until_number}
    return await list_scalars(connection, int, SQL["insert_cuts"], parameters)


async def insert_drafts(
    connection: Connection, *, account_ids: list[int], minor_digits: list[int], month: date, day: date
) -> list[int]:
    """Returns the ids of the new documents, without lines."""
    parameters = {
        "account_ids": account_ids,
        "minor_digits": minor_digits,
        "month": month,
        "day": day,
    }
    return await list_scalars(connection, int, SQL["insert_drafts"], parameters)


async def plan_for_many_lines(connection: Connection) -> None:
    await connection.execute(SQL["plan_for_many_lines"])


async def insert_credit_lines(connection: Connection, *, document_ids: list[int]) -> int:
    return await change_rows(connection, SQL["insert_credit_lines"], {"document_ids": document_ids})


async def insert_click_lines(connection: Connection, *, document_ids: list[int]) -> int:
    return await change_rows(connection, SQL["insert_click_lines"], {"document_ids": document_ids})


async def insert_top_up_lines(connection: Connection, *, document_ids: list[int]) -> int:
    return await change_rows(connection, SQL["insert_top_up_lines"], {"document_ids": document_ids})


async def insert_correction_lines(connection: Connection, *, document_ids: list[int]) -> int:
    return await change_rows(connection, SQL["insert_correction_lines"], {"document_ids": document_ids})


async def insert_taxes(connection: Connection, *, document_ids: list[int]) -> None:
    await connection.execute(SQL["insert_taxes"], {"document_ids": document_ids})


async def delete_taxes(connection: Connection, *, document_ids: list[int]) -> None:
    await connection.execute(SQL["delete_taxes"], {"document_ids": document_ids})


async def sum_documents(connection: Connection, *, document_ids: list[int]) -> None:
    await connection.execute(SQL["sum_documents"], {"document_ids": document_ids})


async def list_below_zero(connection: Connection, *, document_ids: list[int]) -> list[int]:
    return await list_scalars(connection, int, SQL["list_below_zero"], {"document_ids": document_ids})


async def insert_correction_notes(connection: Connection, *, document_ids: list[int]) -> list[int]:
    parameters = {"document_ids": document_ids}
    return await list_scalars(connection, int, SQL["insert_correction_notes"], parameters)


async def move_corrections(
    connection: Connection, *, document_ids: list[int], credit_note_ids: list[int]
) -> int:
    parameters = {"document_ids": document_ids, "credit_note_ids": credit_note_ids}
    return await change_rows(connection, SQL["move_corrections"], parameters)


async def make_statements(connection: Connection, *, document_ids: list[int]) -> None:
    await connection.execute(SQL["make_statements"], {"document_ids": document_ids})


async def delete_empty_drafts(connection: Connection, *, document_ids: list[int]) -> None:
    await connection.execute(SQL["delete_empty_drafts"], {"document_ids": document_ids})


async def delete_holds(connection: Connection, *, account_ids: list[int]) -> None:
    await connection.execute(SQL["delete_holds"], {"account_ids": account_ids})


async def list_drafts(connection: Connection, *, account_ids: list[int], month: date) -> list[Draft]:
    parameters = {"account_ids": account_ids, "month": month}
    return await list_rows(connection, Draft, SQL["list_drafts"], parameters)


async def request_postings(connection: Connection, *, document_ids: list[int]) -> int:
    """Returns how many postings were requested; the ledger books them."""
    return await change_rows(connection, SQL["request_postings"], {"document_ids": document_ids})


async def insert_series(connection: Connection, *, name: str, kind: str, now: datetime) -> None:
    await connection.execute(SQL["insert_series"], {"name": name, "kind": kind, "now": now})


async def take_numbers(connection: Connection, *, name: str, count: int, now: datetime) -> NumberRange:
    parameters = {"name": name, "count": count, "now": now}
    return await read_row(connection, NumberRange, SQL["take_numbers"], parameters)


async def number_documents(
    connection: Connection, taken: NumberRange, *, name: str, document_ids: list[int], issued_on: date
) -> int:
    parameters = {
        "name": name,
        "document_ids": document_ids,
        "last_before": taken.last_before,
        "issued_at": taken.issued_at,
        "issued_on": issued_on,
    }
    return await change_rows(connection, SQL["number_documents"], parameters)


async def chain_documents(connection: Connection, *, document_ids: list[int], digest_before: bytes) -> int:
    parameters = {"document_ids": document_ids, "digest_before": digest_before}
    return await change_rows(connection, SQL["chain_documents"], parameters)


async def advance_series_digest(connection: Connection, *, name: str) -> None:
    await connection.execute(SQL["advance_series_digest"], {"name": name})


async def date_statements(connection: Connection, *, document_ids: list[int], now: datetime) -> None:
    await connection.execute(SQL["date_statements"], {"document_ids": document_ids, "now": now})


async def seal_statements(connection: Connection, *, document_ids: list[int]) -> None:
    await connection.execute(SQL["seal_statements"], {"document_ids": document_ids})


async def lock_account(connection: Connection, *, account_id: int) -> ClaimedAccount:
    parameters = {"account_id": account_id}
    return await read_row(connection, ClaimedAccount, SQL["lock_account"], parameters)


async def delete_draft_lines(connection: Connection, *, document_ids: list[int]) -> None:
    await connection.execute(SQL["delete_draft_lines"], {"document_ids": document_ids})


async def delete_drafts(connection: Connection, *, document_ids: list[int]) -> int:
    return await change_rows(connection, SQL["delete_drafts"], {"document_ids": document_ids})


async def delete_cut(connection: Connection, *, account_id: int, month: date) -> None:
    await connection.execute(SQL["delete_cut"], {"account_id": account_id, "month": month})


async def insert_hold(connection: Connection, hold: Hold, *, is_dropped: bool, now: datetime) -> None:
    parameters = vars_of(hold) | {"is_dropped": is_dropped, "now": now}
    await connection.execute(SQL["insert_hold"], parameters)


async def release_dropped(connection: Connection, *, account_id: int | None, month: date) -> None:
    await connection.execute(SQL["release_dropped"], {"account_id": account_id, "month": month})


async def list_held(
    connection: Connection,
    *,
    account_id: int | None,
    last_month: date,
    day: date,
    is_new: bool,
    rows_max: int,
) -> list[Hold]:
    parameters = {
        "account_id": account_id,
        "last_month": last_month,
        "day": day,
        "is_new": is_new,
        "rows_max": rows_max,
    }
    return await list_rows(connection, Hold, SQL["list_held"], parameters)


async def read_progress(connection: Connection, *, account_id: int | None, month: date) -> MonthProgress:
    parameters = {"account_id": account_id, "month": month}
    return await read_row(connection, MonthProgress, SQL["read_progress"], parameters)


async def erase_poster_of_drafts(connection: Connection, *, email: str, substitute: str) -> int:
    parameters = {"email": email, "substitute": substitute}
    return await change_rows(connection, SQL["erase_poster_of_drafts"], parameters)


async def count_issued_lines(connection: Connection, *, email: str) -> int:
    return await read_scalar(connection, int, SQL["count_issued_lines"], {"email": email})
