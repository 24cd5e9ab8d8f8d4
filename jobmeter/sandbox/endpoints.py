"""Owns the sandbox's own endpoints, authenticated with the operator key: the clock and what happened on its way, the live
jobs, traffic, forced failures. Refused in production.

Does not own the clock itself (``clock``).
"""

from typing import Annotated, Any

from pydantic import Field
from starlette.responses import Response

from jobmeter.base.clock import to_ms
from jobmeter.base.faults import Fault, Refused
from jobmeter.geo.countries import MARKET_UNKNOWN, name_country
from jobmeter.http.bodies import decode_json
from jobmeter.http.context import AppContext, RequestContext
from jobmeter.http.endpoints import Audience, Endpoint
from jobmeter.http.plain import PlainEndpoint
from jobmeter.http.responses import json_response
from jobmeter.http.schemas import OperatorBody
from jobmeter.jobs.postings import flow as jobs
from jobmeter.reports.happenings import flow as happenings
from jobmeter.sandbox.clock import SandboxClock, read_moment, read_span
from jobmeter.sandbox.traffic import live, store
from jobmeter.sandbox_controls import flow as controls
from jobmeter.sandbox_controls.model import (
    CALLS_MAX,
    VIEWS_PER_JOB_DAY,
    VIEWS_PER_JOB_DAY_MAX,
    ForcedFailure,
    Traffic,
)

CODE_MAX = 999_999


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


class TrafficBody(OperatorBody):
    is_on: bool
    views_per_job_day: Annotated[int, Field(ge=1, le=VIEWS_PER_JOB_DAY_MAX)] = VIEWS_PER_JOB_DAY


class FailureBody(OperatorBody):
    """``calls`` counts those that return the error; without it all do. Without ``code`` no call does."""

    code: Annotated[int, Field(ge=1, le=CODE_MAX)] | None = None
    calls: Annotated[int, Field(ge=1, le=CALLS_MAX)] | None = None


async def show_happenings(context: RequestContext) -> Response:
    """What happened after ``?since=`` and until ``?until=``, by default now: counted by kind, and listed in order."""
    clock, query = _clock_of(context.app), context.request.query_params
    since = read_moment(query.get("since", ""), field="since")
    until = read_moment(query["until"], field="until") if "until" in query else await clock.read()
    async with context.app.database.connection() as connection:
        found = await happenings.read_happenings(connection, since=since, until=until)
    return json_response(
        {
            "counts": found.counts,
            "elements": [
                {
                    "at": one.at.isoformat(),
                    "kind": one.kind,
                    "count": one.count,
                    "subject": one.subject or None,
                }
                for one in found.listed
            ],
            "isCut": found.is_cut,
        }
    )


async def show_traffic(context: RequestContext) -> Response:
    """The switch, the events that were sent by what they really are, and how well they were detected on final days."""
    _clock_of(context.app)
    async with context.app.database.snapshot() as connection:
        traffic = await controls.read_traffic(connection)
        labels = await controls.count_labels(connection)
        scores = await live.score_traffic(connection)
    return json_response(
        _serialize_traffic(traffic)
        | {
            "events": [{"label": one.label, "views": one.views, "applyClicks": one.clicks} for one in labels],
            "scores": [
                {
                    "name": one.name,
                    "taken": one.taken,
                    "rightly": one.rightly,
                    "real": one.real,
                    "precision": one.precision,
                    "recall": one.recall,
                }
                for one in scores
            ],
        }
    )


async def set_traffic(context: RequestContext, body: TrafficBody) -> Response:
    """Turns traffic on or off: visitors who come by themselves, also while the clock is moved."""
    _clock_of(context.app)
    async with context.app.database.transaction() as connection:
        traffic = await live.turn(
            connection, is_on=body.is_on, views_per_job_day=body.views_per_job_day, now=context.now
        )
    return json_response(_serialize_traffic(traffic))


def _serialize_traffic(traffic: Traffic) -> dict[str, Any]:
    return {"isOn": traffic.is_on, "viewsPerJobDay": traffic.views_per_job_day}


async def show_failure(context: RequestContext) -> Response:
    """The error that the next calls of resources under ``/rest`` and ``/v2`` return."""
    _clock_of(context.app)
    async with context.app.database.connection() as connection:
        return _render_failure(await controls.find_failure(connection))


async def set_failure(context: RequestContext, body: FailureBody) -> Response:
    """Chooses the error that the next calls return, as the header ``X-Jobmeter-Fail`` does for one call."""
    _clock_of(context.app)
    async with context.app.database.transaction() as connection:
        await controls.set_failure(connection, code=body.code, calls=body.calls)
        return _render_failure(await controls.find_failure(connection))


def _render_failure(found: ForcedFailure | None) -> Response:
    return json_response(
        {
            "code": None if found is None else found.code,
            "callsLeft": None if found is None else found.calls_left,
        }
    )


def _clock_of(app: AppContext) -> SandboxClock:
    if not isinstance(app.clock, SandboxClock):
        raise Refused(Fault.SANDBOX_ONLY)
    return app.clock


# fmt: off
ENDPOINTS: tuple[PlainEndpoint, ...] = (
    Endpoint("GET", "/sandbox/clock", show_clock, audience=Audience.OPERATOR, summary="Get the sandbox's time"),
    Endpoint("POST", "/sandbox/clock", move_clock, audience=Audience.OPERATOR, is_unique=True,
             summary="Move the sandbox's clock"),
    Endpoint("GET", "/sandbox/happenings", show_happenings, audience=Audience.OPERATOR, parameters=("since", "until"), required=("since",),
             summary="List what happened between two moments"),
    Endpoint("GET", "/sandbox/traffic", show_traffic, audience=Audience.OPERATOR,
             summary="Get the traffic that comes by itself, with its score"),
    Endpoint("PUT", "/sandbox/traffic", set_traffic, audience=Audience.OPERATOR, body=TrafficBody,
             summary="Turn traffic on or off"),
    Endpoint("GET", "/sandbox/failure", show_failure, audience=Audience.OPERATOR,
             summary="Get the error that the next calls return"),
    Endpoint("PUT", "/sandbox/failure", set_failure, audience=Audience.OPERATOR, body=FailureBody,
             summary="Choose the error that the next calls return"),
    Endpoint("GET", "/sandbox/jobs", list_live_jobs, audience=Audience.OPERATOR, summary="List the jobs that are live"),
)
# fmt: on
