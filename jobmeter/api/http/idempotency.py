"""Owns the ``Idempotency-Key``: the same key and body get the same answer, for 24 hours.

Does not own which endpoints write, or whether their work may safely run twice (docs: interpretations).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import datetime
from functools import wraps
from typing import Any

import psycopg
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import Response

from jobmeter.api.http.bodies import check_key, read_bearer, read_body
from jobmeter.api.http.context import State, state_of
from jobmeter.api.http.responses import plain_refusal
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import BODY_BYTES_MAX, EVENTS_BODY_BYTES_MAX, IDEMPOTENCY_KEY_CHARACTERS_MAX
from jobmeter.database.outages import is_outage
from jobmeter.partners.tokens import flow as tokens
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

Endpoint = Callable[[Request], Awaitable[Response]]


async def run_once(
    state: State, asked: IdempotentRequest, *, now: datetime, run: Callable[[], Awaitable[Response]]
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
        # The work is done and told: that a repeat would run again is the lesser evil.
        log.exception("an answer could not be kept for repeats")
    return response


async def _claim(state: State, asked: IdempotentRequest, now: datetime) -> StoredResponse | None:
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


async def _keep(state: State, asked: IdempotentRequest, response: Response, now: datetime) -> None:
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    answer = StoredResponse(response.status_code, headers, bytes(response.body))
    async with state.database.connection() as connection:
        await request_control.store_response(connection, request=asked, answer=answer, now=now)


async def _release(state: State, asked: IdempotentRequest, now: datetime) -> None:
    async with state.database.connection() as connection:
        await request_control.release_claim(connection, request=asked, now=now)


def idempotent(endpoint: Endpoint, *, kind: str) -> Endpoint:
    """The same endpoint, with its writes repeatable by who holds the ``kind`` key (operator or events), or a
    partner's token.

    Requests without the header pass straight through.
    """

    @wraps(endpoint)
    async def repeatable(request: Request) -> Response:
        key = request.headers.get(HEADER)
        if key is None or request.method in READING:
            return await endpoint(request)
        state = state_of(request)
        try:
            now = await state.clock.read()
            sender = await _find_sender(request, state, kind, now)
            body = await read_body(
                request, bytes_max=EVENTS_BODY_BYTES_MAX if kind == "events" else BODY_BYTES_MAX
            )
            target = f"{request.url.path}?{request.url.query}"
            asked = IdempotentRequest(
                sender=sender, method=request.method, path=target, key=key.strip(), body=body
            )
            again = Request(request.scope, make_receive(body))
            return await run_once(state, asked, now=now, run=lambda: endpoint(again))
        except Refused as refused:
            return plain_refusal(refused)

    return repeatable


async def _find_sender(request: Request, state: State, kind: str, now: datetime) -> str:
    """Whose key it is: the operator's, the job board's, or that of a partner's application."""
    settings = state.settings
    if kind != "partner":
        check_key(
            request, kind=kind, key=settings.operator_key if kind == "operator" else settings.events_key
        )
        return kind
    token = read_bearer(request)
    if token is None:
        raise Refused(Fault.TOKEN_EMPTY)
    async with state.database.connection() as connection:
        application = await tokens.authenticate(connection, token=token, now=now)
    return f"application {application.id}"


def make_receive(body: bytes) -> Callable[[], Awaitable[MutableMapping[str, Any]]]:
    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
