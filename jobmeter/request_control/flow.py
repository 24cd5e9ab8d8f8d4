"""Owns the verbs of request control: lease calls of a day, claim an idempotent request, store its response.

Does not own the limits or which requests are idempotent (``jobmeter.api``).
"""

from dataclasses import replace
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
DECIDED = 0  # the status of a stored decision, which is no response


class Claim(Enum):
    """Who executes the work of a claimed request."""

    ACQUIRED = auto()
    HELD_ELSEWHERE = auto()


async def lease_quota(
    connection: Connection, *, application_id: int, resource: str, day: date, calls_max: int
) -> QuotaLease:
    """Leases the next calls that a process may answer; none when the day's limit is reached.

    A lease never exceeds the remainder, so the leases of a day never exceed the limit in total.
    """
    counter = QuotaCounter(application_id, resource, day)
    lease = await store.lease_quota(connection, counter, calls_max=calls_max, lease_max=LEASE_CALLS_MAX)
    assert lease.granted <= LEASE_CALLS_MAX
    return lease


async def return_quota(
    connection: Connection, *, application_id: int, resource: str, day: date, calls: int
) -> None:
    """Returns the unused calls of a stopping process."""
    await store.return_quota(connection, QuotaCounter(application_id, resource, day), calls=calls)


async def claim_request(
    connection: Connection,
    *,
    request: Request,
    secret_key: str,
    now: datetime,
    abandoned_seconds: int = IDEMPOTENCY_ABANDONED_SECONDS,
) -> StoredResponse | Claim:
    """Returns the stored response to the same request, or claims it, or reports that it is claimed elsewhere.

    The claim holds until the caller's transaction ends: if that also does the work and stores the response, a process
    that dies leaves neither. A claim that was committed without a response is abandoned after a minute, or
    ``abandoned_seconds``, and the caller acquires it. Raises ``Refused``: IDEMPOTENCY_KEY_REUSED when the key was used with another body,
    IDEMPOTENCY_ANSWER_SEALED when no secret key opens the stored response.
    """
    claim_hash, body_hash = hash_claim(request), hash_body(request)
    # The insert alone would wait, with a connection of the pool, for as long as the other transaction works.
    if not await store.try_lock_claim(connection, lock_number=_number_lock(claim_hash)):
        return Claim.HELD_ELSEWHERE
    if await store.insert_claim(connection, claim_hash=claim_hash, body_hash=body_hash, claimed_at=now):
        return Claim.ACQUIRED
    seen = await store.find_claim(connection, claim_hash=claim_hash)
    if seen is None:
        return Claim.HELD_ELSEWHERE  # its claim was removed just now; the caller tries again
    if _is_over(seen, now, abandoned_seconds):
        mine = await store.take_over_claim(
            connection, claim_hash=claim_hash, body_hash=body_hash, seen_at=seen.claimed_at, claimed_at=now
        )
        return Claim.ACQUIRED if mine else Claim.HELD_ELSEWHERE
    if seen.body_hash != body_hash:
        raise Refused(Fault.IDEMPOTENCY_KEY_REUSED, hours=IDEMPOTENCY_KEPT_HOURS)
    if seen.status is None or seen.sealed_answer is None:
        return Claim.HELD_ELSEWHERE
    answer = open_response(seen.sealed_answer, request, status=seen.status, secret_key=secret_key)
    if answer is None:
        raise Refused(Fault.IDEMPOTENCY_ANSWER_SEALED)
    return answer


def _number_lock(claim_hash: bytes) -> int:
    """Two requests with the same number only wait for each other."""
    return int.from_bytes(claim_hash[:8], signed=True)


def _is_over(claim: StoredClaim, now: datetime, abandoned_seconds: int) -> bool:
    kept = timedelta(seconds=abandoned_seconds)
    if claim.status is not None:
        kept = timedelta(hours=IDEMPOTENCY_KEPT_HOURS)
    return claim.claimed_at + kept < now


async def store_response(
    connection: Connection,
    *,
    request: Request,
    answer: StoredResponse,
    secret_key: str,
    claimed_at: datetime,
    now: datetime,
) -> None:
    """Stores the response for 24 hours from ``now``. A process that has taken over the claim since ``claimed_at`` stores
    its own.
    """
    await store.store_claim_response(
        connection,
        claim_hash=hash_claim(request),
        body_hash=hash_body(request),
        claimed_at=claimed_at,
        answered_at=now,
        status=answer.status,
        sealed_answer=seal_response(answer, request, secret_key=secret_key),
    )


async def decide_once(
    connection: Connection,
    *,
    request: Request,
    decision: bytes,
    secret_key: str,
    now: datetime,
    kept_from: datetime,
) -> bytes | None:
    """Returns what an earlier execution of the request decided, or stores ``decision`` for 24 hours from ``kept_from`` and returns ``None``.

    For work that spans several transactions: a repeat after a crash continues towards the same result.
    """
    decided = replace(request, method=f"{request.method} decision")
    found = await claim_request(connection, request=decided, secret_key=secret_key, now=now)
    if isinstance(found, StoredResponse):
        return found.body
    if found is Claim.HELD_ELSEWHERE:
        raise Refused(Fault.IDEMPOTENCY_KEY_IN_USE)
    await store_response(
        connection,
        request=decided,
        answer=StoredResponse(DECIDED, {}, decision),
        secret_key=secret_key,
        claimed_at=now,
        now=kept_from,
    )
    return None


async def release_claim(connection: Connection, *, request: Request, now: datetime) -> None:
    """Deletes a claim whose work failed, so that a retry may run at once."""
    await store.release_claim(connection, claim_hash=hash_claim(request), claimed_at=now)


async def sweep_bookkeeping(connection: Connection, *, rows_max: int, now: datetime) -> int:
    """Removes counters of past weeks, and up to ``rows_max`` responses past their retention."""
    await store.delete_old_counters(connection, before=day_of(now) - timedelta(days=COUNTERS_KEPT_DAYS))
    return await store.delete_old_claims(
        connection, claimed_before=now - timedelta(hours=IDEMPOTENCY_KEPT_HOURS), rows_max=rows_max
    )
