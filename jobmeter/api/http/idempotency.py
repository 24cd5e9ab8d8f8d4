"""Owns the ``Idempotency-Key``: for 24 hours the same key and body receive the same response.

Does not own which endpoints write, or whether running one twice is safe (docs: interpretations).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

import psycopg
from psycopg_pool import PoolTimeout
from starlette.responses import Response

from jobmeter.api.http.context import AppContext
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import IDEMPOTENCY_KEY_CHARACTERS_MAX
from jobmeter.database.outages import is_outage
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


async def run_once(
    state: AppContext, request: IdempotentRequest, *, now: datetime, run: Callable[[], Awaitable[Response]]
) -> Response:
    """Runs the request, or returns the stored response of an earlier identical one.

    Waits a few seconds for an identical request that is still running. Server errors are not stored. Raises ``Refused``:
    IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_REUSED for another body, IDEMPOTENCY_KEY_IN_USE if the wait times out.
    """
    if (
        not 0 < len(request.key) <= IDEMPOTENCY_KEY_CHARACTERS_MAX
        or not request.key.isascii()
        or " " in request.key
    ):
        raise Refused(Fault.IDEMPOTENCY_KEY_INVALID, characters_max=IDEMPOTENCY_KEY_CHARACTERS_MAX)
    known = await _claim(state, request, now)
    if known is not None:
        return Response(known.body, known.status, known.headers | REPLAYED)
    try:
        response = await run()
    except Exception as error:
        if not is_outage(error):  # if the database is unavailable, the claim expires instead
            await _release(state, request, now)
        raise
    if response.status_code >= Fault.INTERNAL.row.status:
        await _release(state, request, now)
        return response
    try:
        await _store_response(state, request, response, now)
    except (psycopg.Error, PoolTimeout):
        # The work is committed, so the client receives its response, although a repeat would then run again.
        log.exception("a response could not be stored for repeats")
    return response


async def _claim(state: AppContext, request: IdempotentRequest, now: datetime) -> StoredResponse | None:
    """Returns the stored response, or ``None`` when this request holds the claim and must run."""
    for _ in range(POLLS_MAX):
        async with state.database.connection() as connection:
            outcome = await request_control.claim_request(connection, request=request, now=now)
        if isinstance(outcome, StoredResponse):
            return outcome
        if outcome is Claim.ACQUIRED:
            return None
        await asyncio.sleep(POLL_SECONDS)
    raise Refused(Fault.IDEMPOTENCY_KEY_IN_USE)


async def _store_response(
    state: AppContext, request: IdempotentRequest, response: Response, now: datetime
) -> None:
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    answer = StoredResponse(response.status_code, headers, bytes(response.body))
    async with state.database.connection() as connection:
        await request_control.store_response(connection, request=request, answer=answer, now=now)


async def _release(state: AppContext, request: IdempotentRequest, now: datetime) -> None:
    async with state.database.connection() as connection:
        await request_control.release_claim(connection, request=request, now=now)
