"""Owns the sandbox's own endpoints, with the operator key: the clock, the live jobs. Production refuses them.

Does not own the clock itself (``clock``).
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jobmeter.api.http.bodies import check_key, decode_json, read_body
from jobmeter.api.http.context import State, state_of
from jobmeter.api.http.responses import json_response, plain_refusal
from jobmeter.base.clock import to_ms
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import BODY_BYTES_MAX
from jobmeter.geo.countries import MARKET_UNKNOWN, name_country
from jobmeter.jobs.postings import flow as jobs
from jobmeter.sandbox.clock import SandboxClock, read_moment, read_span
from jobmeter.sandbox.traffic import store


async def handle_clock(request: Request) -> Response:
    """Answers ``{"now": RFC 3339, "nowMs": milliseconds}``; POST takes ``{"advance": "3d"}`` or ``{"set": ...}``."""
    state = state_of(request)
    try:
        check_key(request, kind="operator", key=state.settings.operator_key)
        clock = _clock_of(state)
        if request.method == "POST":
            await _move(clock, decode_json(await read_body(request, bytes_max=BODY_BYTES_MAX)))
        now = await clock.read()
    except Refused as refused:
        return plain_refusal(refused)
    return json_response({"now": now.isoformat(), "nowMs": to_ms(now)})


async def list_live_jobs(request: Request) -> Response:
    """Answers ``{"jobs": [{"job", "externalJobPostingId", "liveUntilMs", "country"}, ...]}`` in order of job id."""
    state = state_of(request)
    try:
        check_key(request, kind="operator", key=state.settings.operator_key)
        _clock_of(state)
    except Refused as refused:
        return plain_refusal(refused)
    async with state.database.connection() as connection:
        postings = await jobs.list_live_postings(connection)
        listed = await store.list_markets(connection, job_ids=[posting.job_id for posting in postings])
    markets = {of.job_id: of.market for of in listed}
    return json_response(
        {
            "jobs": [
                {
                    "job": posting.job_id,
                    "externalJobPostingId": posting.external_id,
                    "liveUntilMs": to_ms(posting.expires_at),
                    "country": name_country(markets.get(posting.job_id, MARKET_UNKNOWN)),
                }
                for posting in postings
            ]
        }
    )


def _clock_of(state: State) -> SandboxClock:
    if not isinstance(state.clock, SandboxClock):
        raise Refused(Fault.SANDBOX_ONLY)
    return state.clock


async def _move(clock: SandboxClock, body: Any) -> None:
    fields = body if isinstance(body, dict) else {}
    if set(fields) == {"advance"}:
        await clock.move_to(await clock.read() + read_span(str(fields["advance"])))
    elif set(fields) == {"set"}:
        await clock.move_to(read_moment(str(fields["set"])))
    else:
        raise Refused(Fault.OPERATOR_INPUT, field="body", why="send either advance or set")


ROUTES = (
    Route("/sandbox/clock", handle_clock, methods=["GET", "POST"]),
    Route("/sandbox/jobs", list_live_jobs, methods=["GET"]),
)
