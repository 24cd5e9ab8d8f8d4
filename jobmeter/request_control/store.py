"""Owns the statements of counted calls and stored responses, one function each. Does not own when they run."""

from datetime import date, datetime

from jobmeter.database.connection import Connection
from jobmeter.database.rows import change_rows, find_row, find_scalar, read_row, read_scalar
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.request_control.model import QuotaCounter, QuotaLease, StoredClaim

SQL = load_statements("jobmeter.request_control")


async def lease_quota(
    connection: Connection, counter: QuotaCounter, *, calls_max: int, lease_max: int
) -> QuotaLease:
    parameters = vars_of(counter) | {"calls_max": calls_max, "lease_max": lease_max}
    return await read_row(connection, QuotaLease, SQL["lease_quota"], parameters)


async def return_quota(connection: Connection, counter: QuotaCounter, *, calls: int) -> None:
    await connection.execute(SQL["return_quota"], vars_of(counter) | {"calls": calls})


async def delete_old_counters(connection: Connection, *, before: date) -> int:
    return await change_rows(connection, SQL["delete_old_counters"], {"before": before})


async def try_lock_claim(connection: Connection, *, lock_number: int) -> bool:
    """Returns ``False`` while another transaction works on the request."""
    return await read_scalar(connection, bool, SQL["try_lock_claim"], {"lock_number": lock_number})


async def insert_claim(
    connection: Connection, *, claim_hash: bytes, body_hash: bytes, claimed_at: datetime
) -> bool:
    """Returns ``False`` when the claim already exists."""
    parameters = {"claim_hash": claim_hash, "body_hash": body_hash, "claimed_at": claimed_at}
    return await find_scalar(connection, datetime, SQL["insert_claim"], parameters) is not None


async def find_claim(connection: Connection, *, claim_hash: bytes) -> StoredClaim | None:
    return await find_row(connection, StoredClaim, SQL["find_claim"], {"claim_hash": claim_hash})


async def take_over_claim(
    connection: Connection, *, claim_hash: bytes, body_hash: bytes, seen_at: datetime, claimed_at: datetime
) -> bool:
    """Returns ``False`` when another process was first."""
    parameters = {
        "claim_hash": claim_hash,
        "body_hash": body_hash,
        "seen_at": seen_at,
        "claimed_at": claimed_at,
    }
    return await find_scalar(connection, datetime, SQL["take_over_claim"], parameters) is not None


async def store_claim_response(
    connection: Connection,
    *,
    claim_hash: bytes,
    body_hash: bytes,
    claimed_at: datetime,
    answered_at: datetime,
    status: int,
    sealed_answer: bytes,
) -> None:
    parameters = {
        "claim_hash": claim_hash,
        "body_hash": body_hash,
        "claimed_at": claimed_at,
        "answered_at": answered_at,
        "status": status,
        "sealed_answer": sealed_answer,
    }
    await connection.execute(SQL["store_claim_response"], parameters)


async def release_claim(connection: Connection, *, claim_hash: bytes, claimed_at: datetime) -> None:
    await connection.execute(SQL["release_claim"], {"claim_hash": claim_hash, "claimed_at": claimed_at})


async def delete_old_claims(connection: Connection, *, claimed_before: datetime, rows_max: int) -> int:
    return await change_rows(
        connection, SQL["delete_old_claims"], {"claimed_before": claimed_before, "rows_max": rows_max}
    )
