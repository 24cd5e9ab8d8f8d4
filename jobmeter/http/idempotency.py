"""Owns the ``Idempotency-Key``: for 24 hours the same key and body receive the same response, also after a crash.

Does not own which endpoints write (the table of endpoints) or the stored responses (``jobmeter.request_control``).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

import psycopg
from psycopg.errors import DeadlockDetected
from psycopg_pool import PoolTimeout
from starlette.responses import Response

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import IDEMPOTENCY_ABANDONED_SECONDS, IDEMPOTENCY_KEY_CHARACTERS_MAX
from jobmeter.database.connection import Connection
from jobmeter.database.outages import is_outage
from jobmeter.database.pool import JoinedDatabase
from jobmeter.http.context import AppContext
from jobmeter.request_control import flow as request_control
from jobmeter.request_control.flow import Claim
from jobmeter.request_control.model import Request as IdempotentRequest
from jobmeter.request_control.model import StoredResponse

log = logging.getLogger("jobmeter.api")

HEADER = "Idempotency-Key"
REPLAYED = {"Idempotency-Replayed": "true"}
READING = frozenset({"GET", "HEAD", "OPTIONS"})
POLL_SECONDS = 0.05
POLLS_MAX = 100
DEADLOCKS_MAX = 3

Run = Callable[[AppContext], Awaitable[Response]]


class _TakenBackError(Exception):
    """Carries a server error out of the transaction, which is rolled back."""

    def __init__(self, response: Response) -> None:
        self.response = response


async def run_once(state: AppContext, request: IdempotentRequest, *, now: datetime, run: Run) -> Response:
    """Runs the request, or returns the stored response of an earlier identical one.

    The claim, the work and the stored response commit together, so that a crash leaves all of them or none. Server errors
    roll all of them back. Waits a few seconds for an identical request that is still running. Raises ``Refused``:
    IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_IN_USE if the wait times out, and as ``claim_request``.
    """
    _check_key(request.key)
    deadlocks = 0
    for _ in range(POLLS_MAX):
        try:
            response = await _try_together(state, request, now, run)
        except _TakenBackError as taken_back:
            return taken_back.response
        except DeadlockDetected:
            # Nothing was committed. A batch holds more locks than its elements do, which commit one by one.
            deadlocks += 1
            if deadlocks > DEADLOCKS_MAX:
                raise
            continue
        if response is not None:
            return response
        await asyncio.sleep(POLL_SECONDS)
    raise Refused(Fault.IDEMPOTENCY_KEY_IN_USE)


def _check_key(key: str) -> None:
    if not 0 < len(key) <= IDEMPOTENCY_KEY_CHARACTERS_MAX or not key.isascii() or " " in key:
        raise Refused(Fault.IDEMPOTENCY_KEY_INVALID, characters_max=IDEMPOTENCY_KEY_CHARACTERS_MAX)


async def _try_together(
    state: AppContext, request: IdempotentRequest, now: datetime, run: Run
) -> Response | None:
    """Returns ``None`` while an identical request is running."""
    woken = False

    def wake_later() -> None:
        nonlocal woken
        woken = True

    async with state.database.transaction() as connection:
        known = await _claim(connection, state, request, now)
        if known is not Claim.ACQUIRED:
            return None if isinstance(known, Claim) else _replay(known)
        joined = JoinedDatabase(state.database, connection)
        response = await run(replace(state, database=joined, wake_worker=wake_later))
        if response.status_code >= Fault.INTERNAL.row.status:
            raise _TakenBackError(response)
        await _store_response(connection, state, request, response, claimed_at=now, now=now)
    if woken:  # before the commit the worker would find nothing
        state.wake_worker()
    return response


async def run_unique(state: AppContext, request: IdempotentRequest, *, now: datetime, run: Run) -> Response:
    """As ``run_once``, for work that cannot be one transaction with the response, and that is harmless to repeat.

    After a crash, or if an identical request does not end in a few seconds, the work runs again: such a request is never
    refused because its key is in use.
    """
    _check_key(request.key)
    known = await _claim_alone(state, request, now)
    if known is not None:
        return _replay(known)
    try:
        response = await run(state)
    except Exception as error:
        if not is_outage(error):  # if the database is unavailable, the claim expires instead
            await _release(state, request, now)
        raise
    if response.status_code >= Fault.INTERNAL.row.status:
        await _release(state, request, now)
        return response
    try:
        answered_at = await state.clock.read()
        async with state.database.connection() as connection:
            await _store_response(connection, state, request, response, claimed_at=now, now=answered_at)
    except (psycopg.Error, PoolTimeout):
        # The work is committed, so the client receives its response, although a repeat would run again.
        log.exception("a response could not be stored for repeats")
    return response


async def _claim_alone(state: AppContext, request: IdempotentRequest, now: datetime) -> StoredResponse | None:
    """Returns the stored response, or ``None`` when this request must run."""
    for poll in range(POLLS_MAX):
        abandoned_seconds = IDEMPOTENCY_ABANDONED_SECONDS if poll < POLLS_MAX - 1 else 0
        async with state.database.transaction() as connection:
            known = await _claim(connection, state, request, now, abandoned_seconds)
        if isinstance(known, StoredResponse):
            return known
        if known is Claim.ACQUIRED:
            break
        await asyncio.sleep(POLL_SECONDS)
    return None


async def _claim(
    connection: Connection,
    state: AppContext,
    request: IdempotentRequest,
    now: datetime,
    abandoned_seconds: int = IDEMPOTENCY_ABANDONED_SECONDS,
) -> StoredResponse | Claim:
    return await request_control.claim_request(
        connection,
        request=request,
        secret_key=state.settings.secret_key,
        now=now,
        abandoned_seconds=abandoned_seconds,
    )


def _replay(known: StoredResponse) -> Response:
    return Response(known.body, known.status, known.headers | REPLAYED)


async def _store_response(
    connection: Connection,
    state: AppContext,
    request: IdempotentRequest,
    response: Response,
    *,
    claimed_at: datetime,
    now: datetime,
) -> None:
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    await request_control.store_response(
        connection,
        request=request,
        answer=StoredResponse(response.status_code, headers, bytes(response.body)),
        secret_key=state.settings.secret_key,
        claimed_at=claimed_at,
        now=now,
    )


async def _release(state: AppContext, request: IdempotentRequest, now: datetime) -> None:
    async with state.database.connection() as connection:
        await request_control.release_claim(connection, request=request, now=now)
