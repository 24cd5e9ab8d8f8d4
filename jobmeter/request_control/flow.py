"""Owns the verbs of the edge's bookkeeping: lease calls of a day, claim a repeatable request, keep its answer.

Does not own limits or what is repeatable (``jobmeter.api``).
"""

from datetime import date, datetime, timedelta
from enum import Enum, auto

from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import IDEMPOTENCY_ABANDONED_SECONDS, IDEMPOTENCY_KEPT_HOURS
from jobmeter.database.connection import Connection
from jobmeter.request_control import store
from jobmeter.request_control.model import QuotaCounter, QuotaLease, Request, StoredClaim, StoredResponse
from jobmeter.request_control.response_sealing import hash_body, hash_claim, open_response, seal_response

LEASE_CALLS_MAX = 50
COUNTERS_KEPT_DAYS = 7


class Claim(Enum):
    """Whose the work of a claimed request is."""

    ACQUIRED = auto()
    HELD_ELSEWHERE = auto()


async def lease_quota(
    connection: Connection, *, application_id: int, resource: str, day: date, calls_max: int
) -> QuotaLease:
    """The next calls that a process may answer; none when the day's limit is reached.

    A lease never exceeds what is left, so the leases of a day together never exceed the limit.
    """
    counter = QuotaCounter(application_id, resource, day)
    lease = await store.lease_quota(connection, counter, calls_max=calls_max, lease_max=LEASE_CALLS_MAX)
    assert lease.granted <= LEASE_CALLS_MAX
    return lease


async def return_quota(
    connection: Connection, *, application_id: int, resource: str, day: date, calls: int
) -> None:
    """What a process that stops did not use of its leases."""
    await store.return_quota(connection, QuotaCounter(application_id, resource, day), calls=calls)


async def claim_request(connection: Connection, *, request: Request, now: datetime) -> StoredResponse | Claim:
    """The answer that was given to the same request before, or whose turn it is to find one.

    A claim without an answer is abandoned after a minute (its process died): then the work is the caller's, and
    runs a second time. Raises ``Refused(IDEMPOTENCY_KEY_REUSED)`` when the key came with another body.
    """
    claim_hash, body_hash = hash_claim(request), hash_body(request)
    if await store.insert_claim(connection, claim_hash=claim_hash, body_hash=body_hash, claimed_at=now):
        return Claim.ACQUIRED
    seen = await store.find_claim(connection, claim_hash=claim_hash)
    if seen is None:
        return Claim.HELD_ELSEWHERE  # it ended in this very moment; the caller asks again
    if _is_over(seen, now):
        mine = await store.take_over_claim(
            connection, claim_hash=claim_hash, body_hash=body_hash, seen_at=seen.claimed_at, claimed_at=now
        )
        return Claim.ACQUIRED if mine else Claim.HELD_ELSEWHERE
    if seen.body_hash != body_hash:
        raise Refused(Fault.IDEMPOTENCY_KEY_REUSED, hours=IDEMPOTENCY_KEPT_HOURS)
    if seen.status is None or seen.sealed_answer is None:
        return Claim.HELD_ELSEWHERE
    return open_response(seen.sealed_answer, request, status=seen.status)


def _is_over(claim: StoredClaim, now: datetime) -> bool:
    kept = timedelta(seconds=IDEMPOTENCY_ABANDONED_SECONDS)
    if claim.status is not None:
        kept = timedelta(hours=IDEMPOTENCY_KEPT_HOURS)
    return claim.claimed_at + kept < now


async def store_response(
    connection: Connection, *, request: Request, answer: StoredResponse, now: datetime
) -> None:
    """``now`` is the time of the claim: who took over in between keeps the answer of its own."""
    await store.store_claim_response(
        connection,
        claim_hash=hash_claim(request),
        claimed_at=now,
        status=answer.status,
        sealed_answer=seal_response(answer, request),
    )


async def release_claim(connection: Connection, *, request: Request, now: datetime) -> None:
    """Forgets a claim whose work failed, so that a repeat may try at once."""
    await store.release_claim(connection, claim_hash=hash_claim(request), claimed_at=now)


async def sweep_bookkeeping(connection: Connection, *, rows_max: int, now: datetime) -> int:
    """Removes counters of past weeks, and up to ``rows_max`` answers that need be kept no longer."""
    await store.delete_old_counters(connection, before=day_of(now) - timedelta(days=COUNTERS_KEPT_DAYS))
    return await store.delete_old_claims(
        connection, claimed_before=now - timedelta(hours=IDEMPOTENCY_KEPT_HOURS), rows_max=rows_max
    )
