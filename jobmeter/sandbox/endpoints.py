"""Owns the sandbox's own endpoints, authenticated with the operator key: the clock, the live jobs. Refused in
production.

Does not own the clock itself (``clock``).
"""

from typing import Any

from starlette.responses import Response

from jobmeter.base.clock import to_ms
from jobmeter.base.faults import Fault, Refused
from jobmeter.geo.countries import MARKET_UNKNOWN, name_country
from jobmeter.http.bodies import decode_json
from jobmeter.http.context import AppContext, RequestContext
from jobmeter.http.endpoints import Audience, Endpoint
from jobmeter.http.plain import PlainEndpoint
from jobmeter.http.responses import json_response
from jobmeter.jobs.postings import flow as jobs
from jobmeter.sandbox.clock import SandboxClock, read_moment, read_span
from jobmeter.sandbox.traffic import store


async def show_clock(context: RequestContext) -> Response:
    """Returns ``{"now": RFC 3339, "nowMs": milliseconds}``."""
    return await _render_now(_clock_of(context.app))


async def move_clock(context: RequestContext) -> Response:
    """Accepts ``{"advance": "3d"}`` or ``{"set": ...}``; returns the resulting time.

    Each step of a move commits by itself. With an ``Idempotency-Key`` a repeat after a crash continues the same move.
    """
    clock = _clock_of(context.app)
    body = decode_json(context.body)
    fields = body if isinstance(body, dict) else {}
    if set(fields) == {"advance"}:
        await clock.move_by(read_span(str(fields["advance"])), repeatable=context.repeatable)
    elif set(fields) == {"set"}:
        await clock.move_to(read_moment(str(fields["set"])), repeatable=context.repeatable)
    else:
        raise Refused(Fault.OPERATOR_INPUT, field="body", why="send either advance or set")
    return await _render_now(clock)


async def _render_now(clock: SandboxClock) -> Response:
    now = await clock.read()
    return json_response({"now": now.isoformat(), "nowMs": to_ms(now)})


async def list_live_jobs(context: RequestContext) -> Response:
    """Returns ``{"jobs": [{"job", "externalJobPostingId", "liveUntilMs", "country"}, ...]}`` in order of job id."""
    _clock_of(context.app)
    async with context.app.database.connection() as connection:
        postings = await jobs.list_live_postings(connection)
        listed = await store.list_markets(connection, job_ids=[posting.job_id for posting in postings])
    markets = {of.job_id: of.market for of in listed}
    shown: list[dict[str, Any]] = [
        {
            "job": posting.job_id,
            "externalJobPostingId": posting.external_id,
            "liveUntilMs": to_ms(posting.expires_at),
            "country": name_country(markets.get(posting.job_id, MARKET_UNKNOWN)),
        }
        for posting in postings
    ]
    return json_response({"jobs": shown})


def _clock_of(app: AppContext) -> SandboxClock:
    if not isinstance(app.clock, SandboxClock):
        raise Refused(Fault.SANDBOX_ONLY)
    return app.clock


# fmt: off
ENDPOINTS: tuple[PlainEndpoint, ...] = (
    Endpoint("GET", "/sandbox/clock", show_clock, audience=Audience.OPERATOR, summary="Get the sandbox's time"),
    Endpoint("POST", "/sandbox/clock", move_clock, audience=Audience.OPERATOR, is_unique=True,
             summary="Move the sandbox's clock"),
    Endpoint("GET", "/sandbox/jobs", list_live_jobs, audience=Audience.OPERATOR, summary="List the jobs that are live"),
)
# fmt: on
