"""Owns the statements about counted calls and answers kept for repeats. Does not own when they run."""

from datetime import date, datetime

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.request_control.model import QuotaLease, StoredClaim

SQL = load_statements("jobmeter.request_control")


async def lease_quota(
    connection: Connection, *, application_id: int, resource: str, day: date, calls_max: int, lease_max: int
) -> QuotaLease:
    row = await (await connection.execute(SQL["lease_quota"], locals())).fetchone()
    assert row is not None
    return QuotaLease(granted=row[0], taken=row[1])


async def return_quota(
    connection: Connection, *, application_id: int, resource: str, day: date, calls: int
) -> None:
    await connection.execute(SQL["return_quota"], locals())


async def delete_old_counters(connection: Connection, *, before: date) -> int:
    return (await connection.execute(SQL["delete_old_counters"], locals())).rowcount


async def insert_claim(
    connection: Connection, *, claim_hash: bytes, body_hash: bytes, claimed_at: datetime
) -> bool:
    """``False`` where the claim was made before."""
    cursor = await connection.execute(SQL["insert_claim"], locals())
    return await cursor.fetchone() is not None


async def find_claim(connection: Connection, *, claim_hash: bytes) -> StoredClaim | None:
    row = await (await connection.execute(SQL["find_claim"], locals())).fetchone()
    if row is None:
        return None
    return StoredClaim(bytes(row[0]), row[1], row[2], None if row[3] is None else bytes(row[3]))


async def take_over_claim(
    connection: Connection, *, claim_hash: bytes, body_hash: bytes, seen_at: datetime, claimed_at: datetime
) -> bool:
    """``False`` where somebody else was first."""
    cursor = await connection.execute(SQL["take_over_claim"], locals())
    return await cursor.fetchone() is not None


async def store_claim_response(
    connection: Connection, *, claim_hash: bytes, claimed_at: datetime, status: int, sealed_answer: bytes
) -> None:
    await connection.execute(SQL["store_claim_response"], locals())


async def release_claim(connection: Connection, *, claim_hash: bytes, claimed_at: datetime) -> None:
    await connection.execute(SQL["release_claim"], locals())


async def delete_old_claims(connection: Connection, *, claimed_before: datetime, rows_max: int) -> int:
    return (await connection.execute(SQL["delete_old_claims"], locals())).rowcount
