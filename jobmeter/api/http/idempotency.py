"""Owns the ``Idempotency-Key``: the same key and body get the same answer, for 24 hours.

Does not own which endpoints write, or whether their work may safely run twice (docs: interpretations).
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
    state: AppContext, asked: IdempotentRequest, *, now: datetime, run: Callable[[], Awaitable[Response]]
) -> Response:
    """Runs the request, or answers what was answered to it before.

    A twin that is still running is waited for a few seconds. Failures of ours are not kept. Raises ``Refused``:
    IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_REUSED for another body, IDEMPOTENCY_KEY_IN_USE when the twin takes longer.
    """
    if (
        not 0 < len(asked.key) <= IDEMPOTENCY_KEY_CHARACTERS_MAX
        or not asked.key.isascii()
        or " " in asked.key
    ):
        raise Refused(Fault.IDEMPOTENCY_KEY_INVALID, characters_max=IDEMPOTENCY_KEY_CHARACTERS_MAX)
    known = await _claim(state, asked, now)
    if known is not None:
        return Response(known.body, known.status, known.headers | REPLAYED)
    try:
        response = await run()
    except Exception as error:
        if not is_outage(error):  # else nothing can be released: the claim is taken for abandoned later
            await _release(state, asked, now)
        raise
    if response.status_code >= Fault.INTERNAL.row.status:
        await _release(state, asked, now)
        return response
    try:
        await _keep(state, asked, response, now)
    except (psycopg.Error, PoolTimeout):
        # The work is done and the client is answered: that a repeat would run again is the lesser evil.
        log.exception("an answer could not be kept for repeats")
    return response


async def _claim(state: AppContext, asked: IdempotentRequest, now: datetime) -> StoredResponse | None:
    """The answer given before, or ``None`` when the work is ours."""
    for _ in range(POLLS_MAX):
        async with state.database.connection() as connection:
            outcome = await request_control.claim_request(connection, request=asked, now=now)
        if isinstance(outcome, StoredResponse):
            return outcome
        if outcome is Claim.ACQUIRED:
            return None
        await asyncio.sleep(POLL_SECONDS)
    raise Refused(Fault.IDEMPOTENCY_KEY_IN_USE)


async def _keep(state: AppContext, asked: IdempotentRequest, response: Response, now: datetime) -> None:
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    answer = StoredResponse(response.status_code, headers, bytes(response.body))
    async with state.database.connection() as connection:
        await request_control.store_response(connection, request=asked, answer=answer, now=now)


async def _release(state: AppContext, asked: IdempotentRequest, now: datetime) -> None:
    async with state.database.connection() as connection:
        await request_control.release_claim(connection, request=asked, now=now)
